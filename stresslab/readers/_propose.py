"""Propose a mapping from the column names and the first rows of a table."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from stresslab.readers import _values as values
from stresslab.readers._mapping import Mapping, Source, look_up, value_key
from stresslab.readers._values import ValueProblem

NAMES: dict[str, tuple[str, ...]] = {
    "model": ("model", "model_name", "model_id", "system", "generator", "engine", "classifier"),
    "revision": ("revision", "model_revision", "checkpoint"),
    "task": ("task", "task_name", "dataset", "benchmark", "eval"),
    "item": (
        "item_id", "item", "sample_id", "example_id", "doc_id", "question_id", "prompt_id",
        "source_id", "uid", "id", "idx", "index",
    ),
    "domain": ("domain", "source", "subject", "category", "subset", "env", "environment"),
    "group": ("group_id", "group", "cluster", "document", "passage_id", "user_id"),
    "perturbation": (
        "perturbation", "perturbation_name", "corruption", "attack", "augmentation", "noise_type",
        "transformation",
    ),
    "tier": ("tier", "level", "severity", "difficulty", "stress_level", "intensity"),
    "strength": ("strength", "epsilon", "noise", "noise_level", "magnitude"),
    "unit": ("unit",),
    "seed": ("seed",),
    "trial": ("trial", "epoch", "repeat", "attempt", "replicate"),
    "original": ("original", "original_text", "original_input", "clean_text", "untouched"),
    "input": ("input", "prompt", "question", "text", "sentence", "query", "x"),
    "choices": ("choices", "options"),
    "reference": (
        "reference", "references", "target", "label", "gold", "expected", "ground_truth",
        "correct_answer", "y_true", "y",
    ),
    "output": ("output", "response", "completion", "generation", "model_output"),
    "answer": ("answer", "prediction", "pred", "predicted", "y_pred", "extracted_answer"),
    "score": ("score", "acc", "accuracy", "reward", "grade", "exact_match", "value"),
    "correct": ("correct", "is_correct", "right", "passed"),
    "confidence": ("confidence", "prob", "p_max", "probability", "max_prob"),
    "probs": ("probs", "probabilities"),
    "status": ("status", "state"),
    "error": ("error", "error_message", "exception"),
    "latency_s": ("latency_s", "latency", "seconds"),
    "tokens_in": ("tokens_in", "input_tokens", "prompt_tokens"),
    "tokens_out": ("tokens_out", "output_tokens", "completion_tokens"),
}  # fmt: skip
"""Column names by role, the surest first; compared without case and punctuation."""

FLAGS = {"refused": "refused", "is_refusal": "refused", "abstained": "abstained"}
GRADES = {
    "none": 0, "clean": 0, "original": 0, "low": 1, "mild": 1, "easy": 1, "light": 1,
    "medium": 2, "moderate": 2, "high": 3, "hard": 3, "strong": 3, "severe": 4, "extreme": 5,
}  # fmt: skip
MAX_STRENGTHS = 20

Row = dict[str, Any]


def propose(rows: Sequence[Row], *, stem: str) -> Mapping:
    """Return a mapping guessed from a sample of rows.

    Parameters
    ----------
    rows : sequence of dict
        The first rows of the file.
    stem : str
        Name of the file without its ending: the task, and the model, where no column names them.
    """
    columns = _columns(rows)
    taken = _by_name(columns)
    sources = {role: Source(fields=(column,)) for role, column in taken.items()}
    for role in ("model", "task"):
        sources.setdefault(role, Source(const=stem))
    sources |= _tier(rows, sources)
    sources |= _classes(columns, sources) | _flag(columns, sources)
    if "axis" not in sources and _is_graded(rows, sources):
        sources["axis"] = Source(const="graded")
    measures, grade = _score(rows, sources)
    used = {name for one in sources.values() for name in one.fields}
    used |= {name for name in columns if any(name.startswith(f"{one}.") for one in used)}
    rest = [name for name in columns if name not in used]
    kinds = _sorted_out(rows, rest, sources)
    found = {name: _measure(rows, name) for name in kinds["measure"]}
    return Mapping(
        sources=sources,
        attributes={_short(name): Source(fields=(name,)) for name in kinds["item"]},
        variant_attributes={_short(name): Source(fields=(name,)) for name in kinds["variant"]},
        measures=measures | {_short(name): one for name, one in found.items()},
        grade=grade,
        ignored=tuple(kinds["ignored"]),
    )


def _columns(rows: Sequence[Row]) -> list[str]:
    found: dict[str, None] = {}
    for row in rows:
        found |= dict.fromkeys(_flat(row))
    return list(found)


def _flat(row: Row, prefix: str = "") -> Iterable[str]:
    for name, value in row.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name


def _by_name(columns: Sequence[str]) -> dict[str, str]:
    plain: dict[str, str] = {}
    for column in columns:
        plain.setdefault(_plain(column), column)
    for column in columns:
        plain.setdefault(_plain(column.rpartition(".")[2]), column)
    taken: dict[str, str] = {}
    for role, names in NAMES.items():
        found = [plain[_plain(name)] for name in names if _plain(name) in plain]
        free = [column for column in found if column not in taken.values()]
        if free:
            taken[role] = free[0]
    return taken


def _tier(rows: Sequence[Row], sources: dict[str, Source]) -> dict[str, Source]:
    """Return a table of tiers where they are words, or where there are only strengths."""
    if "tier" in sources:
        words = _distinct(rows, sources["tier"])
        known = {word: GRADES[word.lower()] for word in words if word.lower() in GRADES}
        if known and len(known) == len(words):
            return {"tier": Source(fields=sources["tier"].fields, values=tuple(known.items()))}
    elif "strength" in sources:
        try:
            ordered = sorted(_distinct(rows, sources["strength"]), key=float)
        except ValueError:
            return {}
        if len(ordered) <= MAX_STRENGTHS:
            first = 0 if ordered and float(ordered[0]) == 0 else 1
            tiers = tuple((word, tier) for tier, word in enumerate(ordered, start=first))
            return {"tier": Source(fields=sources["strength"].fields, values=tiers)}
    return {}


def _distinct(rows: Sequence[Row], source: Source) -> list[str]:
    found = (look_up(row, source.fields[0]) for row in rows)
    return list(dict.fromkeys(value_key(one) for one in found if one not in (None, "")))


def _classes(columns: Sequence[str], sources: dict[str, Source]) -> dict[str, Source]:
    names = tuple(name for name in columns if name.lower().startswith("prob_"))
    return {"probs": Source(fields=names)} if len(names) > 1 and "probs" not in sources else {}


def _flag(columns: Sequence[str], sources: dict[str, Source]) -> dict[str, Source]:
    for column in columns:
        if _plain(column) in map(_plain, FLAGS) and "status" not in sources:
            status = next(FLAGS[flag] for flag in FLAGS if _plain(flag) == _plain(column))
            words = (("true", status), ("True", status), ("1", status))
            return {"status": Source(fields=(column,), values=words)}
    return {}


def _is_graded(rows: Sequence[Row], sources: dict[str, Source]) -> bool:
    """Return whether tiers look like different items of growing difficulty."""
    if "tier" not in sources or "item" not in sources or "perturbation" in sources:
        return False
    tiers: dict[Any, set[Any]] = defaultdict(set)
    get_item, get_tier = sources["item"].getter(), sources["tier"].getter()
    for row in rows:
        tiers[values.name(get_item(row))].add(values.name(get_tier(row)))
    every = set().union(*tiers.values()) if tiers else set()
    return len(every) > 1 and "0" not in every and all(len(one) == 1 for one in tiers.values())


def _score(rows: Sequence[Row], sources: dict[str, Source]) -> tuple[dict[str, Any], str]:
    if "score" not in sources and "correct" not in sources:
        has_answer = "answer" in sources or "output" in sources
        return {}, "exact" if has_answer and "reference" in sources else ""
    if "score" not in sources:
        return {"score": {"rate": True, "low": 0.0, "high": 1.0}}, ""
    measure = _measure(rows, sources["score"].fields[0])
    if measure.get("rate") and "correct" not in sources:
        sources["correct"] = sources["score"]
    return {"score": {key: one for key, one in measure.items() if key != "from"}}, ""


def _measure(rows: Sequence[Row], column: str) -> dict[str, Any]:
    """Return what the sample says of a column of numbers."""
    seen = [value for value in (_number(look_up(row, column)) for row in rows) if value is not None]
    measure: dict[str, Any] = {"from": Source(fields=(column,))}
    if seen and set(seen) <= {0.0, 1.0}:
        measure |= {"rate": True, "low": 0.0, "high": 1.0}
    if re.search(r"loss|error|perplexity|distance|latency|brier|nll", column.lower()):
        measure["higher_is_better"] = False
    return measure


def _sorted_out(
    rows: Sequence[Row], columns: Sequence[str], sources: dict[str, Source]
) -> dict[str, list[str]]:
    """Return which columns belong to the item, to the variant, to the row, or to nothing."""
    kinds: dict[str, list[str]] = {"item": [], "variant": [], "measure": [], "ignored": []}
    roles = ("item", "perturbation", "tier", "strength", "seed")
    item = [_key(row, sources, roles[:1]) for row in rows]
    variant = [_key(row, sources, roles) for row in rows]
    for column in columns:
        said = [value_key(look_up(row, column)) for row in rows]
        if any(isinstance(look_up(row, column), list) for row in rows[:100]):
            kinds["ignored"].append(column)
        elif _fixed(item, said):
            kinds["item"].append(column)
        elif _fixed(variant, said):
            kinds["variant"].append(column)
        elif all(_number(look_up(row, column), strict=True) is not None for row in rows):
            kinds["measure"].append(column)
        else:
            kinds["ignored"].append(column)
    return kinds


def _key(row: Row, sources: dict[str, Source], roles: Sequence[str]) -> tuple[str, ...]:
    found = [look_up(row, sources[role].fields[0]) for role in roles if role in sources]
    return tuple(map(value_key, found))


def _fixed(keys: Sequence[tuple[str, ...]], said: Sequence[str]) -> bool:
    return len(set(zip(keys, said, strict=True))) == len(set(keys))


def _number(value: Any, *, strict: bool = False) -> float | None:
    try:
        found = values.number(value)
    except ValueProblem:
        return None
    return 0.0 if found is None and strict else found


def _short(column: str) -> str:
    return re.sub(r"\W+", "_", column).strip("_") or column


def _plain(column: str) -> str:
    return re.sub(r"[^a-z0-9]", "", column.lower())
