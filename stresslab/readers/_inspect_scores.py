"""Turn scores and metrics of Inspect logs into numbers, as Inspect itself does."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LETTERS = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
"""Correct, partly correct, incorrect, no answer."""

NO_ANSWER = "N"
MOST = 10**300
WORDS = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
MEANS = ("accuracy", "mean")
"""Metrics of Inspect that are the mean of the scores of the samples."""

JsonObject = dict[str, Any]


def number(value: Any) -> Any:
    """Return the number Inspect counts a score as; None if the sample is unscored.

    A value Inspect cannot convert (it warns and counts 0) comes back as it is, in a table: it is no
    number, and whoever stores it says so.
    """
    if value is None:
        return None
    if isinstance(value, str):
        found = LETTERS.get(value)
        if found is not None:
            return found
        word = value.strip().lower()
        if word in WORDS:
            return WORDS[word]
        try:
            found = float(word)
        except ValueError:
            return {"value": value}
        return found if math.isfinite(found) else (None if math.isnan(found) else {"value": value})
    if isinstance(value, float):
        return None if math.isnan(value) else value
    return float(value) if isinstance(value, int) and abs(value) < MOST else {"value": value}


def is_letter(value: Any) -> bool:
    """Return whether a value is one of Inspect's grades."""
    return isinstance(value, str) and value in LETTERS


def right_or_wrong(value: Any, found: Any) -> int | None:
    """Return 1 for right, 0 for wrong, None for partly right, no answer and other numbers."""
    if found in (0.0, 1.0):
        return None if value == NO_ANSWER else int(found)
    return None


def of_today(sample: JsonObject, header: JsonObject) -> JsonObject:
    """Return a sample with ``scores``, also one of 2024, when there was one ``score``."""
    if "scores" in sample or "score" not in sample:
        return sample
    scorer = table(table(header.get("results")).get("scorer"))
    return sample | {"scores": {str(scorer.get("name", "score")): sample["score"]}}


def values_of(scores: Any) -> JsonObject:
    """Return the raw value of every measure in the scores of one sample.

    A table becomes one measure ``key@scorer`` for each of its keys, a list one for each place,
    counted from 1.
    """
    found: JsonObject = {}
    for scorer, score in scores.items() if isinstance(scores, dict) else ():
        value = score.get("value") if isinstance(score, dict) else score
        if isinstance(value, dict):
            for key, one in value.items():
                found[f"{key}@{scorer}"] = one
        elif isinstance(value, list):
            for place, one in enumerate(value, start=1):
                found[f"{place}@{scorer}"] = one
        else:
            found[scorer] = value
    return found


def scorer_of(measure: str, scores: JsonObject) -> JsonObject:
    """Return the score of a sample a measure is taken from."""
    score = scores.get(measure)
    if score is None:
        score = scores.get(measure.partition("@")[2])
    return score if isinstance(score, dict) else {}


@dataclass(frozen=True)
class Printed:
    """One metric the log prints.

    Parameters
    ----------
    measure : str
        The measure of the samples it is computed from.
    reducer : str or None
        How several epochs of a sample became one value before.
    name : str
        Its own name, e.g. ``accuracy@match``.
    is_mean : bool
        Whether it is the mean of the measure.
    value, stderr : float or None
    n : int or None
        Samples with a score.
    """

    measure: str
    reducer: str | None
    name: str
    is_mean: bool
    value: float | None
    stderr: float | None
    n: int | None


def printed(header: JsonObject) -> list[Printed]:
    """Return every metric of a log, also of one in the layout of 2024 (``scorer``, ``metrics``)."""
    results = table(header.get("results"))
    config = table(table(header.get("eval")).get("config"))
    entries = results.get("scores")
    if not isinstance(entries, list):
        entries = [{**table(results.get("scorer")), "metrics": results.get("metrics")}]
    reducers = listed(config.get("epochs_reducer"))
    usual = "mean" if isinstance(config.get("epochs"), int) and config["epochs"] > 1 else None
    usual = str(reducers[0]) if reducers else usual
    n_samples = results.get("completed_samples")
    found: list[Printed] = []
    for entry in entries:
        if isinstance(entry, dict) and isinstance(entry.get("metrics"), dict):
            found += _metrics_of(entry, usual, n_samples)
    return found


def _metrics_of(entry: JsonObject, reducer: str | None, n_samples: Any) -> Iterator[Printed]:
    name = str(entry.get("name") or entry.get("scorer") or "score")
    scorer = str(entry.get("scorer") or name)
    measure = name if name == scorer else f"{name}@{scorer}"
    reducer = str(entry["reducer"]) if entry.get("reducer") else reducer
    n = entry.get("scored_samples", n_samples)
    n = n if isinstance(n, int) else None
    metrics = {key.rpartition("inspect_ai/")[2]: one for key, one in entry["metrics"].items()}
    mean = next((key for key in MEANS if key in metrics and _is_plain(metrics[key])), None)
    spread = _value(metrics.get("stderr"))
    for key, one in metrics.items():
        if not (mean and key == "stderr"):
            group = table(one).get("group")
            shown = key if group in (None, key) else f"{group}/{key}"
            error = spread if key == mean else None
            yield Printed(
                measure, reducer, f"{shown}@{measure}", key == mean, _value(one), error, n
            )


def _is_plain(metric: Any) -> bool:
    """Return whether a metric is used without settings that could change what it means."""
    return not (table(metric).get("params") or table(metric).get("options"))


def _value(metric: Any) -> float | None:
    value: Any = metric.get("value") if isinstance(metric, dict) else metric
    return float(value) if is_number(value) else None


def is_number(value: Any) -> bool:
    """Return whether a value is a finite number, and no flag."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < MOST


def table(value: Any) -> JsonObject:
    """Return a value if it is a table, else an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """Return a value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []
