"""Classify digits with a convolutional net: trained elsewhere, or trained here in seconds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stresslab.runners._digit_nets import DigitNet
from stresslab.runners._kind import Predict, Prediction, Runner, classified
from stresslab.runners._needs import needed

LABELS = tuple("0123456789")


def load(
    *,
    shape: str,
    weights: str | Path | None = None,
    images: Sequence[Any] = (),
    labels: Sequence[str] = (),
    epochs: int = 4,
    seed: int = 0,
) -> Predict:
    """Return a digit classifier.

    Parameters
    ----------
    shape : {"mnist", "usps", "svhn"}
        Which net.
    weights : path, optional
        A state dict saved by torch; read with ``weights_only=True``. Without it the net is trained.
    images, labels : sequence
        uint8 images and their digits, to train on.
    epochs, seed : int
        Of the training.
    """
    torch = needed("torch")
    torch.set_num_threads(min(2, torch.get_num_threads()))
    net = read_net(shape, weights) if weights else train_net(shape, images, labels, epochs, seed)

    def predict(batch: Sequence[Any]) -> list[Prediction]:
        return classified(net.probs(batch), LABELS) if len(batch) else []

    return predict


def read_net(shape: str, weights: str | Path) -> DigitNet:
    """Return the net whose weights are in a file."""
    state = needed("torch").load(weights, map_location="cpu", weights_only=True)
    state = state.get("model_state_dict", state.get("state_dict", state))
    return DigitNet(shape).read(state)


def train_net(
    shape: str, images: Sequence[Any], labels: Sequence[str], epochs: int, seed: int
) -> DigitNet:
    """Return a net trained with Adam (step 0.001, batches of 64), the same for the same seed."""
    torch = needed("torch")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = DigitNet(shape)
        ready = net.prepared(images)
        truth = torch.tensor([int(label) for label in labels])
        steps = torch.optim.Adam([*net.features.parameters(), *net.head.parameters()], lr=1e-3)
        order = np.random.default_rng(seed)
        for _ in range(epochs):
            for rows in np.array_split(order.permutation(len(truth)), max(1, len(truth) // 64)):
                loss = torch.nn.functional.cross_entropy(
                    net.head(net.features(ready[rows])), truth[rows]
                )
                steps.zero_grad()
                loss.backward()
                steps.step()
    return net.frozen()


PIECE = Runner(
    title="convolutional net",
    load=load,
    task_types=("classify image",),
    needs=("torch",),
    batch=512,
    source="ours; shapes of the nets in the package ccexam",
)
