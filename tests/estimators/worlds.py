"""A world in which what every estimator assumes is true, and no shift lies between the sides."""

import numpy as np

from stresslab.estimators._networks import Sgc, initial_weights
from stresslab.evidence import Evidence


def known_or_guessed(n, rng, n_classes=4, dimension=6, skill=1.0):
    """Return inputs that all models know together, or guess each by itself.

    An input is known with a chance q of its own (a weaker model needs the draw to be lower); who
    does not know it guesses evenly. So confidence q + (1 - q) / n_classes is calibrated, a twin
    agrees as often as either is right, and the label shows in the features.
    """
    q, draw = skill * rng.beta(3, 1.5, n), rng.random(n)
    labels = rng.integers(0, n_classes, n)

    def answers(strength):
        guess = rng.integers(0, n_classes, n)
        return np.where(draw < q * strength, labels, guess)

    mine = answers(1.0)
    sure = q + (1 - q) / n_classes
    probs = np.repeat(((1 - sure) / (n_classes - 1))[:, None], n_classes, axis=1)
    probs[np.arange(n), mine] = sure
    centres = 10 * np.eye(n_classes, dimension)
    return Evidence(
        features=centres[labels] + rng.normal(size=(n, dimension)), labels=labels, probs=probs,
        correct=(mine == labels).astype(float), answers=mine, twin=answers(1.0),
        others=np.column_stack([answers(one) for one in (0.9, 0.75, 0.6)]),
    )  # fmt: skip


def beta_world(n, a, b, rng):
    """Return calibrated binary probabilities p ~ Beta(a, b) and who is right by saying p > .5."""
    p = rng.beta(a, b, n)
    labels = (rng.random(n) < p).astype(int)
    right = ((p > 0.5) == labels).astype(float)
    return Evidence(labels=labels, probs=np.column_stack([1 - p, p]), correct=right)


def blocks(n, rng, shares=(1 / 3, 1 / 3, 1 / 3), inside=0.06, outside=0.01, dimension=8, shift=1.0):
    """Return features, edges and labels of a stochastic block graph."""
    labels = rng.choice(len(shares), n, p=shares)
    features = shift * np.eye(len(shares), dimension)[labels] + rng.normal(size=(n, dimension))
    a, b = np.triu_indices(n, 1)
    there = rng.random(len(a)) < np.where(labels[a] == labels[b], inside, outside)
    return features, np.column_stack([a[there], b[there]]), labels


def trained_sgc(features, edges, labels, rng, n_epochs=200, width=5, **settings):
    """Return a network trained on a labelled graph."""
    sizes = (features.shape[1], width, int(labels.max()) + 1)
    first = initial_weights(sizes, rng)
    network = Sgc(sizes, first, first, **settings)
    *_, last = network.epochs(features, edges, labels, n_epochs=n_epochs)
    return Sgc(sizes, first, last, **settings)


def graph_side(n, rng, network=None):
    """Return the evidence of a graph and a network on it."""
    features, edges, labels = blocks(n, rng)
    network = network or trained_sgc(features, edges, labels, rng, n_epochs=60)
    logits = network.logits(network.trained, features, edges)
    return Evidence(
        features=features, edges=edges, labels=labels, network=network,
        correct=(logits.argmax(axis=1) == labels).astype(float),
    )  # fmt: skip
