"""Memory that was freed but is still held: handed back between the steps of an import."""

import ctypes
import os
import sys
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


@cache
def _trim() -> Any:
    """Return ``malloc_trim`` of the GNU C library; None where there is another library."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None
