"""Write numbers and lists the way a sentence for a stakeholder needs them."""

import math
from collections.abc import Sequence

MINUS = "\N{MINUS SIGN}"


def number(value: float, *, rate: bool = True) -> str:
    """Return `value` with two decimals: ``.80`` for a rate, ``0.80`` for anything else.

    A value that is not finite is written as "not known".
    """
    if not math.isfinite(value):
        return "not known"
    text = f"{abs(value):.2f}" if abs(value) < 1000 or rate else f"{abs(value):,.0f}"
    if rate and text.startswith("0"):
        text = text[1:]
    sign = MINUS if value < 0 and float(text.replace(",", "")) > 0 else ""
    return sign + text


def interval(low: float, high: float, *, rate: bool = True) -> str:
    """Return ``[.77, .82]``; an end beyond 0 that rounds to it is ``>.00`` or ``<.00``."""
    zero = number(0.0, rate=rate)
    start, stop = number(low, rate=rate), number(high, rate=rate)
    start = f">{zero}" if low > 0 and start == zero else start
    stop = f"<{zero}" if high < 0 and stop == zero else stop
    return f"[{start}, {stop}]"


def estimate(
    value: float, low: float, high: float, *, rate: bool = True, clusters: float | None = None
) -> str:
    """Return ``.80 [.77, .82]``, or why there is no interval in place of it.

    Parameters
    ----------
    value, low, high : float
        The estimate and its interval.
    rate : bool
        Whether it is a share.
    clusters : float, optional
        Independent groups of rows it rests on.
    """
    middle = number(value, rate=rate)
    if math.isfinite(low) and math.isfinite(high):
        return f"{middle} {interval(low, high, rate=rate)}"
    if not math.isfinite(value):
        return middle
    if clusters is None or not math.isfinite(clusters):
        return f"{middle} (no interval)"
    why = "it rests on a single item or group of items"
    if clusters >= 2:
        why = "all items agree and the measure has no bounds"
    return f"{middle} (no interval: {why})"


def share(value: float) -> str:
    """Return a share as whole percent, ``13 %``; what is not 0 or 100 % is not rounded to it."""
    if 0 < value < 0.01:
        return "under 1 %"
    if 0.99 < value < 1:
        return "over 99 %"
    return f"{round(100 * value)} %"


def shares(value: float, low: float, high: float) -> str:
    """Return ``13 % [10 %, 17 %]``, without brackets where there is no interval."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return share(value)
    return f"{share(value)} [{share(low)}, {share(high)}]"


def count(n: float) -> str:
    """Return a whole number with thousands separated: ``1,200``."""
    return f"{round(n):,}"


def about(n: float) -> str:
    """Return a whole number rounded up to two significant digits: 873 -> ``880``."""
    if n < 10:
        return str(math.ceil(n))
    step = 10 ** (len(str(math.ceil(n))) - 2)
    return f"{math.ceil(n / step) * step:,}"


def listing(names: Sequence[str], *, most: int = 3) -> str:
    """Return ``A, B and C``; beyond `most` names the rest is counted: ``A, B, C and 2 more``."""
    if len(names) > most + 1:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def plural(n: float, one: str, many: str | None = None) -> str:
    """Return ``1 item`` or ``2 items``."""
    return f"{count(n)} {one if round(n) == 1 else many or one + 's'}"


def in_sentence(title: str) -> str:
    """Return `title` with a small first letter unless its first word is an abbreviation."""
    first = title.split(" ", 1)[0]
    return title if first[1:] != first[1:].lower() else title[:1].lower() + title[1:]
