"""Estimators: pieces that say how often a model is right where no labels are."""

from stresslab.catalog import Catalog
from stresslab.estimators._kind import Estimator, applicable

estimators = Catalog("stresslab.estimators", Estimator)
names, get = estimators.names, estimators.get

__all__ = ["Estimator", "applicable", "estimators", "get", "names"]
