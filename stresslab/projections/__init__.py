"""Projections: pieces that turn the vectors of a space into a map or into clusters."""

from stresslab.catalog import Catalog
from stresslab.projections._kind import Projection, Report, nothing

projections = Catalog("stresslab.projections", Projection)
names, get = projections.names, projections.get

__all__ = ["Projection", "Report", "get", "names", "nothing", "projections"]
