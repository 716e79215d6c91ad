"""What is known beforehand of validation: two independent skills, and exact criteria."""

from typing import TYPE_CHECKING

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ShapeError
from stresslab.gaps.selection import selection_quality
from stresslab.studies._crafted_models import check_fold

if TYPE_CHECKING:
    from stresslab.store.workspace import Workspace


def _draws(draws: int, n: int) -> Array:
    """Return, per draw of `n` models: rho plain, Pearson, rho crafted, regret of both."""
    rng, found = np.random.default_rng(0), []
    for _ in range(draws):
        clean, robust = rng.normal(size=(2, n))
        crafted = robust + rng.normal(0, 0.5, n)
        one, other = selection_quality(crafted, robust), selection_quality(clean, robust)
        found.append((other.spearman, one.pearson, one.spearman, one.regret, other.regret))
    return np.array(found)


def correlations() -> Array:
    """Return mean rho of plain, Pearson and rho of crafted validation over 400 draws."""
    return np.asarray(_draws(400, 100)[:, :3].mean(axis=0))


def regrets() -> Array:
    """Return the mean regret of crafted and of plain validation over 400 draws."""
    return np.asarray(_draws(400, 100)[:, 3:].mean(axis=0))


def within() -> float:
    """Return the share of draws whose rho of plain validation is within .2 of 0."""
    return float((np.abs(_draws(400, 100)[:, 0]) <= 0.2).mean())


def of_many() -> list[float]:
    """Return Pearson's and Spearman's correlation of very many models."""
    return [float(one) for one in _draws(1, 400_000)[0, 1:3]]


def exact() -> list[float]:
    """Return regret and rho of a criterion equal to the target, and of one bent."""
    truth = np.random.default_rng(1).normal(size=30)
    one = selection_quality(truth, truth)
    bent = selection_quality(np.exp(3 * truth), truth)
    return [one.regret, one.spearman, bent.regret, bent.spearman]


def is_leaky() -> float:
    """Return whether a kind on both sides is refused as a leaky fold."""
    try:
        check_fold(("blur", "colour"), ("colour",))
    except ShapeError as error:
        return float(str(error).startswith("leaky fold"))
    return 0.0


def is_any_leaky(workspace: "Workspace", task: str) -> bool:
    """Return whether a run of a task was validated on a kind of change it was trained on."""
    folds = [
        (set(trained), set(validated))
        for run in workspace.runs()
        if run.task == task
        for trained, validated in run.settings.get("folds", [])
    ]
    return any(trained & validated for trained, validated in folds)
