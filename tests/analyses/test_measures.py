"""Measures that are not 0-1 scores of which more is better."""

import pytest

from stresslab import Workspace


@pytest.fixture(scope="module")
def lengths(tmp_path_factory):
    """Two models with a score in 0..100, three trials, and a loss of which less is better."""
    workspace = Workspace.create(tmp_path_factory.mktemp("lengths") / "w")
    measures = {
        "score": {"rate": False, "low": 0.0, "high": 100.0, "higher_is_better": True},
        "loss": {"rate": False, "low": None, "high": None, "higher_is_better": False},
    }
    for model, plus in (("long", 10.0), ("short", 0.0)):
        items = [
            {"item_id": f"s/{k}", "item_set": "s", "task": "t", "domain": "d"} for k in range(30)
        ]
        variants = [{"variant_id": f"s/{k}", "item_id": f"s/{k}", "tier": 0} for k in range(30)]
        outcomes, scores = [], []
        for k in range(30):
            for trial in range(3):
                key = {"variant_id": f"s/{k}", "trial": trial}
                score = 40 + plus + k % 7 + trial
                outcomes.append({**key, "status": "answered", "score": score})
                scores.append({**key, "measure": "loss", "value": plus / 10 + k % 5})
        with workspace.add_run(model=model, task="t", measures=measures) as run:
            for name, rows in zip(
                ("items", "variants", "outcomes", "scores"), (items, variants, outcomes, scores)
            ):
                run.write(name, rows)
    return workspace


def test_scores_to_a_hundred_keep_their_size(lengths, ask):
    found = ask("overview", lengths)
    assert found.table.set_index("model").loc["long", "value"] == pytest.approx(53.9, abs=0.1)
    assert "long leads across all tiers (53." in found.tables["headlines"]["text"].iloc[0] or (
        "long leads on clean inputs (53." in found.tables["headlines"]["text"].iloc[0]
    )


def test_a_loss_is_better_when_smaller(lengths, ask):
    row = ask("compare", lengths, metric="loss").tables["overall"].iloc[0]
    assert row["difference"] == pytest.approx(1.0)
    assert row["verdict"] == "worse"


def test_a_loss_is_not_ranked_by_the_headlines(lengths, ask):
    assert ask("overview", lengths, metric="loss").tables["headlines"]["code"].tolist() == [
        "no-ranking"
    ]


def test_without_bounds_nothing_is_called_equal_by_default(lengths, ask):
    assert ask("compare", lengths).params["margin"] is None


def test_who_is_right_is_not_counted_for_graded_scores(lengths, ask):
    found = ask("compare", lengths)
    assert found.tables["agreement"].empty
    assert "no-agreement" in {warning.code for warning in found.warnings}


def test_trials_of_an_item_are_one_cluster(lengths, ask):
    row = ask("compare", lengths).tables["overall"].iloc[0]
    assert (row["n_pairs"], row["n_clusters"]) == (30, 30)
