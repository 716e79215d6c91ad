"""The tasks of the demo without their packages: small files in the same shapes."""

import json

import numpy as np
import pytest

from stresslab.errors import ParamError
from stresslab.jobs.build_demo import build_demo
from stresslab.jobs.demo import about, digits, plans, reasoning, sentiment, spaces
from stresslab.jobs.demo._rows import EXCERPT
from stresslab.jobs.demo.scale import SCALES
from stresslab.jobs.demo_text import demo_text
from stresslab.nouns import content_hash


def sentence(number, domain="movies"):
    valence = 2.5 if number % 2 else -1.5
    text = f"sentence number {number} of the {domain} says a number of things"
    return sentiment.Sentence(domain, str(number), text, valence, 0.7, 20)


@pytest.fixture
def many(monkeypatch):
    monkeypatch.setattr(sentiment, "read", lambda domain: [sentence(n, domain) for n in range(400)])


def test_a_rated_sentence_is_read_with_its_spread(tmp_path):
    (tmp_path / "tweets_GroundTruth.txt").write_text("7\t-1.5\tnot a good day \n", encoding="utf-8")
    (tmp_path / "tweets_anonDataRatings.txt").write_text(
        "\ufeff7\t-1.5\t0.5\t[-1, -2, -1, -2]\n", encoding="utf-8"
    )
    (found,) = sentiment.read("tweets", tmp_path)
    assert found == sentiment.Sentence("tweets", "7", "not a good day", -1.5, 0.5, 4)
    assert found.label == "negative"


def test_every_domain_has_as_many_positive_as_negative_sentences(many):
    found = sentiment.load(20)
    for domain in sentiment.FILES:
        labels = [one.label for one in found.test if one.domain == domain]
        assert labels.count("positive") == labels.count("negative") == 10


def test_no_training_sentence_is_tested_at_any_scale(many):
    train = {one.text for one in sentiment.load(20).train}
    assert train.isdisjoint(one.text for one in sentiment.load(300).test)


def test_a_smaller_draw_is_part_of_a_larger_one(many):
    assert set(sentiment.load(20).texts.items()) < set(sentiment.load(60).texts.items())


def test_repeated_and_near_neutral_and_short_sentences_are_left_out(monkeypatch):
    rows = [sentence(n) for n in range(8)]
    weak = sentiment.Sentence("movies", "w", "a weak rating of this one", 0.5, 0.1, 20)
    short = sentiment.Sentence("movies", "s", "too short", 3.0, 0.1, 20)
    twice = sentiment.Sentence("movies", "t", rows[0].text.upper(), -1.5, 0.1, 20)
    monkeypatch.setattr(sentiment, "read", lambda domain: [*rows, weak, short, twice])
    ids = {one.source_id for one in sentiment.load(300).test}
    assert ids == {str(n) for n in range(8)}


def test_only_an_excerpt_is_shipped_but_the_hash_is_that_of_the_whole(many):
    row = sentiment.load(2).items()[0]
    shipped = plans.excerpted(row)
    assert len(shipped["input"]) == EXCERPT < len(row["input"])
    assert shipped["content_hash"] == content_hash(row["input"], None, json.loads(row["reference"]))


def test_sentences_of_one_review_are_one_group():
    one, two = (
        sentiment.Sentence("amazon", source_id, f"text {source_id}", 2.0, 0.1, 20)
        for source_id in ("12_1", "12_4")
    )
    rows = sentiment.Sentiment((one, two), ()).items()
    assert rows[0]["group_id"] == rows[1]["group_id"] == "hutto2014/amazon-12"


def test_demo_text_keeps_the_full_texts_by_their_hash(many, monkeypatch, tmp_path):
    from stresslab.store.texts import TextStore

    monkeypatch.setenv("STRESSLAB_CACHE", str(tmp_path))
    monkeypatch.setattr("stresslab.jobs.demo_text.fetch", lambda package: tmp_path)
    assert list(demo_text())[-1].counts == {"texts": 1200}
    item = sentiment.load(2).items()[0]
    assert TextStore().get([item["content_hash"]]) == {item["content_hash"]: item["input"]}


def test_an_enlarged_digit_is_centred_and_keeps_its_range():
    small = np.zeros((8, 8))
    small[3:5, 3:5] = 16
    large = digits.framed(small)
    assert large.shape == (28, 28)
    assert large.max() == 255
    assert not large[:4].any()
    assert np.array_equal(large, large.T)


@pytest.mark.parametrize("kind", reasoning.GRADES)
def test_every_question_has_the_size_of_its_tier(kind):
    for size in reasoning.GRADES[kind].sizes:
        ask, answer = reasoning.GRADES[kind].make(size, np.random.default_rng(0))
        n = {"addition": len(ask.split("+")[0]), "recall": ask.count(" = ")}
        assert n.get(kind, len(answer.split(", "))) == size


def test_answers_are_exact():
    rng = np.random.default_rng(1)
    ask, answer = reasoning.addition(3, rng)
    assert sum(map(int, ask.rstrip("=").split("+"))) == int(answer)
    ask, answer = reasoning.reverse(4, rng)
    assert ask.split("List: ")[1].split("\n")[0].split(", ")[::-1] == answer.split(", ")
    ask, answer = reasoning.list_copy(4, rng)
    assert f"List: {answer}\n" in ask
    ask, answer = reasoning.recall(4, rng)
    assert f"{ask.splitlines()[-1]} {answer}" in ask


def test_graded_questions_are_different_items_with_a_tier_from_one():
    rows = list(reasoning.questions(3))
    assert len({item["item_id"] for item, _ in rows}) == len(rows) == 4 * 4 * 3
    assert {variant["axis"] for _, variant in rows} == {"graded"}
    assert {variant["tier"] for _, variant in rows} == {1, 2, 3, 4}


def test_fewer_questions_are_the_first_of_more():
    few, more = (
        {item["item_id"]: item["input"] for item, _ in reasoning.questions(n)} for n in (2, 4)
    )
    assert few.items() < more.items()


def test_every_model_of_the_demo_is_described_in_a_colour_of_its_task():
    assert {name for models in plans.MODELS_OF.values() for name in models} == set(about.MODELS)
    for models in plans.MODELS_OF.values():
        colours = [about.MODELS[name]["colour"] for name in models]
        assert len(set(colours)) == len(colours)


def test_the_full_scale_is_what_the_demo_promises():
    full = SCALES["full"]
    assert (full.sentences, full.mnist, full.optdigits) == (300, 1000, 500)
    assert full.questions >= 100
    assert full.tiers == (1, 2, 3, 4, 5)
    assert spaces.NAMES == ("minilm", "mnist-net")


def test_an_unknown_part_or_scale_brings_the_known_ones(tmp_path):
    with pytest.raises(ParamError, match=r"sentiment, digits, reasoning.*got 'sentimnt'"):
        list(build_demo(tmp_path / "demo", only="sentimnt"))
    with pytest.raises(ParamError, match="one of full, small"):
        list(build_demo(tmp_path / "demo", scale="tiny"))
