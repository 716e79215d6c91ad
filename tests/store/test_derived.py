"""Derived values: sealed, stale when an input changes, columns of conditions and of `by`."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stresslab import analyses
from stresslab.analyses._ask import ask
from stresslab.analyses._found_columns import columns
from stresslab.errors import (
    ConditionError,
    ParamError,
    ShapeError,
    UnknownColumnError,
    WorkspaceError,
)
from stresslab.predicate import to_text
from stresslab.store import index, query
from stresslab.store.contents import resolve
from stresslab.store.derived import inputs_of, read_derived, seal_derived
from stresslab.store.kept import keep_result, kept_result
from stresslab.store.pairs import ids, pairs
from tests.factory import fill, toy_workspace

POLYGON = [(-1.0, -0.8), (0.9, -1.1), (0.1, 0.0), (1.2, 0.9), (-0.7, 1.3), (-0.2, 0.1)]


@pytest.fixture
def workspace(tmp_path):
    made = toy_workspace(tmp_path / "w")
    with made.add_space("one", encoder="test", dimension=2, kind="features") as space:
        space.write(["toy/0", "toy/1"], np.eye(2))
    return made


@pytest.fixture
def mapped(workspace):
    seal_map(workspace)
    return workspace


def every_id(workspace):
    found = pairs(workspace, resolve(workspace))
    return ids(workspace, "toy", found.variant)["variant_id"].tolist()


def seal_map(workspace, derived_id="one.umap", **changes):
    named = every_id(workspace)
    points = np.random.default_rng(4).normal(size=(len(named), 2))
    table = pd.DataFrame({"variant_id": named, "x": points[:, 0], "y": points[:, 1]})
    return seal(workspace, derived_id, "projection", table, **changes)


def seal(workspace, derived_id, kind, table, **changes):
    settings = {
        "recipe": {"space": "one"},
        "seed": 1,
        "inputs": inputs_of(workspace, spaces=["one"]),
    }
    return seal_derived(workspace, derived_id, kind=kind, table=table, **settings | changes)


def crosses(point, polygon):
    """Whether a point is inside, by the angle the polygon winds around it."""
    corners = np.array(polygon) - point
    angles = np.arctan2(corners[:, 1], corners[:, 0])
    turns = np.diff(np.append(angles, angles[0]))
    turns = (turns + np.pi) % (2 * np.pi) - np.pi
    return abs(turns.sum()) > np.pi


def within_text(name="derived.one.umap", polygon=POLYGON):
    return f"within({name}, [{', '.join(f'[{x}, {y}]' for x, y in polygon)}])"


@pytest.mark.parametrize("where", [within_text(), within_text("derived.umap")])
def test_within_equals_winding_around_every_point(mapped, where):
    table = read_derived(mapped.derived()[0])
    inside = {
        row["variant_id"]
        for row in table.to_dict("records")
        if crosses([row["x"], row["y"]], POLYGON)
    }
    found = pairs(mapped, resolve(mapped, where=where))
    assert 20 < len(inside) < len(table) - 20
    assert set(ids(mapped, "toy", found.variant)["variant_id"]) == inside


def test_within_of_200_corners_and_the_same_rows_in_tables_and_arrays(mapped):
    turn = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    circle = list(zip(np.cos(turn).tolist(), np.sin(turn).tolist(), strict=True))
    table = read_derived(mapped.derived()[0])
    where = within_text(polygon=circle)
    n = len(pairs(mapped, resolve(mapped, where=where)).variant)
    assert n == (np.hypot(table["x"], table["y"]) < np.cos(np.pi / 200)).sum()
    slow = pairs(mapped, resolve(mapped, where=f'{where} and input contains "sentence"'))
    assert len(slow.variant) == n


def test_clusters_group_and_scores_compare(workspace):
    named = every_id(workspace)
    values = np.arange(len(named)) % 3 - 1
    seal(workspace, "one.hdbscan", "clusters", pd.DataFrame({"variant_id": named, "value": values}))
    score = pd.DataFrame({"variant_id": named[:50], "value": np.arange(50.0)})
    seal(workspace, "one.far", "score", score)
    table = query.cells(workspace, resolve(workspace, models=("alpha",)), by=("derived.hdbscan",))
    assert table["derived.hdbscan"].tolist() == [-1, 0, 1]
    assert table["n_rows"].sum() == len(named)
    some = resolve(workspace, models=("alpha",), where="derived.far >= 40 and derived.hdbscan = 1")
    assert query.cells(workspace, some)["n_rows"].tolist() == [sum(values[40:50] == 1)]
    assert [one.code for one in some.warnings] == ["unknown-in-condition"]


def test_a_search_for_slices_takes_each_cluster_by_itself(workspace):
    named = every_id(workspace)
    values = np.arange(len(named)) % 9 - 1
    seal(workspace, "one.hdbscan", "clusters", pd.DataFrame({"variant_id": named, "value": values}))
    seal_map(workspace)
    asked = ask(workspace, analyses.get("find_slices").params())
    variants = pairs(workspace, asked.question).variant
    found, _ = columns(asked, variants, (), "low")
    [mine] = [one for one in found if one.name.startswith("derived")]
    assert [to_text(one) for one in mine.conditions] == [
        f"derived.one.hdbscan = {number}" for number in range(8)
    ]
    assert (mine.codes == values).all()


def test_a_new_derived_value_copies_the_index_and_adds_a_table(mapped, monkeypatch):
    from stresslab.store import build

    first = index.ensure(mapped)
    monkeypatch.setattr(build, "add_tasks", None)  # nothing is built anew
    monkeypatch.setattr(build, "add_models", None)
    seal_map(mapped, "one.pca")
    second = index.ensure(mapped)
    assert second.folder != first.folder
    assert len(pairs(mapped, resolve(mapped, where=within_text("derived.pca"))).variant) > 20


def test_a_kept_result_and_a_new_space_leave_the_index_alone(mapped):
    first = index.ensure(mapped)
    overview = analyses.get("overview")
    version = mapped.data_version
    result = overview.run(mapped, overview.params())
    keep_result(mapped, "overview.kept", result, asked=overview.params())
    assert mapped.data_version != version
    assert index.ensure(mapped) == first
    again = kept_result(mapped, "overview", overview.params())
    assert again.to_dict()["tables"] == result.to_dict()["tables"]
    assert again.data_version == mapped.data_version
    assert kept_result(mapped, "overview", overview.params(level=0.9)) is None
    fill(mapped, models={"delta": lambda *_: 0.5})
    assert kept_result(mapped, "overview", overview.params()) is None


def test_values_of_new_variants_are_there_after_a_run_is_added(mapped):
    seal(
        mapped, "one.far", "score",
        pd.DataFrame({"variant_id": ["toy/60", "toy/1"], "value": [7.0, 8.0]}),
    )  # fmt: skip
    question = resolve(mapped, where="derived.far > 0")
    assert len(pairs(mapped, question).variant) == 1
    fill(mapped, models={"delta": lambda *_: 0.5}, n_items=70)
    question = resolve(mapped, models=("delta",), where="derived.far > 0")
    assert len(pairs(mapped, question).variant) == 2


def test_a_value_is_stale_once_its_space_is_another(mapped):
    assert not mapped.derived()[0].is_stale
    shutil.rmtree(mapped.path / "spaces" / "one")
    with mapped.add_space("one", encoder="other", dimension=2, kind="features") as space:
        space.write(["toy/0", "toy/1"], np.eye(2))
    [stale] = mapped.derived()
    assert stale.changed == ("space:one",)
    warned = resolve(mapped, where="derived.umap.x > 0").warnings
    assert [one.code for one in warned] == ["stale-derived"]
    assert mapped.info()["derived"] == [
        {"derived_id": "one.umap", "kind": "projection", "stale": True}
    ]


def test_a_damaged_value_is_named_by_verify_and_not_indexed(mapped):
    path = Path(mapped.derived()[0].path) / "values.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    [problem] = mapped.verify()
    assert "values.parquet" in str(problem.path)
    shutil.rmtree(mapped.path / ".index")
    with pytest.raises(UnknownColumnError, match="nothing was derived"):
        resolve(mapped, where="derived.umap.x > 0")


def test_what_is_wrong_is_said(mapped):
    seal_map(mapped, "two.umap")
    with pytest.raises(UnknownColumnError, match=r"could be any of .*two\.umap"):
        resolve(mapped, where="derived.umap.x > 0 and " + within_text("derived.umap"))
    with pytest.raises(UnknownColumnError, match=r"derived\.one\.umap"):
        resolve(mapped, where="derived.one.umpa.x > 0")
    with pytest.raises(ConditionError, match="is a point"):
        query.cells(mapped, resolve(mapped, where="derived.one.umap > 1"))
    with pytest.raises(ConditionError, match="two coordinates"):
        query.cells(mapped, resolve(mapped, where=within_text("derived.one.umap.x")))
    with pytest.raises(ParamError, match="no points"):
        query.cells(mapped, resolve(mapped), by=("derived.one.umap",))
    table = pd.DataFrame({"variant_id": ["a", "a"], "value": [1, 2]})
    with pytest.raises(ShapeError, match="'a' comes twice"):
        seal(mapped, "one.c", "clusters", table)
    with pytest.raises(WorkspaceError, match="columns variant_id, x, y"):
        seal(mapped, "one.c", "projection", table)
    with pytest.raises(WorkspaceError, match=r"no space 'no'. There are: one"):
        inputs_of(mapped, spaces=["no"])


def test_values_by_run_say_something_of_one_model_only(workspace):
    run = next(one for one in workspace.runs() if one.model == "beta")
    table = pd.DataFrame({"variant_id": ["toy/3"], "run_id": [run.run_id], "value": [2.5]})
    seal(workspace, "one.odd", "score", table)
    for where in ("derived.odd > 2", 'derived.odd > 2 and input contains "sentence"'):
        question = resolve(workspace, models=("alpha", "beta"), where=where, population="each")
        table = query.cells(workspace, question)
        assert table[["model", "n_rows"]].to_numpy().tolist() == [["beta", 1]]
