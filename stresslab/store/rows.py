"""Rows for people to read: a grid of variants, one item with all its variants and answers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from stresslab.errors import ParamError
from stresslab.nouns import STATUSES
from stresslab.store.contents import Question
from stresslab.store.engine import DuckDBEngine, reading
from stresslab.store.slicing import Slicer

if TYPE_CHECKING:
    import pandas as pd

VARIANT_COLUMNS = (
    "variant_id", "item_id", "domain", "perturbation", "tier", "input", "reference",
)  # fmt: skip
ANSWER_COLUMNS = (
    "variant_id", "model", "trial", "status", "score", "correct", "confidence", "answer",
    "output",
)  # fmt: skip
SORTS = ("variant", "mean", "spread", "confidence")
"""Orders of a grid besides a column: as indexed, mean value, spread between models, confidence."""


class Grid(NamedTuple):
    """A page of variants and what the models answered to them.

    Parameters
    ----------
    variants : DataFrame
        `VARIANT_COLUMNS`; ``attrs["n_total"]`` variants are in the slice.
    answers : DataFrame
        `ANSWER_COLUMNS`, a row per variant, model and trial.
    """

    variants: "pd.DataFrame"
    answers: "pd.DataFrame"


class Neighbours(NamedTuple):
    """Where an item stands in a slice; `position` counts from 1 and is 0 outside of it."""

    previous: str | None
    next: str | None
    position: int
    n: int


@dataclass(frozen=True)
class ItemView:
    """One item, its variants in tier order and every model's answers.

    Parameters
    ----------
    item : dict
        Columns of the item, with `attributes`, `choices`, `reference`, `messages` decoded.
    variants : DataFrame
        variant_id, perturbation, axis, tier, strength, unit, seed, input, attributes (dict).
    answers : DataFrame
        variant_id, model, trial, status, output, answer, score, correct, confidence, probs, error.
    note, command : str or None
        Why the text is an excerpt, and the command that fetches all of it; None if it is whole.
    """

    item: dict[str, Any]
    variants: "pd.DataFrame"
    answers: "pd.DataFrame"
    note: str | None = None
    command: str | None = None


def grid(
    workspace: Any,
    question: Question,
    *,
    sort: str = "variant",
    descending: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> Grid:
    """Return a page of the variants in the slice.

    Parameters
    ----------
    sort : str
        One of `SORTS`, or a column of the variant (tier, domain, item_id, item.length, ...).
    descending : bool
        Largest first. Nulls are last either way.
    limit, offset : int
        Which page.

    Raises
    ------
    ParamError
        If rows cannot be sorted so.
    """
    import pandas as pd

    if not question.task or not question.models:
        empty = pd.DataFrame({name: pd.Series(dtype="object") for name in VARIANT_COLUMNS})
        empty.attrs["n_total"] = 0
        return Grid(empty, pd.DataFrame({name: [] for name in ANSWER_COLUMNS}))
    with reading(workspace) as engine:
        slicer = Slicer(engine, question)
        codes, n_total = _page(engine, slicer, sort, descending, limit, offset)
        variants = _variants(engine, slicer.task, codes)
        variants.attrs["n_total"] = n_total
        answers = _answers(engine, slicer, codes)[list(ANSWER_COLUMNS)]
    return Grid(variants[list(VARIANT_COLUMNS)], answers)


def item(workspace: Any, task: str, item_id: str) -> ItemView:
    """Return one item with all its variants and the answers of every model.

    Raises
    ------
    ParamError
        If the task has no such item.
    """
    with reading(workspace) as engine:
        if task not in engine.dims.tasks:
            raise ParamError(f"There must be a task {task!r}; there is none. See `inventory`.")
        code = engine.dims.tasks.index(task)
        found = engine.sql(
            """SELECT i.*, d.name AS domain_name, h.content_hash FROM items i
            LEFT JOIN domains d ON d.code = i.domain
            LEFT JOIN item_hashes h ON h.task = i.task AND h.item = i.item AND h.version = 0
            WHERE i.task = $task AND i.item_id = $id""",
            {"task": code, "id": item_id},
        )
        if not len(found):
            raise ParamError(f"Task {task!r} has no item {item_id!r}. Choose one from the grid.")
        row = {str(name): found[name].iloc[0] for name in found.columns}
        variant_codes = engine.sql(
            "SELECT variant FROM variant_cells WHERE task = ? AND item = ? ORDER BY variant",
            [code, int(row["item"])],
        )["variant"].tolist()
        everyone = Question(task, engine.dims.models)
        variants = _variants(engine, code, variant_codes)
        answers = _answers(engine, Slicer(engine, everyone), variant_codes)
    answers = answers.drop(columns=["variant"])
    return _view(workspace, task, _decoded(row), variants, answers)


def neighbours(workspace: Any, question: Question, item_id: str) -> Neighbours:
    """Return the items before and after one in the slice, in the order of the index."""
    import numpy as np

    if not question.task or not question.models:
        return Neighbours(None, None, 0, 0)
    with reading(workspace) as engine:
        slicer = Slicer(engine, question)
        frame = slicer.rows(slicer.facts()).select("item").unique()
        codes = np.sort(engine.collect(frame)["item"].to_numpy())
        row = engine.con.execute(
            "SELECT item FROM items WHERE task = ? AND item_id = ?", [slicer.task, item_id]
        ).fetchone()
        here = row[0] if row else -1
        place = int(np.searchsorted(codes, here))
        inside = place < len(codes) and codes[place] == here
        after = place + 1 if inside else place
        return Neighbours(
            _item_id(engine, slicer.task, codes, place - 1),
            _item_id(engine, slicer.task, codes, after),
            place + 1 if inside else 0,
            len(codes),
        )


def _item_id(engine: DuckDBEngine, task: int, codes: Any, place: int) -> str | None:
    if not 0 <= place < len(codes):
        return None
    row = engine.con.execute(
        "SELECT item_id FROM items WHERE task = ? AND item = ?", [task, int(codes[place])]
    ).fetchone()
    return str(row[0]) if row else None


def _page(
    engine: DuckDBEngine, slicer: Slicer, sort: str, descending: bool, limit: int, offset: int
) -> tuple[list[int], int]:
    import narwhals as nw

    value = slicer.value()
    extra = [value]
    key = None
    if sort not in SORTS:
        key = slicer.by_sources([sort])[sort]
        if key.of_outcome:
            raise ParamError(
                f"sort must be one of {', '.join(SORTS)} or a column of the variant; got {sort!r}."
            )
        extra.append(key)
    rows = slicer.rows(slicer.facts(), (), extra)
    number = nw.col(value.column).cast(nw.Float64)
    sums = [
        number.mean().alias("mean"),
        (number.max() - number.min()).alias("spread"),
        nw.col("confidence").mean().alias("confidence_mean"),
    ]
    if key is not None:
        sums.append(nw.col(key.column).min().alias("chosen"))
    names = {"variant": "variant", "confidence": "confidence_mean"}
    column = "chosen" if key is not None else names.get(sort, sort)
    found = engine.collect(rows.group_by("variant").agg(*sums).select("variant", order=column))
    found = found.sort_values("variant").sort_values(
        "order", ascending=not descending, kind="stable", na_position="last"
    )
    return found["variant"].iloc[offset : offset + limit].tolist(), len(found)


def _variants(engine: DuckDBEngine, task: int, codes: Sequence[int]) -> "pd.DataFrame":
    """Return the variants of `codes`, in their order."""
    import pandas as pd

    found = engine.sql(
        f"""SELECT v.variant, v.variant_id, i.item_id, d.name AS domain, p.name AS perturbation,
            t.axis, v.tier, v.strength, v.unit, v.seed, coalesce(v.input, i.input) AS input,
            i.reference, v.attributes
        FROM (SELECT * FROM variants WHERE task = $task
            AND variant IN ({", ".join(str(int(code)) for code in codes) or -1})) v
        JOIN (SELECT * FROM items WHERE task = $task) i ON i.item = v.item
        LEFT JOIN domains d ON d.code = i.domain
        LEFT JOIN perturbations p ON p.code = v.perturbation
        LEFT JOIN task_perturbations t ON t.task = $task AND t.perturbation = v.perturbation""",
        {"task": task},
    )
    order = pd.DataFrame({"variant": pd.Series(list(codes), dtype=found["variant"].dtype)})
    return order.merge(found, on="variant", how="left")


def _answers(engine: DuckDBEngine, slicer: Slicer, codes: Sequence[int]) -> "pd.DataFrame":
    """Return the answers of the question's models to the variants, in their order."""
    import narwhals as nw

    bare = Slicer(engine, replace(slicer.question, where=None))
    rows: nw.LazyFrame[Any] = bare.facts().filter(nw.col("variant").is_in(list(codes) or [-1]))
    names = engine.table("variants").filter(
        nw.col("task") == slicer.task, nw.col("variant").is_in(list(codes) or [-1])
    )
    rows = rows.join(names.select("variant", "variant_id"), on="variant", how="inner")
    found = engine.collect(
        rows.select(
            "variant", "variant_id", "model", "trial", "status", "output", "answer", "score",
            "correct", "confidence", "probs", "error",
        )
    )  # fmt: skip
    place = {code: number for number, code in enumerate(codes)}
    order = {code: number for number, code in enumerate(slicer.models)}
    found["_place"] = found["variant"].map(place)
    found["_order"] = found["model"].map(order)
    found = found.sort_values(["_place", "_order", "trial"], kind="stable")
    found["model"] = [slicer.dims.models[code] for code in found["model"]]
    found["status"] = [STATUSES[code] for code in found["status"]]
    return found.drop(columns=["_place", "_order"]).reset_index(drop=True)


def _decoded(row: dict[str, Any]) -> dict[str, Any]:
    shown = {
        name: None if _is_null(row[name]) else row[name]
        for name in ("item_id", "item_set", "group_id", "input", "content_hash")
    }
    shown["domain"] = None if _is_null(row["domain_name"]) else row["domain_name"]
    for name in ("messages", "choices", "reference", "attributes"):
        shown[name] = _json(row[name])
    return shown


def _is_null(value: Any) -> bool:
    return value is None or value != value


def _json(text: Any) -> Any:
    if _is_null(text):
        return None
    try:
        return json.loads(text)
    except (TypeError, json.JSONDecodeError):
        return text


def _view(
    workspace: Any,
    task: str,
    shown: dict[str, Any],
    variants: "pd.DataFrame",
    answers: "pd.DataFrame",
) -> ItemView:
    note, command = _excerpt(workspace, task)
    if note is not None and shown["content_hash"]:
        full = _full_text(shown["content_hash"])
        if full is not None:
            same = variants["input"].isna() | (variants["input"] == shown["input"])
            variants["input"] = variants["input"].where(~same, full)
            shown["input"], note, command = full, None, None
    order = ["perturbation", "tier", "variant"]
    variants = variants.sort_values(order, na_position="first", kind="stable")
    columns = [
        "variant_id", "perturbation", "axis", "tier", "strength", "unit", "seed", "input",
        "attributes",
    ]  # fmt: skip
    variants = variants[columns].reset_index(drop=True)
    decoded: list[Any] = [_json(one) or {} for one in variants["attributes"]]
    variants = variants.assign(attributes=decoded)
    return ItemView(shown, variants, answers, note, command)


def _excerpt(workspace: Any, task: str) -> tuple[str | None, str | None]:
    for run in workspace.runs(include=("live",)):
        texts = (run.settings or {}).get("texts") if run.task == task else None
        if texts:
            length = texts.get("excerpt")
            return texts.get("note") or f"First {length} characters only.", texts.get("command")
    return None, None


def _full_text(content_hash: str) -> str | None:
    from importlib.util import find_spec

    if find_spec("stresslab.store.texts") is None:
        return None
    from stresslab.store.texts import TextStore

    found: str | None = TextStore().get([content_hash]).get(content_hash)
    return found
