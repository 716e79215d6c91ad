"""What became of the rows of every model: the data-quality strip."""

from typing import TYPE_CHECKING, Any

from stresslab.analyses._ask import Asked
from stresslab.analyses._value import frame

if TYPE_CHECKING:
    import pandas as pd

STATUS = ("n_answered", "n_abstained", "n_refused", "n_errored", "n_unscored")
KINDS = {
    "model": "str", "n_rows": "int64", **dict.fromkeys(STATUS, "int64"), "n_unmatched": "int64",
    "n_edited": "int64", "coverage": "float64", "below_line": "bool",
}  # fmt: skip


def quality(asked: Asked) -> "pd.DataFrame":
    """Return one row per model of the task, those below the line last.

    Counts are of a model's own rows in the slice; ``n_unmatched`` counts its variants that some
    other chosen model has no value for, ``coverage`` is the share of the task's variants it has.
    """
    if not asked.question.task:
        return frame(KINDS)
    from stresslab.store import query

    listed = asked.contents.models
    listed = listed[listed["task"] == asked.question.task].set_index("model")
    chosen = asked.models
    models = (*chosen, *(name for name in asked.question.below if name not in chosen))
    if not models:
        return frame(KINDS)
    own = asked.again("score", models=models, population="each")
    counted = query.cells(asked.workspace, own.question, by=()).set_index("model")
    unmatched = _unmatched(asked)
    rows = []
    for model in models:
        known: dict[Any, Any] = counted.loc[model].to_dict() if model in counted.index else {}
        counts = {name: int(known.get(name, 0)) for name in ("n_rows", *STATUS)}
        coverage = float(listed["coverage"].to_dict()[model])
        rows.append(
            {
                "model": model, **counts, "n_unmatched": unmatched.get(model, 0),
                "n_edited": _edited(asked), "coverage": coverage,
                "below_line": model not in chosen or coverage < 0.5,
            }
        )  # fmt: skip
    return frame(KINDS, rows)


def _unmatched(asked: Asked) -> dict[str, int]:
    if asked.empty or len(asked.models) < 2:
        return {}
    from stresslab.store import query

    cells = query.cells(asked.workspace, asked.question, by=())
    return {model: int(n) for model, n in (cells.attrs.get("n_unmatched") or {}).items()}


def _edited(asked: Asked) -> int:
    found = [warning.n for warning in asked.question.warnings if warning.code == "edited-items"]
    return int(found[0] or 0) if found else 0
