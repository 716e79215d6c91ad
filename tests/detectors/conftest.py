"""Evidence of three classes, clean and far away, for every detector."""

import numpy as np
import pytest

from stresslab.evidence import Evidence

N_CLASSES, DIMENSION = 3, 24
EACH = 2
"""Directions per class."""


def evidence(n, *, seed=0, far=0.0, n_classes=N_CLASSES, dimension=DIMENSION):
    """Rectified features: two directions per class, the rest noise that the head does not see.

    Far rows lose what tells the classes and gain as much in directions the head does not see.
    """
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % n_classes
    features = 0.3 * np.abs(rng.standard_normal((n, dimension)))
    seen = EACH * n_classes
    weights = np.zeros((dimension, n_classes))
    weights[:seen] = np.repeat(2 * np.eye(n_classes), EACH, axis=0)
    features += 2.0 * (1 - far) * weights[:, labels].T
    features[:, seen:] += 4.0 * far * rng.random((n, dimension - seen))
    bias = np.zeros(n_classes)
    logits = features @ weights + bias
    probs = np.exp(logits - logits.max(axis=1, keepdims=True))
    probs /= probs.sum(axis=1, keepdims=True)
    return Evidence(
        features=features, labels=labels, logits=logits, probs=probs, head=(weights, bias)
    )


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def make_evidence():
    return evidence
