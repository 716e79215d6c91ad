"""Metrics: pieces that reduce rows to one number, with direction and bounds."""

from stresslab.catalog import Catalog
from stresslab.metrics._kind import Metric
from stresslab.metrics._sums import measure_metric

metrics = Catalog("stresslab.metrics", Metric)
names, get = metrics.names, metrics.get

__all__ = ["Metric", "get", "measure_metric", "metrics", "names"]
