"""Numbers and names as people read them: two decimals for a rate, a real minus, plain text."""

import math
from collections.abc import Mapping
from html import escape
from typing import Any

FONT = (
    '-apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", '
    "Arial, sans-serif"
)
"""The system sans stack; nothing is fetched."""

HOLLOW_BELOW = 10
"""A value of fewer rows than this is drawn hollow."""


def number(value: Any) -> str:
    """Return a number in at most three figures: ``.80`` for a rate, ``–`` where undefined."""
    if not _defined(value):
        return "–"
    value = float(value)
    if abs(value) < 1.005:
        text = f"{value:.2f}"
        text = text.replace("0.", ".", 1) if abs(value) < 0.995 else text
    else:
        text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return (text.removeprefix("-") if text in ("-.00", "-0") else text).replace("-", "−")


def signed(value: Any) -> str:
    """Return a difference with its sign: ``+.05``, ``−.15``."""
    text = number(value)
    return f"+{text}" if _defined(value) and not text.startswith("−") else text


def interval(low: Any, high: Any) -> str:
    """Return ``[.77, .82]``, or nothing where there is no interval."""
    return f"[{number(low)}, {number(high)}]" if _defined(low) and _defined(high) else ""


def share(value: Any) -> str:
    """Return a share of 1 as whole percent."""
    return f"{100 * float(value):.0f} %" if _defined(value) else "–"


def about(n: Any) -> str:
    """Return a count rounded up to two figures: 873 -> ``880``."""
    if not _defined(n):
        return "–"
    step = 10 ** max(len(str(math.ceil(n))) - 2, 0)
    return f"{math.ceil(n / step) * step:,}"


def direction(metric: str, higher_is_better: bool = True) -> str:
    """Return an axis title with its direction."""
    return f"{plain(metric).capitalize()} ({'larger' if higher_is_better else 'smaller'} is better)"


def plain(text: Any) -> str:
    """Return user-made text so that Plotly shows it and never reads it as markup."""
    return escape(str(text), quote=False).replace("$", "&#36;")


ROW = "_row"
"""Column that numbers the rows of a drawn table, so that a mark can lead to its row."""
HOVER = "%{customdata[0]}<extra></extra>"


def told(hover: str, row: Mapping[Any, Any]) -> list[Any]:
    """Return what a mark carries: what it says under the pointer, and its row where numbered."""
    return [hover, row.get(ROW)]


def shorten(text: str, most: int = 24) -> str:
    """Return `text` cut to `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _defined(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except TypeError:
        return False
