"""The shapes of the convolutional nets of the digits task; weights come from elsewhere."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from stresslab.runners._needs import needed


@dataclass(frozen=True)
class Shape:
    """What a net expects and how it is built.

    Parameters
    ----------
    size, channels : int
        Side of the image in pixels and its channels.
    mean, sd : tuple of float
        Per channel, of pixels in [0, 1].
    build : callable
        Returns ``(features, head)``: a module from images to penultimate values, and the last
        linear layer.
    """

    size: int
    channels: int
    mean: tuple[float, ...]
    sd: tuple[float, ...]
    build: Callable[[Any], tuple[Any, Any]]


def _small(nn: Any, side: int, *, norm: bool, drop: bool) -> tuple[Any, Any]:
    layers: list[Any] = []
    for before, after in ((1, 32), (32, 64)):
        layers += [nn.Conv2d(before, after, 3, padding=1)]
        layers += [nn.BatchNorm2d(after)] if norm else []
        layers += [nn.ReLU(), nn.MaxPool2d(2)]
    wide = [nn.Dropout(0.3)] if drop else []
    wide += [nn.Linear(64 * (side // 4) ** 2, 128), nn.ReLU()]
    wide += [nn.Dropout(0.3)] if drop else []
    return nn.Sequential(nn.Sequential(*layers), nn.Flatten(), nn.Sequential(*wide)), nn.Linear(
        128, 10
    )


def _deep(nn: Any) -> tuple[Any, Any]:
    def block(before: int, after: int) -> Any:
        return nn.Sequential(
            nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(),
            nn.Conv2d(after, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(),
            nn.MaxPool2d(2),
        )  # fmt: skip

    layers = nn.Sequential(block(3, 32), block(32, 64), block(64, 128))
    wide = nn.Sequential(nn.Dropout(0.3), nn.Linear(128 * 16, 256), nn.ReLU(), nn.Dropout(0.3))
    return nn.Sequential(layers, nn.Flatten(), wide), nn.Linear(256, 10)


SHAPES = {
    "mnist": Shape(28, 1, (0.1307,), (0.3081,), lambda nn: _small(nn, 28, norm=False, drop=False)),
    "usps": Shape(16, 1, (0.2471,), (0.2994,), lambda nn: _small(nn, 16, norm=True, drop=True)),
    "svhn": Shape(32, 3, (0.4377, 0.4438, 0.4728), (0.1980, 0.2010, 0.1970), _deep),
}


class DigitNet:
    """A net with its preprocessing: from uint8 images to penultimate values and logits."""

    def __init__(self, shape: str) -> None:
        """Build the net called `shape` with random weights; seed torch before."""
        self.torch = needed("torch")
        self.shape = SHAPES[shape]
        self.features, self.head = self.shape.build(self.torch.nn)

    def read(self, weights: Any) -> "DigitNet":
        """Fill the net from a state dict whose values stand in the order of our layers."""
        own = {f"f.{k}": v for k, v in self.features.state_dict().items()}
        own |= {f"h.{k}": v for k, v in self.head.state_dict().items()}
        filled = dict(zip(own, weights.values(), strict=True))
        self.features.load_state_dict({k[2:]: v for k, v in filled.items() if k[0] == "f"})
        self.head.load_state_dict({k[2:]: v for k, v in filled.items() if k[0] == "h"})
        return self.frozen()

    def frozen(self) -> "DigitNet":
        """Return the net, set to answer rather than to learn."""
        self.features.eval()
        self.head.eval()
        return self

    def prepared(self, images: Sequence[Any]) -> Any:
        """Return a float tensor of shape (n, channels, size, size) as the net expects it."""
        import numpy as np

        torch = self.torch
        pixels = torch.from_numpy(np.stack(images).astype(np.float32) / 255.0)[:, None]
        side = (self.shape.size, self.shape.size)
        if tuple(pixels.shape[-2:]) != side:
            pixels = torch.nn.functional.interpolate(
                pixels, size=side, mode="bilinear", antialias=True, align_corners=False
            )
        mean, sd = (
            torch.tensor(one)[None, :, None, None] for one in (self.shape.mean, self.shape.sd)
        )
        return (pixels.expand(-1, self.shape.channels, -1, -1) - mean) / sd

    def penultimate(self, images: Sequence[Any]) -> Any:
        """Return the values before the last layer, shape (n, width)."""
        with self.torch.inference_mode():
            return self.features(self.prepared(images)).numpy()

    def last_layer(self) -> tuple[Any, Any]:
        """Return weights of shape (width, 10) and bias of the layer that makes logits."""
        with self.torch.inference_mode():
            return self.head.weight.numpy().T.copy(), self.head.bias.numpy().copy()

    def probs(self, images: Sequence[Any]) -> Any:
        """Return class probabilities, shape (n, 10)."""
        with self.torch.inference_mode():
            return self.head(self.features(self.prepared(images))).softmax(dim=1).numpy()
