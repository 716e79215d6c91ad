"""What changed in a text, word by word, as HTML in which the text itself stays text."""

import difflib
import re

from pages.ui.words import html

TOKEN = re.compile(r"\s+|\w+|[^\w\s]")
MOST_TOKENS = 3000
"""Longer texts are shown as they are: the comparison takes time quadratic in the worst case."""


def marked(before: str | None, after: str | None) -> str:
    """Return `after` with what was added in <ins> and what was taken away in <del>."""
    if after is None:
        return ""
    if not before or before == after:
        return html(after)
    old, new = TOKEN.findall(before), TOKEN.findall(after)
    if max(len(old), len(new)) > MOST_TOKENS:
        return html(after)
    parts = []
    for what, a0, a1, b0, b1 in difflib.SequenceMatcher(None, old, new, False).get_opcodes():
        gone, come = html("".join(old[a0:a1])), html("".join(new[b0:b1]))
        if what == "equal":
            parts.append(come)
            continue
        parts.append(f"<del>{gone}</del>" if gone else "")
        parts.append(f"<ins>{come}</ins>" if come else "")
    return "".join(parts)
