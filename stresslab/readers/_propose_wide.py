"""Guess which columns of a table belong to one model each: by their names, or by their values."""

import re
from collections.abc import Sequence
from typing import Any

from stresslab.readers import _values as values
from stresslab.readers._axes import plain
from stresslab.readers._mapping import look_up, value_key
from stresslab.readers._values import ValueProblem
from stresslab.readers._wide import Columns, Wide

WORDS: dict[str, tuple[str, ...]] = {
    "answer": ("prediction", "pred", "predicted", "preds", "answer", "guess"),
    "output": ("output", "response", "completion", "generation"),
    "correct": ("correct", "is_correct", "right", "passed", "hit"),
    "score": ("score", "acc", "accuracy", "reward", "grade", "exact_match", "em"),
    "confidence": ("confidence", "conf", "p_max", "max_prob", "probability", "proba", "prob"),
    "status": ("status",),
    "error": ("error",),
    "latency_s": ("latency_s", "latency", "seconds"),
    "tokens_in": ("tokens_in", "input_tokens", "prompt_tokens"),
    "tokens_out": ("tokens_out", "output_tokens", "completion_tokens"),
}
"""Words before or behind the name of a model, the surest first."""

OUTCOMES = ("answer", "output", "correct", "score")
NO_MODELS = frozenset((
    "gold", "correct", "expected", "true", "target", "reference", "groundtruth", "best", "worst",
    "final", "mean", "avg", "average", "max", "min", "total", "sum", "is", "has", "n", "num",
    "bleu", "rouge", "rouge1", "rouge2", "rougel", "f1", "em", "exactmatch", "bertscore", "meteor",
    "chrf", "bleurt", "comet", "similarity", "quality", "fluency", "relevance", "coherence",
    "toxicity", "sentiment", "readability",
))  # fmt: skip
"""What stands before "score" or "answer" without being a model."""

_SEPARATOR = r"[_\-. /:]"
_NO_MODEL = re.compile(
    r"^(is|has|n|num|len|length|count|contains|prob|refused|abstained)(_|\b)", re.IGNORECASE
)
"""Names of attributes, of class probabilities and of flags."""
_MOST_ROWS = 2_000

Row = dict[str, Any]


def propose_wide(rows: Sequence[Row], columns: Sequence[str], taken: dict[str, str]) -> Wide | None:
    """Return the columns by model of a table with one row per input; None if it looks long.

    Parameters
    ----------
    rows : sequence of dict
        The first rows.
    columns : sequence of str
        Their columns.
    taken : dict of str to str
        Column by role, as far as names say it.
    """
    if "model" in taken:
        return None
    found = _by_affix(columns, taken)
    inside = found.fields() if found else set()
    if any(role in taken and taken[role] not in inside for role in OUTCOMES):
        return None
    return (found and _short(found, columns)) or _by_values(rows, columns, taken)


def _by_affix(columns: Sequence[str], taken: dict[str, str]) -> Wide | None:
    """Return columns that share a word before or behind a name, e.g. ``bert_pred, gpt_pred``."""
    held = set(taken.values())
    best: dict[str, dict[str, str]] = {}
    for is_behind in (True, False):
        by_role = {role: _models(role, columns, is_behind) for role in WORDS}
        models = {one for role in OUTCOMES for one in by_role[role]}
        kept = {role: {model: column for model, column in found.items() if model in models}
                for role, found in by_role.items()}  # fmt: skip
        kept = {role: found for role, found in kept.items() if found}
        owned = {column for found in kept.values() for column in found.values()}
        is_one = len(models) == 1 and len(kept) > 1 and not any("." in one for one in owned)
        enough = len(models) > 1 or (is_one and not held & owned)
        if enough and sum(map(len, kept.values())) > sum(map(len, best.values())):
            best = kept
    if not best:
        return None
    return Wide({role: Columns(named=tuple(found.items())) for role, found in best.items()})


def _models(role: str, columns: Sequence[str], is_behind: bool) -> dict[str, str]:
    """Return the columns of a role by model, for the word that most columns have."""
    best: dict[str, str] = {}
    for word in WORDS[role]:
        search = re.compile(_pattern(word, is_behind)).search
        found = {match.group(1): column for column in columns if (match := search(column))}
        found = {model: column for model, column in found.items() if plain(model) not in NO_MODELS}
        best = found if len(found) > len(best) else best
    return best


def _pattern(word: str, is_behind: bool) -> str:
    return f"(?i)^(.+){_SEPARATOR}{word}$" if is_behind else f"(?i)^{word}{_SEPARATOR}(.+)$"


def _short(found: Wide, columns: Sequence[str]) -> Wide:
    """Return the same columns as patterns, where a pattern finds no others."""
    sources = {}
    for role, named in found.sources.items():
        wanted = dict(named.named)
        model, column = named.named[0]
        if column.startswith(model):
            pattern = f"^(.+){re.escape(column.removeprefix(model))}$"
        else:
            pattern = f"^{re.escape(column.removesuffix(model))}(.+)$"
        is_same = len(wanted) > 1 and Columns(pattern).among(columns) == wanted
        sources[role] = Columns(pattern) if is_same else named
    return Wide(sources)


def _by_values(rows: Sequence[Row], columns: Sequence[str], taken: dict[str, str]) -> Wide | None:
    """Return columns that hold labels of the reference, or are all right or wrong, or shares."""
    held = {*taken.values(), *_measures(columns)}
    free = [name for name in columns if name not in held and not _NO_MODEL.match(name)]
    few = rows[:_MOST_ROWS]
    labels = {value_key(look_up(row, taken["reference"])) for row in few} - {""} \
        if "reference" in taken else set()  # fmt: skip
    kinds: dict[str, list[str]] = {"answer": [], "correct": [], "score": [], "": []}
    for name in free:
        kinds[_kind([look_up(row, name) for row in few], labels)].append(name)
    if len(kinds["answer"]) > 1:
        return Wide({"answer": _listed(kinds["answer"])})
    numeric = kinds["correct"] + kinds["score"]
    if len(numeric) > 1 and not _has_numbers(few, kinds[""]):
        role = "score" if kinds["score"] else "correct"
        return Wide({role: _listed([name for name in free if name in numeric])})
    return None


def _measures(columns: Sequence[str]) -> set[str]:
    """Return columns that are called like measures, such as ``bleu_score``."""
    searches = [re.compile(_pattern(word, is_behind)).search for words in WORDS.values()
                for word in words for is_behind in (True, False)]  # fmt: skip
    found = {name for name in columns if plain(name) in NO_MODELS}
    for search in searches:
        matches = ((name, search(name)) for name in columns)
        found |= {name for name, match in matches if match and plain(match.group(1)) in NO_MODELS}
    return found


def _kind(column: Sequence[Any], labels: set[str]) -> str:
    said = [one for one in column if not values.is_empty(one)]
    if not said or any(isinstance(one, list | dict) for one in said):
        return ""
    words = {value_key(one) for one in said}
    if len(labels) > 1 and len(words & labels) * 2 >= len(words) and len(words) < len(said):
        return "answer"
    try:
        numbers = {values.number(one) for one in said} - {None}
    except ValueProblem:
        return ""
    if numbers <= {0.0, 1.0}:
        return "correct"
    return "score" if all(0 <= (one or 0) <= 1 for one in numbers) else ""


def _has_numbers(rows: Sequence[Row], columns: Sequence[str]) -> bool:
    """Return whether a column is of numbers that are no scores: then all may be measurements."""
    for name in columns:
        said = [one for row in rows if not values.is_empty(one := look_up(row, name))]
        if said and all(isinstance(one, int | float) or _is_number(one) for one in said):
            return True
    return False


def _is_number(value: Any) -> bool:
    try:
        return values.number(value) is not None
    except ValueProblem:
        return False


def _listed(names: Sequence[str]) -> Columns:
    return Columns(named=tuple((name, name) for name in names))
