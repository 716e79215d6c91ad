"""Guess how inputs were made harder: which of a log's own fields hold tier, kind, domain, base."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from stresslab.readers import _values as values
from stresslab.readers._mapping import Source, look_up, value_key
from stresslab.readers._values import UNTOUCHED, ValueProblem

AXES: dict[str, tuple[str, ...]] = {
    "item": (
        "base_id", "base_item_id", "base_item", "base", "original_id", "orig_id", "parent_id",
        "root_id", "source_item",
    ),
    "tier": (
        "tier", "tier_level", "tier_index", "tier_id", "stress_level", "severity",
        "severity_level", "perturbation_level", "level", "difficulty", "intensity",
    ),
    "perturbation": (
        "perturbation", "perturbation_name", "perturbation_type", "perturbation_kind",
        "corruption", "corruption_type", "attack", "augmentation", "noise_type",
        "transformation", "transform", "variant", "variant_type", "condition", "kind", "style",
    ),
    "domain": (
        "domain", "subject", "category", "topic", "subset", "environment", "env", "genre",
    ),
    "group": ("group_id", "group", "cluster", "document_id", "passage_id", "user_id"),
    "split": ("split", "partition", "fold"),
    "strength": ("strength", "epsilon", "noise_level", "magnitude", "amount"),
    "seed": ("seed", "perturbation_seed", "noise_seed"),
}  # fmt: skip
"""Names of fields by role, the surest first; compared without case and punctuation."""

GRADES = {
    "none": 0, "clean": 0, "original": 0, "low": 1, "mild": 1, "easy": 1, "light": 1,
    "medium": 2, "moderate": 2, "high": 3, "hard": 3, "strong": 3, "severe": 4, "extreme": 5,
}  # fmt: skip
KINDS = (
    "perturbed", "rephrased", "paraphrase", "paraphrased", "typo", "typos", "noise", "noisy",
    "distractor", "distractors", "misspelled", "corrupted", "shuffled", "swapped", "negated",
    "uppercase", "lowercase", "irrelevant", "adversarial",
)  # fmt: skip
"""Words in the name of a task that say how its inputs were changed."""

GENERAL = {"variant", "varianttype", "condition", "kind", "style", "transform", "difficulty"}
"""Names that hold a kind of change only where one of the values says so."""

MOST_KINDS = 200
MAX_LEVELS = 100
"""Levels of a field's dotted name."""

_LEVEL = r"^(.+?)[-_.:/#](?:t|tier|l|level|lvl|s|sev|severity)[-_]?\d+$"

Row = dict[str, Any]


def propose_axes(
    rows: Sequence[Row], sources: dict[str, Source], under: Sequence[str] = ("",)
) -> dict[str, Source]:
    """Return guessed sources for the axes a log does not declare.

    Parameters
    ----------
    rows : sequence of dict
        The first rows of the file.
    sources : dict of str to Source
        What is known: a role in it is kept, but for the item, which becomes the base item where
        several variants of it are found, and the task, from whose name the kind of change is cut.
    under : sequence of str
        Where to look, e.g. ``("metadata", "task_args")``; the empty text is the top.

    Returns
    -------
    dict of str to Source
        Only what is new or other than in `sources`.
    """
    found = _by_name(rows, sources, under)
    found |= _kinds(rows, found, sources)
    for role in ("tier", "strength", "seed"):
        if role in found and not found[role].values and not is_numeric(rows, found[role]):
            del found[role]
    found |= _from_task(rows, sources | found)
    if "domain" in found and not 1 <= len(_said(rows, found["domain"])) <= MOST_KINDS:
        del found["domain"]
    base = _base(rows, sources, found)
    found.pop("item", None)
    return found | base


def columns_of(rows: Iterable[Row], under: Sequence[str] = ("",)) -> list[str]:
    """Return the dotted names of all values of some rows, in order of first sight."""
    found: dict[str, None] = {}
    for row in rows:
        is_flat = dict not in set(map(type, row.values()))
        if not (is_flat and row.keys() <= found.keys()):
            found |= dict.fromkeys(row if is_flat else _flat(row))
    return [name for name in found if any(_is_under(name, one) for one in under)]


def plain(column: str) -> str:
    """Return a name without case and punctuation."""
    return re.sub(r"[^a-z0-9]", "", column.lower())


def words_of(rows: Sequence[Row], column: str) -> list[str]:
    """Return the different values of a column as a mapping names them."""
    return _said(rows, Source(fields=(column,)))


def _by_name(
    rows: Sequence[Row], sources: dict[str, Source], under: Sequence[str]
) -> dict[str, Source]:
    used = {name for role, one in sources.items() if role != "item" for name in one.fields}
    named: dict[str, list[str]] = {}
    for column in columns_of(rows, under):
        if column not in used:
            named.setdefault(plain(column.rpartition(".")[2]), []).append(column)
    found: dict[str, Source] = {}
    taken: set[str] = set()
    for role, names in AXES.items():
        if role in sources and role != "item":
            continue
        free = [one for name in names for one in named.get(plain(name), []) if one not in taken]
        fitting = [one for one in free if _fits(role, rows, one)]
        if fitting:
            found[role] = Source(fields=(fitting[0],))
            taken.add(fitting[0])
    return found


def _fits(role: str, rows: Sequence[Row], column: str) -> bool:
    words = words_of(rows, column)
    if not words or any(isinstance(look_up(row, column), list) for row in rows[:100]):
        return False
    if role in ("tier", "strength", "seed"):
        return is_numeric(rows, Source(fields=(column,))) or (role == "tier" and _graded(words))
    if role in ("perturbation", "split"):
        is_said = any(word.lower() in (*UNTOUCHED, *KINDS) for word in words)
        is_plain = role == "split" or plain(column.rpartition(".")[2]) not in GENERAL
        is_number = is_numeric(rows, Source(fields=(column,)))
        return len(words) <= MOST_KINDS and not is_number and (is_plain or is_said)
    return True


def _kinds(
    rows: Sequence[Row], found: dict[str, Source], sources: dict[str, Source]
) -> dict[str, Source]:
    """Return kinds that stand in a field named like a tier, and tiers that are words."""
    if "tier" in found:
        words = _said(rows, found["tier"])
        if _graded(words):
            table = tuple((word, GRADES[word.lower()]) for word in words)
            return {"tier": Source(fields=found["tier"].fields, values=table)}
    if "perturbation" in found or "perturbation" in sources:
        return {}
    for column in columns_of(rows, _places(found, sources)):
        is_tier = plain(column.rpartition(".")[2]) in map(plain, AXES["tier"])
        words = words_of(rows, column)
        has_original = any(word.lower() in UNTOUCHED for word in words)
        if is_tier and 1 < len(words) <= MOST_KINDS and has_original and not _graded(words):
            return {"perturbation": Source(fields=(column,))}
    return {}


def _places(found: dict[str, Source], sources: dict[str, Source]) -> tuple[str, ...]:
    """Return the tables in which other axes were found, or everything."""
    names = [name for one in found.values() for name in one.fields if "." in name]
    return tuple(dict.fromkeys(name.rpartition(".")[0] for name in names)) or ("",)


def _from_task(rows: Sequence[Row], sources: dict[str, Source]) -> dict[str, Source]:
    """Return kind and tier that the name of the task ends with, and the name without them."""
    task = sources.get("task")
    if task is None or "perturbation" in sources or len(task.fields) != 1 or task.pattern:
        return {}
    names = [name.lower() for name in _said(rows, task)]
    kinds = [kind for kind in KINDS if any(re.search(_kind(kind), name) for name in names)]
    if not kinds:
        return {}
    kind, column = "|".join(kinds), task.fields[0]
    found = {
        "task": Source((column,), rf"(?i)^(.+?)(?:[_-](?:{kind})(?:[_-]?\d+)?([_-].+)?)?$"),
        "perturbation": Source((column,), rf"(?i)[_-]({kind})(?:[_-]?\d+)?(?:[_-]|$)"),
    }
    if "tier" not in sources and any(re.search(_kind(kind, r"[_-]?\d+"), one) for one in names):
        found["tier"] = Source((column,), rf"(?i)[_-](?:{kind})[_-]?(\d+)(?:[_-]|$)")
    return found


def _kind(kind: str, number: str = r"(?:[_-]?\d+)?") -> str:
    return rf".[_-](?:{kind}){number}(?:[_-]|$)"


def _base(
    rows: Sequence[Row], sources: dict[str, Source], found: dict[str, Source]
) -> dict[str, Source]:
    """Return where the untouched item of a variant is named, if that keeps all rows apart."""
    if "item" not in sources or not ({"perturbation", "tier", "strength"} & {*found, *sources}):
        return {"item": found["item"]} if "item" in found and "item" not in sources else {}
    tries = [found["item"]] if "item" in found else []
    item = sources["item"]
    if len(item.fields) == 1 and not item.pattern and not item.values:
        kinds = _said(rows, (sources | found).get("perturbation", Source()))
        if kinds and len(kinds) <= MOST_KINDS:
            words = "|".join(re.escape(kind) for kind in sorted(kinds, key=len, reverse=True))
            ending = rf"^(.+?)(?:[-_.:/#](?:{words})(?:[-_.:]?\d+)?)?$"
            if _all_cut(rows, item, Source(item.fields, ending), (sources | found)["perturbation"]):
                tries.append(Source(item.fields, ending))
        tries.append(Source(item.fields, _LEVEL))
    before = _apart(rows, sources | found | {"item": item})
    n_items = len(_said(rows, item))
    for one in tries:
        is_apart = _apart(rows, sources | found | {"item": one}) == before
        if is_apart and 0 < len(_said(rows, one)) < n_items and None not in _column(rows, one):
            return {"item": one}
    return {}


def _all_cut(rows: Sequence[Row], item: Source, base: Source, kind: Source) -> bool:
    """Return whether the ids of all changed inputs become shorter."""
    columns = (_column(rows, one) for one in (item, base, kind))
    return all(
        long != short or (word or "none").lower() in UNTOUCHED
        for long, short, word in zip(*columns, strict=True)
    )


def _apart(rows: Sequence[Row], sources: dict[str, Source]) -> int:
    roles = (
        "model",
        "revision",
        "run",
        "task",
        "items",
        "item",
        "perturbation",
        "tier",
        "strength",
    )
    keys = [_column(rows, sources[role]) for role in (*roles, "seed", "trial") if role in sources]
    return len(set(zip(*keys, strict=True)))


def _column(rows: Sequence[Row], source: Source) -> list[str | None]:
    get = source.getter()
    return [None if (value := get(row)) is None else value_key(value) for row in rows]


def _said(rows: Sequence[Row], source: Source) -> list[str]:
    return list(dict.fromkeys(one for one in _column(rows, source) if one not in (None, "")))


def _graded(words: Sequence[str]) -> bool:
    return bool(words) and all(word.lower() in GRADES for word in words)


def is_numeric(rows: Sequence[Row], source: Source) -> bool:
    """Return whether at least half of what a source says is numbers."""
    words = _said(rows, source)
    n = sum(_is_number(word) for word in words)
    return n > 0 and 2 * n >= len(words)


def _is_number(word: str) -> bool:
    try:
        return values.number(word) is not None
    except ValueProblem:
        return False


def _flat(row: Row, prefix: str = "", levels: int = MAX_LEVELS) -> Iterable[str]:
    for name, value in row.items():
        if isinstance(value, dict) and levels:
            yield from _flat(value, f"{prefix}{name}.", levels - 1)
        else:
            yield prefix + name


def _is_under(column: str, place: str) -> bool:
    return not place or column.startswith(f"{place}.")
