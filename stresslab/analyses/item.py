"""Show one item, its variants in tier order, and what every model said to them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stresslab.analyses._ask import ask
from stresslab.analyses._kind import Analysis
from stresslab.analyses._value import frame
from stresslab.errors import ParamError, StresslabError
from stresslab.params import Params, setting
from stresslab.result import Result, Warn

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.rows import ItemView
    from stresslab.store.workspace import Workspace

ITEM = {
    "item_id": "str", "item_set": "str", "domain": "str", "group_id": "str", "input": "str",
    "reference": "str", "choices": "str", "messages": "str", "attributes": "str",
    "content_hash": "str", "previous_id": "str", "next_id": "str", "position": "int64",
    "n_items": "int64",
}  # fmt: skip
VARIANTS = {
    "variant_id": "str", "perturbation": "str", "axis": "str", "tier": "int64",
    "strength": "float64", "unit": "str", "seed": "float64", "input": "str", "attributes": "str",
    "origin": "str",
}  # fmt: skip
ANSWERS = {
    "variant_id": "str", "model": "str", "trial": "int64", "status": "str", "output": "str",
    "answer": "str", "score": "float64", "correct": "float64", "confidence": "float64",
    "probs": "str", "error": "str",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ItemParams(Params):
    """Settings of the view of one item."""

    item_id: str | None = setting(None, "Item to show; the first of the slice when empty.")


def run(workspace: "Workspace", params: ItemParams) -> Result:
    """Return one item, its variants in tier order and every answer to them.

    Inputs that are not stored are made again from the seed; ``origin`` of a variant says whether
    its input is ``stored``, ``remade`` or an ``excerpt`` (null where the seed needs all of it).
    """
    from stresslab.store import rows

    asked = ask(workspace, params)
    chosen = params.item_id or (None if asked.empty else _first(workspace, asked.question))
    tables = {"item": frame(ITEM), "variants": frame(VARIANTS), "answers": frame(ANSWERS)}
    warnings = [one for one in asked.question.warnings if one.code != "low-coverage"]
    if chosen is None:
        text = "There is no item to show. Widen the condition or import logs."
        warnings.append(Warn("no-rows", text, 0))
    elif asked.empty:
        raise ParamError(f"This workspace holds no items yet; got item_id {chosen!r}. Import logs.")
    else:
        view = rows.item(workspace, asked.question.task, chosen)
        beside = rows.neighbours(workspace, asked.question, chosen)
        variants, caution = _variants(view)
        tables = {
            "item": frame(ITEM, [_item_row(view, beside)]),
            "variants": variants,
            "answers": _answers(view.answers, [*asked.models, *asked.question.below]),
        }
        warnings += [*caution, *_versions(workspace, asked.question.task, chosen)]
    return Result(
        analysis="item",
        params=asked.settings | {"item_id": chosen},
        tables=tables,
        warnings=tuple(warnings),
        data_version=workspace.data_version,
    )


def _versions(workspace: "Workspace", task: str, item_id: str) -> list[Warn]:
    """Return who saw which contents where an item was edited between runs."""
    from stresslab.store import doubtful

    found = doubtful.edited(workspace, item_id)
    found = found[found["task"] == task]
    if found.empty:
        return []
    seen = [f"{one['content_hash'][:8]} by {one['models']}" for one in found.to_dict("records")]
    text = f"This item was seen with {len(seen)} contents: {'; '.join(seen)}. Shown is the first."
    return [Warn("edited", text, len(seen))]


def _first(workspace: "Workspace", question: Any) -> str | None:
    from stresslab.store import rows

    return rows.neighbours(workspace, question, "").next


def _item_row(view: "ItemView", beside: Any) -> dict[str, Any]:
    row = {name: _text(view.item.get(name)) for name in ITEM if name in view.item}
    return row | {
        "previous_id": beside.previous, "next_id": beside.next, "position": beside.position,
        "n_items": beside.n,
    }  # fmt: skip


def _variants(view: "ItemView") -> tuple["pd.DataFrame", list[Warn]]:
    table = view.variants.reset_index(drop=True)
    untouched = view.item.get("input")
    inputs, origins, failures = [], [], []
    for row in table.to_dict("records"):
        text, origin = row["input"], "stored"
        piece = (row["attributes"] or {}).get("piece")
        if view.note is not None and not _is_image(text):
            origin = "excerpt"
            if row["tier"] and row["seed"] == row["seed"] and text == untouched:
                text = None  # what was changed cannot be shown without the whole text
        elif piece and row["tier"] and row["seed"] == row["seed"] and text == untouched:
            try:
                text, origin = _remade(piece, row, view.item), "remade"
            except StresslabError as error:
                failures.append(str(error))
                origin = "missing"
        inputs.append(text)
        origins.append(origin)
    table["input"], table["origin"] = inputs, origins
    table["attributes"] = [_text(one) for one in table["attributes"]]
    warnings = []
    if view.note is not None and "excerpt" in origins:
        command = f" `{view.command}` fetches the full text." if view.command else ""
        note = view.note if view.note.endswith(".") else f"{view.note}."
        warnings.append(Warn("excerpt", f"{note}{command}", origins.count("excerpt")))
    if failures:
        text = f"{len(failures)} inputs could not be made again: {failures[0]}"
        warnings.append(Warn("not-remade", text, len(failures)))
    return table[list(VARIANTS)].astype(VARIANTS), warnings


def _remade(piece: str, row: Mapping[Any, Any], item: dict[str, Any]) -> str:
    from stresslab.perturbations import remake

    return remake(piece, item["input"], int(row["tier"]), int(row["seed"]), item["item_id"])


def _answers(answers: "pd.DataFrame", models: list[str]) -> "pd.DataFrame":
    """Return the answers of the chosen models, in their order within each variant."""
    table = answers[answers["model"].isin(models)].reset_index(drop=True)
    table["probs"] = [
        _text(None if one is None else [float(p) for p in one]) for one in _lists(table)
    ]
    return table[list(ANSWERS)].astype(ANSWERS)


def _lists(table: "pd.DataFrame") -> list[Any]:
    return [one if hasattr(one, "__len__") else None for one in table["probs"]]


def _is_image(text: Any) -> bool:
    return isinstance(text, str) and text.startswith("data:image/")


def _text(value: Any) -> Any:
    return (
        value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    )


PIECE = Analysis(
    title="Item",
    question="What did every model say to one item, tier by tier?",
    params=ItemParams,
    run=run,
    source="The rows themselves.",
)
