"""Pairs are the same variants of several models, whatever the order of rows."""

from dataclasses import replace

import numpy as np
import pytest

from stresslab.errors import ParamError
from stresslab.store import query
from stresslab.store.contents import resolve
from stresslab.store.overlap import Overlap, overlap
from tests.factory import toy_workspace
from tests.store import small
from tests.store.test_query import CONDITIONS


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return small.build(tmp_path_factory.mktemp("pairs") / "w")


def expected(task, question, by):
    """Return ``{(variant, perturbation seen): {model: mean}}`` row by row."""
    found: dict = {}
    for row in task.slice(question.models, question.where, by):
        if row["score"] is not None:
            key = (row["variant_id"], row["perturbation"] or "")
            found.setdefault(key, {}).setdefault(row["model"], []).append(row["score"])
    if question.population == "common":
        found = {key: one for key, one in found.items() if len(one) == len(question.models)}
    return {key: {model: np.mean(v) for model, v in one.items()} for key, one in found.items()}


@pytest.mark.parametrize("task", ["trials", "single"])
@pytest.mark.parametrize("by", [(), ("domain",), ("perturbation", "tier")])
@pytest.mark.parametrize(
    "condition", ["all", "one perturbation", "attribute", "confident", "mixed"]
)
@pytest.mark.parametrize("population", ["common", "each"])
def test_pairs_hold_the_mean_over_trials_of_every_model(workspace, task, by, condition, population):
    ws, tasks = workspace
    question = resolve(ws, task=task, models=small.MODELS, population=population)
    question = replace(question, where=CONDITIONS[condition])
    pairs = query.pairs(ws, question, by)
    names = query.ids(ws, task, pairs.variant)["variant_id"]
    seen = ["" if one < 0 else pairs.perturbation_names[one] for one in pairs.perturbation]
    wanted = expected(tasks[task], question, by)
    assert set(zip(names, seen)) == set(wanted)
    for name, under, row in zip(names, seen, pairs.values, strict=True):
        for model, value in zip(pairs.models, row, strict=True):
            assert wanted[name, under].get(model, np.nan) == pytest.approx(
                value, nan_ok=True, abs=1e-12
            )


def test_groups_hold_the_columns_of_by_in_order(workspace):
    ws, _ = workspace
    pairs = query.pairs(ws, resolve(ws, task="whole", models=small.MODELS), ("domain", "tier"))
    assert list(pairs.groups.columns) == ["domain", "tier"]
    assert pairs.group.max() == len(pairs.groups) - 1
    assert (pairs.groups["tier"].to_numpy()[pairs.group] == pairs.tier).all()


def test_the_order_of_rows_does_not_change_a_pair(tmp_path):
    plain = toy_workspace(tmp_path / "a", errs={"beta": 0.2})
    shuffled = toy_workspace(
        tmp_path / "b", errs={"beta": 0.2},
        order=lambda rows: [rows[i] for i in np.random.default_rng(1).permutation(len(rows))],
    )  # fmt: skip
    found = []
    for ws in (plain, shuffled):
        pairs = query.pairs(ws, resolve(ws, models=("alpha", "beta")))
        names = query.ids(ws, "toy", pairs.variant)["variant_id"]
        found.append(dict(zip(names, map(tuple, pairs.values), strict=True)))
    assert found[0] == found[1]


def test_unmatched_variants_are_counted_per_model(tmp_path):
    ws = toy_workspace(tmp_path / "w", n_items=10, part_of={"gamma": 0.5})
    pairs = query.pairs(ws, resolve(ws, models=("alpha", "gamma")))
    assert pairs.unmatched == {"alpha": 35, "gamma": 0}
    assert len(pairs.values) == 35


def test_bits_count_who_is_right_where(tmp_path):
    ws = toy_workspace(tmp_path / "w", errs={"beta": 0.2})
    question = resolve(ws, models=("alpha", "beta"))
    a, b = query.pairs(ws, question).values.T == 1
    counts = Overlap(
        int((a & b).sum()), int((a & ~b).sum()), int((b & ~a).sum()), int((~a & ~b).sum())
    )
    assert overlap(ws, question, "alpha", "beta") == counts


def test_pairing_by_what_differs_between_models_is_refused(workspace):
    ws, _ = workspace
    with pytest.raises(ParamError, match="status differs between models"):
        query.pairs(ws, resolve(ws, task="whole"), ("status",))
