"""Statistics of a HELM run: those of each instance by key, and the published ones as slices."""

import math
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from stresslab import lenient
from stresslab.predicate import Compare, Field, Predicate, all_of, to_text
from stresslab.readers import _values as values
from stresslab.readers._mapping import Mapping, Source
from stresslab.readers._records import broken
from stresslab.readers._values import ValueProblem
from stresslab.store.scan import EXCERPT, Reject

BOOKKEEPING = re.compile(
    r"(num_|training_|inference_|finish_reason|estimated_|batch_size|prompt_truncated)"
    r"|.*(_tokens|_runtime|_characters)$|predicted_index$|max_prob$"
)
"""Names of statistics that are no measure of the answer."""

COUNTED = ("num_prompt_tokens", "num_output_tokens", "num_completion_tokens")
PRIMARY = (
    "exact_match", "quasi_exact_match", "f1_score", "prefix_exact_match",
    "quasi_prefix_exact_match", "math_equiv_chain_of_thought", "math_equiv", "code_eval_acc",
    "rouge_2", "rouge_l", "bleu_4", "bleu_1", "logprob",
)  # fmt: skip
"""Main metrics, where neither metric_specs nor the order of the statistics tells."""

STRENGTHS = {
    "prob": "probability", "insert_prob": "probability", "num_spaces": "spaces",
    "max_spaces": "spaces",
}  # fmt: skip
OWN = {"name", "robustness", "fairness", "computed_on", "seed", "mode", *STRENGTHS}
ROLL_UPS = ("robustness", "fairness")

Key = tuple[str, str, int]


def is_measure(name: str) -> bool:
    """Return whether a statistic says something of the answer, and not of how it was made."""
    return not BOOKKEEPING.match(name)


def described(perturbation: Any) -> dict[str, Any]:
    """Return kind, strength, unit, seed and level of a perturbation object; empty without one.

    Two kinds of one name with other parameters (gender: pronouns, gender: terms) are two kinds.
    """
    if not isinstance(perturbation, dict) or not perturbation.get("name"):
        return {}
    kind = str(perturbation["name"])
    if perturbation.get("mode"):
        kind += f" {perturbation['mode']}"
    source, target = perturbation.get("source_class"), perturbation.get("target_class")
    if source or target:
        kind += f" {source}>{target}"
    known = OWN | {"source_class", "target_class"}
    kind += "".join(
        f" {name}={value}"
        for name, value in sorted(perturbation.items())
        if name not in known and isinstance(value, str | int | float) and value != ""
    )
    named = next((name for name in STRENGTHS if perturbation.get(name) is not None), None)
    strength = perturbation[named] if named else None
    return {
        "perturbation": kind,
        "strength": strength,
        "unit": STRENGTHS[named] if named else None,
        "seed": perturbation.get("seed"),
        "level": f"{kind} @ {values.text(strength)}" if named else kind,
    }


def key_of(instance_id: Any, perturbation: Any, trial: Any) -> Key:
    """Return what joins a request with its statistics."""
    kind = described(perturbation)
    level = f"{kind['level']}:{kind['seed']}" if kind else ""
    return str(instance_id), level, trial if isinstance(trial, int) else 0


@dataclass
class InstanceStats:
    """The statistics of every instance, a number each.

    Memory is about 150 bytes an instance, and 8 for each of its numbers.

    Attributes
    ----------
    names : dict of str to int
        Statistics and the place of their numbers.
    """

    names: dict[str, int] = field(default_factory=dict)
    _found: dict[int, "array[float]"] = field(default_factory=dict)

    def add(self, key: Key, stats: Any) -> None:
        """Keep the measures of one instance; several entries of one are joined."""
        kept = self._found.setdefault(hash(key), array("d"))
        for name, value in numbers(stats):
            if not is_measure(name) and name not in (*COUNTED, "max_prob", "predicted_index"):
                continue
            place = self.names.setdefault(name, len(self.names))
            if len(kept) <= place:
                kept.extend([math.nan] * (place + 1 - len(kept)))
            if math.isnan(kept[place]):
                kept[place] = value

    def take(self, key: Key) -> dict[str, float]:
        """Return the numbers of an instance, once."""
        kept = self._found.pop(hash(key), None)
        if kept is None:
            return {}
        return {
            name: kept[place]
            for name, place in self.names.items()
            if place < len(kept) and not math.isnan(kept[place])
        }

    def has(self, key: Key) -> bool:
        """Return whether the numbers of an instance were not asked for yet."""
        return hash(key) in self._found

    def __len__(self) -> int:
        return len(self._found)


def numbers(stats: Any) -> Iterator[tuple[str, float]]:
    """Yield name and mean of each statistic of an instance that has one."""
    if isinstance(stats, dict):  # of a display file
        yield from ((str(name), one) for name, one in stats.items() if _is_number(one))
        return
    for stat in stats if isinstance(stats, list) else ():
        if not isinstance(stat, dict):
            continue
        name, mean = name_of(stat).get("name"), mean_of(stat)
        if isinstance(name, str) and mean is not None:
            yield name, mean


def name_of(stat: Any) -> dict[str, Any]:
    """Return name, split and perturbation of a statistic; empty if it has none."""
    name = stat.get("name") if isinstance(stat, dict) else None
    return name if isinstance(name, dict) else {}


def mean_of(stat: dict[str, Any]) -> float | None:
    """Return the mean of a statistic, or its sum over its count; None if undefined."""
    mean, total, n = stat.get("mean"), stat.get("sum"), stat.get("count")
    if mean is None and _is_number(total) and _is_number(n) and n:
        mean = total / n
    return float(mean) if mean is not None and _is_number(mean) else None


def entries(file: BinaryIO, name: str) -> Iterator[tuple[int, dict[str, Any]] | Reject]:
    """Yield the objects of a file that is an array, and what is none."""
    for number, (_, entry) in enumerate(lenient.walk(file), start=1):
        if isinstance(entry, lenient.Broken):
            yield broken(f"{name} entry {number}", entry)
        elif not isinstance(entry, dict):
            text = (values.as_json(entry) or "")[:EXCERPT]
            yield Reject(f"{name} entry {number}", "", "must be a JSON object", text)
        else:
            yield number, entry


def published(
    stats: Sequence[dict[str, Any]], mapping: Mapping, main: str
) -> Iterator[tuple[str, str, float, None, int | None]]:
    """Yield measure, slice, value, no error and n of every aggregate a run claims.

    What no condition of ours says (the worst of several copies) keeps a name of its own.
    """
    said = [(name_of(stat), mean_of(stat)) for stat in stats]
    counts = {
        _context(name): int(mean) for name, mean in said if name.get("name") == "num_instances"
        and mean is not None
    }  # fmt: skip
    slices = _Slices(mapping, [name for name, _ in said])
    for name, mean in said:
        measure = name.get("name")
        if not isinstance(measure, str) or mean is None or not is_measure(measure):
            continue
        condition = slices.condition(name)
        ours = "score" if measure == main else measure
        known = ours == "score" or measure in mapping.measures
        if condition is None or not known:
            on = _spoken(name)
            ours, condition = f"{measure} ({on})" if on else measure, ""
            if known and not on:
                ours = f"{measure} (HELM)"
        yield ours, condition, mean, None, counts.get(_context(name))


class _Slices:
    """Says the context of an aggregate as a condition."""

    def __init__(self, mapping: Mapping, names: Sequence[dict[str, Any]]) -> None:
        mine = [name for name in names if is_measure(str(name.get("name")))]
        self._splits = {values.text(name.get("split")) for name in mine}
        self._kinds: dict[str, set[str]] = {}
        seeds: dict[str, set[Any]] = {}
        for name in mine:
            kind = described(name.get("perturbation"))
            if kind and kind["perturbation"] not in ROLL_UPS:
                self._kinds.setdefault(kind["perturbation"], set()).add(kind["level"])
                seeds.setdefault(kind["level"], set()).add(values.text(kind["seed"]))
        self._seeded = {level for level, some in seeds.items() if len(some) > 1}
        self._mapping = mapping

    def condition(self, name: dict[str, Any]) -> str | None:
        parts: list[Predicate | None] = []
        if len(self._splits) > 1:
            if name.get("split") is None:
                return None
            parts.append(_equal("item.split", str(name["split"])))
        if name.get("sub_split") is not None:
            parts.append(_equal("item.sub_split", str(name["sub_split"])))
        kind = described(name.get("perturbation"))
        if not kind:
            parts += [_equal("tier", 0)] if self._kinds else []
        else:
            inside = self._of_kind(kind, name["perturbation"].get("computed_on", "perturbed"))
            if inside is None:
                return None
            parts += inside
        found = all_of(*parts)
        return "" if found is None else to_text(found)

    def _of_kind(self, kind: dict[str, Any], computed_on: Any) -> list[Predicate] | None:
        placed = self._placed(kind)
        if placed is None or kind["perturbation"] in ROLL_UPS:
            return None
        named, tier = placed
        seeded = kind["level"] in self._seeded
        if computed_on == "perturbed":
            parts = [_equal("perturbation", named), _equal("tier", tier)]
            if seeded and not isinstance(kind["seed"], int):
                return None
            return [*parts, *([_equal("variant.seed", kind["seed"])] if seeded else [])]
        single = len(self._kinds.get(kind["perturbation"], ())) == 1 and not seeded
        if computed_on == "original" and single:
            return [_equal("perturbation", named), _equal("tier", 0)]
        return None

    def _placed(self, kind: dict[str, Any]) -> tuple[str, int] | None:
        """Return the perturbation and tier the mapping gives a kind."""
        sources, row = self._mapping.sources, {"read": kind}
        found = sources.get("perturbation", Source()).getter()(row)
        tier = sources["tier"].getter()(row) if "tier" in sources else 1
        try:
            name, step = values.name(found), values.whole(tier, 1, 32_767)
        except ValueProblem:
            return None
        return (name, step or 1) if name else None


def _equal(name: str, value: Any) -> Predicate:
    return Compare(Field(tuple(name.split("."))), "=", value)


def _context(name: dict[str, Any]) -> str:
    rest = {key: value for key, value in name.items() if key != "name"}
    return values.as_json(dict(sorted(rest.items()))) or ""


def _spoken(name: dict[str, Any]) -> str:
    kind, words = described(name.get("perturbation")), []
    if kind:
        words = [str(name["perturbation"].get("computed_on", "perturbed")), kind["level"]]
    if kind and kind["seed"] is not None:
        words.append(f"seed {kind['seed']}")
    words += [str(name[key]) for key in ("split", "sub_split") if name.get(key) is not None]
    return " ".join(words)


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value)
