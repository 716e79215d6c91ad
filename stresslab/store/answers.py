"""What models answered to the rows of a slice: probabilities, confidence, answers as codes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.store.contents import Question
from stresslab.store.engine import reading
from stresslab.store.slicing import Slicer

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = (
    "model", "variant", "trial", "cluster", "domain", "perturbation", "tier", "correct",
    "confidence",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Answers:
    """Outcomes of one model in a slice, in the order of variants and trials.

    Parameters
    ----------
    variant, cluster, domain, perturbation, tier : ndarray of int, shape (n,)
        Codes; -1 is none.
    correct, confidence : ndarray of shape (n,)
        NaN where it is not known.
    answer : ndarray of int, shape (n,)
        Code of the text of the answer, the same for all models of one question; -1 = none.
    probs : ndarray of shape (n, n_classes) or None
        Probabilities; NaN in rows that have none or of another number of classes.
    first : ndarray of bool, shape (n,)
        Whether a row is the first trial of its variant.
    texts : tuple of str
        What the codes of answers stand for.
    """

    variant: Array
    cluster: Array
    domain: Array
    perturbation: Array
    tier: Array
    correct: Array
    confidence: Array
    answer: Array
    probs: Array | None
    first: Array
    texts: tuple[str, ...]


def answers(workspace: Any, question: Question) -> dict[str, Answers]:
    """Return the outcomes of every model of a question; a model without rows is absent."""
    if not question.task or not question.models:
        return {}
    with reading(workspace) as engine:
        slicer = Slicer(engine, question)
        frame = slicer.rows(slicer.facts()).select(*COLUMNS, "answer", "probs")
        table = engine.arrow(frame)
        names = engine.dims.models
    columns = {name: _numbers(table, name) for name in COLUMNS}
    codes = table.column("answer").combine_chunks().dictionary_encode()
    codes = codes.combine_chunks() if hasattr(codes, "combine_chunks") else codes
    columns["answer"] = codes.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    texts = tuple(codes.dictionary.to_pylist())
    lists = table.column("probs").combine_chunks()
    order = np.lexsort((columns["trial"], columns["variant"], columns["model"]))
    model = columns["model"][order]
    found = {}
    for name in question.models:
        code = names.index(name)
        rows = order[np.searchsorted(model, code) : np.searchsorted(model, code, side="right")]
        if len(rows):
            found[name] = _of_model(columns, lists, rows, texts)
    return found


def _of_model(
    columns: dict[str, Array], lists: "pa.Array", rows: Array, texts: tuple[str, ...]
) -> Answers:
    mine = {name: column[rows] for name, column in columns.items()}
    first = np.ones(len(rows), dtype=bool)
    first[1:] = mine["variant"][1:] != mine["variant"][:-1]
    del mine["model"], mine["trial"]
    return Answers(probs=_matrix(lists, rows), first=first, texts=texts, **mine)


def _numbers(table: "pa.Table", name: str) -> Array:
    column = table.column(name)
    if name in ("correct", "confidence"):
        return np.asarray(column.cast("float64").to_numpy(), float)
    return np.asarray(column.fill_null(-1).to_numpy(), np.int64)


def _matrix(lists: "pa.Array", rows: Array) -> Array | None:
    """Return the lists of some rows as a matrix; those of an unusual length are NaN."""
    sizes = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)[rows]
    if not sizes.any():
        return None
    width = int(np.bincount(sizes[sizes > 0]).argmax())
    starts = lists.offsets.to_numpy()[:-1][rows]
    flat = lists.values.to_numpy(zero_copy_only=False)
    whole = sizes == width
    found = np.full((len(rows), width), np.nan)
    found[whole] = flat[starts[whole, None] + np.arange(width)]
    return found
