"""What can be told from a text at sight, as fields of a condition: input.words > 40 and the like.

They are computed by the engine from the input as it is stored, so an excerpt counts as it stands.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import narwhals as nw

    Make = Callable[["nw.Expr"], "nw.Expr"]

NEGATION = (
    r"(?i)\b(?:no|not|never|none|nobody|nothing|nowhere|neither|nor|without|cannot|"
    r"kein\w*|nicht|nie|ne|pas|jamais|nunca|non|niet|geen)\b|n['’]t\b"
)
SCRIPTS = {
    "Japanese": r"[\p{Hiragana}\p{Katakana}]",
    "Chinese": r"\p{Han}",
    "Korean": r"\p{Hangul}",
    "Cyrillic script": r"\p{Cyrillic}",
    "Arabic script": r"\p{Arabic}",
    "Hebrew": r"\p{Hebrew}",
    "Devanagari script": r"\p{Devanagari}",
    "Greek": r"\p{Greek}",
    "Thai": r"\p{Thai}",
}
"""Writing systems that decide, the first that is there; Japanese texts hold Chinese signs, too."""
STOP_WORDS = {
    "English": "the|and|of|to|is|in|that|it|was|for|with|you|this|are",
    "German": "der|die|das|und|ist|nicht|ein|eine|zu|den|mit|von|ich|auf",
    "French": "le|la|les|et|est|des|une|un|dans|que|pour|qui|pas|du",
    "Spanish": "el|la|los|las|de|que|y|en|una|es|por|con|para|no",
    "Italian": "il|la|di|che|è|e|un|una|per|non|sono|con|gli|del",
    "Portuguese": "o|os|as|de|que|e|em|uma|um|não|para|com|é|do",
    "Dutch": "de|het|een|en|van|is|niet|dat|op|te|zijn|voor|met|ik",
}
LEAST_HITS = 3
"""Letters of stop words below which no language is named."""


def _words(text: "nw.Expr") -> "nw.Expr":
    return text.str.replace_all(r"\s*\S+\s*", "x").str.len_chars()


def _language(text: "nw.Expr") -> "nw.Expr":
    """Return the language by its script, else by the stop words that fill most of the text."""
    import narwhals as nw

    length = text.str.len_chars()
    hits = {
        name: length - text.str.replace_all(rf"(?i)\b(?:{words})\b", "").str.len_chars()
        for name, words in STOP_WORDS.items()
    }
    most = nw.max_horizontal(*hits.values())
    found: Any = nw.lit(None)
    for name in reversed(hits):
        found = nw.when((hits[name] == most) & (most >= LEAST_HITS)).then(nw.lit(name)).otherwise(
            found
        )  # fmt: skip
    for name in reversed(SCRIPTS):
        found = nw.when(text.str.contains(SCRIPTS[name])).then(nw.lit(name)).otherwise(found)
    expression: nw.Expr = found
    return expression


FEATURES: Mapping[str, tuple[str, "Make"]] = {
    "characters": ("number", lambda text: text.str.len_chars()),
    "words": ("number", _words),
    "digits": ("bool", lambda text: text.str.contains("[0-9]")),
    "negation": ("bool", lambda text: text.str.contains(NEGATION)),
    "question": ("bool", lambda text: text.str.contains("[?？؟]")),
    "capitals": ("bool", lambda text: text.str.contains(r"\b[A-Z]{2,}\b")),
    "link": ("bool", lambda text: text.str.contains(r"(?i)https?://|www\.")),
    "language": ("text", _language),
}
"""Name -> (kind of value, how it is computed from the input)."""
