"""A row of a run as its exported columns: nothing that an import needs is left out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from stresslab import nouns
from stresslab.lenient import loads
from stresslab.store.outgoing import Outgoing

_VARIANT = re.compile(r"(?P<item>.*)#(?P<kind>[^#]+):(?P<tier>\d+)(?::(?P<seed>-?\d+))?\Z", re.S)


@dataclass(frozen=True)
class Plan:
    """What every run of one export shares.

    Parameters
    ----------
    chosen : sequence of Outgoing
        The runs.
    names : mapping
        What `outgoing.names_of` returned.
    spill : Path
        Folder for what does not fit into memory.
    version : str
        Data version of the workspace.
    """

    chosen: Sequence[Outgoing]
    names: Mapping[str, Sequence[str]]
    spill: Path
    version: str


def placed(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its item set, source id and place, and JSON columns decoded."""
    item, kind, tier, seed = (row.get(name) for name in ("item_id", "perturbation", "tier", "seed"))
    if item is None:  # a run that lists no variants: the id says it all
        found = _VARIANT.match(row["variant_id"])
        item = found["item"] if found else row["variant_id"]
        kind = found["kind"] if found else None
        tier = int(found["tier"]) if found else 0
        seed = int(found["seed"]) if found and found["seed"] else None
    item_set = row.get("item_set") or item.partition("/")[0]
    tier = tier or 0
    is_copy = tier > 0 and (row.get("axis") or "paired") == "paired"
    untouched = row.get("item_input")
    beside = None
    if seed is not None and row["variant_id"] == nouns.variant_id(item, kind, tier):
        seed, beside = None, seed
    asked = {name: decoded(row.get(name)) for name in ("choices", "reference")}
    known = _hash(untouched, row.get("choices"), row.get("reference"))
    return row | {
        "item_set": item_set,
        "item": item.removeprefix(f"{item_set}/"),
        "perturbation": kind,
        "axis": row.get("axis") or ("paired" if tier else None),
        "tier": tier,
        "seed": seed,
        "seed_beside": beside,
        "content_hash": None if row.get("content_hash") == known else row.get("content_hash"),
        "original": untouched if is_copy else None,
        "input": row.get("variant_input") if is_copy else untouched,
        **asked,
        "messages": decoded(row.get("messages")),
        "item_attributes": decoded(row.get("item_attributes")) or {},
        "variant_attributes": decoded(row.get("variant_attributes")) or {},
        "measures": row.get("measures") or [],
    }


@lru_cache(maxsize=20_000)
def _hash(untouched: str | None, choices: str | None, reference: str | None) -> str | None:
    """Return the hash an import makes, once for all copies of an item that lie near."""
    return nouns.content_hash(untouched, decoded(choices), decoded(reference))


def decoded(text: Any) -> Any:
    """Return the value of a JSON column."""
    return loads(text) if isinstance(text, str) else text


def described(one: Outgoing, published: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what is known of a run beside its rows."""
    run = one.run
    return {
        "run_id": run.run_id, "model": run.model, "revision": run.revision, "task": run.task,
        "settings": dict(run.settings), "model_info": dict(run.model_info),
        "measures": {name: dict(kind) for name, kind in run.measures.items()},
        "source": dict(run.source), "published": [dict(row) for row in published],
    }  # fmt: skip
