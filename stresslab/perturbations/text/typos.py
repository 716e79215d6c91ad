"""Misspell a share of the longer words, as fast typing does."""

import re

import numpy as np

from stresslab.perturbations._kind import Perturbation

_WORD = re.compile(r"[^\W\d_]{4,}")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def misspell(text: str, share: float, rng: np.random.Generator) -> str:
    """Return `text` with one slip in about `share` of its words of four or more letters.

    A slip swaps two neighbouring letters, drops one, doubles one or replaces one, never the first
    letter of the word. "A wonderful little film" may become "A wodnerful litttle film".

    Parameters
    ----------
    text : str
        Any text; numbers, short words and punctuation stay as they are.
    share : float
        Chance of each word to be hit, in [0, 1].
    rng : numpy.random.Generator
        Three numbers are drawn per word at any share, so words hit at a small share are hit in the
        same way at a larger one.
    """
    return _WORD.sub(lambda found: _slip(found.group(), share, rng), text)


def _slip(word: str, share: float, rng: np.random.Generator) -> str:
    hit, kind, place = rng.random(3)
    letter = _LETTERS[int(rng.integers(25))]
    if hit >= share:
        return word
    at = 1 + int(place * (len(word) - 2))
    left, one, two, right = word[:at], word[at], word[at + 1], word[at + 2 :]
    if kind < 0.25 and one != two:
        return left + two + one + right
    if kind < 0.5:
        return left + two + right
    if kind < 0.75:
        return left + one + one + two + right
    other = letter if letter != one.lower() else "z"
    return left + other + two + right


PIECE = Perturbation(
    title="typos",
    apply=misspell,
    strengths=(0.1, 0.2, 0.35, 0.5, 0.75),
    unit="share of words of 4+ letters",
    modality="text",
    source="ours; slips as in Belinkov & Bisk (2018), Synthetic and natural noise, section 3",
)
