"""Words that a region has more of than the rest."""

import re
from collections.abc import Sequence

import numpy as np

from stresslab.checks import Array

_WORD = re.compile(r"[^\W\d_]{3,}")
MOST = 4
FEWEST = 3
"""Texts of a region that hold a word, at least."""


def lifted(texts: Sequence[str | None], masks: Sequence[Array]) -> list[str]:
    """Return for every region the words whose weight there is most above that elsewhere.

    The weight of a word is the mean over texts of its TF-IDF (logarithm of the share of texts,
    rows of length one); its lift is the ratio of the two means, smoothed by one text.

    Parameters
    ----------
    texts : sequence of str or None
        One per point; an image within its address is no text.
    masks : sequence of ndarray of bool
        Points of each region.
    """
    read = [one if one and not one.startswith("data:") else "" for one in texts]
    if sum(map(bool, read)) < 2 * FEWEST:
        return [""] * len(masks)
    from sklearn.feature_extraction.text import TfidfVectorizer

    model = TfidfVectorizer(tokenizer=_words, token_pattern=None, lowercase=True, min_df=FEWEST)
    try:
        weights = model.fit_transform(read).tocsr()
    except ValueError:  # no word stands in enough texts
        return [""] * len(masks)
    names = model.get_feature_names_out()
    whole, n = np.asarray(weights.sum(axis=0)).ravel(), len(read)
    found = []
    for mask in masks:
        inside = int(mask.sum())
        if not inside or inside == n:
            found.append("")
            continue
        part = weights[np.flatnonzero(mask)]
        here = np.asarray(part.sum(axis=0)).ravel()
        held = np.asarray((part > 0).sum(axis=0)).ravel()
        floor = whole.sum() / n / len(names)
        lift = (here / inside + floor) / ((whole - here) / (n - inside) + floor)
        lift = np.where(held >= FEWEST, lift, 0.0)
        best = np.argsort(-lift, kind="stable")[:MOST]
        found.append(
            ", ".join(f"{names[one]} (x {lift[one]:.1f})" for one in best if lift[one] > 1.2)
        )
    return found


def _words(text: str) -> list[str]:
    return _WORD.findall(text)
