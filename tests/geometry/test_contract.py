"""What holds for every measure of geometry, of one cloud or of two, present and future."""

import numpy as np
import pytest

from stresslab import geometry
from stresslab.errors import StresslabError
from stresslab.evidence import Evidence
from stresslab.geometry import PairGeometry

NAMES = geometry.names()
ALONE = [name for name in NAMES if not isinstance(geometry.get(name), PairGeometry)]
PAIRS = [name for name in NAMES if isinstance(geometry.get(name), PairGeometry)]


def cloud(n=60, dimension=6, seed=0, classes=3, spread=1.0):
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    centres = 3 * np.random.default_rng(99).normal(size=(classes, dimension))
    features = centres[labels] + spread * rng.normal(size=(n, dimension))
    logits = features[:, :1] * [1.0, 0.5, -1.0] + 3 * np.eye(3)[labels % 3]
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Evidence(features=features, labels=labels, logits=logits, probs=probs)


def with_features(evidence, features):
    return Evidence(features, evidence.labels, evidence.logits, evidence.probs)


def changed(evidence, how):
    x = evidence.features
    rng = np.random.default_rng(5)
    if how == "order":
        return evidence.take(rng.permutation(len(x)))
    turn = np.linalg.qr(rng.normal(size=(x.shape[1], x.shape[1])))[0]
    if np.linalg.det(turn) < 0:
        turn[:, 0] *= -1
    moved = {
        "rotation": lambda: x @ turn, "scale": lambda: 3.7 * x, "shift": lambda: x + 2.5,
        "reflection": lambda: x * np.where(np.arange(x.shape[1]) == 1, -1, 1),
        "permutation": lambda: x[:, rng.permutation(x.shape[1])],
    }[how]()  # fmt: skip
    return with_features(evidence, moved)


def of(name, *clouds):
    return geometry.get(name).compute(*clouds, rng=np.random.default_rng(3))


def two(name):
    piece = geometry.get(name)
    first = cloud()
    second = cloud(seed=0 if piece.paired else 8, spread=1.5)
    return first, second


def check(piece, found):
    assert set(found) == set(piece.bounds)
    for value, (low, high) in ((found[one], piece.bounds[one]) for one in found):
        assert isinstance(value, float)
        assert np.isnan(value) or low - 1e-9 <= value <= high + 1e-9


@pytest.mark.parametrize("name", NAMES)
def test_values_are_named_bounded_and_repeat(name):
    piece = geometry.get(name)
    clouds = two(name) if name in PAIRS else (cloud(),)
    before = [one.features.copy() for one in clouds]
    found = of(name, *clouds)
    check(piece, found)
    assert all(np.isfinite(list(found.values())))
    assert found == of(name, *clouds)
    for one, was in zip(clouds, before, strict=True):
        np.testing.assert_array_equal(one.features, was)


@pytest.mark.parametrize(
    ("name", "how"), [(name, how) for name in NAMES for how in geometry.get(name).invariant_to]
)
def test_declared_invariances_hold(name, how):
    if name in ALONE:
        expected, found = of(name, cloud()), of(name, changed(cloud(), how))
    else:
        piece, (first, second) = geometry.get(name), two(name)
        expected = of(name, first, second)
        if how == "order" or not piece.paired:  # the same change of the space for both
            found = of(name, changed(first, how), changed(second, how))
        else:  # a change of one space only
            found = of(name, changed(first, how), second)
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("name", PAIRS)
def test_a_cloud_compared_with_itself_has_the_stated_value(name):
    piece = geometry.get(name)
    found = of(name, cloud(), cloud())
    for one, value in piece.self_value.items():
        assert found[one] == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize("name", PAIRS)
def test_the_stated_value_is_left_when_clouds_part(name):
    piece, first = geometry.get(name), cloud()
    rng = np.random.default_rng(1)
    second = with_features(first, rng.normal(size=first.features.shape) + 40)
    found = of(name, first, second)
    for one, value in piece.self_value.items():
        assert abs(found[one] - value) > 0.3


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("made", ["tiny", "one point", "same", "constant", "twice", "wide", "none"])
def test_odd_clouds_have_values_or_a_sentence(name, made):
    base = cloud()
    odd = {
        "tiny": lambda: cloud(4), "one point": lambda: cloud(1),
        "same": lambda: with_features(base, np.ones((60, 6))),
        "constant": lambda: with_features(
            base, np.hstack([base.features[:, :3], np.ones((60, 3))])
        ),
        "twice": lambda: with_features(base, np.repeat(base.features[:30], 2, axis=0)),
        "wide": lambda: cloud(12, 40), "none": lambda: cloud(0),
    }[made]()  # fmt: skip
    piece = geometry.get(name)
    try:
        found = of(name, odd, odd) if name in PAIRS else of(name, odd)
    except StresslabError as error:
        said = str(error)
    else:
        check(piece, found)
        said = "."
    assert said.endswith(".")


@pytest.mark.parametrize("name", [n for n in NAMES if "features" in geometry.get(n).needs])
def test_a_row_that_is_not_finite_is_refused(name):
    odd = cloud()
    odd.features[4, 1] = np.nan
    with pytest.raises(StresslabError, match="1 of"):
        of(name, odd, odd) if name in PAIRS else of(name, odd)


@pytest.mark.parametrize("name", PAIRS)
def test_clouds_that_do_not_fit_are_refused(name):
    first, second = cloud(), cloud(40) if geometry.get(name).paired else cloud(60, 5)
    with pytest.raises(StresslabError, match=r"(60|6) and (40|5)"):
        of(name, first, second)
