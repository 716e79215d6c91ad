"""Words that a region has more of than the rest."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stresslab.checks import Array

_WORD = re.compile(r"[^\W\d_]{3,}")
MOST = 4
FEWEST = 3
"""Texts of a region that hold a word, at least."""


@dataclass(frozen=True, eq=False)
class Weights:
    """Words of texts: a sparse matrix of shape (n_texts, n_words), and the words."""

    matrix: Any
    words: Array


def weigh(texts: Sequence[str | None]) -> Weights | None:
    """Return the TF-IDF weights of texts (rows of length one); None where too few hold words.

    Parameters
    ----------
    texts : sequence of str or None
        One per point; an image within its address is no text.
    """
    read = [one if one and not one.startswith("data:") else "" for one in texts]
    if sum(map(bool, read)) < 2 * FEWEST:
        return None
    from sklearn.feature_extraction.text import TfidfVectorizer

    model = TfidfVectorizer(tokenizer=_words, token_pattern=None, lowercase=True, min_df=FEWEST)
    try:
        matrix = model.fit_transform(read).tocsr()
    except ValueError:  # no word stands in enough texts
        return None
    return Weights(matrix, np.asarray(model.get_feature_names_out()))


def lifted(weights: Weights | None, masks: Sequence[Array]) -> list[str]:
    """Return for every region the words whose weight there is most above that elsewhere.

    The lift of a word is the ratio of its mean weight inside to that outside, both smoothed by
    the mean weight of a word.

    Parameters
    ----------
    weights : Weights or None
        From `weigh`.
    masks : sequence of ndarray of bool, shape (n_texts,)
        Points of each region.
    """
    if weights is None:
        return [""] * len(masks)
    whole, n = np.asarray(weights.matrix.sum(axis=0)).ravel(), weights.matrix.shape[0]
    floor = whole.sum() / n / len(weights.words)
    found = []
    for mask in masks:
        inside = int(mask.sum())
        if not inside or inside == n:
            found.append("")
            continue
        part = weights.matrix[np.flatnonzero(mask)]
        here = np.asarray(part.sum(axis=0)).ravel()
        held = np.asarray((part > 0).sum(axis=0)).ravel()
        lift = (here / inside + floor) / ((whole - here) / (n - inside) + floor)
        lift = np.where(held >= FEWEST, lift, 0.0)
        best = [one for one in np.argsort(-lift, kind="stable")[:MOST] if lift[one] > 1.2]
        found.append(", ".join(f"{weights.words[one]} (x {lift[one]:.1f})" for one in best))
    return found


def _words(text: str) -> list[str]:
    return _WORD.findall(text)
