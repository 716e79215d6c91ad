"""Make the variant of an input again from the seed alone."""

from functools import lru_cache
from typing import Any

from stresslab.catalog import Catalog
from stresslab.perturbations._kind import Perturbation
from stresslab.perturbations.image._codec import from_uri, to_uri
from stresslab.rng import rng_for

perturbations = Catalog("stresslab.perturbations", Perturbation)


def remake(piece: str, untouched: str, tier: int, seed: int, item_id: str) -> str:
    """Return the input of one variant as the workspace would store it.

    Parameters
    ----------
    piece : str
        Key of the perturbation, e.g. ``"text.typos"``.
    untouched : str
        The item's input: a text, or an image as a ``data:image/png;base64,`` address.
    tier : int
        0 returns `untouched`.
    seed : int
        The variant's seed.
    item_id : str
        The item's id; every item has its own random numbers.

    Raises
    ------
    UnknownPieceError
        If there is no such perturbation.
    ParamError
        If the tier does not exist, or an image is not a PNG data address.
    """
    if _piece(piece).modality == "image":
        return (
            to_uri(perturb(piece, from_uri(untouched), tier, seed, item_id)) if tier else untouched
        )
    return str(perturb(piece, untouched, tier, seed, item_id))


def perturb(piece: str, untouched: Any, tier: int, seed: int, item_id: str) -> Any:
    """Return one variant of a text or of an image array (see `remake`)."""
    found = _piece(piece)
    strength = found.strength(tier)
    if tier == 0:
        return untouched
    # The tier is left out on purpose: tiers of an item share their random numbers and are nested.
    return found.apply(untouched, strength, rng_for(seed, piece, item_id))


@lru_cache(maxsize=64)
def _piece(name: str) -> Perturbation:
    return perturbations.get(name)  # walks the folder: too slow for once per variant
