"""Write two models side by side as LLM Comparator reads them."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from heapq import merge
from pathlib import Path
from typing import IO, Any

from stresslab.errors import ParamError
from stresslab.jobs._export_rows import Plan, placed
from stresslab.store.outgoing import Outgoing, rows_of

FIELDS = (
    ("item_id", "string"), ("perturbation", "category"), ("tier", "number"),
    ("reference", "text"), ("status", "per_model_category"), ("answer", "per_model_text"),
    ("model_score", "per_model_number"),
)  # fmt: skip
"""Fields beside those the format has itself; two values where a field is per model."""

Row = dict[str, Any]
Key = tuple[str, int]


def pair(chosen: Sequence[Outgoing], models: Sequence[str]) -> tuple[str, str]:
    """Return the two models, A first.

    Raises
    ------
    ParamError
        If there are not exactly two.
    """
    there = list(dict.fromkeys(one.run.model for one in chosen))
    wanted = tuple(models) or tuple(there)
    if len(wanted) != 2 or set(wanted) - set(there):
        raise ParamError(
            f"LLM Comparator shows exactly two models; got {', '.join(wanted)}. "
            f"Name two of {', '.join(there)} with --models."
        )
    return wanted[0], wanted[1]


def write(plan: Plan, models: tuple[str, str], whole: Path) -> Iterator[int]:
    """Write the rows both models answered; yield the number of rows read so far.

    The score of an example is that of A less that of B: positive where A is better.
    """
    with ExitStack() as stack:
        file = stack.enter_context(whole.open("w", encoding="utf-8", errors="replace"))
        fields = [{"name": name, "type": kind} for name, kind in FIELDS]
        metadata = {"source_path": f"stresslab {plan.version}", "custom_fields_schema": fields}
        file.write(f'{{"metadata": {_json(metadata)},\n')
        file.write(f'"models": {_json([{"name": model} for model in models])},\n"examples": [')
        done, n_examples = 0, 0
        sides = [_stream(plan, model) for model in models]
        for a, b in _both(*sides):
            done += (a is not None) + (b is not None)
            if a is not None and b is not None:
                _add(file, example(a, b), n_examples)
                n_examples += 1
            if done % 1_000 < 2:
                yield done
        file.write("\n]}\n")
        yield done


def example(a: Row, b: Row) -> dict[str, Any]:
    """Return one example of what two models answered to one variant."""
    known = placed(a)
    if known["original"] is None and known["input"] is None:
        known = placed(b)
    scores = a["score"], b["score"]
    text = known["input"] if known["input"] is not None else known["original"]
    place = f"{known['perturbation']}:{known['tier']}" if known["perturbation"] else "original"
    return {
        "input_text": text or "",
        "tags": [one for one in (known.get("domain"), place) if one],
        "output_text_a": _shown(a),
        "output_text_b": _shown(b),
        "score": None if None in scores else scores[0] - scores[1],
        "individual_rater_scores": [],
        "custom_fields": {
            "item_id": known["variant_id"],
            "perturbation": known["perturbation"] or "original",
            "tier": known["tier"],
            "reference": _spoken(known["reference"]),
            "status": [a["status"], b["status"]],
            "answer": [a["answer"] or "", b["answer"] or ""],
            "model_score": list(scores),
        },
    }


def _stream(plan: Plan, model: str) -> Iterator[tuple[Key, Row]]:
    """Yield the rows of a model, of all its runs, in the order of their keys."""
    runs = [one for one in plan.chosen if one.run.model == model]
    return merge(*(_keyed(one, plan.spill) for one in runs), key=lambda pair: pair[0])


def _keyed(one: Outgoing, spill: Path) -> Iterator[tuple[Key, Row]]:
    for rows in rows_of(one, spill, by_variant=True):
        for row in rows:
            yield (row["variant_id"], row["trial"]), row


def _both(
    one: Iterator[tuple[Key, Row]], other: Iterator[tuple[Key, Row]]
) -> Iterator[tuple[Row | None, Row | None]]:
    """Yield rows of equal keys together, and the others alone."""
    a, b = next(one, None), next(other, None)
    while a is not None or b is not None:
        if b is None or (a is not None and a[0] < b[0]):
            yield (a[1] if a else None), None
            a = next(one, None)
        elif a is None or b[0] < a[0]:
            yield None, b[1]
            b = next(other, None)
        else:
            yield a[1], b[1]
            a, b = next(one, None), next(other, None)


def _add(file: IO[str], made: dict[str, Any], before: int) -> None:
    file.write(f"{',' if before else ''}\n{_json(made)}")


def _shown(row: Row) -> str:
    shown = row["output"] if row["output"] is not None else row["answer"]
    return shown if shown is not None else row["error"] or f"({row['status']})"


def _spoken(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
