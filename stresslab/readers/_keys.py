"""Remember millions of keys in a few bytes each: which were seen, and in which row first."""

from collections.abc import Sequence
from typing import Any

import numpy as np

Numbers = np.ndarray[Any, np.dtype[np.int64]]

RECENT = 50_000
"""Names held as they are before they become numbers."""
BULK = 1_000
"""Names that come at once and become numbers at once."""


class Keys:
    """A growing set of 64-bit keys with the number each was first given.

    Held as sorted blocks, of which two of like size become one: 16 bytes a key.
    """

    def __init__(self) -> None:
        self._blocks: list[tuple[Numbers, Numbers]] = []

    def add(self, keys: Sequence[int] | Numbers, numbers: Sequence[int] | Numbers) -> Numbers:
        """Return the number at which each key was first seen: its own if it is new."""
        given, own = np.array(keys, np.int64), np.array(numbers, np.int64)
        fresh, first, back = np.unique(given, return_index=True, return_inverse=True)
        known = own[first]
        is_new = np.ones(len(fresh), bool)
        for block, at in self._blocks:
            place = np.searchsorted(block, fresh)
            place[place == len(block)] = 0
            there = block[place] == fresh
            known[there] = at[place[there]]
            is_new &= ~there
        if is_new.any():
            self._blocks.append((fresh[is_new], known[is_new]))
            self._merge()
        found: Numbers = known[back.reshape(-1)]
        return found

    def has(self, keys: Sequence[int] | Numbers) -> "np.ndarray[Any, np.dtype[np.bool_]]":
        """Return which keys were added before."""
        given = np.array(keys, np.int64)
        found = np.zeros(len(given), bool)
        for block, _ in self._blocks:
            place = np.searchsorted(block, given)
            place[place == len(block)] = 0
            found |= block[place] == given
        return found

    def _merge(self) -> None:
        while len(self._blocks) > 1 and 2 * len(self._blocks[-1][0]) > len(self._blocks[-2][0]):
            (a, at_a), (b, at_b) = self._blocks.pop(), self._blocks.pop()
            both = np.concatenate([a, b])
            order = np.argsort(both, kind="stable")
            self._blocks.append((both[order], np.concatenate([at_a, at_b])[order]))


class Names:
    """A growing set of texts, the older ones held by their hash.

    Parameters
    ----------
    recent : int
        So many are held as they are before they become numbers.
    """

    def __init__(self, recent: int = RECENT) -> None:
        self._recent: set[str] = set()
        self._older = Keys()
        self._most = recent

    def __contains__(self, name: str) -> bool:
        return name in self._recent or bool(self._older.has([hash(name)])[0])

    def add(self, name: str) -> None:
        """Remember a name."""
        self.update([name], [hash(name)])

    def update(self, names: Sequence[str], hashes: Sequence[int] | Numbers) -> None:
        """Remember names, given with their hashes."""
        if len(names) >= min(BULK, self._most):
            self._older.add(hashes, [0] * len(names))
            return
        self._recent.update(names)
        if len(self._recent) >= self._most:
            self._older.add([hash(one) for one in self._recent], [0] * len(self._recent))
            self._recent.clear()

    def lacking(self, names: Sequence[str], hashes: Numbers) -> list[int]:
        """Return the places of those names that were not added."""
        if not self._recent:
            return [int(at) for at in np.flatnonzero(~self._older.has(hashes))]
        away = [at for at, name in enumerate(names) if name not in self._recent]
        known = self._older.has(hashes[away]).tolist()
        return [at for at, is_there in zip(away, known, strict=True) if not is_there]
