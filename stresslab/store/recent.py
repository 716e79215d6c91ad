"""Keep what was computed last, up to a number of bytes, for questions that share a part."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

BYTES = 256 * 1024 * 1024


class Recent:
    """Arrays by key; the least recently used go when the budget is spent.

    Keys name everything the arrays depend on; an index generation never changes, so its folder
    stands for all of its data.
    """

    def __init__(self, budget: int = BYTES) -> None:
        self._budget = budget
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(
        self, key: Hashable, make: Callable[[], Any], size: Callable[[Any], int] | None = None
    ) -> Any:
        """Return what is kept under `key`, or what `make` returns.

        Parameters
        ----------
        size : callable, optional
            ``size(made) -> bytes``; without it `make` returns arrays in a dict or a list.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        made = make()
        needed = (size or _bytes_of_arrays)(made)
        if needed <= self._budget // 2:
            self._keep(key, made, needed)
        return made

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()

    def _keep(self, key: Hashable, made: Any, size: int) -> None:
        with self._lock:
            self._kept[key] = (made, size)
            while sum(used for _, used in self._kept.values()) > self._budget:
                self._kept.popitem(last=False)


def _bytes_of_arrays(made: Any) -> int:
    arrays = made.values() if isinstance(made, dict) else made
    return sum(int(one.nbytes) for one in arrays)


slices = Recent()
"""The rows of slices, as they were asked for last."""

answers = Recent(32 * 1024 * 1024)
"""Tables of cells: one page asks for the same one for several of its parts."""


def forget() -> None:
    """Forget everything, e.g. to measure a question as if it were the first."""
    slices.clear()
    answers.clear()
