"""What a perturbation declares."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from stresslab.errors import ParamError


@dataclass(frozen=True)
class Perturbation:
    """A seeded way to make one input harder.

    Parameters
    ----------
    title : str
        Name for people, in lower case, as it stands in a sentence.
    apply : callable
        ``apply(input, strength, rng) -> input``; never modifies its input. A text is a ``str``, an
        image a ``uint8`` array of shape (height, width) or (height, width, channels). Draws the
        same random numbers at every strength, so that a higher tier does more of the same.
    strengths : tuple of float
        Strength of tier 1, 2, ..., growing. Tier 0 is the untouched input.
    unit : str
        What a strength counts.
    modality : {"text", "image"}
        What `apply` takes.
    keeps_label : bool
        Whether the right answer is meant to stay the same at every tier.
    source : str
        Where the definition comes from.
    """

    title: str
    apply: Callable[[Any, float, np.random.Generator], Any]
    strengths: tuple[float, ...]
    unit: str
    modality: Literal["text", "image"]
    keeps_label: bool = True
    source: str = "ours"

    def strength(self, tier: int) -> float:
        """Return the strength of a tier; 0 for the untouched input.

        Raises
        ------
        ParamError
            If there is no such tier.
        """
        if not 0 <= tier <= len(self.strengths):
            raise ParamError(f"{self.title} has tiers 0 to {len(self.strengths)}; got {tier}.")
        return self.strengths[tier - 1] if tier else 0.0
