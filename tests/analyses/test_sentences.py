"""The rules on tables written by hand."""

from dataclasses import replace

import pandas as pd
import pytest

from stresslab.analyses import _sentences as sentences
from stresslab.analyses import _sentences_lead as leads
from stresslab.analyses import _sentences_loss as losses

NAMES = {"minilm": "MiniLM", "tfidf": "char TF-IDF", "vader": "VADER"}


def clean(**rows):
    return pd.DataFrame(
        [
            {
                "model": model, "value": value, "low": value - 0.02, "high": value + 0.02,
                "n": 100, "n_clusters": 100, "selective": selective,
                "selective_low": selective - 0.02, "selective_high": selective + 0.02,
                "coverage": coverage,
            }
            for model, (value, selective, coverage) in rows.items()
        ]
    )  # fmt: skip


def difference(
    model_a, model_b, value, verdict, *, view="clean", perturbation=None, tier=0, n=None
):
    return {
        "model_a": model_a, "model_b": model_b, "view": view, "perturbation": perturbation,
        "tier": tier, "difference": value, "low": value - 0.02, "high": value + 0.02,
        "low_adjusted": value - 0.03, "high_adjusted": value + 0.03, "n_clusters": 100,
        "verdict": verdict, "n_needed": n if n is not None else float("nan"),
    }  # fmt: skip


def drop(model, perturbation, value, verdict, *, first=0.8, last_tier=5, axis="paired"):
    return {
        "model": model, "perturbation": perturbation, "axis": axis, "first_tier": 0,
        "last_tier": last_tier, "first": first, "last": first - value, "drop": value,
        "low": value - 0.02, "high": value + 0.02, "low_adjusted": value - 0.03,
        "high_adjusted": value + 0.03, "verdict": verdict,
    }  # fmt: skip


@pytest.fixture
def facts():
    tiers = [
        difference(
            "minilm", "tfidf", gap, verdict, view="tier", perturbation="distractors", tier=tier
        )
        for tier, (gap, verdict) in enumerate(
            [(0.02, "cannot tell"), (-0.05, "worse"), (-0.08, "worse"), (-0.08, "worse")], start=1
        )
    ]
    return sentences.Facts(
        clean=clean(
            minilm=(0.8, 0.8, 1.0), tfidf=(0.74, 0.74, 1.0), vader=(0.71, 0.82, 0.87)
        ),
        differences=pd.DataFrame(
            [
                difference("minilm", "tfidf", 0.06, "better"),
                difference("minilm", "vader", 0.09, "better"),
                difference("minilm", "vader", 0.0, "cannot tell", view="answered"),
                *tiers,
            ]
        ),
        drops=pd.DataFrame(
            [
                drop("minilm", "distractors", 0.15, "worse", last_tier=4),
                drop("vader", "typos", 0.33, "worse", first=0.71),
                drop("vader", "distractors", 0.0, "equivalent", first=0.71, last_tier=4),
            ]
        ),
        domains=pd.DataFrame(
            [
                {"model": "vader", "best": "tweets", "worst": "movies", "best_value": 0.97,
                 "worst_value": 0.57, "difference": 0.4, "low": 0.3, "high": 0.5}
            ]
        ),
        sure=pd.DataFrame(
            [
                {"model": "tfidf", "perturbation": "typos", "tier": 5, "value": 0.28,
                 "low": 0.22, "high": 0.35, "confidence": 0.97, "low_sure": 0.96,
                 "high_sure": 0.98, "gap_low": 0.6}
            ]
        ),
        names=NAMES,
        titles={"distractors": "Distractors"},
    )  # fmt: skip


def test_the_leader_sentence_names_interval_loss_and_crossing(facts):
    assert leads.lead(facts).text == (
        "Among models that always answer, MiniLM leads on clean inputs (.80 [.78, .82]) "
        "and loses .15 to distractors (worse than char TF-IDF from tier 2 on)."
    )


def test_a_lead_that_cannot_be_told_is_not_called_a_lead(facts):
    table = facts.differences.copy()
    table.loc[0, ["verdict", "n_needed"]] = ["cannot tell", 1000.0]
    found = leads.lead(replace(facts, differences=table))
    assert found.verdict == "cannot tell"
    assert "we cannot tell it from char TF-IDF (.74) (about 900 more items needed)" in found.text
    assert "leads" not in found.text


def test_an_equal_runner_up_is_called_level(facts):
    table = facts.differences.copy()
    table.loc[0, "verdict"] = "equivalent"
    found = leads.lead(replace(facts, differences=table))
    assert found.verdict == "equivalent"
    assert "level with char TF-IDF (.74)" in found.text


def test_without_an_abstainer_ahead_all_models_are_the_field(facts):
    quiet = facts.clean.assign(selective=facts.clean["value"])
    assert leads.lead(replace(facts, clean=quiet)).text.startswith("MiniLM leads on clean inputs")


def test_differences_read_the_same_from_either_side(facts):
    turned = leads.flipped(facts.differences)
    assert leads.lead(replace(facts, differences=turned)) == leads.lead(facts)
    pd.testing.assert_frame_equal(leads.flipped(turned), facts.differences)


def test_abstention_is_told_beside_both_views(facts):
    assert leads.abstention(facts).text == (
        "VADER abstains on 13 % of clean inputs; on the rows it answers VADER is right on "
        ".82 [.80, .84] (.71 when an abstention earns nothing); where both answer, "
        "we cannot tell it from MiniLM (difference .00 [−.02, .02])."
    )


def test_nobody_abstaining_needs_no_sentence(facts):
    assert leads.abstention(replace(facts, clean=facts.clean.assign(coverage=1.0))) is None


def test_the_largest_loss_names_both_ends(facts):
    assert losses.largest_loss(facts).text == (
        "VADER loses most: .33 [.30, .36] to typos, from .71 at tier 0 to .38 at tier 5."
    )


def test_no_proven_loss_says_cannot_tell(facts):
    unproven = facts.drops.assign(verdict="cannot tell")
    found = losses.largest_loss(replace(facts, drops=unproven))
    assert (found.code, found.verdict) == ("no-loss", "cannot tell")


def test_who_does_not_move_is_said(facts):
    assert losses.steady(facts).text == (
        "VADER does not move under distractors (change .00 [−.02, .02] by tier 4)."
    )


def test_a_domain_gap_needs_a_corrected_interval_above_zero(facts):
    assert (
        "on clean inputs, VADER is at .97 for tweets and at .57 for movies"
        in losses.domain_gap(facts).text
    )
    assert losses.domain_gap(replace(facts, domains=facts.domains.assign(low=-0.01))) is None


def test_confidently_wrong_links_to_the_wrong_rows(facts):
    found = losses.sure_and_wrong(facts)
    assert found.text == (
        "char TF-IDF is confidently wrong: .28 [.22, .35] right on typos at tier 5 "
        "at a mean confidence of .97 [.96, .98]."
    )
    assert found.query["where"] == (
        'perturbation = "typos" and tier = 5 and correct = 0 and confidence >= 0.9'
    )


def test_null_values_say_cannot_tell(facts):
    found = leads.lead(replace(facts, clean=facts.clean.assign(value=float("nan"))))
    assert (found.code, found.verdict) == ("nothing-known", "cannot tell")


def test_overtaking_needs_every_later_tier(facts):
    assert leads.overtaken(facts, "minilm", "distractors") == (2, "tfidf")
    table = facts.differences.copy()
    table.loc[table["tier"] == 4, "verdict"] = "cannot tell"
    assert leads.overtaken(replace(facts, differences=table), "minilm", "distractors") is None


def test_the_table_numbers_the_sentences(facts):
    table = sentences.table([leads.lead(facts), losses.largest_loss(facts)])
    assert list(table["order"]) == [1, 2]
    assert list(table.columns) == ["order", "code", "text", "verdict", "page", "query"]


def test_a_milder_overconfidence_is_not_called_confidently_wrong(facts):
    mild = facts.sure.assign(confidence=0.75)
    assert (
        "is surer than it is right: .28 [" in losses.sure_and_wrong(replace(facts, sure=mild)).text
    )


def test_links_keep_the_slice_of_the_question(facts):
    sliced = replace(facts, settings={"task": "t", "where": 'domain = "nyt" or tier = 0'})
    assert losses.largest_loss(sliced).query["where"] == (
        '(domain = "nyt" or tier = 0) and perturbation = "typos"'
    )


def test_a_larger_loss_that_is_not_proven_is_not_passed_over_in_silence(facts):
    table = facts.drops.copy()
    table.loc[0, ["drop", "verdict"]] = [0.5, "cannot tell"]
    found = losses.largest_loss(replace(facts, drops=table)).text
    assert found.startswith("VADER has the largest clear loss: .33")


def test_what_is_lacking_is_groups_where_items_come_in_groups():
    row = {"n_needed": 23, "n_clusters": 14}
    assert leads.more_items([row]) == " (about 9 more items needed)"
    assert leads.more_items([row], grouped=True) == " (about 9 more groups of items needed)"
    assert leads.more_items([row | {"n_clusters": 22}]) == " (about 1 more item needed)"
    assert leads.more_items([row | {"n_needed": pd.NA}]) == ""


def test_one_group_has_a_reason_in_place_of_an_interval(facts):
    table = facts.differences.copy()
    table.loc[2, ["low", "high", "n_clusters"]] = [float("nan"), float("nan"), 1]
    text = leads.abstention(replace(facts, differences=table)).text
    assert "(difference .00 (no interval: it rests on a single item or group of items))" in text
    assert "not known" not in text
