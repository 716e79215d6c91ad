"""Analyses: pieces that answer one question on any workspace with a Result."""

from stresslab.analyses._kind import Analysis
from stresslab.catalog import Catalog

analyses = Catalog("stresslab.analyses", Analysis)
names, get = analyses.names, analyses.get

__all__ = ["Analysis", "analyses", "get", "names"]
