"""Runners: ways to run a model. Weights and heavy packages are loaded inside functions only."""

from stresslab.catalog import Catalog
from stresslab.runners._kind import Predict, Prediction, Runner
from stresslab.runners._rows import outcomes, row

runners = Catalog("stresslab.runners", Runner)
names, get = runners.names, runners.get

__all__ = [
    "Predict", "Prediction", "Runner", "get", "names", "outcomes", "row", "runners",
]  # fmt: skip
