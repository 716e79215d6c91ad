"""LeBeD: how far a network trained anew on its own test answers ends from where it is."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array
from stresslab.estimators._kind import Estimator
from stresslab.evidence import Evidence, Network


@dataclass(frozen=True)
class Stop:
    """When the second training ends.

    Parameters
    ----------
    n_epochs : int
        At the latest.
    least : int
        At the earliest, and only if the structure loss is back.
    within : float
        How near to the reference the structure loss must be; 0 never stops early.
    """

    n_epochs: int = 200
    least: int = 20
    within: float = 0.01


def lebed(
    network: Network,
    features: Array,
    edges: Array,
    non_edges: Array,
    stop: Stop = Stop(),  # frozen
) -> float:
    """Return the distance between trained weights and those trained anew, ||theta* - theta||_2.

    The network labels the test graph itself, is trained again on these labels from the weights it
    once began from, and stops as soon as the structure loss (mean binary cross-entropy of edges
    against as many non-edges, with the cosine of two embeddings as the logit) is within a
    tolerance of that of the trained network. The paper calls the rule free of parameters; `stop`
    says the three it has.

    Parameters
    ----------
    network : Network
        Comparable only within one architecture and one initial draw.
    features : ndarray of shape (n, dimension)
        Of the test graph.
    edges, non_edges : ndarray of shape (m, 2)
        Pairs of nodes; without edges there is no structure loss and no early stop.
    stop : Stop
        End of the second training.

    References
    ----------
    Zheng et al. (2024), Online GNN evaluation under test-time graph distribution shifts.
    """
    trained = network.trained
    labels = network.logits(trained, features, edges).argmax(axis=1)
    follows = len(edges) > 0 and len(non_edges) > 0 and stop.within > 0

    def loss(weights: Array) -> float:
        return structure_loss(network.embed(weights, features, edges), edges, non_edges)

    wanted = loss(trained) if follows else np.nan
    weights = network.initial
    epochs = network.epochs(features, edges, labels, n_epochs=stop.n_epochs)
    for epoch, weights in enumerate(epochs, start=1):
        if follows and epoch >= stop.least and abs(loss(weights) - wanted) < stop.within:
            break
    return float(np.linalg.norm(trained - weights))


def structure_loss(embedding: Array, edges: Array, non_edges: Array) -> float:
    """Return the mean cross-entropy of links, with the cosine of two embeddings as the logit."""
    length = np.linalg.norm(embedding, axis=1, keepdims=True)
    unit = embedding / np.where(length > 0, length, 1.0)
    pairs = np.vstack([edges, non_edges])
    linked = np.repeat([1.0, 0.0], [len(edges), len(non_edges)])
    logit = (unit[pairs[:, 0]] * unit[pairs[:, 1]]).sum(axis=1)
    return float((np.logaddexp(0, logit) - linked * logit).mean())


def sample_non_edges(n: int, edges: Array, rng: np.random.Generator) -> Array:
    """Return as many pairs of nodes without a link as there are edges, or all there are."""
    a, b = np.triu_indices(n, 1)
    low, high = np.sort(np.asarray(edges).reshape(-1, 2), axis=1).T
    free = np.flatnonzero(~np.isin(a * n + b, low * n + high))
    chosen = rng.choice(free, size=min(len(edges), len(free)), replace=False)
    return np.column_stack([a[chosen], b[chosen]])


def estimate(source: Evidence, target: Evidence, *, rng: np.random.Generator) -> float:
    """Return `lebed` of the target's graph and network; the source is not read.

    The value is a score: larger for more errors, in no unit. Which pairs without a link stand in
    the structure loss is drawn by `rng`.
    """
    network, edges = target.network, target.edges
    if network is None or edges is None or target.n < 2:
        return float("nan")
    features = np.asarray(target.features, float)
    return lebed(network, features, edges, sample_non_edges(target.n, edges, rng))


PIECE = Estimator(
    title="retraining discrepancy (LeBeD)",
    estimate=estimate,
    needs=("features", "edges", "network"),
    is_score=True,
    cost="epochs * n**2",
    source="Zheng et al. (2024)",
)
