"""Columns of the variants of a slice, decoded, for those who look for patterns in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ParamError
from stresslab.store.aligned import places
from stresslab.store.contents import Question
from stresslab.store.engine import reading
from stresslab.store.fields import Source
from stresslab.store.slicing import Slicer


@dataclass(frozen=True)
class VariantColumn:
    """One column of variants.

    Parameters
    ----------
    kind : str
        ``"codes"``, ``"number"``, ``"text"`` or ``"bool"``.
    values : ndarray of shape (n_variants,)
        Codes (int), numbers (float, NaN = null), truths (float 0, 1, NaN) or texts (object,
        None = null).
    names : dict
        Code -> text, for codes; a code that is missing there is null.
    """

    kind: str
    values: Array
    names: dict[int, Any]


def columns(
    workspace: Any, question: Question, fields: Sequence[str]
) -> tuple[Array, dict[str, VariantColumn]]:
    """Return the variants of the slice in order of their codes, and columns of them.

    A condition on answers is left to those who ask for answers: all variants come that may meet it.

    Parameters
    ----------
    question : Question
        A question whose task is not empty.
    fields : sequence of str
        Names as in a condition: domain, tier, perturbation, item.length, input.words, ...

    Raises
    ------
    ParamError
        If a field may differ between two answers to one variant.
    UnknownColumnError
        If there is no such field.
    """
    with reading(workspace) as engine:
        slicer = Slicer(engine, question)
        sources = {name: slicer.find(tuple(name.split("."))) for name in fields}
        for name, source in sources.items():
            if source.kind == "point":
                raise ParamError(f"{name} is a point; name {name}.x or {name}.y.")
            if source.of_outcome:
                raise ParamError(f"Columns of variants are asked for; {name} differs by answer.")
        rows: dict[str, Array] = {}
        told = [name for name, source in sources.items() if source.join == "text_features"]
        for some in ([name for name in sources if name not in told], told):
            # Without perturbation in `by`, an original stands once, for itself.
            by = [name for name in some if name != "perturbation"]
            rows |= places(slicer, by, [sources[name].column for name in some])
    found = {name: _decoded(source, rows[source.column]) for name, source in sources.items()}
    return rows["variant"], found


def _decoded(source: Source, values: Array) -> VariantColumn:
    if source.kind == "codes":
        names = {code: text for code, text in (source.values or {}).items() if text is not None}
        return VariantColumn("codes", np.asarray(values), names)
    import pandas as pd

    if source.kind == "text":
        texts = pd.Series(values, dtype="object")
        return VariantColumn("text", texts.where(texts.notna(), None).to_numpy(), {})
    numbers = pd.to_numeric(pd.Series(values), errors="coerce").to_numpy(dtype=float)
    return VariantColumn(source.kind, numbers, {})
