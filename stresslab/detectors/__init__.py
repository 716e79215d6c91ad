"""Detectors: pieces that score how far an input lies outside of what was seen; larger = farther."""

from stresslab.catalog import Catalog
from stresslab.detectors._kind import Detector, Fitted

detectors = Catalog("stresslab.detectors", Detector)
names, get = detectors.names, detectors.get

__all__ = ["Detector", "Fitted", "detectors", "get", "names"]
