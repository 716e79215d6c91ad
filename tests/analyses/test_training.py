import pandas as pd
import pytest

from stresslab.analyses._training import in_training, marked


@pytest.fixture
def told(make):
    """Alpha names its domains; the other models have what is said of the domain."""
    workspace = make(n_items=40)
    workspace.set_config("models", "alpha", {"in_domains": ["north"]})
    workspace.set_config("domains", "north", {"default": "out"})
    return workspace


def test_a_model_s_list_wins_over_the_default_of_a_domain(told):
    assert in_training(told, "alpha", "north") == "in"
    assert in_training(told, "alpha", "south") == "out"
    assert in_training(told, "beta", "north") == "out"
    assert in_training(told, "beta", "south") is None


def test_an_empty_list_means_that_every_domain_is_new(told):
    told.set_config("models", "gamma", {"in_domains": []})
    assert in_training(told, "gamma", "north") == "out"


@pytest.mark.parametrize("value", ["north", 3, None])
def test_one_name_is_a_list_of_one_and_nonsense_is_unknown(told, value):
    told.set_config("domains", "east", {"default": value} if value else {})
    told.set_config("models", "beta", {"in_domains": "east"})
    assert in_training(told, "beta", "east") == "in"
    assert in_training(told, "gamma", "east") is None


def test_views_by_domain_say_it_beside_every_domain(told, ask):
    table = ask("compare", told, models=("alpha", "beta")).table.set_index("domain")
    assert table.loc["north", ["in_training_a", "in_training_b"]].tolist() == ["in", "out"]
    assert table.loc["south", "in_training_a"] == "out"
    assert pd.isna(table.loc["south", "in_training_b"])
    curves = ask("tier_curve", told, by=("domain",))
    for name in ("tier_curve", "summary"):
        north = curves.tables[name].query("domain == 'north'")
        assert set(north.loc[north["model"] == "alpha", "in_training"]) == {"in"}
        assert set(north.loc[north["model"] == "beta", "in_training"]) == {"out"}
    coverage = ask("inventory", told).tables["coverage"]
    rows = (coverage["model"] == "alpha") & (coverage["domain"] == "south")
    assert set(coverage.loc[rows, "in_training"]) == {"out"}


def test_other_views_have_no_such_column(told, ask):
    assert "in_training_a" not in ask("compare", told, by=("perturbation",)).table
    assert "in_training" not in ask("tier_curve", told).table


def test_the_widest_domain_gap_says_which_side_was_trained_on(tmp_path, ask):
    from tests.factory import toy_workspace

    models = {"alpha": lambda perturbation, tier, domain: 0.95 if domain == "north" else 0.4}
    workspace = toy_workspace(tmp_path / "w", models=models, n_items=200)
    workspace.set_config("models", "alpha", {"in_domains": ["north"]})
    table = ask("overview", workspace).tables["headlines"].set_index("code")
    text = table.loc["domain-gap", "text"]
    assert "for north (in training) and at" in text
    assert "for south (not in training)" in text


def test_a_table_without_rows_has_the_column_too(told):
    empty = pd.DataFrame({"model": pd.Series(dtype="str"), "domain": pd.Series(dtype="str")})
    assert list(marked(empty, told).columns) == ["model", "domain", "in_training"]
