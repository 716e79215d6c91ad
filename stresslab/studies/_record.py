"""Write what a study simulated or ran into its workspace, as runs like any others."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stresslab.errors import RowError
from stresslab.nouns import content_hash, item_id, variant_id

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

RATE = {"score": {"rate": True, "low": 0.0, "high": 1.0, "higher_is_better": True}}
"""Measures of a run whose rows are right or wrong."""

OF_VARIANT = ("perturbation", "axis", "tier", "strength", "unit", "seed")
OF_OUTCOME = (
    "trial", "status", "output", "answer", "score", "correct", "confidence", "probs", "error",
    "latency_s", "tokens_in", "tokens_out",
)  # fmt: skip


def record(
    workspace: "Workspace",
    rows: "pd.DataFrame",
    *,
    model: str,
    task: str,
    settings: Mapping[str, Any],
    attributes: Sequence[str] = (),
    of_variant: Sequence[str] = (),
    measures: Mapping[str, Any] | None = None,
    model_info: Mapping[str, Any] | None = None,
    extra: "Mapping[str, pd.DataFrame] | None" = None,
) -> None:
    """Seal one run of a study; the same run again adds nothing.

    Parameters
    ----------
    workspace : Workspace
        The study's own.
    rows : DataFrame
        One row per outcome: ``item`` (its id in the task) and any of ``domain, group, input,
        reference``, `OF_VARIANT` and `OF_OUTCOME`. Rows without ``tier`` are originals; rows
        without ``status`` are answered; without ``score`` the score is ``correct``.
    model, task : str
        Names as users shall see them.
    settings : mapping
        What made the rows (generator, seed, scale), JSON-able: the identity of the run.
    attributes, of_variant : sequence of str
        Columns to keep as attributes of items, and of variants.
    measures : mapping, optional
        As in `Workspace.add_run`; right or wrong by default.
    model_info : mapping, optional
        Family, what it was trained on.
    extra : mapping, optional
        Further tables: published, ratings, traces, scores.

    Raises
    ------
    RowError
        If there is no column ``item``.
    """
    if "item" not in rows:
        raise RowError(f"Rows of a study need a column item; got {', '.join(rows.columns)}.")
    known = json.dumps([model, task, dict(settings)], sort_keys=True)
    with workspace.add_run(
        model=model, task=task, reader="study", settings=dict(settings),
        measures=measures or RATE, model_info=dict(model_info or {}),
        source={
            "format": "study", "path": str(settings.get("study", task)),
            "sha256": hashlib.sha256(known.encode()).hexdigest(), "version": "1",
        },
    ) as run:  # fmt: skip
        if len(rows):
            whole = _with_ids(rows, task)
            run.write("items", _items(whole, task, attributes))
            run.write("variants", _variants(whole, of_variant))
            run.write("outcomes", _outcomes(whole))
        for name, table in (extra or {}).items():
            run.write(name, table)


def _with_ids(rows: "pd.DataFrame", task: str) -> "pd.DataFrame":
    found = rows.reset_index(drop=True).copy()
    found["item_id"] = [item_id(task, one) for one in found["item"]]
    for name, default in (("perturbation", None), ("tier", 0), ("axis", None), ("seed", None)):
        if name not in found:
            found[name] = default
    keys = zip(found["item_id"], found["perturbation"], found["tier"], strict=True)
    found["variant_id"] = [
        variant_id(item, name if isinstance(name, str) else None, int(tier))
        for item, name, tier in keys
    ]
    return found


def _items(rows: "pd.DataFrame", task: str, attributes: Sequence[str]) -> "list[dict[str, Any]]":
    seen = rows.drop_duplicates("item_id")
    made = []
    for row in seen.to_dict("records"):
        text = row.get("input") if isinstance(row.get("input"), str) else None
        reference = _null(row.get("reference"))
        kept = {str(name): _null(row[name]) for name in attributes}
        made.append(
            {
                "item_id": row["item_id"], "item_set": task, "task": task, "input": text,
                "reference": None if reference is None else json.dumps(reference, default=str),
                "domain": _null(row.get("domain")), "group_id": _null(row.get("group")),
                "attributes": json.dumps(kept, default=_number) if kept else None,
                "content_hash": content_hash(text, None, reference),
            }
        )  # fmt: skip
    return made


def _variants(rows: "pd.DataFrame", of_variant: Sequence[str]) -> "list[dict[str, Any]]":
    made = []
    for row in rows.drop_duplicates("variant_id").to_dict("records"):
        kept = {str(name): _null(row[name]) for name in of_variant}
        plain = {name: _null(row.get(name)) for name in OF_VARIANT}
        if plain["perturbation"] is not None and plain["axis"] is None:
            plain["axis"] = "paired"
        made.append(
            {
                "variant_id": row["variant_id"], "item_id": row["item_id"], **plain,
                "attributes": json.dumps(kept, default=_number) if kept else None,
            }
        )  # fmt: skip
    return made


def _outcomes(rows: "pd.DataFrame") -> "pd.DataFrame":
    found = rows[["variant_id", *(name for name in OF_OUTCOME if name in rows)]].copy()
    if "trial" not in found:
        found["trial"] = 0
    if "status" not in found:
        found["status"] = "answered"
    if "score" not in found:
        found["score"] = found["correct"].astype(float)
    return found


def _null(value: Any) -> Any:
    return None if value is None or value != value else value


def _number(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)
