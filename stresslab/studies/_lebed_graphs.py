"""Worlds with a shift of their own: block graphs and digits, and the networks that read them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from stresslab.checks import Array
from stresslab.estimators._networks import Sgc, initial_weights
from stresslab.estimators.lebed import PIECE
from stresslab.evidence import Evidence
from stresslab.rng import rng_for

N, DIMENSION, WIDTH, N_CLASSES = 300, 32, 16, 3
P_IN, P_OUT = 0.06, 0.01
SHIFTS: dict[str, tuple[float, ...]] = {
    "noise": (0.5, 1.0, 2.0, 4.0),
    "masking": (0.2, 0.4, 0.6, 0.8),
    "rewiring": (0.125, 0.25, 0.375, 0.5),
    "prior shift": (0.25, 0.5, 0.75, 1.0),
}
"""Strength at tiers 1 to 4: sd, share of features, share of edges, way towards `SKEWED`."""

UNITS = {"noise": "sd", "masking": "share", "rewiring": "share", "prior shift": "share"}
EVEN, SKEWED = np.full(N_CLASSES, 1 / N_CLASSES), np.array([0.8, 0.15, 0.05])
N_EPOCHS, N_OTHERS = 200, 3
DIGITS_TRAIN, DIGITS_SOURCE, DIGITS_RATE, DIGITS_NOISE = 600, 400, 5e-3, 0.25


@dataclass(frozen=True, eq=False)
class Side:
    """Inputs of a model before it answers.

    Parameters
    ----------
    features : ndarray of shape (n, dimension)
    edges : ndarray of shape (n_edges, 2)
        None for vectors: shape (0, 2).
    labels : ndarray of shape (n,)
    """

    features: Array
    edges: Array
    labels: Array


@dataclass(frozen=True, eq=False)
class World:
    """A training side and the networks on it; labelled inputs; inputs to be shifted.

    Parameters
    ----------
    networks : tuple of Sgc
        The model, its twin (other initial weights) and others (other lengths of training).
    source, target : Side
        None of them trained on.
    """

    networks: tuple[Sgc, ...]
    source: Side
    target: Side


def blocks(rng: np.random.Generator, shares: Array = EVEN) -> Side:
    """Return a stochastic block graph whose features stand around one axis per class."""
    labels = rng.choice(N_CLASSES, N, p=shares)
    features = np.eye(N_CLASSES, DIMENSION)[labels] + rng.normal(size=(N, DIMENSION))
    a, b = np.triu_indices(N, 1)
    there = rng.random(len(a)) < np.where(labels[a] == labels[b], P_IN, P_OUT)
    return Side(features, np.column_stack([a[there], b[there]]), labels)


def graphs(seed: int) -> World:
    """Return a world of graphs; its model begins from the same weights in every one of them."""
    training, source, target = (blocks(rng_for("lebed", "graph", seed, one)) for one in range(3))
    return World(_networks(training, 2, 1e-3), source, target)


def digits(seed: int) -> World:
    """Return a world of 8 x 8 digits: vectors without links."""
    from sklearn.datasets import load_digits

    found = load_digits()
    order = rng_for("lebed", "digits", seed).permutation(len(found.target))
    ends = [DIGITS_TRAIN, DIGITS_TRAIN + DIGITS_SOURCE]
    none = np.empty((0, 2), int)
    sides = [
        Side(found.data[rows] / 16, none, found.target[rows]) for rows in np.split(order, ends)
    ]
    return World(_networks(sides[0], 0, DIGITS_RATE), *sides[1:])


def _networks(side: Side, hops: int, rate: float) -> tuple[Sgc, ...]:
    sizes = (side.features.shape[1], WIDTH, int(side.labels.max()) + 1)
    found = []
    for one in range(2 + N_OTHERS):
        first = initial_weights(sizes, rng_for("lebed", "initial", sizes[2], one))
        network = Sgc(sizes, first, first, hops=hops, rate=rate)
        n_epochs = N_EPOCHS // (1 if one < 2 else 2 ** (one - 1))
        *_, last = network.epochs(side.features, side.edges, side.labels, n_epochs=n_epochs)
        found.append(replace(network, trained=last))
    return tuple(found)


def shifted(side: Side, shift: str, tier: int, seed: int) -> Side:
    """Return a side under a shift; other nodes where the mix of classes changes."""
    if not tier:
        return side
    strength, rng = SHIFTS[shift][tier - 1], rng_for("lebed", shift, tier, seed)
    if shift == "prior shift":
        return _skewed(side, strength, rng)
    features, edges = side.features, side.edges
    if shift == "noise":
        scale = strength if len(edges) else strength * DIGITS_NOISE
        features = features + scale * rng.normal(size=features.shape)
    if shift == "masking":
        features = np.where(rng.random(features.shape) < strength, 0.0, features)
    if shift == "rewiring":
        edges = rewired(edges, len(features), strength, rng)
    return replace(side, features=features, edges=edges)


def _skewed(side: Side, strength: float, rng: np.random.Generator) -> Side:
    """Return a graph of another mix, or vectors of which those of high classes become rare."""
    if len(side.edges):
        return blocks(rng, (1 - strength) * EVEN + strength * SKEWED)
    kept = rng.random(len(side.labels)) < np.exp(-strength * side.labels)
    return Side(side.features[kept], side.edges, side.labels[kept])


def rewired(edges: Array, n: int, share: float, rng: np.random.Generator) -> Array:
    """Return edges of which a share has a new, random second end; none twice, none to itself."""
    hit, found = rng.random(len(edges)) < share, edges.copy()
    found[hit, 1] = rng.integers(0, n, int(hit.sum()))
    found = np.sort(found[found[:, 0] != found[:, 1]], axis=1)
    unique: Array = np.unique(found, axis=0)
    return unique


def cells(world: World, tiers: tuple[int, ...]) -> Iterator[tuple[str, int]]:
    """Yield ``("", 0)`` for no shift, then every shift and tier that a world can have."""
    yield "", 0
    for shift in SHIFTS:
        if shift != "rewiring" or len(world.target.edges):
            yield from ((shift, tier) for tier in tiers)


def probabilities(network: Sgc, side: Side) -> Array:
    """Return the softmax of a network's logits, shape (n, n_classes)."""
    logits = network.logits(network.trained, side.features, side.edges)
    found = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Array = found / found.sum(axis=1, keepdims=True)
    return shares


def retrained(network: Sgc, side: Side, rng: np.random.Generator) -> float:
    """Return LeBeD of a network on a side, as the estimator has it."""
    some = Evidence(features=side.features, edges=side.edges, network=network)
    return PIECE.estimate(Evidence(), some, rng=rng)
