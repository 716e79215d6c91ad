"""Small networks on graphs that can be trained again from where they began: SGC and GCN."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ShapeError

BETAS, TINY = (0.9, 0.999), 1e-8


def smoothing(n: int, edges: Array) -> Array:
    """Return D^-1/2 (A + I) D^-1/2 of an undirected graph, shape (n, n)."""
    found = np.eye(n)
    found[edges[:, 0], edges[:, 1]] = 1
    found[edges[:, 1], edges[:, 0]] = 1
    root = 1 / np.sqrt(found.sum(axis=1))
    smoothed: Array = found * root[:, None] * root
    return smoothed


@dataclass(frozen=True, eq=False)
class Sgc:
    """A linear network on features smoothed over a graph, in numpy: S^k X W1 + b1, times W2 + b2.

    Parameters
    ----------
    sizes : tuple of int
        Features, width of the embedding, classes.
    initial : ndarray
        Weights it began from, one flat array; see `n_weights`.
    trained : ndarray
        Weights it ended with.
    hops : int
        How often features are smoothed; 0 ignores the graph.
    rate, decay : float
        Of Adam: learning rate, and weight decay as an L2 penalty.

    References
    ----------
    Wu et al. (2019), Simplifying graph convolutional networks; Kingma and Ba (2015), Adam.
    """

    sizes: tuple[int, int, int]
    initial: Array
    trained: Array
    hops: int = 2
    rate: float = 1e-3
    decay: float = 5e-4

    def __post_init__(self) -> None:
        check_weights(self.initial, self.trained, n_weights(self.sizes))

    def embed(self, weights: Array, features: Array, edges: Array) -> Array:
        """Return the smoothed features after the first layer, shape (n, width)."""
        first, bias, *_ = parts(self.sizes, weights)
        found: Array = self._smoothed(features, edges) @ first + bias
        return found

    def logits(self, weights: Array, features: Array, edges: Array) -> Array:
        """Return the logits, shape (n, n_classes)."""
        *_, second, bias = parts(self.sizes, weights)
        found: Array = self.embed(weights, features, edges) @ second + bias
        return found

    def epochs(
        self, features: Array, edges: Array, labels: Array, *, n_epochs: int
    ) -> Iterator[Array]:
        """Yield the weights after every epoch of Adam on all nodes, from where it began."""
        rows, wanted = self._smoothed(features, edges), np.eye(self.sizes[2])[labels]
        weights = self.initial.copy()
        mean, square = np.zeros_like(weights), np.zeros_like(weights)
        for epoch in range(1, n_epochs + 1):
            slope = _gradient(self.sizes, weights, rows, wanted) + self.decay * weights
            mean = BETAS[0] * mean + (1 - BETAS[0]) * slope
            square = BETAS[1] * square + (1 - BETAS[1]) * slope**2
            ahead, spread = mean / (1 - BETAS[0] ** epoch), square / (1 - BETAS[1] ** epoch)
            weights = weights - self.rate * ahead / (np.sqrt(spread) + TINY)
            yield weights

    def _smoothed(self, features: Array, edges: Array) -> Array:
        rows = np.asarray(features, float)
        if self.hops and len(edges):
            smooth = smoothing(len(rows), np.asarray(edges))
            for _ in range(self.hops):
                rows = smooth @ rows
        return rows


@dataclass(frozen=True, eq=False)
class Gcn:
    """A graph convolutional network of two layers, in torch: S relu(S X W1 + b1) W2 + b2.

    Parameters
    ----------
    sizes, initial, trained, rate, decay
        As of `Sgc`; the embedding is what the rectifier leaves.

    References
    ----------
    Kipf and Welling (2017), Semi-supervised classification with graph convolutional networks.
    """

    sizes: tuple[int, int, int]
    initial: Array
    trained: Array
    rate: float = 1e-3
    decay: float = 5e-4

    def __post_init__(self) -> None:
        check_weights(self.initial, self.trained, n_weights(self.sizes))

    def embed(self, weights: Array, features: Array, edges: Array) -> Array:
        """Return the first layer after the rectifier, shape (n, width)."""
        first, bias, *_ = parts(self.sizes, weights)
        smooth = smoothing(len(features), np.asarray(edges))
        found: Array = np.maximum(smooth @ np.asarray(features, float) @ first + bias, 0)
        return found

    def logits(self, weights: Array, features: Array, edges: Array) -> Array:
        """Return the logits, shape (n, n_classes)."""
        *_, second, bias = parts(self.sizes, weights)
        smooth = smoothing(len(features), np.asarray(edges))
        found: Array = smooth @ self.embed(weights, features, edges) @ second + bias
        return found

    def epochs(
        self, features: Array, edges: Array, labels: Array, *, n_epochs: int
    ) -> Iterator[Array]:
        """Yield the weights after every epoch of Adam on all nodes, from where it began."""
        import torch

        smooth = torch.from_numpy(smoothing(len(features), np.asarray(edges)))
        rows = smooth @ torch.from_numpy(np.asarray(features, float))
        wanted = torch.from_numpy(np.asarray(labels, np.int64))
        weights = torch.from_numpy(self.initial.copy()).requires_grad_()
        steps = torch.optim.Adam([weights], lr=self.rate, weight_decay=self.decay)
        ends = np.cumsum([size for _, size in _layout(self.sizes)])[:-1].tolist()
        shapes = [shape for shape, _ in _layout(self.sizes)]
        for _ in range(n_epochs):
            pieces = torch.tensor_split(weights, ends)
            first, bias, second, last = (
                one.reshape(shape) for one, shape in zip(pieces, shapes, strict=True)
            )
            hidden = torch.relu(rows @ first + bias)
            loss = torch.nn.functional.cross_entropy(smooth @ hidden @ second + last, wanted)
            steps.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            steps.step()
            yield weights.detach().numpy().copy()


def n_weights(sizes: tuple[int, int, int]) -> int:
    """Return how many weights two layers with biases have."""
    return sum(size for _, size in _layout(sizes))


def initial_weights(sizes: tuple[int, int, int], rng: np.random.Generator) -> Array:
    """Return weights to begin from: Glorot's uniform draw, biases 0."""
    found = []
    for shape, size in _layout(sizes):
        bound = np.sqrt(6 / sum(shape)) if len(shape) == 2 else 0.0
        found.append(rng.uniform(-bound, bound, size))
    return np.concatenate(found)


def parts(sizes: tuple[int, int, int], weights: Array) -> list[Array]:
    """Return ``[W1, b1, W2, b2]`` as views of the flat array."""
    found, start = [], 0
    for shape, size in _layout(sizes):
        found.append(weights[start : start + size].reshape(shape))
        start += size
    return found


def check_weights(initial: Array, trained: Array, n: int) -> None:
    """Refuse weights that are not one flat array of `n` numbers each.

    Raises
    ------
    ShapeError
        If they are not.
    """
    if np.shape(initial) != (n,) or np.shape(trained) != (n,):
        raise ShapeError(
            f"Initial and trained weights are flat arrays of {n} numbers here; got shapes "
            f"{np.shape(initial)} and {np.shape(trained)}. Take both from the same network."
        )


def _layout(sizes: tuple[int, int, int]) -> list[tuple[tuple[int, ...], int]]:
    features, width, classes = sizes
    shapes: list[tuple[int, ...]] = [(features, width), (width,), (width, classes), (classes,)]
    return [(shape, int(np.prod(shape))) for shape in shapes]


def _gradient(sizes: tuple[int, int, int], weights: Array, rows: Array, wanted: Array) -> Array:
    """Return the gradient of the mean cross-entropy of the linear network."""
    first, bias, second, last = parts(sizes, weights)
    inner = rows @ first + bias
    logits = inner @ second + last
    chance = np.exp(logits - logits.max(axis=1, keepdims=True))
    chance /= chance.sum(axis=1, keepdims=True)
    pull = (chance - wanted) / len(rows)
    back = pull @ second.T
    return np.concatenate(
        [(rows.T @ back).ravel(), back.sum(axis=0), (inner.T @ pull).ravel(), pull.sum(axis=0)]
    )
