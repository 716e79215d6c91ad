"""Failures together and alone: counted by hand with pandas, and known answers."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest

from tests.factory import steady


@pytest.fixture(scope="module")
def found(toy):
    from stresslab import analyses

    piece = analyses.get("overlap")
    return piece.run(toy, piece.params(patterns=100))


@pytest.fixture(scope="module")
def wide(toy):
    """Right or wrong by variant and model, from the runs themselves."""
    rows = []
    for run in toy.runs():
        table = pd.read_parquet(toy.path / "runs" / run.run_id / "outcomes.parquet")
        rows.append(table.assign(model=run.model)[["variant_id", "model", "score"]])
    return pd.concat(rows).pivot(index="variant_id", columns="model", values="score")


def test_every_set_of_failing_models_is_counted(found, wide):
    table = found.table
    names = list(wide.columns)
    counted = wide.apply(lambda row: tuple(m for m in names if row[m] < 0.5), axis=1).value_counts()
    mine = {tuple(sorted(json.loads(m))): n for m, n in zip(table["models"], table["count"])}
    assert mine == {tuple(sorted(key)): n for key, n in counted.items()}
    assert table["value"].sum() == pytest.approx(1)
    assert table["by_chance"].sum() == pytest.approx(1)


def test_kappa_is_the_definition(found, wide):
    table = found.tables["consistency"].set_index(["model_a", "model_b"])
    for a, b in itertools.combinations(["alpha", "beta", "gamma"], 2):
        observed = (wide[a] == wide[b]).mean()
        p, q = wide[a].mean(), wide[b].mean()
        expected = p * q + (1 - p) * (1 - q)
        row = table.loc[(a, b)]
        assert row["value"] == pytest.approx((observed - expected) / (1 - expected))
        assert row["both_wrong"] == ((wide[a] == 0) & (wide[b] == 0)).sum()


def test_the_pair_counts_of_packed_bits_agree(found, toy):
    from stresslab.store.contents import resolve
    from stresslab.store.overlap import overlap

    for row in found.tables["consistency"].to_dict("records"):
        bits = overlap(toy, resolve(toy), row["model_a"], row["model_b"])
        assert (bits.both, bits.only_a, bits.only_b, bits.neither) == tuple(
            row[name] for name in ("both_right", "only_a", "only_b", "both_wrong")
        )


def test_the_oracle_is_right_where_any_model_is(found, wide):
    table = found.tables["oracle"]
    assert table["value"].iloc[0] == pytest.approx(wide.mean().max())
    assert table["value"].iloc[-1] == pytest.approx(wide.max(axis=1).mean())
    assert table["gain"].to_numpy() == pytest.approx(table["value"] - table["value"].iloc[0])
    assert (np.diff(table["value"]) >= 0).all()


def test_alone_and_shared_are_counted(found, wide):
    wrong = 1 - wide
    alone = found.tables["alone"].set_index(["model", "which"])["count"]
    for model in wide.columns:
        others = wrong.drop(columns=model).sum(axis=1)
        assert alone[model, "fails alone"] == ((wrong[model] == 1) & (others == 0)).sum()
        assert alone[model, "right alone"] == ((wide[model] == 1) & (others == 2)).sum()
    shared = found.tables["shared"].set_index("which")["count"]
    assert shared["all fail"] == (wrong.sum(axis=1) == 3).sum()


def test_a_set_leads_to_its_own_rows(found, toy, ask, wide):
    for row in found.table.to_dict("records"):
        items = ask("items", toy, where=row["where"], limit=500)
        assert len(items.table) == row["count"] > 0
        failing = wide.loc[items.table["variant_id"]] < 0.5
        failed = json.loads(row["models"])
        assert failing[failed].all(axis=None)
        assert not failing.drop(columns=failed).any(axis=None)


def test_cells_follow_the_conditions_of_the_paper(found):
    cells = found.tables["by_cell"]
    tiers = set(zip(cells["perturbation"], cells["tier"]))
    assert tiers == {(name, tier) for name in ("noise", "swap") for tier in range(4)}


def test_models_that_never_err_have_no_consistency_and_nothing_to_gain(make, ask):
    one = make(models={"a": steady(1.0), "b": steady(1.0)}, n_items=20, perturbations={})
    result = ask("overlap", one)
    assert np.isnan(result.tables["consistency"]["value"]).all()
    assert result.tables["oracle"]["gain"].tolist() == [0, 0]
    assert "No row is failed by both" in result.tables["headlines"]["text"].iloc[0]


def test_one_model_is_said(toy, ask):
    result = ask("overlap", toy, models=("alpha",))
    assert "one-model" in {one.code for one in result.warnings}


def test_more_than_sixteen_models_give_the_same_sets():
    from types import SimpleNamespace

    from stresslab.analyses._overlap_patterns import oracle, patterns

    values = (np.random.default_rng(0).random((50, 20)) > 0.3).astype(float)
    code = np.arange(50)
    many = patterns(SimpleNamespace(
        models=tuple(f"m{i}" for i in range(20)), values=values, variant=code, cluster=code
    ))  # fmt: skip
    assert (many.failed[many.code] == (values == 0)).all()
    assert many.n.sum() == 50
    assert (oracle(many)[-1][1][many.code] == (values.max(axis=1) == 1)).all()
