"""Benchmarks: ours beside the tool a user would pick instead, in one process run."""

from stresslab.catalog import Catalog
from tests.bench._kind import Bench

benches = Catalog("tests.bench", Bench)
