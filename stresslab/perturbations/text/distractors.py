"""Put neutral sentences around a text, half before it and half after it."""

import numpy as np

from stresslab.perturbations._kind import Perturbation
from stresslab.perturbations.text._bank import SENTENCES


def surround(text: str, count: float, rng: np.random.Generator) -> str:
    """Return `text` between `count` sentences that say nothing about it.

    "A dull film." may become "The bus stops opposite the library. A dull film." The first sentence
    goes before, the second after, and so on; each is used once.

    Parameters
    ----------
    text : str
        Any text. An empty text stays empty: there is nothing to be distracted from.
    count : float
        Number of sentences, at most the size of the bank.
    rng : numpy.random.Generator
        Draws one order of the whole bank, so the sentences of a lower tier stay in a higher one.
    """
    if not text:
        return text
    chosen = [SENTENCES[place] for place in rng.permutation(len(SENTENCES))[: round(count)]]
    return " ".join([*reversed(chosen[0::2]), text, *chosen[1::2]])


PIECE = Perturbation(
    title="distractor sentences",
    apply=surround,
    strengths=(1.0, 2.0, 4.0, 6.0, 8.0),
    unit="sentences",
    modality="text",
    source="ours, after Jia & Liang (2017), Adversarial examples for reading comprehension, AddAny",
)
