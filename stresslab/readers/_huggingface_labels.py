"""Turn the numbers of class labels into their names."""

from collections.abc import Callable, Iterable
from typing import Any

from stresslab.readers._mapping import Mapping

Decode = Callable[[Any], Any]


def decoders(features: dict[str, Any]) -> dict[str, Decode]:
    """Return for each column that holds class labels what names them."""
    found = {name: _decoder(one) for name, one in features.items()}
    return {name: one for name, one in found.items() if one is not None}


def of_answers(
    features: dict[str, Any], mapping: Mapping, columns: Iterable[str]
) -> dict[str, Decode]:
    """Return what names the answers, where only the references are declared to be class labels.

    A reference "pos" and an answer 1 that both mean the same class would never be equal.
    """
    named = [*_fields(mapping, "reference"), *_fields(mapping, "answer")]
    if mapping.wide and "answer" in mapping.wide.sources:
        named += mapping.wide.sources["answer"].among(columns).values()
    known = [names for one in named if (names := _names(features.get(one))) is not None]
    if not known:
        return {}
    decode = _named(known[0])
    return {one: decode for one in named if _names(features.get(one)) is None}


def _fields(mapping: Mapping, role: str) -> tuple[str, ...]:
    return mapping.sources[role].fields if role in mapping.sources else ()


def _names(feature: Any) -> list[str] | None:
    if not isinstance(feature, dict) or feature.get("_type") != "ClassLabel":
        return None
    names = feature.get("names")
    return [str(one) for one in names] if isinstance(names, list) and names else None


def _decoder(feature: Any) -> Decode | None:
    names = _names(feature)
    if names is not None:
        return _named(names)
    if isinstance(feature, list) and len(feature) == 1:
        feature = {"_type": "Sequence", "feature": feature[0]}
    if not isinstance(feature, dict):
        return None
    if feature.get("_type") in ("Sequence", "List", "LargeList"):
        return _of_list(_decoder(feature.get("feature")))
    if "_type" in feature:
        return None
    return _of_table(decoders(feature))


def _named(names: list[str]) -> Decode:
    known: dict[Any, str] = {str(at): name for at, name in enumerate(names) if str(at) not in names}
    known |= {at: name for at, name in enumerate(names)}

    def name(value: Any) -> Any:
        if isinstance(value, list):
            return [name(one) for one in value]
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return value
        return None if value == -1 else known.get(value, value)

    return name


def _of_list(inner: Decode | None) -> Decode | None:
    if inner is None:
        return None

    def each(value: Any) -> Any:
        return [inner(one) for one in value] if isinstance(value, list) else inner(value)

    return each


def _of_table(inner: dict[str, Decode]) -> Decode | None:
    if not inner:
        return None

    def members(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: inner[key](one) if key in inner else one for key, one in value.items()}

    return members
