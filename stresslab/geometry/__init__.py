"""Geometry: pieces that say how vectors lie; those under `between` compare two clouds."""

from stresslab.catalog import Catalog
from stresslab.geometry._kind import Geometry, PairGeometry

geometry = Catalog("stresslab.geometry", Geometry)
names, get = geometry.names, geometry.get

__all__ = ["Geometry", "PairGeometry", "geometry", "get", "names"]
