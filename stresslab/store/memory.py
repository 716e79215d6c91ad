"""Memory of an import: what was freed is handed back, and circles are not looked for in vain."""

import ctypes
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


def hold_little() -> None:
    """Let Arrow, if it is not loaded yet, take its memory where `hand_back` reaches it.

    Its own allocators keep some 100 MB that nothing uses any more.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")


def hand_back() -> None:
    """Hand what Arrow and the C library hold without using it back to the system.

    A step that took much would else stand beside the next one, which cannot use what it left.
    """
    arrow = sys.modules.get("pyarrow")
    if arrow is not None:
        arrow.default_memory_pool().release_unused()
    trim = _trim()
    if trim is not None:
        trim(0)


@contextmanager
def uncollected() -> Iterator[None]:
    """Make objects without looking for circles among them; rows have none."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@cache
def _trim() -> Any:
    """Return ``malloc_trim`` of the GNU C library; None where there is another library."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None
