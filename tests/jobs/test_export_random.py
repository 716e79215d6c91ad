"""Importing an export gives equal tables: random small workspaces of several runs, odd ones too."""

import json

import pytest

from stresslab import nouns
from stresslab.jobs._events import Done
from stresslab.jobs.export import export
from stresslab.jobs.import_logs import import_logs
from stresslab.rng import rng_for
from stresslab.store.workspace import Workspace
from tests.jobs.run_tables import run_tables

LOSSLESS = {"every-eval-ever": "", "parquet": ".parquet", "csv": ".csv"}
NAMES = ("org/a", "b", 'Ü,"q"', "=1+1", "<b>x</b>", "a#noise:1", "001", "null", "x; DROP TABLE y")
TEXTS = (
    "",
    " ",
    "=1+1",
    "-x",
    'a,b\n"c"',
    "ü\u2028 ☃",
    "null",
    "NaN",
    "'",
    "'=q",
    '{"a": 1}',
    "12",
    "x" * 300,
)
VALUES = (None, 0, 7, -1.5, 1 / 3, True, False, "text", "12", "=so", "null", "true")
STATUSES = ("answered", "answered", "answered", "abstained", "refused", "errored", "unscored")


def maybe(rng, value, share=0.3):
    return None if rng.random() < share else value


def pick(rng, some):
    return some[int(rng.integers(len(some)))]


def words(value):
    return None if value is None else json.dumps(value)


def attributes(rng):
    found = {name: pick(rng, VALUES) for name in ("length", "no.te", "ü b")}
    return words({name: value for name, value in found.items() if value is not None} or None)


def inputs(rng, item_set, task):
    """Return items and their variants; every variant has an item."""
    items, variants = [], []
    for number in range(int(rng.integers(1, 7))):
        source = pick(
            rng, (str(number), f"q,{number}", f"Ü {number}", f"a/{number}", f"{number}#x")
        )
        item = nouns.item_id(item_set, source)
        text = pick(rng, TEXTS)
        choices, reference = (
            maybe(rng, ["pos", "neg"]),
            maybe(rng, pick(rng, ("pos", 12, ["a", "b"]))),
        )
        items.append(
            {
                "item_id": item, "item_set": item_set, "task": task, "input": text,
                "choices": words(choices), "reference": words(reference),
                "messages": maybe(rng, words([{"role": "user", "content": text}]), 0.7),
                "domain": maybe(rng, pick(rng, ("news", "a b", "=d"))), "group_id": maybe(rng, "g"),
                "attributes": attributes(rng),
                "content_hash": nouns.content_hash(text, choices, reference),
            }
        )  # fmt: skip
        variants.append({"variant_id": item, "item_id": item, "tier": 0})
        for tier in range(1, int(rng.integers(1, 4))):
            seed = maybe(rng, int(rng.integers(9)), 0.5)
            variants.append(
                {
                    "variant_id": nouns.variant_id(item, "typos", tier, seed), "item_id": item,
                    "perturbation": "typos", "axis": "paired", "tier": tier,
                    "strength": maybe(rng, tier / 3), "unit": None, "seed": seed,
                    "input": maybe(rng, pick(rng, TEXTS)), "attributes": attributes(rng),
                }
            )  # fmt: skip
    return items, variants


def outcomes(rng, variants):
    rows, scores = [], []
    for one in variants:
        for trial in range(int(rng.integers(1, 3))):
            status = pick(rng, STATUSES)
            is_scored = status == "answered"
            score = pick(rng, (0.0, 1.0, 0.5, 1e-17)) if is_scored else None
            key = {"variant_id": one["variant_id"], "trial": trial}
            rows.append(
                {
                    **key, "status": status, "output": maybe(rng, pick(rng, TEXTS)),
                    "answer": maybe(rng, pick(rng, TEXTS)),
                    "score": 0.0 if status in ("abstained", "refused") else score,
                    "correct": maybe(rng, int(score)) if score in (0.0, 1.0) and is_scored else None,
                    "confidence": maybe(rng, float(rng.random())),
                    "probs": maybe(rng, [0.25, 0.75], 0.6),
                    "error": "time\tout" if status == "errored" else None,
                    "latency_s": maybe(rng, float(rng.random())), "tokens_in": maybe(rng, 3),
                    "tokens_out": None,
                }
            )  # fmt: skip
            for measure in ("rouge", "f 1@x"):
                if rng.random() < 0.4:
                    why = maybe(rng, pick(rng, ("close", "=so")))
                    scores.append(
                        {**key, "measure": measure, "value": rng.random(), "explanation": why}
                    )
    return rows, scores


def random_workspace(folder, seed):
    """Return two tasks with runs of few models, so that some model has several of one task."""
    rng = rng_for(seed, "export")
    made = Workspace.create(folder)
    tasks = {task: inputs(rng, item_set, task)
             for task, item_set in ((pick(rng, NAMES), "s"), ("zweite, Aufgabe", "q/s"))}  # fmt: skip
    models = [pick(rng, NAMES) for _ in range(2)]
    for number in range(int(rng.integers(3, 7))):
        task, (items, variants) = pick(rng, list(tasks.items()))
        is_asked = {one["item_id"] for one in items if rng.random() < 0.8} or {items[0]["item_id"]}
        mine = [one for one in variants if one["item_id"] in is_asked]
        rows, scores = outcomes(rng, mine)
        measures = {"rouge": {"low": 0.0, "high": 1.0}} if rng.random() < 0.5 else {}
        if rng.random() < 0.3:  # another hash: the item was edited
            items = [one | {"content_hash": f"{number:064x}"} for one in items]
        with made.add_run(
            model=pick(rng, models), task=task, revision=maybe(rng, "v2", 0.8), reader="toy",
            settings={"n": number}, measures=measures,
            source={"format": "toy", "path": "x", "sha256": f"{seed}-{number}", "version": "1"},
        ) as run:  # fmt: skip
            run.write("items", [one for one in items if one["item_id"] in is_asked])
            run.write("variants", mine)
            run.write("outcomes", rows)
            if scores:
                run.write("scores", scores)
            if rng.random() < 0.3:
                run.write("published", [{"measure": "acc", "slice": "", "value": 0.5, "n": 3}])
    return made


def tables_of(workspace):
    """Return model, task, revision, settings, measures and all rows of every run, in any order."""
    found = []
    for run in workspace.runs():
        tables = run_tables(run)
        for row in (row for rows in tables.values() for row in rows):
            row.pop("run_id", None)
        measures = {name: dict(one) for name, one in run.measures.items() if one}
        said = [run.model, run.task, run.revision, dict(run.settings), measures, tables]
        found.append(json.dumps(said, sort_keys=True, indent=1, default=str))
    return sorted(found)


@pytest.mark.parametrize("to", LOSSLESS)
@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 8))]
)
def test_importing_an_export_of_anything_gives_equal_tables(tmp_path, to, seed):
    made = random_workspace(tmp_path / "w", seed)
    before = tables_of(made)
    for turn in ("one", "two"):
        out = tmp_path / f"{turn}{LOSSLESS[to]}"
        list(export(made, out, to=to))
        made = Workspace.create(tmp_path / f"again-{turn}")
        done = [one for one in import_logs(made, [out]) if isinstance(one, Done)][-1]
        assert done.counts["rejects"] == 0, done.report
        assert len(made.runs()) == len(before)
        assert tables_of(made) == before
        again = [one for one in import_logs(made, [out]) if isinstance(one, Done)][-1]
        assert again.counts["runs"] == 0


def test_the_random_workspaces_hold_several_runs_of_a_model_on_a_task(tmp_path):
    n_several = 0
    for seed in range(8):
        runs = random_workspace(tmp_path / str(seed), seed).runs()
        n_several += len({(run.model, run.task, run.revision) for run in runs}) < len(runs)
    assert n_several >= 4
