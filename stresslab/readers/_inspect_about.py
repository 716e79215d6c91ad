"""Say of a whole Inspect log what the manifest of its run keeps, and what it printed itself."""

import hashlib
import json
import re
from collections.abc import Collection
from typing import Any

from stresslab.readers._inspect_scores import JsonObject, Printed, listed, printed, table

MOST_TEXT = 4_000
"""Longer settings are kept as their hash: some logs hold every scripted answer as an argument."""

_SECRET = re.compile(r"api_?key|secret|password|credential|auth_?token", re.IGNORECASE)

PublishedRow = tuple[str, str, float | None, float | None, int | None]


def settings(header: JsonObject, *, is_partial: bool, primary: str) -> JsonObject:
    """Return the settings of a run, without what is empty, too long or secret.

    Parameters
    ----------
    header : dict
        The log without its samples.
    is_partial : bool
        Whether the log was never finished.
    primary : str
        The measure that is the score.
    """
    told, plan, results = header["eval"], table(header.get("plan")), table(header.get("results"))
    stats, config = table(header.get("stats")), table(told.get("config"))
    packages = table(told.get("packages"))
    steps = [
        {"solver": one.get("solver"), "params": one.get("params")}
        for one in listed(plan.get("steps"))
        if isinstance(one, dict)
    ]
    names = (
        "eval_id", "run_id", "created", "model", "model_args", "model_base_url", "model_roles",
        "task", "task_id", "task_version", "task_args", "solver", "solver_args", "revision",
        "scorers", "metadata",
    )  # fmt: skip
    found = {name: told.get(name) for name in names} | {
        "tool": "inspect_ai",
        "version": packages.get("inspect_ai"),
        "log_version": header.get("version"),
        "status": header.get("status") or "started",
        "partial": is_partial or header.get("status") != "success",
        "error": table(header.get("error")).get("message"),
        "started_at": stats.get("started_at") or told.get("created"),
        "completed_at": stats.get("completed_at"),
        "dataset": {k: v for k, v in table(told.get("dataset")).items() if k != "sample_ids"},
        "config": config,
        "limit": config.get("limit"),
        "epochs": config.get("epochs"),
        "reducers": _reducers(header, primary),
        "generate_config": {
            **table(told.get("model_generate_config")),
            **table(plan.get("config")),
        },
        "solvers": steps,
        "prompt_hash": _hash(steps) if steps else None,
        "packages": packages,
        "tags": header.get("tags") or told.get("tags"),
        "model_usage": stats.get("model_usage"),
        "total_samples": results.get("total_samples"),
        "completed_samples": results.get("completed_samples"),
        "config_updates": header.get("config_updates"),
    }
    kept = {name: _short(value) for name, value in found.items()}
    return {name: value for name, value in kept.items() if value not in (None, "", [], {})}


def measure_names(header: JsonObject, seen: Collection[str]) -> list[str]:
    """Return the measures of a log, the one that is the score first.

    It is the one the log itself puts first; those nobody prints a metric of come last.

    Parameters
    ----------
    header : dict
        The log without its samples.
    seen : collection of str
        The measures its samples have.
    """
    headline = table(table(header.get("results")).get("headline"))
    name, scorer = headline.get("score"), headline.get("scorer")
    first = [str(name) if name == scorer else f"{name}@{scorer}"] if name else []
    told = [*first, *(one.measure for one in printed(header)), *_scorers(header)]
    return list(dict.fromkeys([*(one for one in told if one in seen), *seen]))


def published(header: JsonObject, primary: str, measures: Collection[str]) -> list[PublishedRow]:
    """Return what a log printed, under the names of our measures where it is their mean."""
    found: dict[str, PublishedRow] = {}
    for name, one in _named(header, primary, measures):
        found.setdefault(name, (name, "", one.value, one.stderr, one.n))
    return list(found.values())


def _reducers(header: JsonObject, primary: str) -> JsonObject:
    """Return, by the name of what is printed, how epochs became one value."""
    every = {one.measure for one in printed(header)}
    return {name: one.reducer for name, one in _named(header, primary, every) if one.reducer}


def _named(
    header: JsonObject, primary: str, measures: Collection[str]
) -> list[tuple[str, Printed]]:
    """Return what is printed by its name here; the first mean of a measure is called like it."""
    found: dict[str, Printed] = {}
    for one in printed(header):
        ours = "score" if one.measure == primary else one.measure
        is_ours = one.is_mean and (ours == "score" or ours in measures)
        if is_ours and ours not in found:
            found[ours] = one
        else:
            is_other = one.reducer and (is_ours or one.name in found)
            found.setdefault(f"{one.name}/{one.reducer}" if is_other else one.name, one)
    return list(found.items())


def _scorers(header: JsonObject) -> list[str]:
    told = listed(header["eval"].get("scorers"))
    return [str(one.get("name")) for one in told if isinstance(one, dict)]


def _hash(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: one for key, one in value.items() if not _SECRET.search(str(key))}
        whole = {key: _short(one) for key, one in kept.items()}
        return whole if _size(whole) <= 4 * MOST_TEXT else f"sha256:{_hash(value)}"
    return value if _size(value) <= MOST_TEXT else f"sha256:{_hash(value)}"


def _size(value: Any) -> int:
    if value is None or isinstance(value, bool | int | float):
        return 0
    return len(value) if isinstance(value, str) else len(json.dumps(value, default=str))
