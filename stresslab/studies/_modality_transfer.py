"""Train on one signal, test on every other: answers row by row, and the matrix they make."""

from collections.abc import Callable, Hashable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any, Protocol
from warnings import catch_warnings, simplefilter

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ParamError, ShapeError, TooFewRowsError
from stresslab.evidence import Evidence
from stresslab.gaps.leakage import folds
from stresslab.geometry.between.mmd import mmd
from stresslab.geometry.class_separation import class_separation
from stresslab.rng import rng_for

if TYPE_CHECKING:
    from collections.abc import Iterator

N_FOLDS, WIDTH = 5, 64


class Classifier(Protocol):
    """What a fit returns."""

    def predict(self, rows: Array) -> Array:
        """Return a class per row."""


Fit = Callable[[Array, Array], Classifier]


@dataclass(frozen=True, eq=False)
class Network:
    """A network with one hidden layer of 64 units on standardised features."""

    centre: Array
    spread: Array
    inner: Any

    def hidden(self, rows: Array) -> Array:
        """Return the hidden layer, shape (n, WIDTH)."""
        scaled = (rows - self.centre) / self.spread
        found: Array = np.maximum(scaled @ self.inner.coefs_[0] + self.inner.intercepts_[0], 0)
        return found

    def probabilities(self, rows: Array) -> Array:
        """Return the chance of each class, shape (n, 2)."""
        found: Array = self.inner.predict_proba((rows - self.centre) / self.spread)
        return found

    def predict(self, rows: Array) -> Array:
        """Return a class per row."""
        found: Array = self.inner.classes_[self.probabilities(rows).argmax(axis=1)]
        return found


def network(rows: Array, labels: Array) -> Network:
    """Return a network trained on some windows."""
    from sklearn.neural_network import MLPClassifier

    spread = rows.std(axis=0)
    centre, spread = rows.mean(axis=0), np.where(spread > 0, spread, 1.0)
    inner = MLPClassifier((WIDTH,), solver="lbfgs", alpha=5.0, max_iter=60, random_state=0)
    with _quiet():
        inner.fit((rows - centre) / spread, labels)
    return Network(centre, spread, inner)


def linear(rows: Array, labels: Array) -> Classifier:
    """Return a logistic regression without intercept, on rows as they are."""
    from sklearn.linear_model import LogisticRegression

    found: Classifier = LogisticRegression(fit_intercept=False).fit(rows, labels)
    return found


@contextmanager
def _quiet() -> "Iterator[None]":
    """Say nothing of a fit that stops at its last step: few steps are a regulariser here.

    One thread: more cost four times what they give on matrices this small.
    """
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1), catch_warnings():
        simplefilter("ignore", ConvergenceWarning)
        yield


def splits(person: Array | None, n: int, *, by_person: bool) -> list[tuple[Array, Array]]:
    """Return training and test windows of five folds, dealt window by window or by person.

    Raises
    ------
    ShapeError
        If people are to be kept apart and are not known.
    """
    if by_person and person is None:
        raise ShapeError(
            "A split by person needs the person of every window; there is no such column. Fill "
            "it, or read the random split alone."
        )
    rng = rng_for("cross_modality", "folds", by_person)
    told = np.arange(n) if person is None else person
    return list(folds(told, N_FOLDS, by_group=by_person, rng=rng))


def answers(
    signals: Mapping[str, Array], labels: Array | Mapping[str, Array],
    parts: list[tuple[Array, Array]], fit: Fit, tested: Mapping[Hashable, Array] | None = None,
) -> dict[tuple[str, Any], Array]:  # fmt: skip
    """Return the class a model of one signal gives every window of another, out of fold.

    Parameters
    ----------
    signals : mapping of str to ndarray of shape (n, d)
        Features of the windows of each signal.
    labels : ndarray of shape (n,), or one per signal
        Classes.
    parts : list of (train, test)
        Folds.
    fit : callable
        ``fit(rows, labels)`` returns a `Classifier`.
    tested : mapping, optional
        What is read of the test windows, by any key; the signals themselves by default.

    Raises
    ------
    ShapeError
        If the signals are not of one length.
    TooFewRowsError
        If there is only one signal.
    """
    checked(signals)
    asked: Mapping[Any, Array] = signals if tested is None else tested
    found = {
        (one, key): np.zeros(len(rows), dtype=np.int64) for one in signals
        for key, rows in asked.items()
    }  # fmt: skip
    for one, rows in signals.items():
        mine = labels[one] if isinstance(labels, Mapping) else labels
        for train, test in parts:
            model = fit(rows[train], mine[train])
            for key, others in asked.items():
                found[one, key][test] = model.predict(others[test])
    return found


def checked(signals: Mapping[str, Array]) -> None:
    """Raise unless there are several signals of one length."""
    if len(signals) < 2:
        raise TooFewRowsError(
            f"A transfer matrix needs at least 2 signals; got {len(signals)}. Add a signal."
        )
    shapes = {name: np.shape(rows) for name, rows in signals.items()}
    if len(set(shapes.values())) > 1:
        said = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ShapeError(
            f"All signals have as many windows of one length; got {said}. Resample them alike."
        )


def matrix(
    said: Mapping[tuple[str, str], Array], labels: Array | Mapping[str, Array]
) -> tuple[tuple[str, ...], Array]:
    """Return the signals and accuracies by training (row) and test signal (column).

    NaN where the test signal has one class only: no accuracy tells anything there.
    """
    names = tuple(dict.fromkeys(one for one, _ in said))
    found = np.full((len(names), len(names)), np.nan)
    for a, one in enumerate(names):
        for b, two in enumerate(names):
            truth = labels[two] if isinstance(labels, Mapping) else labels
            if len(np.unique(truth)) > 1:
                found[a, b] = (said[one, two] == truth).mean()
    return names, found


def apart(clouds: Mapping[str, Array], home: str) -> dict[str, dict[str, float]]:
    """Return how far every signal lies from the one a network was trained on, in its hidden layer.

    ``mmd2`` is the squared maximum mean discrepancy, ``means`` the distance of the means,
    ``log_variance`` the logarithm of its variance over that of the home signal.
    """
    rng = rng_for("cross_modality", "mmd", home)
    own, found = clouds[home], {}
    for name, cloud in clouds.items():
        if name == home:
            continue
        spread = [one.var(axis=0).sum() for one in (cloud, own)]
        found[name] = {
            "mmd2": mmd(Evidence(features=own), Evidence(features=cloud), rng=rng)["mmd2"],
            "means": float(np.linalg.norm(own.mean(axis=0) - cloud.mean(axis=0))),
            "log_variance": float(np.log(spread[0] / spread[1])) if min(spread) > 0 else np.nan,
        }
    return found


def cluster_ratio(clouds: Mapping[str, Array]) -> float:
    """Return the variance between signals over that within, of all windows together."""
    whole = np.concatenate(list(clouds.values()))
    labels = np.repeat(np.arange(len(clouds)), [len(one) for one in clouds.values()])
    rng = rng_for("cross_modality", "cluster ratio")
    share = class_separation(Evidence(features=whole, labels=labels), rng=rng)["between_share"]
    return share / (1 - share) if share < 1 else float("inf")


def rank_relation(accuracy: Array, distance: Array) -> dict[str, float]:
    """Return Spearman's rho of two matrices off their diagonals, and p over the names of signals.

    Rows and columns of one are renamed together in every possible way; p counts those whose rho is
    at least as far from 0, the given one among them.

    Raises
    ------
    ParamError
        If there are more than 8 signals: too many ways.
    """
    from scipy.stats import rankdata

    n = len(accuracy)
    if n > 8:
        raise ParamError(f"All ways to rename {n} signals are too many. Take 8 signals or fewer.")
    outside = ~np.eye(n, dtype=bool)
    if not (np.isfinite(accuracy[outside]).all() and np.isfinite(distance[outside]).all()):
        return {"rho": np.nan, "p": np.nan, "n": int(outside.sum())}
    ranks = []
    for one in (accuracy, distance):
        filled = np.zeros((n, n))
        filled[outside] = rankdata(one[outside])
        filled[outside] -= filled[outside].mean()
        ranks.append(filled)
    first, second = ranks
    size = np.sqrt((first**2).sum() * (second**2).sum())
    if size == 0:
        return {"rho": np.nan, "p": np.nan, "n": int(outside.sum())}
    every = [
        float((first[np.ix_(way, way)] * second).sum() / size)
        for way in map(list, permutations(range(n)))
    ]  # the first way renames nothing
    p = np.mean(np.abs(every) >= abs(every[0]) - 1e-12)
    return {"rho": every[0], "p": float(p), "n": int(outside.sum())}
