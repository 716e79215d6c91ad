"""Propose a mapping from the column names and the first rows of a table."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from stresslab.readers import _values as values
from stresslab.readers._axes import GRADES, columns_of, is_numeric, plain, propose_axes
from stresslab.readers._mapping import Mapping, Source, look_up, value_key
from stresslab.readers._propose_wide import propose_wide
from stresslab.readers._values import ValueProblem
from stresslab.readers._wide import Wide

NAMES: dict[str, tuple[str, ...]] = {
    "model": ("model", "model_name", "model_id", "system", "generator", "engine", "classifier"),
    "revision": ("revision", "model_revision", "checkpoint"),
    "task": ("task", "task_name", "dataset", "benchmark", "eval"),
    "item": (
        "item_id", "item", "sample_id", "example_id", "doc_id", "question_id", "prompt_id",
        "source_id", "uid", "id", "idx", "index", "image_id", "image_name", "file_name",
    ),
    "domain": ("domain", "source", "subject", "category", "subset", "env", "environment"),
    "group": ("group_id", "group", "cluster", "document", "passage_id", "user_id"),
    "perturbation": (
        "perturbation", "perturbation_name", "corruption", "attack", "augmentation", "noise_type",
        "transformation",
    ),
    "axis": ("axis",),
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

OUTCOMES = {"answer", "output", "score", "correct", "status", "error", "probs", "confidence"}
"""Roles one of which a table of outcomes has."""

FLAGS = {"refused": "refused", "is_refusal": "refused", "abstained": "abstained"}
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
    columns = columns_of(rows)
    taken = _by_name(columns)
    if _is_key(taken):
        taken["reference"] = taken.pop("answer")
    wide = propose_wide(rows, columns, taken)
    by_model = _columns_of(wide, columns)
    taken = {role: column for role, column in taken.items() if column not in by_model}
    columns = [column for column in columns if column not in by_model]
    sources = {role: Source(fields=(column,)) for role, column in taken.items()}
    for role in ("task",) if wide else ("model", "task"):
        sources.setdefault(role, Source(const=stem))
    sources |= _tier(rows, sources)
    if "tier" in sources and not sources["tier"].values and not is_numeric(rows, sources["tier"]):
        del sources["tier"]
    sources |= propose_axes(rows, sources)
    sources |= _classes(columns, sources) | _flag(columns, sources)
    if "axis" not in sources and _is_graded(rows, sources):
        sources["axis"] = Source(const="graded")
    measures, grade = _wide_score(rows, wide, sources) if wide else _score(rows, sources)
    kinds = _sorted_out(rows, _unused(columns, sources), sources)
    found = {name: _measure(rows, name) for name in kinds["measure"]}
    return Mapping(
        sources=sources,
        attributes={_short(name): Source(fields=(name,)) for name in kinds["item"]},
        variant_attributes={_short(name): Source(fields=(name,)) for name in kinds["variant"]},
        measures=measures | {_short(name): one for name, one in found.items()},
        grade=grade,
        ignored=tuple(kinds["ignored"]),
        wide=wide,
    )


def has_outcomes(mapping: Mapping) -> bool:
    """Return whether a mapping says what a model answered, or how well it did."""
    said = {*mapping.sources, *(mapping.wide.sources if mapping.wide else ())}
    is_measured = any("from" in one for one in mapping.measures.values())
    return bool(said & OUTCOMES) or is_measured


def complete(mapping: Mapping, rows: Sequence[Row], under: Sequence[str]) -> Mapping:
    """Return a log's mapping with guessed axes and, as attributes, the rest of its metadata.

    Parameters
    ----------
    mapping : Mapping
        What the format declares.
    rows : sequence of dict
        The first record rows.
    under : sequence of str
        Tables of free content, e.g. ``("metadata", "task_args")``.
    """
    if not rows:
        return mapping
    sources = mapping.sources | propose_axes(rows, mapping.sources, under)
    used = sources | {f"measures.{name}": one["from"] for name, one in mapping.measures.items()
                      if "from" in one}  # fmt: skip
    kinds = _sorted_out(rows, _unused(columns_of(rows, under), used), sources)
    item, variant = ({_last(name, under): Source(fields=(name,)) for name in kinds[kind]}
                     for kind in ("item", "variant"))  # fmt: skip
    return replace(
        mapping,
        sources=sources,
        attributes=item | mapping.attributes,
        variant_attributes=variant | mapping.variant_attributes,
        ignored=(*mapping.ignored, *kinds["measure"], *kinds["ignored"]),
    )


def _is_key(taken: dict[str, str]) -> bool:
    """Return whether a column called "answer" is the right one: nothing says what was answered."""
    others = ("model", "reference", "output", "score", "correct")
    return plain(taken.get("answer", "")) == "answer" and not any(role in taken for role in others)


def _columns_of(wide: Wide | None, columns: Sequence[str]) -> set[str]:
    models = wide.models(columns).values() if wide else ()
    return {column for roles, _ in models for column in roles.values()}


def _wide_score(
    rows: Sequence[Row], wide: Wide, sources: dict[str, Source]
) -> tuple[dict[str, Any], str]:
    """Return what is known of the scores of all models together."""
    if "correct" in wide.sources:
        return {"score": {"rate": True, "low": 0.0, "high": 1.0}}, ""
    if "score" not in wide.sources:
        return {}, "exact" if "reference" in sources else ""
    named = wide.sources["score"].among(columns_of(rows)).values()
    said = {_number(look_up(row, column)) for row in rows for column in named} - {None}
    is_rate = bool(said) and said <= {0.0, 1.0}
    return ({"score": {"rate": True, "low": 0.0, "high": 1.0}} if is_rate else {}), ""


def _last(name: str, under: Sequence[str]) -> str:
    above = max((one for one in under if name.startswith(f"{one}.")), key=len, default="")
    return _short(name.removeprefix(f"{above}."))


def _unused(columns: Sequence[str], sources: dict[str, Source]) -> list[str]:
    used = {name for one in sources.values() for name in one.fields}
    used |= {name for name in columns if any(name.startswith(f"{one}.") for one in used)}
    return [name for name in columns if name not in used]


def _by_name(columns: Sequence[str]) -> dict[str, str]:
    known: dict[str, str] = {}
    for column in columns:
        known.setdefault(plain(column), column)
    for column in columns:
        known.setdefault(plain(column.rpartition(".")[2]), column)
    taken: dict[str, str] = {}
    for role, names in NAMES.items():
        found = [known[plain(name)] for name in names if plain(name) in known]
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
        if plain(column) in map(plain, FLAGS) and "status" not in sources:
            status = next(FLAGS[flag] for flag in FLAGS if plain(flag) == plain(column))
            words = (("true", status), ("True", status), ("1", status))
            return {"status": Source(fields=(column,), values=words)}
    return {}


def _is_graded(rows: Sequence[Row], sources: dict[str, Source]) -> bool:
    """Return whether tiers look like different items of growing difficulty."""
    if "tier" not in sources or "item" not in sources:
        return False
    tiers: dict[Any, set[Any]] = defaultdict(set)
    get_item, get_tier = sources["item"].getter(), sources["tier"].getter()
    get_kind = sources["perturbation"].getter() if "perturbation" in sources else lambda row: None
    for row in rows:
        tiers[values.name(get_kind(row)), values.name(get_item(row))].add(
            values.name(get_tier(row))
        )
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
    variant = _keys(rows, sources, roles)
    item = _keys(rows, sources, roles[:1])
    for column in columns:
        raw = [look_up(row, column) for row in rows]
        said = list(map(value_key, raw))
        if any(isinstance(one, list) for one in raw[:100]):
            kinds["ignored"].append(column)
        elif _fixed(item, said):
            kinds["item"].append(column)
        elif _fixed(variant, said):
            kinds["variant"].append(column)
        elif all(_number(one, strict=True) is not None for one in raw):
            kinds["measure"].append(column)
        else:
            kinds["ignored"].append(column)
    return kinds


def _keys(
    rows: Sequence[Row], sources: dict[str, Source], roles: Sequence[str]
) -> list[tuple[str, ...]]:
    getters = [sources[role].getter() for role in roles if role in sources]
    return [tuple(value_key(get(row)) for get in getters) for row in rows]


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
