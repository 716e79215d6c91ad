import numpy as np
import pytest

from stresslab.perturbations.text._bank import SENTENCES
from stresslab.perturbations.text.distractors import surround
from stresslab.perturbations.text.typos import misspell


def slips(before, after):
    return [one for one, two in zip(before.split(), after.split(), strict=True) if one != two]


def test_every_longer_word_is_hit_at_share_one():
    text = "several different longer words standing together"
    assert slips(text, misspell(text, 1.0, np.random.default_rng(0))) == text.split()


def test_short_words_numbers_and_punctuation_are_left_alone():
    text = "a the of 123456 !!! :-) so"
    assert misspell(text, 1.0, np.random.default_rng(0)) == text


def test_the_first_letter_is_never_touched():
    text = " ".join(["wonderful"] * 200)
    assert set(misspell(text, 1.0, np.random.default_rng(0)).split()) > {"wnoderful"}
    assert {word[0] for word in misspell(text, 1.0, np.random.default_rng(1)).split()} == {"w"}


def test_about_the_asked_share_is_hit():
    text = " ".join(["wonderful"] * 2000)
    hit = len(slips(text, misspell(text, 0.35, np.random.default_rng(0)))) / 2000
    assert hit == pytest.approx(0.35, abs=0.03)


def test_words_hit_at_a_small_share_are_hit_alike_at_a_larger_one():
    text = "several different longer words standing together somewhere else again"
    few, many = (misspell(text, share, np.random.default_rng(3)) for share in (0.3, 0.7))
    for before, one, two in zip(text.split(), few.split(), many.split(), strict=True):
        assert one in (before, two)


def test_distractors_stand_before_and_after_in_turn():
    made = surround("X", 3, np.random.default_rng(0))
    before, after = made.split(" X ")
    assert before.count(".") == 2
    assert after.count(".") == 1


def test_distractors_are_all_different_and_from_the_bank():
    made = surround("", 8, np.random.default_rng(0)), surround("X", 8, np.random.default_rng(0))
    assert made[0] == ""
    said = [f"{part}." for part in made[1].replace("X ", "").rstrip(".").split(". ")]
    assert len(set(said)) == 8
    assert set(said) <= set(SENTENCES)


def test_the_bank_has_at_least_sixty_different_sentences():
    assert len(set(SENTENCES)) == len(SENTENCES) >= 60


def test_two_lexicons_find_every_sentence_of_the_bank_neutral():
    vader = pytest.importorskip("vaderSentiment.vaderSentiment").SentimentIntensityAnalyzer()
    blob = pytest.importorskip("textblob").TextBlob
    for sentence in SENTENCES:
        assert vader.polarity_scores(sentence)["compound"] == 0, sentence
        assert blob(sentence).sentiment.polarity == 0, sentence
