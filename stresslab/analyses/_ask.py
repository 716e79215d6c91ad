"""Turn Params into what the store is asked: task, models, measure, condition, population."""

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from stresslab.errors import ParamError
from stresslab.metrics._kind import Metric
from stresslab.params import Params
from stresslab.result import Warn

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.contents import Contents, Question
    from stresslab.store.workspace import Workspace


@dataclass(frozen=True)
class Asked:
    """A question as it was understood.

    Parameters
    ----------
    workspace : Workspace
        What is asked.
    params : Params
        The settings as given.
    contents : Contents
        What the workspace holds.
    question : Question
        The settings as the store understands them.
    metric : Metric
        What is computed.
    """

    workspace: "Workspace"
    params: Params
    contents: "Contents"
    question: "Question"
    metric: Metric

    @property
    def models(self) -> list[str]:
        """Return the chosen models in order."""
        return list(self.question.models)

    @property
    def empty(self) -> bool:
        """Return whether there is nothing to ask: no task or no model."""
        return not self.question.task or not self.question.models

    @property
    def settings(self) -> dict[str, Any]:
        """Return the settings after resolution, JSON-able."""
        resolved = {"task": self.question.task, "models": self.models}
        return self.params.to_dict() | resolved

    @property
    def link(self) -> dict[str, str]:
        """Return the settings a link to other evidence of the same question carries."""
        given = {
            "task": self.question.task or "",
            "models": ",".join(self.models),
            "metric": self.params.metric,
            "where": self.params.where,
            "population": self.params.population,
        }
        plain = {"metric": "score", "population": "common"}
        return {name: text for name, text in given.items() if text and plain.get(name) != text}

    @property
    def names(self) -> dict[str, str]:
        """Return the name people read for every model of the task."""
        models = self.contents.models
        models = models[models["task"] == self.question.task]
        shown = zip(models["model"], models["alias"], strict=True)
        return {
            model: alias if isinstance(alias, str) and alias else model for model, alias in shown
        }

    @property
    def perturbations(self) -> "pd.DataFrame":
        """Return the perturbations of the task."""
        table = self.contents.perturbations
        return table[table["task"] == self.question.task]

    @property
    def titles(self) -> dict[str, str]:
        """Return the name people read for every perturbation of the task."""
        table = self.perturbations
        shown = zip(table["perturbation"], table["title"], strict=True)
        return {name: title if isinstance(title, str) and title else name for name, title in shown}

    @property
    def graded(self) -> tuple[str, ...]:
        """Return the perturbations whose tiers hold different items."""
        table = self.perturbations
        return tuple(table.loc[table["axis"] == "graded", "perturbation"])

    def again(self, metric: str, **changes: Any) -> "Asked":
        """Return the same question about another metric.

        Parameters
        ----------
        metric : str
            A metric, or a measure of the task.
        **changes
            Fields of the question that change, too: models, population, where (a Predicate).
        """
        params = replace(self.params, metric=metric)
        found = find_metric(self.contents, replace(params, task=self.question.task or None))
        numerator, denominator = found.ratio or ("total", "n_scored")
        question = replace(
            self.question, measure=found.measure or "score", numerator=numerator,
            denominator=denominator, **changes,
        )  # fmt: skip
        return replace(self, params=params, question=question, metric=found)


def ask(workspace: "Workspace", params: Params) -> Asked:
    """Return the question `params` asks of `workspace`.

    Raises
    ------
    ParamError
        If a task, model or metric is unknown; the message lists near names.
    ConditionError
        If the condition cannot be read.
    """
    from stresslab.store.contents import contents, resolve

    known = contents(workspace)
    metric = find_metric(known, params)
    question = resolve(
        workspace, task=params.task, models=params.models, measure=metric.measure or "score",
        ratio=metric.ratio, where=params.where, population=params.population,
    )  # fmt: skip
    return Asked(workspace, params, known, question, metric)


def find_metric(known: "Contents", params: Params) -> Metric:
    """Return the metric piece called ``params.metric``, or the mean of the measure of that name.

    Raises
    ------
    ParamError
        If there is neither, or the metric is not a ratio of sums and so has no interval here.
    """
    from stresslab import metrics

    name = params.metric
    task = params.task or known.default_task
    rows = known.measures[known.measures["task"] == task]
    if name in metrics.names():
        metric = metrics.get(name)
        if metric.ratio is None:
            raise ParamError(
                f"metric must be a ratio of two sums to be shown with intervals here; {name!r} is "
                "not. Choose score, selective_score, coverage, confidence or a measure."
            )
        return _with_bounds(metric, rows)
    if name not in set(rows["measure"]):
        every = sorted({*metrics.names(), *rows["measure"]})
        near = difflib.get_close_matches(name, every, n=3) or every
        raise ParamError(
            f"No metric or measure of task {task!r} is called {name!r}. "
            f"Did you mean: {', '.join(near)}?"
        )
    return metrics.measure_metric(name, _info(rows[rows["measure"] == name]))


def _with_bounds(metric: Metric, measures: "pd.DataFrame") -> Metric:
    """Return `metric` with the bounds its measure has in this task: a score need not be 0 to 1."""
    from stresslab.metrics._sums import measure_bounds

    info = measures[measures["measure"] == (metric.measure or "score")]
    if metric.ratio is None or metric.ratio[0] != "total" or info.empty:
        return metric
    return replace(metric, bounds=measure_bounds(_info(info)))


def _info(rows: "pd.DataFrame") -> dict[str, Any]:
    return {str(name): value for name, value in rows.iloc[0].to_dict().items()}


def no_rows(asked: Asked) -> Warn:
    """Return the warning that a slice holds nothing."""
    if not asked.question.task:
        return Warn("no-rows", "This workspace holds no outcomes yet. Import logs to begin.", 0)
    where = f" where {asked.params.where}" if asked.params.where else ""
    return Warn(
        "no-rows",
        f"No row of task {asked.question.task!r}{where} has a known value for the chosen models. "
        "Widen the condition or choose other models.",
        0,
    )
