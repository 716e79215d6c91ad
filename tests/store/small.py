"""Small random workspaces with everything in them, and the same rows for the oracle."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from stresslab import Workspace
from stresslab.nouns import STATUSES, variant_id
from tests.store.oracle import Rows

MODELS = ("ada", "bob", "cyd")
MEASURES = {
    "score": {"rate": False, "low": 0.0, "high": 1.0, "higher_is_better": True},
    "f1": {"rate": False, "low": 0.0, "high": 1.0, "higher_is_better": True},
}


def build(path: Path, seed: int = 0) -> tuple[Any, dict[str, Rows]]:
    """Return a workspace with tasks `trials`, `single`, `whole`, `graded`, and their rows."""
    workspace = Workspace.create(path)
    rng = np.random.default_rng(seed)
    tasks = {
        "trials": _task(workspace, "trials", rng, trials=3),
        "single": _task(workspace, "single", rng),
        "whole": _task(workspace, "whole", rng, whole=True),
        "graded": _task(workspace, "graded", rng, graded=True),
    }
    return workspace, tasks


def items_of(task: str, rng: np.random.Generator, n: int = 24) -> list[dict[str, Any]]:
    return [
        {
            "item_id": f"{task}/{number}", "item_set": task, "task": task,
            "input": f"What is {number}?", "domain": [None, "x", "y"][rng.integers(3)],
            "group_id": f"g{number // 3}" if number % 2 else None,
            "attributes": json.dumps({"length": number} | ({"kind": "odd"} if number % 2 else {})),
            "content_hash": f"hash{task}{number}",
        }
        for number in range(n)
    ]  # fmt: skip


def variants_of(item: dict[str, Any], number: int, *, graded: bool) -> list[dict[str, Any]]:
    def one(name: str | None, tier: int, axis: str | None) -> dict[str, Any]:
        return {
            "variant_id": variant_id(item["item_id"], name, tier), "item_id": item["item_id"],
            "perturbation": name, "axis": axis, "tier": tier,
            "strength": tier / 4 if name else None, "input": f"typo {tier}" if name else None,
            "attributes": json.dumps({"even": tier % 2 == 0}) if name else None,
        }  # fmt: skip

    if graded:
        return [one(("hops", "digits")[number % 2], 1 + number % 3, "graded")]
    found = [one(None, 0, None)]
    if number % 5:
        found += [one("typos", tier, "paired") for tier in (1, 2)]
    if number % 2:
        found.append(one("noise", 3, "paired"))
    if number % 7 == 0:
        found.append(one("hops", 1, "graded"))
    return found


def _task(
    workspace: Any,
    task: str,
    rng: np.random.Generator,
    *,
    trials: int = 1,
    whole: bool = False,
    graded: bool = False,
) -> Rows:
    items = items_of(task, rng)
    variants = [one for n, item in enumerate(items) for one in variants_of(item, n, graded=graded)]
    by_item = {item["item_id"]: item for item in items}
    rows: list[dict[str, Any]] = []
    for model in MODELS:
        outcomes, scores = [], []
        for variant in variants:
            if not whole and rng.random() < 0.15:
                continue
            for trial in range(trials):
                outcome = outcome_of(variant, trial, rng, whole=whole, partial=model == "cyd")
                outcomes.append(outcome)
                f1 = None if rng.random() < 0.2 else float(rng.random())
                if model != "bob":
                    scores.append(
                        {
                            "variant_id": variant["variant_id"],
                            "trial": trial,
                            "measure": "f1",
                            "value": f1,
                        }
                    )
                rows.append(
                    _row(
                        model,
                        by_item[variant["item_id"]],
                        variant,
                        outcome,
                        None if model == "bob" else f1,
                    )
                )
        with workspace.add_run(
            model=model, task=task, measures=MEASURES, settings={"seed": 0},
            source={"format": "toy", "path": f"{task}-{model}", "sha256": f"{task}-{model}", "version": "1"},
            model_info={"family": "small" if model == "ada" else "large"},
        ) as run:  # fmt: skip
            run.write("items", items)
            run.write("variants", variants)
            run.write("outcomes", outcomes)
            run.write("scores", scores)
    echoes: dict[str, set[str]] = {}
    for variant in variants:
        if variant["axis"] == "paired":
            echoes.setdefault(variant["item_id"], set()).add(variant["perturbation"])
    return Rows(rows, echoes)


def outcome_of(
    variant: dict[str, Any], trial: int, rng: np.random.Generator, *, whole: bool, partial: bool
) -> dict[str, Any]:
    status = "answered" if whole else STATUSES[rng.choice(5, p=[0.6, 0.1, 0.1, 0.1, 0.1])]
    right = float(rng.random() < 0.6)
    if partial:
        right = float(rng.choice([0.1, 0.5, 1.0]))
    score = {"answered": right, "abstained": 0.0, "refused": 0.0}.get(status)
    return {
        "variant_id": variant["variant_id"], "trial": trial, "status": status, "score": score,
        "correct": int(right == 1) if status == "answered" else None,
        "confidence": float(rng.random()) if rng.random() < 0.8 else None,
        "output": f"I say {int(rng.integers(3))}", "answer": str(int(rng.integers(3))),
        "error": "timeout" if status == "errored" else None,
    }  # fmt: skip


def _row(
    model: str,
    item: dict[str, Any],
    variant: dict[str, Any],
    outcome: dict[str, Any],
    f1: float | None,
) -> dict[str, Any]:
    attributes = json.loads(item["attributes"])
    own = json.loads(variant["attributes"]) if variant["attributes"] else {}
    return {
        "model": model, "model.family": "small" if model == "ada" else "large",
        **{name: item[name] for name in ("item_id", "item_set", "task", "domain", "group_id")},
        **{name: variant[name] for name in ("perturbation", "axis", "tier", "strength")},
        **outcome, "edited": False, "input": variant["input"] or item["input"],
        "item.length": attributes["length"], "item.kind": attributes.get("kind"),
        "variant.even": own.get("even"), "measure.f1": f1,
    }  # fmt: skip
