"""The index is complete before it is seen, grows by what was added, and can always be rebuilt."""

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace

import duckdb
import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from stresslab import Workspace
from stresslab.store import index, query, rows
from stresslab.store.contents import contents, resolve
from stresslab.store.engine import reading
from stresslab.store.index import connect, ensure
from stresslab.store.pairing import item_sets, unmatched
from tests.factory import fill, steady, toy_workspace


@pytest.fixture
def workspace(tmp_path):
    return toy_workspace(tmp_path / "w", n_items=12)


def tables_of(generation):
    """Return the rows of every table, sorted."""
    with connect(generation) as con:
        names = [
            name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        ]
        return {
            name: sorted(map(repr, con.execute(f'SELECT * FROM "{name}"').fetchall()))
            for name in names
            if name not in ("runs",)
        }


def facts_of(generation):
    """Return all outcomes with the id of their run in place of its number."""
    with connect(generation) as con:
        return con.execute(
            """SELECT r.run_id, r.n_counted, r.n_duplicates, f.* EXCLUDE (run) FROM facts f
            JOIN runs r USING (run) ORDER BY ALL"""
        ).fetchall()


def arrays_of(generation):
    root = generation.folder / "aligned"
    return {str(path.relative_to(root)): np.load(path) for path in root.rglob("*.npy")}


def add(workspace, model="new", task="toy", outcomes=None, items=None, variants=None, **settings):
    with workspace.add_run(model=model, task=task, settings=settings) as run:
        for name, rows in (("items", items), ("variants", variants), ("outcomes", outcomes)):
            if rows:
                run.write(name, rows)


def answer(variant, score=1.0, trial=0):
    return {"variant_id": variant, "trial": trial, "status": "answered", "score": score}


def test_a_second_call_builds_nothing(workspace):
    first = ensure(workspace)
    stamp = first.path.stat().st_mtime_ns
    assert ensure(workspace).path.stat().st_mtime_ns == stamp
    assert (workspace.index_folder / index.POINTER).read_text().startswith(workspace.data_version)


def test_an_index_that_grew_equals_one_built_from_nothing(workspace):
    ensure(workspace)
    fill(workspace, models={"delta": steady(0.7)}, n_items=15)
    fill(workspace, models={"delta": steady(0.7)}, task="other", n_items=5)
    seen = []
    grown = ensure(workspace, lambda done, total, message: seen.append(message))
    tables, arrays = tables_of(grown), arrays_of(grown)
    assert not any("outcomes of alpha" in message for message in seen)
    shutil.rmtree(workspace.index_folder)
    rebuilt = ensure(workspace)
    wanted = tables_of(rebuilt)
    for name in wanted.keys() - {"meta", "facts", "imported"}:  # these number the runs
        assert tables[name] == wanted[name], name
    assert len(tables["facts"]) == len(wanted["facts"])
    for name, values in arrays_of(rebuilt).items():
        shared = arrays[name].shape[-1]  # a model's array may end before the last variant
        np.testing.assert_array_equal(values[..., :shared], arrays[name])


def varied(workspace, model, first, last, kinds, version=1):
    """Add a run of a model: items with attributes and groups, perturbed in some kinds."""
    numbers = range(first, last)
    items = [
        {"item_id": f"s/{n}", "item_set": "s", "group_id": f"g{n // 2}", "domain": "ab"[n % 2],
         "content_hash": str(n), "attributes": json.dumps({"n": n, "long": n > 5} | (
             {"late": n / 2} if n > 30 else {}))}
        for n in numbers
    ]  # fmt: skip
    variants = [
        {"variant_id": f"s/{n}#{kind}:1", "item_id": f"s/{n}", "perturbation": kind, "tier": 1}
        for n in numbers for kind in (*kinds, *(["swap"] if n % 3 == 0 else []))
    ] + [{"variant_id": f"s/{n}", "item_id": f"s/{n}", "tier": 0} for n in numbers]  # fmt: skip
    outcomes = [
        answer(one["variant_id"], float(len(one["variant_id"]) % 2 == n % 2))
        for n, one in enumerate(variants)
    ]
    add(workspace, model, "s", outcomes, items, variants, version=version)


@pytest.mark.slow
@pytest.mark.parametrize("steps", [
    [("b", 0, 20, ("blur",))],  # all is known
    [("b", 20, 29, ("blur",))],  # other items
    [("b", 15, 40, ("blur",)), ("c", 38, 50, ("typos", "blur"))],  # kinds, types, groups and sets
    [("b", 3, 4, ())],  # a model that was asked little
    [("a", 5, 9, ("blur",), 2), ("a", 8, 25, (), 3)],  # a known model, asked again
    [("b", 0, 20, ("blur",)), ("a", 19, 23, ("blur",), 2)],
    [("b", 0, 20, ("noise",))],  # known originals stand elsewhere
])  # fmt: skip
def test_an_index_that_grows_step_by_step_equals_one_built_from_nothing(tmp_path, steps):
    workspace = Workspace.create(tmp_path / "w")
    varied(workspace, "a", 0, 20, ("blur",))
    for step in steps:
        ensure(workspace)
        varied(workspace, *step)
    grown = ensure(workspace)
    tables, arrays, facts = tables_of(grown), arrays_of(grown), facts_of(grown)
    cells = query.cells(workspace, resolve(workspace, population="each"), ("perturbation", "tier"))
    report = item_sets(workspace, "s"), unmatched(workspace, "s")
    shutil.rmtree(workspace.index_folder)
    rebuilt = ensure(workspace)
    wanted = tables_of(rebuilt)
    assert tables.keys() == wanted.keys()
    assert facts == facts_of(rebuilt)
    for name in wanted.keys() - {"meta", "facts", "imported"}:  # these number the runs
        assert tables[name] == wanted[name], name
    for name, values in arrays_of(rebuilt).items():
        assert name in arrays
        if not values.dtype.names and not arrays[name].dtype.names:
            shared = arrays[name].shape[-1]
            np.testing.assert_array_equal(values[..., :shared], arrays[name])
    again = query.cells(workspace, resolve(workspace, population="each"), ("perturbation", "tier"))
    assert_frame_equal(again, cells)
    for one, other in zip(report, (item_sets(workspace, "s"), unmatched(workspace, "s"))):
        assert_frame_equal(one, other)


def test_variant_ordinals_stay_when_runs_are_added(workspace):
    before = arrays_of(ensure(workspace))
    fill(workspace, models={"delta": steady(0.7)}, n_items=20)
    after = arrays_of(ensure(workspace))
    for name, values in before.items():
        np.testing.assert_array_equal(after[name][: len(values)], values)


def test_a_new_perturbation_of_known_items_rebuilds_the_task(workspace):
    ensure(workspace)
    variants = [
        {
            "variant_id": "toy/0#blur:1",
            "item_id": "toy/0",
            "perturbation": "blur",
            "axis": "paired",
            "tier": 1,
        }
    ]
    add(workspace, "blurry", variants=variants, outcomes=[answer("toy/0#blur:1")])
    question = resolve(
        workspace, where='perturbation = "blur" and tier = 0', population="each", models=("alpha",)
    )
    table = query.cells(workspace, question)
    assert table["n_rows"].tolist() == [1]


def test_a_retired_run_leaves_the_index(workspace):
    ensure(workspace)
    run = next(run for run in workspace.runs() if run.model == "beta")
    workspace.retire(run.run_id)
    assert list(contents(workspace).models["model"]) == ["alpha", "gamma"]


def test_the_latest_run_of_a_model_counts_and_the_older_can_be_asked_for(workspace):
    old = next(run for run in workspace.runs() if run.model == "alpha")
    time.sleep(0.01)
    add(workspace, "alpha", outcomes=[answer("toy/0", 0.0)], version=2)
    known = contents(workspace)
    warning = next(one for one in known.warnings["toy"] if one.code == "several-runs")
    assert warning.n == 1
    where = 'item_id = "toy/0" and perturbation is null'
    newest = query.cells(workspace, resolve(workspace, models=("alpha",), where=where))
    assert (newest["n_rows"].item(), newest["total"].item()) == (1, 0.0)
    where += f' and run = "{old.run_id}"'
    older = query.cells(workspace, resolve(workspace, models=("alpha",), where=where))
    assert older["total"].item() == 1.0


def test_edited_items_are_counted_and_not_paired(tmp_path):
    workspace = Workspace.create(tmp_path / "w")
    for model, text in (("a", "one"), ("b", "two")):
        items = [
            {"item_id": "s/0", "content_hash": text},
            {"item_id": "s/1", "content_hash": "same"},
        ]
        add(workspace, model, outcomes=[answer("s/0"), answer("s/1", 0.0)], items=items)
    question = resolve(workspace)
    assert [(one.code, one.n) for one in question.warnings] == [("edited-items", 1)]
    pairs = query.pairs(workspace, question)
    assert (len(pairs.values), pairs.n_edited) == (1, 1)
    assert query.cells(workspace, question)["n"].tolist() == [1, 1]
    assert query.cells(workspace, replace(question, population="each"))["n"].tolist() == [2, 2]


def test_same_contents_under_two_ids_are_listed_and_not_joined(tmp_path):
    workspace = Workspace.create(tmp_path / "w")
    for model, item in (("a", "one/0"), ("b", "two/0")):
        items = [{"item_id": item, "item_set": item[:3], "content_hash": "same"}]
        add(workspace, model, outcomes=[answer(item)], items=items)
    question = resolve(workspace, models=("a", "b"))
    assert ("possible-matches", 1) in [(one.code, one.n) for one in question.warnings]
    assert len(query.pairs(workspace, question).values) == 0


def test_an_alias_joins_two_item_sets(tmp_path):
    workspace = Workspace.create(tmp_path / "w")
    for model, item in (("a", "one/0"), ("b", "two/0")):
        items = [{"item_id": item, "item_set": item[:3]}]
        add(workspace, model, outcomes=[answer(item)], items=items)
    ensure(workspace)
    workspace.set_config("item_sets", "aliases", {"two": "one"})
    pairs = query.pairs(workspace, resolve(workspace, models=("a", "b")))
    assert query.ids(workspace, "toy", pairs.variant)["item_id"].tolist() == ["one/0"]


def test_outcomes_without_items_or_variants_make_bare_ones(tmp_path):
    workspace = Workspace.create(tmp_path / "w")
    add(
        workspace, "a", outcomes=[answer("s/0"), answer("s/0#typos:2:7", 0.0), answer("s/1#2", 0.0)]
    )
    table = query.cells(workspace, resolve(workspace, models=("a",)), ("perturbation", "tier"))
    cells = list(zip(table["perturbation"], table["tier"], table["n"], strict=True))
    assert cells == [("typos", 0, 1), ("typos", 2, 1)]


def test_an_empty_workspace_has_contents_and_no_cells(tmp_path):
    workspace = Workspace.create(tmp_path / "w")
    assert contents(workspace).default_task is None
    question = resolve(workspace)
    assert len(query.cells(workspace, question, ("domain",))) == 0
    assert query.pairs(workspace, question).values.shape == (0, 0)


def test_old_generations_go_after_ten_minutes(workspace, monkeypatch):
    old = ensure(workspace)
    fill(workspace, models={"delta": steady(0.7)}, n_items=12)
    ensure(workspace)
    assert old.path.exists()
    past = time.time() - index.KEEP_SECONDS - 1
    os.utime(old.folder, (past, past))
    fill(workspace, models={"echo": steady(0.7)}, n_items=12)
    ensure(workspace)
    assert not old.path.exists()


def test_a_connection_reads_only_the_index(workspace):
    with reading(workspace) as engine:
        with pytest.raises(duckdb.Error):
            engine.con.execute("SELECT * FROM read_csv('/etc/hostname')")
        with pytest.raises(duckdb.Error):
            engine.con.execute("SET enable_external_access = true")
        with pytest.raises(duckdb.Error):
            engine.con.execute("DELETE FROM facts")


BUILD = """
import sys
from stresslab import Workspace
from stresslab.store import query
from stresslab.store.contents import resolve
workspace = Workspace.open(sys.argv[1])
print(query.cells(workspace, resolve(workspace, where=sys.argv[2]))["n"].tolist())
"""


@pytest.mark.slow
def test_processes_that_build_at_once_agree(workspace):
    command = [sys.executable, "-c", BUILD, str(workspace.path), "item.length > 12"]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    found = {process.communicate()[0] for process in started}
    assert len(found) == 1
    assert all(process.returncode == 0 for process in started)
    left = [one.name for one in workspace.index_folder.iterdir() if one.name.startswith(".")]
    assert left == []


def test_attributes_of_any_name_are_typed(tmp_path):
    workspace = Workspace.create(tmp_path / "w")
    add(workspace, "a", outcomes=[answer("s/0"), answer("s/1")])
    item = {"item_id": "s/0", "attributes": json.dumps({"a b": 1, 'q"': "x", "mixed": 1})}
    other = {"item_id": "s/1", "attributes": json.dumps({"mixed": "x", "null": None})}
    assert len(contents(workspace).attributes) == 0
    add(workspace, "b", outcomes=[answer("s/0")], items=[item, other])
    attributes = contents(workspace).attributes.set_index("name")["type"].to_dict()
    assert attributes == {"item.a b": "integer", 'item.q"': "text", "item.mixed": "text"}


def tell(workspace, model, *, known, version=1):
    """Add a run that knows items by their ids, or everything of them."""
    items = [
        {"item_id": f"s/{n}", "task": "toy"}
        | (
            {
                "domain": ("news", "nyt")[n % 2], "group_id": "g", "input": f"text {n}",
                "attributes": json.dumps({"length": n, model: 1}), "reference": '"yes"',
            }
            if known
            else {"attributes": json.dumps({"own": 7})}
        )
        for n in range(4)
    ]  # fmt: skip
    variants = [{"variant_id": f"s/{n}", "item_id": f"s/{n}", "tier": 0} for n in range(4)] + [
        {"variant_id": f"s/{n}#typos:1", "item_id": f"s/{n}", "perturbation": "typos", "tier": 1}
        | ({"strength": 0.5, "unit": "share", "input": f"txet {n}"} if known else {})
        for n in range(4)
    ]
    outcomes = [answer(one["variant_id"]) for one in variants]
    add(workspace, model, outcomes=outcomes, items=items, variants=variants, version=version)


@pytest.mark.parametrize("grow", [False, True], ids=["at once", "run by run"])
@pytest.mark.parametrize("order", [(False, True), (True, False)], ids=["bare first", "known first"])
def test_what_is_known_of_an_item_does_not_depend_on_who_came_first(tmp_path, order, grow):
    workspace = Workspace.create(tmp_path / "w")
    for model, known in zip("ab", order, strict=True):
        tell(workspace, model, known=known)
        if grow:
            ensure(workspace)
    question = resolve(workspace, where="item.length >= 2 and item.own = 7")
    cells = query.cells(workspace, question, by=("domain",))
    assert cells["domain"].tolist() == ["news", "nyt"] * 2
    assert query.cells(workspace, resolve(workspace))["n_clusters"].tolist() == [1, 1]
    strong = query.cells(workspace, resolve(workspace, where="strength = 0.5"))
    assert strong["n"].tolist() == [4, 4]
    view = rows.item(workspace, "toy", "s/1")
    assert (view.item["input"], view.item["reference"]) == ("text 1", "yes")
    assert view.variants["input"].tolist() == ["text 1", "txet 1"]


def test_an_edit_in_another_model_takes_no_pair_away(tmp_path):
    workspace = Workspace.create(tmp_path / "w")
    for model, text in (("a", "one"), ("b", "one"), ("c", "two")):
        items = [{"item_id": "s/0", "content_hash": text}]
        add(workspace, model, outcomes=[answer("s/0")], items=items)
        ensure(workspace)
    assert len(query.pairs(workspace, resolve(workspace, models=("a", "b"))).values) == 1
    assert len(query.pairs(workspace, resolve(workspace, models=("a", "c"))).values) == 0
    assert query.cells(workspace, resolve(workspace, models=("a", "b")))["n"].tolist() == [1, 1]


def test_an_index_that_does_not_fit_the_first_memory_is_built_in_more(tmp_path, monkeypatch):
    workspace = toy_workspace(tmp_path / "w")
    tried, fill = [], index._fill

    def filled(*args):
        tried.append(args[-1])
        return fill(*args)

    monkeypatch.setattr(index, "_fill", filled)
    monkeypatch.setattr(index, "MEMORY", ("1MB", "2GB"))
    with index.connect(index.ensure(workspace)) as con:
        assert con.execute("SELECT count(*) FROM facts").fetchone()[0] > 0
    assert tried == ["1MB", "2GB"]
