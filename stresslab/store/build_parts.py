"""The variants of a task in parts of whole clusters: what is summed over clusters adds up."""

import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from stresslab.checks import Array
from stresslab.store.build_cubes import Layout, Level, Values, values_of

CLUSTERS = 1 << 14
"""Numbers of clusters a part spans: fixed, so that a grown index sums as one built anew."""

HELD = 250_000
"""Variants up to which all merges are held in memory; of more they wait on the disk."""


class Parts:
    """A layout in parts that are worked on one after the other, in little memory.

    Parameters
    ----------
    layout : Layout
        The whole.
    spill : Path
        Folder for what is computed once and used for every model and measure.
    """

    def __init__(self, layout: Layout, spill: Path) -> None:
        self.layout = layout
        self._spill = spill
        self._part = (np.asarray(layout.variants["cluster"]) // CLUSTERS).astype(np.int32)
        self._places = _split(self._part)
        self._held: dict[int, Layout] = {}

    def __iter__(self) -> Iterator[tuple[Array, Layout]]:
        """Yield the places of a part's variants in the whole, which rise, and their layout."""
        for number, places in enumerate(self._places):
            yield places, self._of(number, places)

    def values(
        self, own: tuple[Array, Array], variant: Array, status: Array, value: Array
    ) -> Iterator[tuple[Array, Layout, Values]]:
        """Yield the places and the layout of every part, and `values_of` the rows that lie in it.

        Parameters
        ----------
        own : tuple of arrays
            Variant and status of every row of a model.
        variant, status, value : arrays
            Variant, status and value of rows that may have a value.
        """
        if len(self._places) == 1:
            places = self._places[0]
            known = values_of(own, variant, status, value, self.layout.n_variants)
            yield places, self.layout, known
            return
        asked_rows = self._rows(own[0])
        rows = asked_rows if variant is own[0] else self._rows(variant)
        for (places, layout), mine, there in zip(self, asked_rows, rows, strict=True):
            asked = np.searchsorted(places, own[0][mine]), own[1][mine]
            at = np.searchsorted(places, variant[there])
            yield (
                places,
                layout,
                values_of(asked, at, status[there], value[there], layout.n_variants),
            )

    def _rows(self, variant: Array) -> list[Array]:
        """Return, part by part, which rows lie in it, given the variant of every row."""
        found = dict(zip(*_numbered(self._part[variant]), strict=True))
        numbers = (int(self._part[places[0]]) for places in self._places)
        none = np.zeros(0, np.int64)
        return [found.get(number, none) for number in numbers]

    def _of(self, number: int, places: Array) -> Layout:
        if len(self._places) == 1:
            return self.layout
        if number in self._held:
            return self._held[number]
        layout = self.layout.among(places)
        if self.layout.n_variants <= HELD:
            self._held[number] = layout
            return layout
        path = self._spill / f"part-{number}.pickle"
        if path.exists():
            levels: list[Level] = pickle.loads(path.read_bytes())  # ours, of a moment ago
            layout.levels = levels
        else:
            self._spill.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                pickle.dump(layout.levels, file, protocol=5)
        return layout


def _split(part: Array) -> list[Array]:
    return _numbered(part)[1] or [np.zeros(0, np.int64)]


def _numbered(part: Array) -> tuple[list[int], list[Array]]:
    """Return the numbers of the parts there are, and the places where each stands."""
    order = np.argsort(part, kind="stable").astype(np.int32)
    ordered = part[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    return ordered[starts].tolist(), np.split(order, starts[1:]) if len(starts) else []
