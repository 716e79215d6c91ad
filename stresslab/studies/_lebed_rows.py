"""What the study of estimators writes, one row per node and shift, and how it is read back."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.evidence import Evidence
from stresslab.rng import rng_for
from stresslab.studies import _lebed_graphs as worlds
from stresslab.studies import _read
from stresslab.studies._record import RATE, record

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

GRAPHS, DIGITS = "block graphs", "digits as vectors"
MAKERS: dict[str, Callable[[int], worlds.World]] = {GRAPHS: worlds.graphs, DIGITS: worlds.digits}
MODELS = ("network", "twin", *(f"other {one + 1}" for one in range(worlds.N_OTHERS)))
LEBED = "lebed"
"""The score, the same for every node of a cell."""


def write(workspace: "Workspace", task: str, n_seeds: int, tiers: tuple[int, ...]) -> int:
    """Seal what all networks of a task say; return how many rows each has."""
    import pandas as pd

    from stresslab.nouns import item_id, variant_id

    made: dict[str, list[pd.DataFrame]] = {name: [] for name in MODELS}
    for seed in range(n_seeds):
        world = MAKERS[task](seed)
        for shift, tier in [("source", 0), *worlds.cells(world, tiers)]:
            usual = shift == "source"
            side = world.source if usual else worlds.shifted(world.target, shift, tier, seed)
            rng = rng_for("lebed", "pairs", task, seed)
            score = np.nan if usual else worlds.retrained(world.networks[0], side, rng)
            for name, network in zip(MODELS, world.networks, strict=True):
                made[name].append(_rows(network, side, seed, shift, tier).assign(lebed=score))
    for name, frames in made.items():
        rows = pd.concat(frames, ignore_index=True)
        ids = [
            variant_id(item_id(task, row["item"]), row["perturbation"], int(row["tier"]))
            for row in rows[["item", "perturbation", "tier"]].to_dict("records")
        ]
        scores = pd.DataFrame(
            {"variant_id": ids, "trial": 0, "measure": LEBED, "value": rows[LEBED]}
        ).dropna(subset="value")  # fmt: skip
        own = name == MODELS[0]
        rate = {"rate": False, "low": 0.0, "high": None, "higher_is_better": False}
        record(
            workspace, rows.drop(columns=LEBED), model=name, task=task,
            measures={**RATE, **({LEBED: rate} if own else {})},
            extra={"scores": scores} if own else {},
            settings={"study": "lebed", "seeds": n_seeds, "tiers": list(tiers)},
        )  # fmt: skip
    return len(ids)


def _rows(network: Any, side: worlds.Side, seed: int, shift: str, tier: int) -> "pd.DataFrame":
    import pandas as pd

    probs = worlds.probabilities(network, side)
    said = probs.argmax(axis=1)
    kind = {"source": "labelled ", "prior shift": f"mix {tier} "}.get(shift, "")
    changed = shift if tier else None
    items = [f"world {seed} {kind}input {place:03d}" for place in range(len(said))]
    return pd.DataFrame(
        {"item": items, "domain": f"world {seed}{', labelled' if shift == 'source' else ''}",
         "perturbation": changed, "axis": "paired" if tier else None, "tier": tier,
         "strength": worlds.SHIFTS[shift][tier - 1] if tier else None,
         "unit": worlds.UNITS[shift] if tier else None,
         "reference": side.labels.tolist(), "answer": [str(one) for one in said],
         "correct": (said == side.labels).astype(int), "confidence": probs.max(axis=1),
         "probs": probs.tolist()}
    )  # fmt: skip


def read(workspace: "Workspace", task: str) -> "pd.DataFrame":
    """Return rows of the network: domain, perturbation, tier, correct, probs, answers, LeBeD."""
    outcomes = _read.table(workspace, task, MODELS[0]).set_index("variant_id")
    variants = _read.table(workspace, task, MODELS[0], "variants").set_index("variant_id")
    items = _read.table(workspace, task, MODELS[0], "items").set_index("item_id")
    scores = _read.table(workspace, task, MODELS[0], "scores").set_index("variant_id")
    found = outcomes[["correct", "probs"]].join(variants[["item_id", "perturbation", "tier"]])
    found = found.join(items["domain"], on="item_id")
    found[LEBED] = scores["value"]
    for name in MODELS:
        found[f"answer of {name}"] = (
            _read.table(workspace, task, name).set_index("variant_id")["answer"].astype(int)
        )
    found["perturbation"] = [one if isinstance(one, str) else "" for one in found["perturbation"]]
    return found.sort_index()


def evidence(rows: "pd.DataFrame") -> Evidence:
    """Return probabilities, correctness and answers of some rows."""
    answers = rows[[f"answer of {name}" for name in MODELS]].to_numpy()
    return Evidence(
        probs=np.stack(rows["probs"].tolist()).astype(float),
        correct=rows["correct"].to_numpy(float),
        answers=answers[:, 0], twin=answers[:, 1], others=answers[:, 2:],
    )  # fmt: skip
