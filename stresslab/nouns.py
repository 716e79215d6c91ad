"""The nouns of the workspace: ids, statuses, axes and the columns of every table."""

import hashlib
import json
import unicodedata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

STATUSES = ("answered", "abstained", "refused", "errored", "unscored")
"""What became of a row. Only ``answered`` rows are right or wrong."""

AXES = ("paired", "graded")
"""``paired``: one item at growing strength; ``graded``: different items of growing difficulty."""

DEFAULT_PERTURBATION = "stress"
"""The perturbation of a row that has a tier and no named perturbation."""

# Column -> Arrow type, by table. "json" is a string that holds JSON. Null means "not known".
TABLES: dict[str, dict[str, str]] = {
    "items": {
        "item_id": "string", "item_set": "string", "task": "string", "input": "string",
        "messages": "json", "choices": "json", "reference": "json", "domain": "string",
        "group_id": "string", "attributes": "json", "content_hash": "string",
    },
    "variants": {
        "variant_id": "string", "item_id": "string", "perturbation": "string", "axis": "string",
        "tier": "int16", "strength": "float64", "unit": "string", "seed": "int64",
        "input": "string", "attributes": "json",
    },
    "outcomes": {
        "variant_id": "string", "trial": "int32", "status": "string", "output": "string",
        "answer": "string", "score": "float64", "correct": "int8", "confidence": "float64",
        "probs": "probs", "error": "string", "latency_s": "float64", "tokens_in": "int32",
        "tokens_out": "int32",
    },
    "scores": {
        "variant_id": "string", "trial": "int32", "measure": "string", "value": "float64",
        "explanation": "string",
    },
    "published": {
        "measure": "string", "slice": "string", "value": "float64", "stderr": "float64",
        "n": "int64",
    },
    "traces": {"unit": "string", "step": "float64", "name": "string", "value": "float64"},
    "ratings": {
        "rater": "string", "item_id": "string", "model_a": "string", "model_b": "string",
        "position": "string", "preference": "float64", "score": "float64",
    },
    "rejects": {
        "n": "int64", "file": "string", "line": "string", "field": "string", "reason": "string",
        "excerpt": "string",
    },
}  # fmt: skip

KEYS: dict[str, tuple[str, ...]] = {
    "items": ("item_id",),
    "variants": ("variant_id",),
    "outcomes": ("variant_id", "trial"),
    "scores": ("variant_id", "trial", "measure"),
}
"""Columns that identify a row of a table within one run."""

_QUOTED: Callable[[str], str] = json.encoder.encode_basestring
_SPACED = json.JSONEncoder(sort_keys=True, ensure_ascii=False)
_COMPACT = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def arrow_schema(table: str) -> "pa.Schema":
    """Return the Arrow schema of one table of a run.

    Parameters
    ----------
    table : str
        A key of `TABLES`.
    """
    import pyarrow as pa

    types = {
        "string": pa.string(), "json": pa.string(), "int8": pa.int8(), "int16": pa.int16(),
        "int32": pa.int32(), "int64": pa.int64(), "float64": pa.float64(),
        "probs": pa.list_(pa.float32()),
    }  # fmt: skip
    return pa.schema([(name, types[kind]) for name, kind in TABLES[table].items()])


def item_id(item_set: str, source_id: str | int) -> str:
    """Return ``<item set>/<source id>``, the name an item has for every model."""
    return f"{item_set}/{source_id}"


def variant_id(
    item: str, perturbation: str | None = None, tier: int = 0, seed: int | None = None
) -> str:
    """Return the id of an item under one perturbation, tier and seed.

    The untouched original (no perturbation) has the id of its item.
    """
    if perturbation is None:
        return item
    tail = "" if seed is None else f":{seed}"
    return f"{item}#{perturbation}:{tier}{tail}"


def content_hash(
    untouched: str | None, choices: Sequence[Any] | None = None, reference: Any = None
) -> str | None:
    """Return the SHA-256 of what an item asks, or None if the untouched input was not seen.

    Text is NFC-normalised and its white space collapsed; several references are sorted. Numbers
    and flags count as the text they are written as, and a text that is a JSON list as that list:
    one file format keeps types, another does not.
    """
    if untouched is None:
        return None
    asked = ",".join([_written(one, _COMPACT) for one in _listed(choices) or ()])
    text = (
        f'{{"choices":[{asked}],"input":{_written(untouched, _COMPACT)},'
        f'"reference":[{hashed_reference(reference)}]}}'
    )  # what `json.dumps` writes with sorted keys; hashes of earlier workspaces stay as they are
    return hashlib.sha256(text.encode()).hexdigest()


def hashed_reference(reference: Any) -> str:
    """Return the references as they stand in what `content_hash` hashes."""
    reference = _listed(reference)
    references = reference if isinstance(reference, list | tuple) else [reference]
    return ",".join(map(_QUOTED, sorted([_written(one, _SPACED) for one in references])))


def tidied(text: str) -> str:
    """Return a text NFC-normalised, with its white space collapsed."""
    return " ".join((text if text.isascii() else _nfc(text)).split())


def _written(value: Any, encoder: json.JSONEncoder) -> str:
    """Return a value as JSON, as `_plain` makes it."""
    if type(value) is str:
        return _QUOTED(tidied(value))
    return encoder.encode(_plain(value))


def _listed(value: Any) -> Any:
    if not isinstance(value, str) or not value.lstrip().startswith("["):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return tidied(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(float(value))
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
