"""LeBeD: nought on the graph it was trained on, the same under another order of nodes."""

from dataclasses import replace

import numpy as np
import pytest

from stresslab.errors import ShapeError
from stresslab.estimators._networks import Gcn, Sgc, initial_weights, n_weights, smoothing
from stresslab.estimators.lebed import Stop, lebed, sample_non_edges, structure_loss
from tests.estimators.worlds import blocks, trained_sgc

KINDS = [Sgc, pytest.param(Gcn, marks=pytest.mark.slow)]  # torch takes seconds to import


@pytest.fixture(scope="module", params=KINDS)
def fitted(request):
    """Return a graph that a network has learnt by heart, and the network."""
    rng = np.random.default_rng(0)
    features, edges, labels = blocks(60, rng, shift=6.0, inside=0.3, outside=0.0)
    sizes = (features.shape[1], 5, 3)
    first = initial_weights(sizes, rng)
    network = request.param(sizes, first, first, rate=0.02)
    *_, last = network.epochs(features, edges, labels, n_epochs=120)
    network = replace(network, trained=last)
    answers = network.logits(last, features, edges).argmax(axis=1)
    assert (answers == labels).all()
    return network, features, edges


def test_it_is_exactly_nought_on_the_training_graph(fitted):
    network, features, edges = fitted
    non_edges = sample_non_edges(60, edges, np.random.default_rng(1))
    assert lebed(network, features, edges, non_edges, Stop(n_epochs=120, within=0.0)) == 0.0


def test_it_is_not_nought_on_another_graph(fitted):
    network, features, edges = fitted
    rng = np.random.default_rng(2)
    noisy = features + 6 * rng.normal(size=features.shape)
    non_edges = sample_non_edges(60, edges, rng)
    assert lebed(network, noisy, edges, non_edges, Stop(n_epochs=120, within=0.0)) > 0.01


def test_the_order_of_nodes_does_not_matter(fitted):
    network, features, edges = fitted
    rng = np.random.default_rng(3)
    noisy = features + 2 * rng.normal(size=features.shape)
    non_edges = sample_non_edges(60, edges, rng)
    order = rng.permutation(60)
    place = np.argsort(order)
    stop = Stop(n_epochs=40, within=0.0)
    found = lebed(network, noisy, edges, non_edges, stop)
    again = lebed(network, noisy[order], place[edges], place[non_edges], stop)
    assert found > 0
    assert again == pytest.approx(found, rel=1e-9)


def test_the_second_training_stops_when_the_structure_is_back(fitted):
    network, features, edges = fitted
    non_edges = sample_non_edges(60, edges, np.random.default_rng(4))
    early = lebed(network, features, edges, non_edges, Stop(n_epochs=120, least=1, within=10.0))
    one_step = next(iter(network.epochs(
        features, edges, network.logits(network.trained, features, edges).argmax(axis=1),
        n_epochs=1,
    )))  # fmt: skip
    assert early == pytest.approx(np.linalg.norm(network.trained - one_step))


def test_without_edges_there_is_no_early_stop():
    rng = np.random.default_rng(5)
    features, edges, labels = blocks(30, rng)
    network = trained_sgc(features, edges, labels, rng, n_epochs=20)
    none = edges[:0]
    found = lebed(network, features, none, none, Stop(n_epochs=20, least=1, within=10.0))
    exact = lebed(network, features, none, none, Stop(n_epochs=20, within=0.0))
    assert found == exact > 0


def test_structure_loss_by_hand():
    embedding = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0]])
    found = structure_loss(embedding, np.array([[0, 1]]), np.array([[0, 2]]))
    assert found == pytest.approx((np.log1p(np.exp(-1)) + np.log(2)) / 2)


def test_non_edges_are_no_edges_and_as_many():
    rng = np.random.default_rng(6)
    _, edges, _ = blocks(40, rng)
    found = sample_non_edges(40, edges[:, ::-1], rng)
    assert len(found) == len(edges)
    assert not {tuple(sorted(one)) for one in found} & {tuple(sorted(one)) for one in edges}


def test_weights_of_another_network_are_refused():
    with pytest.raises(ShapeError, match="flat arrays of 23 numbers"):
        Sgc((3, 2, 5), np.zeros(7), np.zeros(23))
    assert n_weights((3, 2, 5)) == 23


def test_smoothing_by_hand():
    found = smoothing(3, np.array([[0, 1]]))
    np.testing.assert_allclose(found, [[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 1]])


@pytest.mark.slow
def test_numpy_takes_the_steps_of_torch():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(7)
    features, edges, labels = blocks(30, rng)
    sizes = (features.shape[1], 4, 3)
    network = Sgc(sizes, first := initial_weights(sizes, rng), first, rate=0.01)
    *_, ours = network.epochs(features, edges, labels, n_epochs=25)
    smooth = torch.from_numpy(smoothing(30, edges))
    rows = smooth @ smooth @ torch.from_numpy(features)
    weights = torch.from_numpy(first.copy()).requires_grad_()
    steps = torch.optim.Adam([weights], lr=0.01, weight_decay=5e-4)
    cut = np.cumsum([sizes[0] * 4, 4, 12])
    for _ in range(25):
        w1, b1, w2, b2 = torch.tensor_split(weights, cut.tolist())
        logits = (rows @ w1.reshape(-1, 4) + b1) @ w2.reshape(4, 3) + b2
        loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels))
        steps.zero_grad()
        loss.backward()
        steps.step()
    np.testing.assert_allclose(ours, weights.detach().numpy(), atol=1e-9)
