"""What a long table cannot say of an exported row, put back: hashes and seeds beside the id."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from stresslab import nouns
from stresslab.readers import _values as values
from stresslab.readers._kind import Batch
from stresslab.readers._values import ValueProblem

BESIDE = ("content_hash", "seed_beside")
"""Columns that are filled where an import would not find the same by itself: the hash of a text
of which only an excerpt was kept, and a seed that is no part of the id of its variant."""


@dataclass
class Exact:
    """Keeps what rows say of such hashes and seeds, by item and variant.

    Memory is an id and a hash for each of them; ordinary rows have none.
    """

    hashes: dict[str, str] = field(default_factory=dict)
    seeds: dict[str, int] = field(default_factory=dict)
    of_variants: dict[str, dict[str, str]] = field(default_factory=dict)
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    """Attributes, by item or variant, that look like numbers and were texts."""

    def see(
        self,
        said: dict[str, Any],
        task: Any,
        of_item: Mapping[str, Any],
        of_variant: Mapping[str, Any],
    ) -> None:
        """Keep what a row says; `said` has the columns of an exported table."""
        texts, own = _number_like(of_item), _number_like(of_variant)
        if not (said.get("content_hash") or said.get("seed_beside") is not None or texts or own):
            return
        try:
            seed = values.whole(said.get("seed_beside"), -(2**53), 2**53)
            tier = values.whole(said.get("tier"), 0, 32_767) or 0
            inside = values.whole(said.get("seed"), -(2**53), 2**53) if tier else None
        except ValueProblem:
            return
        item = nouns.item_id(values.name(said.get("item_set")) or str(task), str(said.get("item")))
        kind = values.name(said.get("perturbation"))
        if texts:
            self.texts[item] = texts
        if own:
            self.of_variants[nouns.variant_id(item, kind, tier, inside)] = own
        if isinstance(said.get("content_hash"), str):
            self.hashes[item] = said["content_hash"]
        if seed is not None:
            self.seeds[nouns.variant_id(item, kind, tier)] = seed

    def put_back(self, batch: Batch) -> Batch:
        """Return a batch with what was kept."""
        if batch.table == "items":
            batch = _filled(batch, "item_id", "content_hash", self.hashes)
            return _texts(batch, "item_id", self.texts)
        if batch.table == "variants":
            batch = _filled(batch, "variant_id", "seed", self.seeds)
            return _texts(batch, "variant_id", self.of_variants)
        return batch


def known(declared: Any) -> dict[str, Any]:
    """Return what a mapping may say of a measure."""
    wanted = ("rate", "low", "high", "higher_is_better")
    found = declared if isinstance(declared, dict) else {}
    return {name: found[name] for name in wanted if isinstance(found.get(name), bool | int | float)}


def _number_like(attributes: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: value
        for name, value in attributes.items()
        if isinstance(value, str) and not isinstance(values.scalar(value), str)
    }


def _texts(batch: Batch, key: str, known: dict[str, dict[str, str]]) -> Batch:
    """Return rows with those attributes as texts that look like numbers and were texts."""
    if not known:
        return batch
    pairs = zip(batch.rows[key].to_pylist(), batch.rows["attributes"].to_pylist(), strict=True)
    made = {
        one: values.as_json(json.loads(said) | known[one])
        for one, said in pairs
        if said and one in known
    }
    return _filled(batch, key, "attributes", made)


def _filled(batch: Batch, key: str, name: str, known: dict[str, Any]) -> Batch:
    if not known:
        return batch
    import pyarrow as pa

    before = zip(batch.rows[key].to_pylist(), batch.rows[name].to_pylist(), strict=True)
    at = batch.rows.schema.get_field_index(name)
    kind = batch.rows.schema.field(at)
    made = pa.array([known.get(one, own) for one, own in before], kind.type)
    return replace(batch, rows=batch.rows.set_column(at, kind, made))
