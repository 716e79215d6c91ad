"""Rescue and harm: the public sample, what is refused, and the word for what was found."""

import json
from pathlib import Path

import pandas as pd
import pytest

from stresslab.errors import ParamError
from stresslab.gaps.rescue import check_one_regime
from stresslab.studies import gpt4v_shift as study
from stresslab.studies._gpt4v_digits import CHANGES, changed
from stresslab.studies._gpt4v_digits import test_set as digits_of
from stresslab.studies._gpt4v_sample import FAILED, RANDOM, SAMPLE, read_sample

PUBLIC = Path(__file__).parents[3] / "shared/data/gpt-4v-shift/exp_output/2023-11-22-19_18_50"
NAMES = {"photo": "photo", "art": "art_painting", "cartoon": "cartoon", "sketch": "sketch"}


def _read(name, regime):
    return read_sample((PUBLIC / name).read_text().splitlines(), regime)


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="needs ../shared/data")
@pytest.mark.parametrize(
    ("model", "file"), [("CLIP", "clip-vit-base-patch16"), ("LLaVA", "llava-v1.5-13b")]
)
def test_the_public_sample_holds_the_counts(model, file):
    rows = _read(f"unified_output_{file}.jsonl", "random")
    for domain, (right, n) in SAMPLE[model].items():
        mine = [one.correct for one in rows if one.domain == NAMES[domain]]
        assert (sum(mine), len(mine)) == (right, n)


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="needs ../shared/data")
def test_gpt4v_on_the_failures_of_clip_and_clip_on_random_items():
    clip = {one.image: one.correct for one in _read(
        "unified_output_clip-vit-base-patch16.jsonl", "random")}  # fmt: skip
    asked = {
        regime: [one for number in (1, 2) for one in _read(
            f"{regime}_{number}/PACS/unified_output_gpt-4-vision-preview.jsonl", regime)]
        for regime in ("failure", "random")
    }  # fmt: skip
    failed = asked["failure"]
    assert (sum(one.correct for one in failed), len(failed)) == FAILED
    assert not any(clip[one.image] for one in failed)
    seen = [clip[one.image] for one in asked["random"]]
    assert (sum(seen), len(seen)) == RANDOM
    with pytest.raises(ParamError, match="never pooled"):
        check_one_regime([one.regime for both in asked.values() for one in both])


def _line(**other):
    row = {"image": "a.jpg", "domain": "photo", "true_class": "dog", "predicted_class": "dog"}
    return json.dumps(row | other)


def test_a_line_says_how_it_was_chosen_or_is_refused():
    assert read_sample([_line(regime="random")])[0].regime == "random"
    with pytest.raises(ParamError, match="regime"):
        read_sample([_line()])
    with pytest.raises(ParamError, match="never pooled"):
        read_sample([_line(regime="random"), _line(regime="failure")])


def test_what_cannot_be_read_is_null_or_wrong_and_flagged():
    sure, vague, other, off = read_sample(
        [_line(confidence_score=90), _line(confidence_score="high"),
         _line(predicted_class="a puppy"), _line(confidence_score="120")], "random")  # fmt: skip
    assert (sure.correct, sure.confidence, sure.issue) == (1, 0.9, None)
    assert (vague.correct, vague.confidence) == (1, None)
    assert "'high'" in vague.issue
    assert (other.correct, other.issue) == (0, "'a puppy' is no class")
    assert off.confidence is None
    assert off.issue


@pytest.mark.parametrize(
    ("rescue", "harm", "n", "word"),
    [((0.8, 0.7), (0.02, 0.0), 50, "robust"), ((0.5, 0.4), (0.02, 0.0), 50,
     "only rescues easy failures"), ((0.8, 0.7), (0.2, 0.1), 50, "harms what worked"),
     ((1.0, 0.6), (0.0, 0.0), 6, "n too small")],
)  # fmt: skip
def test_the_verdict_follows_from_rescue_and_harm(rescue, harm, n, word):
    table = pd.DataFrame(
        [{"label": study.TWO, "what": what, "value": value, "low": low, "n": n}
         for what, (value, low) in (("rescue", rescue), ("harm", harm))]
    )  # fmt: skip
    assert study._verdict(table) == word
    assert word in study.PIECE.verdicts


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_of_images_grows_with_its_strength(kind):
    images = digits_of("photo")[0]
    far = [abs(changed(images, kind, one, "t", 1) - images).mean() for one in CHANGES[kind][0]]
    assert far[0] > 0
    assert far == sorted(far)


def test_all_cells_say_their_regime_and_confidence_has_intervals(built):
    tables = built("gpt4v_shift").result.tables
    assert set(tables["accuracy"]["regime"]) == {"random", "failure"}
    told = tables["confidence"]
    assert (told["low"] <= told["value"]).all()
    assert (told["value"] <= told["high"]).all()
    assert (told["auroc"] > 0.5).all()
    assert tables["gains"]["p_mcnemar"].between(0, 1).all()
