"""The runners that need no torch, with models fitted on the spot."""

import numpy as np
import pytest

from stresslab import runners
from stresslab.errors import MissingPackageError, ParamError
from stresslab.runners._needs import needed

GOOD = ["a lovely film", "lovely and warm", "warm lovely music", "a warm film"]
BAD = ["an awful film", "awful and cold", "cold awful music", "a cold film"]
TEXTS, LABELS = GOOD + BAD, ["positive"] * 4 + ["negative"] * 4


def test_vader_takes_the_sign_and_abstains_at_zero():
    pytest.importorskip("vaderSentiment")
    predict = runners.get("lexicon").load(name="vader")
    good, bad, none = predict(["I love it.", "A horrible mess.", "A bus."])
    assert (good.answer, bad.answer) == ("positive", "negative")
    assert (none.status, none.answer, none.confidence) == ("abstained", None, None)


def test_textblob_takes_the_sign():
    pytest.importorskip("textblob")
    predict = runners.get("lexicon").load(name="textblob")
    assert [one.answer for one in predict(["A great film.", "A terrible film."])] == [
        "positive",
        "negative",
    ]


def test_a_lexicon_is_as_sure_as_it_was_right_on_known_sentences():
    pytest.importorskip("vaderSentiment")
    texts = ["I love it.", "I hate it.", "It is okay.", "It is okay, not bad."] * 20
    labels = ["positive", "negative", "negative", "negative"] * 20
    predict = runners.get("lexicon").load(name="vader", calibrate_on=(texts, labels))
    sure, unsure = (one.confidence for one in predict(["I love it.", "It is okay."]))
    assert 0 < unsure < sure < 1


def test_an_unknown_lexicon_is_named():
    with pytest.raises(ParamError, match="'afinn'"):
        runners.get("lexicon").load(name="afinn")


@pytest.mark.parametrize("unit", ["word", "char"])
def test_tfidf_learns_its_training_texts(unit):
    predict = runners.get("tfidf").load(texts=TEXTS, labels=LABELS, unit=unit)
    said = predict(TEXTS)
    assert [one.answer for one in said] == LABELS
    assert all(sum(one.probs) == pytest.approx(1, abs=1e-3) for one in said)


@pytest.mark.parametrize("kind", ["logistic", "forest"])
def test_pixel_classifiers_learn_bright_from_dark(kind):
    rng = np.random.default_rng(0)
    dark, bright = (
        list(rng.integers(low, low + 60, (20, 6, 6)).astype(np.uint8)) for low in (0, 190)
    )
    load = runners.get("sklearn_images").load
    predict = load(kind=kind, images=dark + bright, labels=["0"] * 20 + ["1"] * 20)
    assert [one.answer for one in predict(dark + bright)] == ["0"] * 20 + ["1"] * 20


def test_the_same_seed_gives_the_same_forest():
    rng = np.random.default_rng(0)
    images, labels = list(rng.integers(0, 256, (40, 6, 6)).astype(np.uint8)), ["0", "1"] * 20
    load = runners.get("sklearn_images").load
    one, two = (load(kind="forest", images=images, labels=labels, seed=3)(images) for _ in range(2))
    assert one == two


@pytest.mark.parametrize("name", runners.names())
def test_every_runner_says_what_it_does_and_needs(name):
    piece = runners.get(name)
    assert piece.task_types
    assert piece.needs
    assert piece.batch > 0


def test_a_missing_package_brings_the_command_that_installs_it():
    with pytest.raises(
        MissingPackageError, match=r"no_such_module.*pip install 'stresslab\[models\]'"
    ):
        needed("no_such_module.part")
