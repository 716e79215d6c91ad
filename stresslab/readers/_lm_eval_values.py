"""Read the values of a samples line of lm-evaluation-harness: requests, likelihoods, metrics."""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from stresslab.readers._likelihoods import number
from stresslab.readers._mapping import look_up
from stresslab.readers._values import as_json

if TYPE_CHECKING:
    from stresslab.readers._lm_eval_task import Task

NO_FILTER = "none"
KNOWN = frozenset({
    "doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics",
    "doc_hash", "prompt_hash", "target_hash", "run", "read",
})  # fmt: skip
"""Keys of a samples line that are no metrics."""

SMALLER = ("perplexity", "bits_per_byte", "brier", "loss", "error", "_ter", "wer", "cer", "ece")
LIKELIHOOD = "loglikelihood"
UNITS = {"word_perplexity": "word", "byte_perplexity": "byte", "bits_per_byte": "byte"}
SHORT = 64
"""Characters of a target that may be the place of a choice."""
GREEDY = frozenset({"True", "False", "true", "false"})
NOTHING = ("bypass",)
"""Metrics of which the harness writes a number that stands for none."""

Object = dict[str, Any]


def numbers_of(
    row: Object, metrics: Sequence[str], aggregations: Mapping[str, str]
) -> dict[str, float]:
    """Return the numbers of one row by measure.

    A perplexity is no mean of numbers of rows: its rows hold a log-likelihood, or one with the
    words or bytes it is divided by. Where rows hold truth and answer, the measure ``*_match`` says
    whether they are the same.
    """
    found: dict[str, float] = {}
    for metric in metrics:
        value = row.get(metric)
        if metric not in NOTHING and value is not None:
            found |= _numbers(metric, value, aggregations.get(metric, ""))
    return found


def is_larger_better(measure: str, told: Any = None) -> bool:
    """Return the direction of a measure: the told one, else by its name."""
    if measure.startswith(LIKELIHOOD) or measure.endswith("_match"):
        return True
    if isinstance(told, bool):
        return told
    return not any(word in measure.lower() for word in SMALLER)


def is_mean(metric: str, aggregation: str) -> bool:
    """Return whether the harness reduces a metric to the mean of the numbers of its rows."""
    return aggregation in ("", "mean", "nanmean", "brier_score") and metric not in UNITS


def requests_of(row: Object) -> list[tuple[str, Any]]:
    """Return prompt and continuation (or settings) of every request made for a row."""
    given = row.get("arguments")
    if isinstance(given, dict):
        given = list(given.values())
    found: list[tuple[str, Any]] = []
    for one in given if isinstance(given, list) else ():
        values = list(one.values()) if isinstance(one, dict) else one
        if isinstance(values, list) and values:
            found.append((_text(values[0]), values[1] if len(values) > 1 else None))
    return found


def pairs_of(row: Object, requests: Sequence[tuple[str, Any]]) -> list[float]:
    """Return the log-likelihoods of the choices of a row; empty where it is no choice."""
    given = row.get("filtered_resps")
    if not isinstance(given, list) or len(given) < 2:
        given = row.get("resps")
    if not isinstance(given, list) or len(given) < 2:
        return []
    found = [_likelihood(one) for one in given]
    if any(one is None for one in found) or len(requests) != len(found):
        return []
    half = len(found) // 2
    if len(found) == 2 * half and half > 1 and all(not one[0] for one in requests[half:]):
        found = found[:half]  # the rest are the same choices without a prompt
    return [one for one in found if one is not None]


def input_of(doc: Object, task: "Task") -> Any:
    """Return what the item asks, without template and examples, which differ between runs."""
    if len(task.texts) == 1:
        return look_up(doc, task.texts[0])
    if task.texts:
        texts = [look_up(doc, one) for one in task.texts]
        return "\n".join(one for one in texts if isinstance(one, str)) or None
    return doc or None


def generated(row: Object) -> tuple[str | None, str | None]:
    """Return the raw text, and what the filter made of it where that is another."""
    raw, cut = row.get("resps"), row.get("filtered_resps")
    while isinstance(raw, list) and len(raw) == 1:
        raw = raw[0]
    while isinstance(cut, list) and len(cut) == 1:
        cut = cut[0]
    is_same = cut == raw or cut is None
    output, answer = (one if isinstance(one, str) else as_json(one) for one in (raw, cut))
    return output, None if is_same else answer


def reference_of(row: Object, texts: list[str], choices: list[str], chosen: int) -> Any:
    """Return the text of the right choice: the target is its place, or one of the texts."""
    target = row.get("target")
    text = target.strip() if isinstance(target, str) else str(target)
    told = places(text) if len(text) <= SHORT else places.__wrapped__(text)
    is_place = bool(told) and max(told) < len(choices)
    named = texts.index(text) if text in texts else None
    if is_place and named is not None and "acc" in row:  # both readings are possible
        is_right = row["acc"] in (1, 1.0, True)
        is_place = (chosen in told) == is_right or (chosen == named) != is_right
    if is_place:
        found = [choices[one] for one in told]
        return found[0] if len(found) == 1 else found
    return choices[named] if named is not None else target


@lru_cache(maxsize=1024)
def places(text: str) -> tuple[int, ...]:
    """Return the places a target names; none where it is anything else."""
    inner = text[1:-1].split(",") if text.startswith("[") and text.endswith("]") else [text]
    is_place = all(one.strip().isdecimal() for one in inner)
    try:
        return tuple(map(int, inner)) if is_place else ()
    except ValueError:  # thousands of digits
        return ()


def _numbers(metric: str, value: Any, aggregation: str) -> dict[str, float]:
    if isinstance(value, list):
        return _of_list(metric, value, aggregation)
    found = None if isinstance(value, dict) else number(value)
    if found is None:
        return {}
    return {LIKELIHOOD if aggregation == "perplexity" else metric: found}


def _of_list(metric: str, value: list[Any], aggregation: str) -> dict[str, float]:
    if len(value) != 2:
        return {}
    first, second = value
    if isinstance(second, list):
        return _brier(metric, first, second)
    top, below = number(first), number(second)
    is_weighted = metric in UNITS or "perplexity" in aggregation or aggregation == "bits_per_byte"
    if is_weighted and not isinstance(first, str) and top is not None:
        per = {f"{LIKELIHOOD}_per_{UNITS.get(metric, 'unit')}": top / below} if below else {}
        return {LIKELIHOOD: top} | per
    is_label = all(isinstance(one, int | bool) or _short(one) for one in value)
    return {f"{metric}_match": float(first == second)} if is_label and not is_weighted else {}


def _brier(metric: str, truth: Any, shares: list[Any]) -> dict[str, float]:
    if metric != "brier_score" or not isinstance(truth, int):
        return {}
    known = [number(one) for one in shares]
    if any(one is None for one in known):
        return {}
    terms = ((one or 0.0) - (place == truth) for place, one in enumerate(known))
    return {metric: math.fsum(one * one for one in terms)}


def _short(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 64


def _likelihood(value: Any) -> float | None:
    """Return the log-likelihood of ``[loglik, is_greedy]``, also inside of a list of one."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, list) or len(value) != 2 or isinstance(value[0], list):
        return None
    if str(value[1]) not in ("True", "False", "true", "false"):
        return None
    try:
        return float(value[0])
    except (TypeError, ValueError, OverflowError):
        return None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else str(value)
