"""Geometry, distances and forecasts on a small workspace with one space per model."""

import numpy as np
import pandas as pd
import pytest

from stresslab import Workspace, geometry
from stresslab.analyses.geometry import _classes_left
from stresslab.analyses.space_shift import permuted
from stresslab.evidence import Evidence
from stresslab.jobs.keep import keep
from stresslab.store.kept import kept_result
from stresslab.studies._record import record

WIDTHS = {"one": 0.5, "two": 1.5}


@pytest.fixture(scope="module")
def spaced(tmp_path_factory):
    """Six models whose classes lie wide or narrow; wide ones score less on harder inputs."""
    workspace = Workspace.create(tmp_path_factory.mktemp("spaced") / "spaced")
    rng = np.random.default_rng(0)
    items = [f"i{n:03d}" for n in range(80)]
    labels = np.arange(80) % 2
    for place in range(6):
        rows = []
        for tier in (0, 1):
            right = rng.random(80) < (0.95 if tier == 0 else 0.95 - 0.12 * place)
            rows.append(
                pd.DataFrame(
                    {"item": items, "tier": tier, "perturbation": "noise" if tier else None,
                     "reference": labels.astype(str), "correct": right.astype(int),
                     "confidence": 0.9, "domain": "home"}
                )
            )  # fmt: skip
        record(
            workspace, pd.concat(rows), model=f"m{place}", task="toy",
            settings={"study": "space", "place": place},
            model_info={"family": "even" if place % 2 else "odd"},
        )  # fmt: skip
        ids = [f"toy/{one}" for one in items]
        ids += [f"{one}#noise:1" for one in ids]
        x = rng.normal(size=(160, 5)) * (0.3 + 0.3 * place)
        x[:80, 0] += 6 * labels
        x[80:, 0] += 3 * labels
        with workspace.add_space(
            f"s{place}", dimension=5, kind="features", layer="last", encoder="toy",
            settings={"model": f"m{place}", "task": "toy"},
        ) as space:  # fmt: skip
            space.write(ids, x)
    return workspace


def test_classes_that_draw_near_are_less_pure_and_more_than_shuffled_ones(spaced, ask):
    found = ask("geometry", spaced, space="s5", measures=("neighbourhood_purity", "linear_probe"))
    table = found.table.set_index(["marker", "tier"])
    assert table.loc[("purity", 0), "value"] > table.loc[("purity", 1), "value"]
    assert table.loc[("purity", 0), "low"] > table.loc[("purity", 0), "null_high"]
    moved = found.tables["changes"].set_index("marker")
    assert moved.loc["purity", "difference"] < 0
    assert moved.loc["purity", "low"] < moved.loc["purity", "difference"]


def test_a_space_is_measured_by_what_its_name_says_or_refused(spaced, ask):
    with pytest.raises(Exception, match="s0, s1"):
        ask("geometry", spaced, space="none")


def test_harder_inputs_lie_elsewhere_and_the_same_ones_do_not(spaced, ask):
    found = ask("space_shift", spaced, space="s0", measures=("mmd",), permutations=39)
    row = found.table.iloc[0]
    assert row["says"] == "shifted"
    assert row["value"] > row["null"]
    noise = ask("space_shift", spaced, space="s0", measures=("mmd",), permutations=39,
                where='perturbation = "none"')  # fmt: skip
    assert noise.table.empty


def test_permuted_sides_swap_within_items_and_keep_their_sizes():
    rng = np.random.default_rng(0)
    second, clusters = np.array([False] * 5 + [True] * 5), np.tile(np.arange(5), 2)
    drawn = permuted(second, clusters, rng)
    assert (drawn[:5] ^ drawn[5:]).all()
    apart = permuted(second, np.arange(10), rng)
    assert apart.sum() == 5


def test_width_forecasts_the_score_where_the_score_inside_does_not(spaced, ask):
    found = ask("forecast", spaced, measures=("pairwise",))
    table = found.table.set_index("marker")
    assert table.loc["mean_distance", "n_models"] == 6
    assert abs(table.loc["mean_distance", "pearson"]) > 0.8
    assert table.loc["mean_distance", "pairs"] > table.loc["score inside", "pairs"]
    assert set(found.tables["points"]["kind"]) == {
        "baseline", "outputs", "label-free estimate", "geometry",
    }  # fmt: skip


def test_few_models_are_dots_only(spaced, ask):
    found = ask("forecast", spaced, models=("m0", "m1"), measures=("pairwise",))
    assert found.table["pearson"].isna().all()
    assert "few-models" in {one.code for one in found.warnings}


def test_a_kept_result_is_found_and_not_computed_twice(spaced):
    from stresslab import analyses

    params = analyses.get("geometry").params(task="toy", space="s0", measures=("numerical_rank",))
    first = list(keep(spaced, "geometry", params))[-1]
    assert first.counts == {"results": 1}
    assert kept_result(spaced, "geometry", params) is not None
    assert list(keep(spaced, "geometry", params))[-1].counts == {"results": 0}


def test_a_count_has_no_interval_and_says_so(spaced, ask):
    found = ask("geometry", spaced, space="s0", measures=("numerical_rank",))
    assert (found.table["value"] == 5).all()
    assert found.table[["low", "high"]].isna().all(axis=None)
    assert found.tables["changes"]["p_value"].isna().all()
    assert "no-interval" in {one.code for one in found.warnings}


def test_few_models_say_how_many_more_are_needed(spaced, ask):
    found = ask("forecast", spaced, models=("m0", "m1"), measures=("pairwise",))
    assert "at least 6, 4 more" in found.tables["headlines"]["text"].iloc[0]


def test_classes_a_measure_leaves_out_are_counted():
    labels = np.array([0] * 10 + [1] * 10 + [2])
    evidence = Evidence(features=np.ones((21, 2)), labels=labels)
    piece = geometry.get("manifolds")
    used = piece.rows(evidence, np.random.default_rng(0))
    (said,) = _classes_left(piece, evidence, used)
    assert said.n == 1
    assert "1 of 3 classes" in said.message


def test_a_space_without_a_model_says_whose_home_it_took(tmp_path, ask):
    workspace = Workspace.create(tmp_path / "homes")
    items = [f"i{n:03d}" for n in range(60)]
    rows = pd.DataFrame({"item": items, "correct": 1, "domain": ["north", "south"] * 30})
    for place, home in enumerate(("north", "south")):
        record(workspace, rows, model=f"m{place}", task="toy", settings={"place": place})
        workspace.set_config("models", f"m{place}", {"in_domains": [home]})
    with workspace.add_space(
        "free", dimension=3, kind="features", layer="last", encoder="toy",
        settings={"task": "toy"},
    ) as space:  # fmt: skip
        space.write([f"toy/{one}" for one in items], np.random.default_rng(0).normal(size=(60, 3)))
    found = ask("space_shift", workspace, measures=("mmd",), permutations=19)
    (said,) = [one for one in found.warnings if one.code == "home-of"]
    assert "home is that of m0" in said.message
    named = ask("space_shift", workspace, measures=("mmd",), permutations=19, models=("m1",))
    assert "home-of" not in {one.code for one in named.warnings}
    assert set(named.table["to"]) == {"north"}
