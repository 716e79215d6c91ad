import numpy as np
import pytest

torch = pytest.importorskip("torch")

from stresslab import runners  # noqa: E402
from stresslab.runners._digit_nets import SHAPES, DigitNet  # noqa: E402
from stresslab.runners.torch_images import read_net, train_net  # noqa: E402

IMAGES = list(np.random.default_rng(0).integers(0, 256, (12, 28, 28)).astype(np.uint8))
LABELS = [str(number % 10) for number in range(12)]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_net_gives_ten_probabilities_and_its_penultimate_values(shape):
    torch.manual_seed(0)
    net = DigitNet(shape).frozen()
    assert np.allclose(net.probs(IMAGES).sum(axis=1), 1, atol=1e-5)
    assert net.penultimate(IMAGES).shape == (12, 256 if shape == "svhn" else 128)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_head_on_the_penultimate_values_gives_the_probabilities(shape):
    net = DigitNet(shape).frozen()
    logits = net.head(torch.from_numpy(net.penultimate(IMAGES))).detach().numpy()
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    assert np.allclose(odds / odds.sum(axis=1, keepdims=True), net.probs(IMAGES), atol=1e-5)


def test_an_answer_does_not_depend_on_the_rest_of_the_batch():
    predict = runners.get("torch_images").load(shape="usps", images=IMAGES, labels=LABELS, epochs=1)
    together, alone = predict(IMAGES), predict(IMAGES[3:4])
    assert together[3].answer == alone[0].answer
    assert together[3].probs == pytest.approx(alone[0].probs, abs=2e-3)


def test_training_is_the_same_for_the_same_seed_and_leaves_torch_alone():
    before = torch.random.get_rng_state()
    one, two = (
        train_net("mnist", IMAGES, LABELS, epochs=1, seed=1).probs(IMAGES) for _ in range(2)
    )
    assert np.array_equal(one, two)
    assert torch.equal(before, torch.random.get_rng_state())


def test_saved_weights_come_back(tmp_path):
    net = DigitNet("mnist").frozen()
    torch.save(
        {**net.features.state_dict(prefix="f."), **net.head.state_dict(prefix="h.")},
        tmp_path / "w.pth",
    )
    assert np.array_equal(read_net("mnist", tmp_path / "w.pth").probs(IMAGES), net.probs(IMAGES))
