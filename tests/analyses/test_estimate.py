"""Estimates without labels on a workspace: parity with the pieces, truth, advice, poisoned labels."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stresslab import Workspace, analyses, estimators
from stresslab.analyses import _estimates_quality as worth
from stresslab.analyses.estimate import chosen, is_slow
from stresslab.evidence import Evidence
from stresslab.studies._record import record

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"
PIECE = analyses.get("estimate")
DOMAINS = ("home", "north", "south", "west")


def rows(seed, shift, domains=DOMAINS, n=150):
    """Return calibrated binary answers, less sure away from home by `shift` per domain."""
    rng, made = np.random.default_rng(seed), []
    for place, domain in enumerate(domains):
        items = np.random.default_rng(place)
        truth = items.integers(0, 2, n)
        for tier in range(3):
            sure = 0.5 + 0.5 * rng.beta(5 / (1 + shift * (place + tier)), 1.5, n)
            right = rng.random(n) < sure
            for item in range(n):
                said = truth[item] if right[item] else 1 - truth[item]
                made.append(
                    {
                        "item": f"{domain}{item}", "domain": domain, "tier": tier,
                        "perturbation": "noise" if tier else None, "reference": str(truth[item]),
                        "answer": str(said), "correct": int(right[item]), "confidence": sure[item],
                        "probs": [sure[item], 1 - sure[item]][:: 1 if said == 0 else -1],
                    }
                )  # fmt: skip
    return pd.DataFrame(made)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Return a workspace of three calibrated models, two of one family."""
    workspace = Workspace.create(tmp_path_factory.mktemp("estimates") / "w")
    for seed, model in enumerate(("one", "two", "three")):
        record(workspace, rows(seed, 0.6 + 0.2 * seed), model=model, task="t",
               settings={"study": model})  # fmt: skip
        workspace.set_config("models", model, {"in_domains": ["home"], "family": model[0]})
    return workspace


@pytest.fixture(scope="module")
def found(told):
    return PIECE.run(told, PIECE.params())


def one(table, **where):
    for name, value in where.items():
        table = table[table[name].isna() if value is None else table[name] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_every_cell_but_the_labelled_one_is_estimated_once(found):
    cells = found.table.groupby(["model", "estimator"]).size()
    assert set(cells) == {len(DOMAINS) * 3 - 1}
    mine = found.table[["domain", "perturbation", "tier"]].drop_duplicates()
    assert not ((mine["domain"] == "home") & (mine["tier"] == 0)).any()


def test_estimates_are_those_of_the_pieces_and_the_truth_is_the_mean(found):
    data = rows(0, 0.6)

    def side(part):
        return Evidence(
            probs=np.array(part["probs"].tolist()), correct=part["correct"].to_numpy(float)
        )

    source = side(data[(data["domain"] == "home") & (data["tier"] == 0)])
    cell = data[(data["domain"] == "west") & (data["tier"] == 2)]
    for name in ("average_confidence", "difference_of_confidences", "atc_confidence"):
        row = one(found.table, model="one", estimator=name, domain="west", tier=2)
        expected = estimators.get(name).estimate(source, side(cell), rng=None)
        assert row["value"] == pytest.approx(expected, abs=1e-6)  # probabilities are float32
        assert row["true"] == pytest.approx(cell["correct"].mean())
        assert row["error"] == pytest.approx(row["value"] - row["true"])
        assert row["low"] < row["value"] < row["high"]
        assert row["error_low"] < row["error"] < row["error_high"]
        assert row["n"] == row["n_clusters"] == 150


def test_an_interval_of_a_mean_is_as_wide_as_the_closed_form(found):
    data = rows(0, 0.6)
    cell = data[(data["domain"] == "west") & (data["tier"] == 2)]["confidence"]
    row = one(found.table, model="one", estimator="average_confidence", domain="west", tier=2)
    expected = 2 * 1.96 * cell.std() / np.sqrt(len(cell))
    assert row["high"] - row["low"] == pytest.approx(expected, rel=0.2)


def test_calibrated_models_are_estimated_well_and_nothing_changes_is_optimistic(found):
    table = found.tables["quality"].set_index(["model", "estimator"])
    for model in ("one", "two", "three"):
        mine = table.loc[model]
        assert mine.loc["average_confidence", "mae"] < 0.04
        assert mine.loc["unchanged", "bias"] > 0.05
        assert mine.loc["atc_confidence", "verdict"] == "pessimistic"  # study 29: though calibrated
        assert mine.loc["atc_confidence", "bias_high"] < 0
    assert table.loc[("three", "average_confidence"), "verdict"] == "tracks the error"
    assert table.loc[("three", "average_confidence"), "rank"] > 0.8
    row = one(found.tables["comparisons"], model="three", estimator_b="unchanged")
    assert row["difference"] < row["high"] < 0


def test_the_advice_is_tested_on_the_domain_left_out(found):
    advice = one(found.tables["advice"], model="three")
    assert advice["verdict"] == "use it here"
    assert advice["bound"] < advice["floor"]
    runs = found.tables["left_out"]
    runs = runs[runs["model"] == "three"]
    assert sorted(runs["left_out"]) == sorted(DOMAINS)
    assert advice["n_held"] == advice["n_domains"] == 4
    errors = found.table[found.table["model"] == "three"]
    for row in runs.to_dict("records"):
        mine = errors[errors["estimator"] == row["estimator"]].assign(
            size=lambda part: part["error"].abs()
        )
        assert row["bound"] == mine[mine["domain"] != row["left_out"]]["size"].max()
        assert row["worst"] == mine[mine["domain"] == row["left_out"]]["size"].max()


def test_two_domains_are_too_few_to_tell(told):
    found = PIECE.run(told, PIECE.params(where='domain in ("home", "north")'))
    assert set(found.tables["advice"]["verdict"]) == {"cannot tell"}
    assert found.tables["left_out"].empty
    assert "cannot be told" in found.tables["headlines"]["text"].iloc[0]


def test_labels_of_the_target_move_the_truth_and_no_estimate(tmp_path, found):
    poisoned = rows(0, 0.6)
    outside = ~((poisoned["domain"] == "home") & (poisoned["tier"] == 0))
    poisoned.loc[outside, "correct"] = 1 - poisoned.loc[outside, "correct"]
    workspace = Workspace.create(tmp_path / "w")
    for seed, model in enumerate(("one", "two", "three")):
        mine = poisoned if model == "one" else rows(seed, 0.6 + 0.2 * seed)
        record(workspace, mine, model=model, task="t", settings={"study": model})
        workspace.set_config("models", model, {"in_domains": ["home"], "family": model[0]})
    again = PIECE.run(workspace, PIECE.params())
    keys = ["model", "estimator", "domain", "perturbation", "tier"]
    both = found.table.merge(again.table, on=keys)
    assert len(both) == len(found.table)
    np.testing.assert_array_equal(both["value_x"], both["value_y"])
    assert (both["true_x"] != both["true_y"])[both["model"] == "one"].all()


def test_a_model_without_a_labelled_side_keeps_the_estimators_that_need_none(told):
    found = PIECE.run(told, PIECE.params(in_where='domain = "nowhere"'))
    assert set(found.table["estimator"]) == {"average_confidence", "disagreement"}
    assert "no-labelled-side" in {one.code for one in found.warnings}


def test_confidence_alone_is_enough_and_it_is_said_what_is_left_out(tmp_path):
    workspace = Workspace.create(tmp_path / "w")
    data = rows(0, 0.6).drop(columns=["probs"])
    record(workspace, data, model="one", task="t", settings={"study": "one"})
    found = PIECE.run(workspace, PIECE.params(in_domains=("home",)))
    assert {"average_confidence", "atc_confidence"} <= set(found.table["estimator"])
    assert "atc_entropy" not in set(found.table["estimator"])
    assert any("needs probs" in one.message for one in found.warnings)


def test_without_the_truth_estimates_stand_alone(tmp_path):
    workspace = Workspace.create(tmp_path / "w")
    data = rows(0, 0.6)
    data["correct"] = data["correct"].astype(float)
    data.loc[data["domain"] != "home", "correct"] = np.nan
    data = data[(data["domain"] != "home") | (data["tier"] == 0)]
    data["status"] = np.where(data["correct"].isna(), "unscored", "answered")
    data["score"] = data["correct"]
    record(workspace, data, model="one", task="t", settings={"study": "one"})
    found = PIECE.run(workspace, PIECE.params(in_domains=("home",)))
    assert found.table["value"].notna().all()
    assert found.table["true"].isna().all()
    assert found.tables["advice"].empty
    assert "without a check" in found.tables["headlines"]["text"].iloc[0]


def test_an_estimator_that_goes_against_the_truth_is_warned_of():
    n = 8
    true = np.repeat(np.linspace(0.3, 0.9, n), 2)
    table = pd.DataFrame(
        {
            "model": "m", "estimator": "e", "title": "e", "domain": np.repeat(list("abcdefgh"), 2),
            "perturbation": None, "tier": np.tile([0, 1], n), "value": 1.2 - true, "true": true,
            "error": 1.2 - 2 * true, "is_score": False,
        }
    )  # fmt: skip
    found = worth.quality(table, level=0.95, margin=0.02, correction="holm", seed=0).iloc[0]
    assert found["rank"] == pytest.approx(-1)
    assert found["reversed"]
    assert found["verdict"] == "uninformative here"


def test_quick_estimators_by_default_and_those_of_features_with_a_space():
    quick = chosen(PIECE.params())
    assert not is_slow(PIECE.params())
    assert "neighbours" not in quick
    assert {"neighbours", "importance", "transport"} <= set(chosen(PIECE.params(space="s")))
    assert "lebed" not in chosen(PIECE.params(space="s"))
    assert chosen(PIECE.params(estimators=("lebed",))) == ["lebed"]


def test_estimates_that_read_vectors_on_the_demo():
    settings = {
        "task": "sentiment", "space": "minilm", "models": ("tfidf-word", "vader"),
        "where": "tier in (0, 5)", "estimators": ("neighbours", "importance", "transport"),
    }  # fmt: skip
    found = PIECE.run(Workspace.open(DEMO), PIECE.params(**settings))
    made = found.table.groupby(["model", "estimator"])["value"]
    assert made.apply(lambda part: part.notna().all()).all()
    assert set(found.table["estimator"]) == {"neighbours", "importance", "transport"}
    far = found.table[(found.table["tier"] == 5) & (found.table["model"] == "tfidf-word")]
    near = far["estimator"] != "importance"  # movies and the rest hardly overlap
    assert far[near]["value"].between(0.5, 0.8).all()
    assert far[~near]["value"].gt(far[~near]["true"]).all()
    assert "no-interval" in {one.code for one in found.warnings}


def test_slow_estimates_are_kept_by_a_job(told):
    from stresslab.jobs.estimate import estimate
    from stresslab.store.kept import kept_result

    settings = {"estimators": "transport"}
    *_, done = estimate(told, settings)
    assert done.counts["estimates"] > 0
    kept = kept_result(told, "estimate", PIECE.params.parse(settings))
    assert kept == PIECE.run(told, PIECE.params.parse(settings))
    *_, again = estimate(told, settings)
    assert again.counts["estimates"] == 0
    json.loads(kept.to_json())
