"""What stands in the way of pairing after an import: counted and listed, never left out."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from stresslab.store import doubtful
from stresslab.store import pairing as store

if TYPE_CHECKING:
    from stresslab.store.runs import RunInfo
    from stresslab.store.workspace import Workspace

PROMPT = (
    "prompt_hash", "n_shot", "num_fewshot", "fewshot", "fewshot_seed", "chat_template_sha",
    "system_instruction_sha",
)  # fmt: skip
"""Settings that change what a model was asked: runs that differ in one pair, and are flagged."""

REPEAT = re.compile(r"repeats \w+ \d+ \((.*)\): ", re.DOTALL)

SAID = 5
"""Ids named in a sentence; the report itself names more of them."""


def pairing_report(workspace: "Workspace", tasks: Iterable[str]) -> list[dict[str, Any]]:
    """Return, per task and item set, how the models pair.

    Parameters
    ----------
    workspace : Workspace
        Where.
    tasks : iterable of str
        Which tasks.

    Returns
    -------
    list of dict
        ``task, item_set, n_models, n_items, n_common`` and, each with ``n`` and the first ids,
        ``unmatched`` (with the models that lack an item), ``duplicated`` (rows of a source that
        repeat another), ``edited`` and ``possible_matches``; ``replaced_rows`` by run, and
        ``prompts``: settings in which the runs differ.
    """
    runs = workspace.runs()
    found: list[dict[str, Any]] = []
    for task in sorted(set(tasks)):
        mine = [run for run in runs if run.task == task]
        found += _of_task(workspace, task, mine)
    return found


def sentences(report: Iterable[dict[str, Any]]) -> list[str]:
    """Return what a person must know of a pairing report, a sentence per trouble."""
    said = []
    for one in report:
        place = f"{one['task']}, items of {one['item_set']}"
        for kind, text in (
            ("unmatched", "are not known for every model"),
            ("duplicated", "stand twice in a source; the first counts"),
            ("edited", "have other contents in other runs and are left out of pairs"),
            ("possible_matches", "have equal contents under other ids"),
        ):
            if n := one[kind]["n"]:
                ids = [str(name) for name in one[kind]["ids"][:SAID]]
                more = f" and {n - len(ids):,} more" if n > len(ids) else ""
                said.append(f"{place}: {n:,} {text}: {', '.join(ids)}{more}.")
        for name, values in one["prompts"].items():
            said.append(f"{place}: models were asked with different {name}: {json.dumps(values)}.")
        if n := sum(one["replaced_rows"].values()):
            said.append(f"{place}: {n:,} rows are replaced by a later run of the same model.")
    return said


def _of_task(workspace: "Workspace", task: str, runs: list["RunInfo"]) -> Iterable[dict[str, Any]]:
    lacking = defaultdict[str, dict[str, list[str]]](dict)
    for row in store.unmatched(workspace, task).to_dict("records"):
        lacking[row["item_set"]][row["item_id"]] = [str(one) for one in row["lacking"]]
    repeats = [name for run in runs for name in _repeated(run)]
    edited = doubtful.edited(workspace)
    matches = doubtful.possible_matches(workspace)
    prompts, replaced = _prompts(runs), store.uncounted(workspace, task)
    for row in store.item_sets(workspace, task).to_dict("records"):
        name = row["item_set"]
        counts = {key: int(row[key]) for key in ("n_models", "n_items", "n_common")}
        alike = _ids(matches, task, name)
        yield {
            "task": task, "item_set": name, **counts,
            "unmatched": {"n": int(row["n_unmatched"]), "ids": list(lacking[name]),
                          "lacking": lacking[name]},
            "duplicated": _listed([one for one in repeats if _is_of(one, name)]),
            "edited": {"n": int(row["n_edited"]),
                       "ids": _ids(edited, task, name)[: store.NAMED]},
            "possible_matches": _listed(alike),
            "replaced_rows": replaced, "prompts": prompts,
        }  # fmt: skip


def _repeated(run: "RunInfo") -> Iterable[str]:
    """Return the variants of rows that were left out because they repeat another."""
    import pyarrow.parquet as pq

    path = run.path / "rejects.parquet"
    if path.exists():
        for reason in pq.read_table(path, columns=["reason"])["reason"].to_pylist():
            if reason and (match := REPEAT.match(reason)):
                yield match.group(1)


def _prompts(runs: list["RunInfo"]) -> dict[str, dict[str, list[str]]]:
    """Return the settings in which runs differ: ``{setting: {value: [models]}}``."""
    found = {}
    for name in PROMPT:
        values = defaultdict[str, list[str]](list)
        for run in runs:
            if run.settings.get(name) is not None:
                values[str(run.settings[name])].append(run.model)
        if len(values) > 1:
            found[name] = {value: sorted(set(models)) for value, models in values.items()}
    return found


def _ids(table: Any, task: str, item_set: str) -> list[str]:
    named = table.loc[table["task"] == task, "item_id"].drop_duplicates()
    return [str(one) for one in named if _is_of(str(one), item_set)]


def _is_of(name: str, item_set: str) -> bool:
    return name.startswith(f"{item_set}/")


def _listed(ids: list[str]) -> dict[str, Any]:
    return {"n": len(ids), "ids": ids[: store.NAMED]}
