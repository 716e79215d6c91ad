"""Readers: pieces that turn an outside file into rows of a workspace, one per format."""

from stresslab.catalog import Catalog
from stresslab.readers._kind import Batch, Reader, RunKey

readers = Catalog("stresslab.readers", Reader)
names, get = readers.names, readers.get

__all__ = ["Batch", "Reader", "RunKey", "get", "names", "readers"]
