"""The rows of a question as a lazy frame: joined, seen under their perturbations, filtered.

An original (no perturbation) appears as itself and, for every paired perturbation of its item, as
that perturbation's tier 0. A row is in the slice if any of its appearances meets the condition.
Where rows are grouped by perturbation, every appearance stands for itself, and appearances
without a perturbation are dropped if the task has a paired one.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from stresslab.errors import ParamError
from stresslab.predicate import Predicate, fields_of, to_text
from stresslab.store.contents import Question
from stresslab.store.engine import Engine
from stresslab.store.expressions import Compiler, depends_on_perturbation
from stresslab.store.fields import DERIVED, OF_RUNS, Source, find
from stresslab.store.text_features import FEATURES

if TYPE_CHECKING:
    import narwhals as nw

BUILT_IN = ("score", "correct", "confidence")


class Slicer:
    """Builds the lazy frames of one question on one engine.

    Parameters
    ----------
    engine : Engine
        What runs them.
    question : Question
        A question whose task is not empty.
    """

    def __init__(self, engine: Engine, question: Question) -> None:
        self.engine, self.question = engine, question
        self.dims = engine.dims
        self.task = self.dims.tasks.index(question.task)
        self.models = [self.dims.models.index(model) for model in question.models]
        self._info = {model: dict(fields) for model, fields in question.model_info}

    def find(self, parts: tuple[str, ...]) -> Source:
        """Return where a field is found."""
        return find(self.dims, self.task, parts, self._info)

    def by_sources(self, by: Sequence[str]) -> dict[str, Source]:
        """Return where each column of a `by` is found.

        Raises
        ------
        UnknownColumnError
            If there is no such column.
        ParamError
            If rows cannot be grouped by it.
        """
        sources = {}
        for name in by:
            if name == "axis":
                raise ParamError("by takes no axis; group by perturbation instead.")
            sources[name] = self.find(tuple(name.split(".")))
            if sources[name].kind == "point":
                raise ParamError(f"by takes no points; name clusters, or {name}.x or {name}.y.")
        return sources

    def condition_sources(self) -> list[Source]:
        """Return where the fields of the condition are found."""
        where = self.question.where
        return [] if where is None else [self.find(field.parts) for field in fields_of(where)]

    @property
    def of_outcomes(self) -> bool:
        """Return whether the condition may hold for one model's answer and not another's."""
        return any(source.of_outcome for source in self.condition_sources())

    def facts(self) -> "nw.LazyFrame[Any]":
        """Return the outcomes of the task and models that count.

        Of several runs of a model the latest counts, unless the condition speaks of runs.
        """
        import narwhals as nw

        frame = self.engine.table("facts").filter(
            nw.col("task") == self.task, nw.col("model").is_in(self.models)
        )
        if any(source.column == "run" for source in self.condition_sources()):
            return frame
        return frame.filter(nw.col("latest"))

    def variants(self) -> "nw.LazyFrame[Any]":
        """Return one row per variant of the task, with what does not depend on a model."""
        import narwhals as nw

        return self.engine.table("variant_cells").filter(nw.col("task") == self.task)

    def value(self) -> Source:
        """Return where the values of the measure are found."""
        return self.find(("measure", *self.question.measure.split(".")))

    def rows(
        self, frame: "nw.LazyFrame[Any]", by: Sequence[str] = (), extra: Sequence[Source] = ()
    ) -> "nw.LazyFrame[Any]":
        """Return the rows of `frame` in the slice, with the columns of `by` and `extra` joined."""
        by_sources = self.by_sources(by)
        frame = self.joined(frame, [*self.condition_sources(), *by_sources.values(), *extra])
        if self.appears(by):
            frame = self._appearances(frame)
        met = self.met(by)
        return frame if met is None else frame.filter(met)

    def appears(self, by: Sequence[str]) -> bool:
        """Return whether every appearance of an original stands for itself."""
        return "perturbation" in by and bool(self.dims.paired(self.task))

    def met(self, by: Sequence[str]) -> "nw.Expr | None":
        """Return whether a row is in the slice, as an expression; None if every row is."""
        where = self.question.where
        if where is None:
            return None
        if depends_on_perturbation(where) and self.dims.paired(self.task) and not self.appears(by):
            return self._any_appearance(where)
        return Compiler(self.find).expression(where)

    def _any_appearance(self, where: Predicate) -> "nw.Expr":
        import narwhals as nw

        pairs = self.dims.echo_sets.get(self.task, ())
        met = Compiler(self.find).expression(where)
        for perturbation in self.dims.paired(self.task):
            sets = [one for one, member in pairs if member == perturbation]
            truth = Compiler(self.find, echo=perturbation).truth(where)
            if truth is False:
                continue
            there = (nw.col("perturbation") == -1) & nw.col("echo_set").is_in(sets)
            met = met | (there if truth is True else there & truth)
        return met

    def _appearances(self, frame: "nw.LazyFrame[Any]") -> "nw.LazyFrame[Any]":
        import narwhals as nw

        columns = frame.collect_schema().names()
        echoes = (
            self.engine.table("echo_sets")
            .filter(nw.col("task") == self.task)
            .select("echo_set", nw.col("perturbation").alias("echo_of"))
        )
        originals = (
            frame.filter(nw.col("perturbation") == -1)
            .drop("perturbation")
            .join(echoes, on="echo_set", how="inner")
            .rename({"echo_of": "perturbation"})
            .select(*columns)
        )
        perturbed = frame.filter(nw.col("perturbation") != -1).select(*columns)
        return nw.concat([perturbed, originals], how="vertical")

    def joined(self, frame: "nw.LazyFrame[Any]", sources: Sequence[Source]) -> "nw.LazyFrame[Any]":
        """Return `frame` with the columns of `sources` that are not its own."""
        wanted: dict[str, dict[str, str]] = {}
        for source in sources:
            if source.join in ("imported", "of_model"):
                wanted[source.column] = {}
            elif source.join:
                wanted.setdefault(source.join, {}).update(source.parts)
        by_column = {source.column: source for source in sources}
        for table, columns in wanted.items():
            if table.startswith("imported__"):
                frame = self._with_measure(frame, by_column[table])
            elif table.startswith("of_model__"):
                frame = self._with_model(frame, by_column[table])
            elif table.startswith(OF_RUNS):
                frame = self._with_derived_of_runs(frame, table, columns)
            elif table == "variants":
                frame = self._with_variants(frame, columns)
            elif table == "text_features":
                frame = self._with_text_features(frame, columns)
            else:
                frame = self._with_table(frame, table, columns)
        return frame

    def _with_table(
        self, frame: "nw.LazyFrame[Any]", table: str, columns: dict[str, str]
    ) -> "nw.LazyFrame[Any]":
        import narwhals as nw

        of_variants = table == "variant_columns" or table.startswith(DERIVED)
        key = "variant" if of_variants else "item"
        if table == "items":
            other = self.engine.table("items").filter(nw.col("task") == self.task)
        else:
            other = self.engine.table(f"{table}_{self.task}")
        other = other.select(key, *(nw.col(old).alias(new) for old, new in columns.items()))
        return frame.join(other, on=key, how="inner")

    def _with_derived_of_runs(
        self, frame: "nw.LazyFrame[Any]", table: str, columns: dict[str, str]
    ) -> "nw.LazyFrame[Any]":
        import narwhals as nw

        other = self.engine.table(f"{table}_{self.task}").select(
            "run", "variant", *(nw.col(old).alias(new) for old, new in columns.items())
        )
        return frame.join(other, on=["run", "variant"], how="left")

    def _with_variants(
        self, frame: "nw.LazyFrame[Any]", columns: dict[str, str]
    ) -> "nw.LazyFrame[Any]":
        """Join variants."""
        import narwhals as nw

        if "input" in columns:
            other = self._inputs()
        else:
            other = self.engine.table("variants").filter(nw.col("task") == self.task)
        other = other.select("variant", *(nw.col(old).alias(new) for old, new in columns.items()))
        return frame.join(other, on="variant", how="inner")

    def _with_text_features(
        self, frame: "nw.LazyFrame[Any]", columns: dict[str, str]
    ) -> "nw.LazyFrame[Any]":
        """Join what can be told from the inputs of variants."""
        import narwhals as nw

        text = nw.col("input")
        texts = self._inputs().with_columns(  # an image within its address is no text
            nw.when(~text.str.starts_with("data:")).then(text).alias("input")
        )
        made = {new: FEATURES[old][1](text) for old, new in columns.items()}
        return frame.join(texts.select("variant", **made), on="variant", how="inner")

    def _inputs(self) -> "nw.LazyFrame[Any]":
        """Return variants with inputs; that of a variant that does not change it is its item's."""
        import narwhals as nw

        items = self.engine.table("items").filter(nw.col("task") == self.task)
        items = items.select("item", nw.col("input").alias("untouched"))
        variants = self.engine.table("variants").filter(nw.col("task") == self.task)
        return variants.join(items, on="item", how="inner").with_columns(
            nw.coalesce("input", "untouched").alias("input")
        )

    def _with_model(self, frame: "nw.LazyFrame[Any]", source: Source) -> "nw.LazyFrame[Any]":
        """Join the mean over trials of one model's value of the same variant."""
        import narwhals as nw

        name = self.dims.measures[source.measure or 0]
        other = (
            self.engine.table("facts")
            .filter(
                nw.col("task") == self.task, nw.col("model") == int(source.native), nw.col("latest")
            )
            .group_by("variant")
            .agg(nw.col(name).cast(nw.Float64).mean().alias(source.column))
        )
        return frame.join(other, on="variant", how="left")

    def _with_measure(self, frame: "nw.LazyFrame[Any]", source: Source) -> "nw.LazyFrame[Any]":
        import narwhals as nw

        other = (
            self.engine.table("imported")
            .filter(nw.col("task") == self.task, nw.col("measure") == source.measure)
            .select("run", "variant", "trial", nw.col("value").alias(source.column))
        )
        return frame.join(other, on=["run", "variant", "trial"], how="left")


def slice_key(slicer: Slicer, *parts: Any) -> tuple[Any, ...]:
    """Return what the rows of a slice depend on, as a key of `recent.slices`."""
    question = slicer.question
    kind, folder = type(slicer.engine).__name__, str(slicer.engine.generation.folder)
    condition = None if question.where is None else to_text(question.where)
    models = tuple(slicer.models) if slicer.of_outcomes else ()
    return kind, folder, slicer.task, models, condition, question.model_info, *parts
