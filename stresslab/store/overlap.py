"""Who is right where: two models on all variants of a task, counted in packed bits."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stresslab.checks import Array
from stresslab.store.contents import Question
from stresslab.store.dims import dims_of
from stresslab.store.index import ensure


@dataclass(frozen=True)
class Overlap:
    """Counts of variants that both models have a 0/1 value of."""

    both: int
    only_a: int
    only_b: int
    neither: int


def overlap(workspace: Any, question: Question, model_a: str, model_b: str) -> Overlap | None:
    """Return who is right where, over a whole task.

    Returns
    -------
    Overlap or None
        None where bits cannot answer: a condition, values other than 0 and 1, several trials,
        edited items. Then count in `query.pairs`.
    """
    if question.where is not None or not question.task:
        return None
    generation = ensure(workspace)
    dims = dims_of(generation)
    task = dims.tasks.index(question.task)
    if dims.task_rows[task].n_edited:
        return None
    folder = generation.folder / "aligned" / str(task) / str(dims.measures.index(question.measure))
    a, b = (_bits(folder, dims.models.index(model)) for model in (model_a, model_b))
    if a is None or b is None:
        return None
    width = min(a.shape[1], b.shape[1])
    known = a[0, :width] & b[0, :width]
    right_a, right_b = a[1, :width] & known, b[1, :width] & known
    both = _ones(right_a & right_b)
    only_a, only_b = _ones(right_a) - both, _ones(right_b) - both
    return Overlap(both, only_a, only_b, _ones(known) - both - only_a - only_b)


def _bits(folder: Path, model: int) -> Array | None:
    path = folder / f"{model}.bits.npy"
    bits: Array | None = np.load(path) if path.exists() else None
    return bits


def _ones(bits: Array) -> int:
    return int(np.bitwise_count(bits).sum(dtype=np.int64))
