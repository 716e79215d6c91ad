"""What every analysis says about data that do not allow an answer: a sentence, never a zero."""

import json
import re
import time

import numpy as np
import pytest

from stresslab import Workspace, analyses
from stresslab.errors import RowError, StresslabError
from tests.factory import Toy, fill, steady, toy_workspace

NORTH, NOISE = ("north",), {"noise": 2}


def _apart(path):
    """Write two models that share no item."""
    workspace = toy_workspace(path, n_items=20, models={"alpha": steady(0.9)})
    return fill(workspace, n_items=20, skip=20, models={"beta": steady(0.6)})


def _on_one_slice_only(path):
    """Write a model with outcomes everywhere, and one whose rows of one domain have no score."""
    workspace = toy_workspace(path, n_items=20, models={"alpha": steady(0.9)}, domains=NORTH)
    south = {"n_items": 20, "skip": 20, "domains": ("south",)}
    return fill(workspace, models={"alpha": steady(0.9)}, scored=False, **south)


def _far_out(path):
    """Write scores far outside of the bounds that the run declares."""
    workspace = Workspace.create(path)
    for model, score in {"alpha": 1e6, "beta": -7.0}.items():
        with workspace.add_run(model=model, task="toy", measures={"score": BOUNDED}) as run:
            items = [f"toy/{number}" for number in range(12)]
            run.write("items", [{"item_id": one, "input": one} for one in items])
            run.write("variants", [{"variant_id": one, "item_id": one} for one in items])
            run.write(
                "outcomes",
                [
                    {"variant_id": one, "score": score if at % 2 else 0.5}
                    for at, one in enumerate(items)
                ],
            )
    return workspace


BOUNDED = {"rate": True, "low": 0.0, "high": 1.0, "higher_is_better": True}
ROOMS = {
    "no common items": _apart,
    "one model": lambda path: toy_workspace(path, n_items=20, models={"alpha": steady(0.9)}),
    "all scores null": lambda path: toy_workspace(path, n_items=12, scored=False),
    "all scores null but one model": lambda path: fill(
        toy_workspace(path, n_items=12, scored=False, models={"beta": steady(0.5)}),
        n_items=12, models={"alpha": steady(0.9)},
    ),
    "score undefined on a slice": _on_one_slice_only,
    "a tier of one item": lambda path: toy_workspace(
        path, n_items=3, graded=True, perturbations={"hops": 3}
    ),
    "a tier without values": lambda path: toy_workspace(
        path, Toy(n_items=12, perturbations=NOISE, part_of={"alpha": 0.03})
    ),
    "one item": lambda path: toy_workspace(path, n_items=1, perturbations=NOISE),
    "one tier": lambda path: toy_workspace(path, n_items=20, perturbations={"noise": 1}),
    "no perturbation": lambda path: toy_workspace(path, n_items=20, perturbations={}),
    "scores out of bounds": _far_out,
    "all errored": lambda path: toy_workspace(
        path, Toy(n_items=12, errs={"alpha": 1.0, "beta": 1.0, "gamma": 1.0})
    ),
    "300 domains": lambda path: toy_workspace(
        path, n_items=600, perturbations={"noise": 1}, domains=[f"d{n:03}" for n in range(300)]
    ),
}  # fmt: skip
LISTS = {"inventory", "item", "items", "parity"}
"""Analyses that list what is there: rows without a caution need no sentence."""


@pytest.fixture(scope="module", params=ROOMS)
def bad(request, tmp_path_factory):
    return ROOMS[request.param](tmp_path_factory.mktemp("bad") / "w")


@pytest.mark.parametrize("name", analyses.names())
def test_bad_data_are_answered_with_a_sentence(name, bad):
    _check(*_ask(name, bad))


@pytest.mark.parametrize("name", analyses.names())
@pytest.mark.parametrize("where", ['domain = "nowhere"', 'domain = "north" and tier > 7'])
def test_a_slice_that_matches_nothing_is_told(name, where, toy):
    found, error = _ask(name, toy, where=where)
    _check(found, error)
    if found is not None and name not in {"inventory", "parity"}:
        assert {"no-rows", "no-space", "without-space"} & {one.code for one in found.warnings}


@pytest.mark.parametrize("name", analyses.names())
@pytest.mark.parametrize("metric", ["brier", "coverage"])
def test_a_metric_that_needs_what_is_not_there_is_told(name, metric, unscored):
    _check(*_ask(name, unscored, metric=metric))


def test_an_infinite_score_is_refused_with_rule_value_and_next_step(tmp_path):
    workspace = toy_workspace(tmp_path / "w", n_items=4)
    for odd in (np.inf, -np.inf, np.nan):
        with (
            pytest.raises(RowError, match=r"score is a finite number.*(inf|nan).*Leave undefined"),
            workspace.add_run(model="delta", task="toy") as run,
        ):
            run.write("outcomes", [{"variant_id": "toy/0", "score": odd}])


def test_scores_out_of_their_bounds_are_told_and_never_cut_to_them(tmp_path):
    workspace = _far_out(tmp_path / "w")
    found, _ = _ask("compare", workspace, by=())
    assert "out-of-bounds" in {one.code for one in found.warnings}
    assert found.table["difference"].item() == pytest.approx((1e6 + 0.5) / 2 - (0.5 - 7) / 2)
    found, _ = _ask("overview", workspace)
    assert (found.table["low"] < found.table["value"]).all()
    assert "-7 to 1e+06" in " ".join(one.message for one in found.warnings)
    found, _ = _ask("overlap", workspace)
    assert "no-right-or-wrong" in {one.code for one in found.warnings}


def _ask(name, workspace, **settings):
    """Return the result, or the error of ours that took its place."""
    piece = analyses.get(name)
    try:
        return piece.run(workspace, piece.params(**settings)), None
    except StresslabError as error:
        return None, error


def _check(found, error):
    if error is not None:
        said = str(error)
        assert len(said) > 30, said
        assert said.rstrip().endswith((".", "?")), said
        return
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    _no_silent_zero(found)
    for warning in told["warnings"]:
        assert warning["code"], warning
        ends = (".", "?", '"\n') if warning["code"] == "no-claims" else (".", "?")  # an example
        assert warning["message"].endswith(ends), warning
    headlines = told["tables"].get("headlines", [])
    for row in headlines:
        assert row["text"].endswith("."), row
        assert not re.search(r"\b(nan|inf|None(?! of))\b", row["text"]), row
    if not len(found.table) or found.analysis not in LISTS:
        assert headlines or told["warnings"], f"{found.analysis} says no sentence"


def _no_silent_zero(found):
    for name, table in found.tables.items():
        if {"value", "n"} <= set(table.columns):
            assert table.loc[table["n"] == 0, "value"].isna().all(), name
            known = table[table["n"] > 0]
            assert np.isfinite(known["value"].dropna().astype(float)).all(), name
        if {"difference", "n"} <= set(table.columns):
            assert table.loc[table["n"] == 0, "difference"].isna().all(), name


@pytest.fixture(scope="module")
def many_domains(tmp_path_factory):
    domains = [f"d{number:04}" for number in range(2000)]
    path = tmp_path_factory.mktemp("many") / "w"
    workspace = toy_workspace(path, n_items=4000, perturbations={"noise": 1}, domains=domains)
    _ask("inventory", workspace)  # makes the index
    return workspace


@pytest.mark.slow
@pytest.mark.parametrize("name", analyses.names())
def test_two_thousand_domains_are_answered_in_bounded_processor_time(name, many_domains):
    began = time.process_time()
    found, error = _ask(name, many_domains)
    assert time.process_time() - began < 60
    assert error is None
    _check(found, error)
