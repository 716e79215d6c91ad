"""Small workspaces with known rates, written through `Workspace.add_run`."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stresslab.nouns import content_hash, item_id, variant_id
from stresslab.rng import rng_for

Rate = Callable[[str | None, int, str], float]


def steady(rate: float, *, lost_per_tier: Mapping[str, float] | None = None) -> Rate:
    """Return a model that is right at `rate`, less so much per tier of the named perturbations."""
    lost = lost_per_tier or {}
    return lambda perturbation, tier, domain: rate - lost.get(perturbation or "", 0.0) * tier


@dataclass(frozen=True)
class Toy:
    """What a toy workspace holds; every field has a small default."""

    models: Mapping[str, Rate] = field(
        default_factory=lambda: {
            "alpha": steady(0.9, lost_per_tier={"noise": 0.15}),
            "beta": steady(0.6),
            "gamma": steady(0.5, lost_per_tier={"swap": 0.05}),
        }
    )
    abstains: Mapping[str, float] = field(default_factory=dict)
    errs: Mapping[str, float] = field(default_factory=dict)
    task: str = "toy"
    n_items: int = 60
    domains: Sequence[str] = ("north", "south")
    perturbations: Mapping[str, int] = field(default_factory=lambda: {"noise": 3, "swap": 3})
    graded: bool = False
    groups_of: int = 0
    scored: bool = True
    part_of: Mapping[str, float] = field(default_factory=dict)
    order: Callable[[list[Any]], list[Any]] = list
    texts: Mapping[str, Any] | None = None
    skip: int = 0
    remade: str | None = None


def fill(workspace: Any, toy: Toy | None = None, **changes: Any) -> Any:
    """Write one sealed run per model of `toy` into `workspace` and return the workspace."""
    toy = toy or Toy(**changes)
    items, variants = _inputs(toy)
    for model, rate in toy.models.items():
        share = toy.part_of.get(model, 1.0)
        mine = variants[: round(len(variants) * share)]
        outcomes = [_outcome(toy, model, rate, one) for one in mine]
        settings = {"texts": dict(toy.texts)} if toy.texts else {"n": toy.n_items}
        with workspace.add_run(
            model=model, task=toy.task, reader="toy", settings=settings,
            measures={"score": {"rate": True, "low": 0.0, "high": 1.0, "higher_is_better": True}},
            source={"format": "toy", "path": f"{model}.csv", "sha256": model, "version": "1"},
        ) as run:  # fmt: skip
            run.write("items", toy.order([dict(one) for one in items]))
            run.write("variants", toy.order([_plain(one) for one in variants]))
            run.write("outcomes", toy.order(outcomes))
    return workspace


def toy_workspace(path: Path, toy: Toy | None = None, **changes: Any) -> Any:
    """Create a workspace at `path` that holds `toy`."""
    from stresslab import Workspace

    return fill(Workspace.create(path), toy, **changes)


def _inputs(toy: Toy) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    items, variants = [], []
    for index in range(toy.skip, toy.skip + toy.n_items):
        item = item_id(toy.task, index)
        domain = toy.domains[index % len(toy.domains)]
        text = f"sentence number {index} of {domain}"
        items.append(
            {
                "item_id": item, "item_set": toy.task, "task": toy.task, "input": text,
                "reference": json.dumps("yes" if index % 2 else "no"), "domain": domain,
                "group_id": f"g{index // toy.groups_of}" if toy.groups_of else None,
                "attributes": json.dumps({"length": 10 + index, "even": index % 2 == 0}),
                "content_hash": content_hash(text),
            }
        )  # fmt: skip
        if toy.graded:
            name, tiers = list(toy.perturbations.items())[index % len(toy.perturbations)]
            tier = 1 + (index // len(toy.perturbations)) % tiers
            variants.append(_variant(item, name, tier, "graded", domain, None))
            continue
        variants.append(_variant(item, None, 0, None, domain, None))
        for name, tiers in toy.perturbations.items():
            variants += [
                _variant(item, name, tier, "paired", domain, f"{text} {name} {tier}", toy.remade)
                for tier in range(1, tiers + 1)
            ]
    return items, variants


def _variant(
    item: str,
    name: str | None,
    tier: int,
    axis: str | None,
    domain: str,
    text: str | None,
    piece: str | None = None,
) -> dict[str, Any]:
    return {
        "variant_id": variant_id(item, name, tier), "item_id": item, "perturbation": name,
        "axis": axis, "tier": tier, "strength": tier / 10 if name else None,
        "unit": "share" if name else None, "seed": 1 if name else None,
        "input": None if piece else text,
        "attributes": json.dumps({"piece": piece}) if piece else None, "domain": domain,
    }  # fmt: skip


def _plain(variant: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in variant.items() if name != "domain"}


def _outcome(toy: Toy, model: str, rate: Rate, variant: dict[str, Any]) -> dict[str, Any]:
    item, name, tier = variant["item_id"], variant["perturbation"], variant["tier"]
    easiness = rng_for("easiness", item, list(toy.models).index(model)).random()
    chance = rate(name, tier, variant["domain"])
    status, right = "answered", easiness < chance
    fate = rng_for("fate", item, list(toy.models).index(model)).random()
    if fate < toy.abstains.get(model, 0.0):
        status = "abstained"
    elif fate > 1 - toy.errs.get(model, 0.0):
        status = "errored"
    elif not toy.scored:
        status = "unscored"
    answered = status == "answered"
    return {
        "variant_id": variant["variant_id"], "trial": 0, "status": status,
        "output": "yes" if right else "no", "answer": ("yes" if right else "no") if answered else None,
        "score": float(right) if answered else (0.0 if status == "abstained" else None),
        "correct": int(right) if answered else None,
        "confidence": 0.95 if answered else None,
        "error": "timeout" if status == "errored" else None,
    }  # fmt: skip
