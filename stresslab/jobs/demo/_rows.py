"""Rows of items and variants for the demo's tasks."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stresslab import perturbations
from stresslab.nouns import content_hash, variant_id

EXCERPT = 40
"""Characters of a text that are shipped."""


def item_row(
    *,
    item: str,
    item_set: str,
    task: str,
    text: str,
    reference: str,
    domain: str,
    attributes: Mapping[str, Any],
    group: str | None = None,
) -> dict[str, Any]:
    """Return one row of items; the hash is that of the full input."""
    return {
        "item_id": item, "item_set": item_set, "task": task, "input": text, "messages": None,
        "choices": None, "reference": json.dumps(reference), "domain": domain, "group_id": group,
        "attributes": json.dumps(attributes), "content_hash": content_hash(text, None, reference),
    }  # fmt: skip


def variant_rows(
    items: Sequence[str], tiers: Mapping[str, tuple[int, ...]], seed: int = 0
) -> Iterator[dict[str, Any]]:
    """Yield the originals of `items`, then their variants: piece by piece, tier by tier.

    Inputs are left out: they are made again from piece, tier and seed.
    """
    for item in items:
        yield variant_row(variant_id(item), item, None, tier=0)
    for piece, chosen in tiers.items():
        found, short = perturbations.get(piece), piece.rpartition(".")[2]
        for tier in chosen:
            for item in items:
                yield variant_row(
                    variant_id(item, short, tier), item, short, tier=tier,
                    strength=found.strength(tier), unit=found.unit, seed=seed,
                    attributes={"piece": piece},
                )  # fmt: skip


def variant_row(
    name: str,
    item: str,
    perturbation: str | None,
    *,
    tier: int,
    axis: str = "paired",
    strength: float | None = None,
    unit: str | None = None,
    seed: int | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return one row of variants without its input."""
    return {
        "variant_id": name, "item_id": item, "perturbation": perturbation, "axis": axis,
        "tier": tier, "strength": strength, "unit": unit, "seed": seed, "input": None,
        "attributes": json.dumps(attributes) if attributes else None,
    }  # fmt: skip
