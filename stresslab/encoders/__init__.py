"""Encoders: pieces that turn inputs into vectors."""

from stresslab.catalog import Catalog
from stresslab.encoders._kind import Encoder, Loaded

encoders = Catalog("stresslab.encoders", Encoder)
names, get = encoders.names, encoders.get

__all__ = ["Encoder", "Loaded", "encoders", "get", "names"]
