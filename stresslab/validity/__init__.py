"""Promises about printed numbers, each simulated on known truths; one file per promise."""

from stresslab.catalog import Catalog
from stresslab.validity._kind import Case, Check

validity = Catalog("stresslab.validity", Check)
names, get = validity.names, validity.get

__all__ = ["Case", "Check", "get", "names", "validity"]
