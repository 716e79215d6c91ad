"""Count the rows a condition cannot judge: a comparison with what is not known is false."""

from functools import lru_cache
from typing import Any

from stresslab.predicate import And, IsNull, Named, Not, Or, Predicate
from stresslab.store.aligned import rows_of
from stresslab.store.contents import Question
from stresslab.store.engine import opened
from stresslab.store.fields import Source
from stresslab.store.index import Generation
from stresslab.store.slicing import Slicer

OF_VARIANTS = ("strength", "unit", "tier")
"""Of untouched originals these are null by nature, as ``variant.x`` and ``error`` are."""


def unknown_rows(generation: Generation, question: Question) -> tuple[int, tuple[str, ...]]:
    """Return in how many rows a compared column is not known, and which columns those are."""
    names = tuple(sorted(_compared(question.where)))
    if not names:
        return 0, ()
    return _counted(generation, question.task, question.models, question.model_info, names)


@lru_cache(maxsize=256)
def _counted(
    generation: Generation, task: str, models: tuple[str, ...], info: Any, names: tuple[str, ...]
) -> tuple[int, tuple[str, ...]]:
    import narwhals as nw

    with opened(generation) as engine:
        slicer = Slicer(engine, Question(task, models, model_info=info))
        sources = {name: slicer.find(tuple(name.split("."))) for name in names}
        open_ones = {name: one for name, one in sources.items() if _may_be_open(one)}
        if not open_ones:
            return 0, ()
        missing = {
            name: nw.col(one.column) == -1 if one.kind == "codes" else nw.col(one.column).is_null()
            for name, one in open_ones.items()
        }
        sums = [missing[name].cast(nw.Int64).sum().alias(f"n{i}") for i, name in enumerate(missing)]
        either = nw.any_horizontal(*missing.values(), ignore_nulls=True)
        sums.append(either.cast(nw.Int64).sum().alias("n"))
        frames = rows_of(slicer, list(open_ones.values()))
        counts = [frame.select(*sums).collect().row(0) for frame in frames]
    totals = [sum(int(one or 0) for one in column) for column in zip(*counts, strict=True)]
    return totals[-1], tuple(name for name, n in zip(missing, totals, strict=False) if n)


def _may_be_open(source: Source) -> bool:
    if source.kind == "codes":
        return source.column == "domain"
    return source.join not in ("variants", "variant_columns") and source.column not in (
        *OF_VARIANTS, "trial", "error",
    )  # fmt: skip


def _compared(part: Predicate | None) -> set[str]:
    """Return the columns a condition compares with a value."""
    match part:
        case None | IsNull() | Named():
            return set()
        case And(parts) | Or(parts):
            return {name for one in parts for name in _compared(one)}
        case Not(inner):
            return _compared(inner)
        case _:
            return {".".join(part.field.parts)}
