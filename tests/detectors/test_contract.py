"""What holds for every detector, present and future."""

import dataclasses
import time

import numpy as np
import pytest

from stresslab.detectors import detectors
from stresslab.errors import StresslabError
from stresslab.evidence import Evidence, lacking

NAMES = detectors.names()


def parts_of(evidence):
    return {
        one.name: getattr(evidence, one.name)
        for one in dataclasses.fields(Evidence)
        if one.name not in ("calibration", "head", "edges")
    }


@pytest.mark.parametrize("name", NAMES)
def test_scores_are_finite_float64_one_per_row(name, make_evidence):
    fitted = detectors.get(name).settings().fit(make_evidence(300))
    scores = fitted.score(make_evidence(40, seed=1))
    assert scores.shape == (40,)
    assert scores.dtype == np.float64
    assert np.isfinite(scores).all()
    assert fitted.score(make_evidence(40).take(slice(0, 0))).shape == (0,)


@pytest.mark.parametrize("name", NAMES)
def test_a_far_cluster_scores_higher(name, make_evidence):
    fitted = detectors.get(name).settings().fit(make_evidence(300))
    near, far = (
        fitted.score(make_evidence(60, seed=1)),
        fitted.score(make_evidence(60, seed=2, far=1)),
    )
    above = (far[:, None] > near).mean() + (far[:, None] == near).mean() / 2
    assert above > 0.95


@pytest.mark.parametrize("name", NAMES)
def test_fit_and_score_leave_the_evidence_as_it_is(name, make_evidence):
    fit_on, asked = make_evidence(300), make_evidence(40, seed=1)
    before = [
        {k: v.copy() for k, v in parts_of(one).items() if v is not None} for one in (fit_on, asked)
    ]
    detectors.get(name).settings().fit(fit_on).score(asked)
    for one, old in zip((fit_on, asked), before, strict=True):
        for part, values in old.items():
            assert np.array_equal(getattr(one, part), values), part


@pytest.mark.parametrize("name", NAMES)
def test_rows_are_scored_by_themselves_and_alike_each_time(name, make_evidence):
    asked = make_evidence(40, seed=1)
    order = np.random.default_rng(3).permutation(40)
    first = detectors.get(name).settings().fit(make_evidence(300))
    second = detectors.get(name).settings().fit(make_evidence(300))
    scores = first.score(asked)
    assert np.allclose(first.score(asked.take(order)), scores[order], rtol=1e-9, atol=1e-12)
    assert np.array_equal(second.score(asked), scores)


@pytest.mark.parametrize("name", NAMES)
def test_each_part_it_needs_is_named_when_it_is_missing(name, make_evidence):
    piece = detectors.get(name)
    for need in piece.needs:
        gone = dict.fromkeys(need.split("|"))
        less = dataclasses.replace(make_evidence(30), **gone)
        if "head" in need:
            less = dataclasses.replace(less, head=None)
        assert lacking(less, piece.needs)
        with pytest.raises(StresslabError, match=need.split("|")[0]):
            piece.settings().fit(less)


@pytest.mark.parametrize("name", NAMES)
def test_it_needs_no_more_than_it_says(name, make_evidence):
    piece = detectors.get(name)
    whole, asked = make_evidence(300), make_evidence(40, seed=1)
    for choice in (0, -1):
        kept = {need.split("|")[choice] for need in piece.needs}
        gone = {part: None for part in (*parts_of(whole), "head") if part not in kept}
        if name == "rank_ensemble":  # of one part alone, one member applies at most
            gone = {"labels": None}
        fitted = piece.settings().fit(dataclasses.replace(whole, **gone))
        assert np.isfinite(
            fitted.score(dataclasses.replace(asked, **gone | {"labels": None}))
        ).all()


@pytest.mark.parametrize("name", NAMES)
def test_rows_that_are_not_finite_are_refused_with_their_number(name, make_evidence):
    broken = make_evidence(30)
    broken.features[4, 0] = np.nan
    with pytest.raises(StresslabError, match=r"row 4"):
        detectors.get(name).settings().fit(broken)


def scored_or_said(name, evidence):
    try:
        return detectors.get(name).settings().fit(evidence).score(evidence), ""
    except StresslabError as error:
        return None, str(error)


def odd(kind, make_evidence):
    base = make_evidence(90)
    if kind == "one class":
        return make_evidence(90, n_classes=1)
    if kind == "constant features":
        return dataclasses.replace(base, features=np.tile(base.features[:1], (90, 1)))
    if kind == "a constant column":
        features = base.features.copy()
        features[:, 1] = 7.0
        return dataclasses.replace(base, features=features)
    if kind == "duplicates":
        return base.take(np.repeat(np.arange(15), 6))
    if kind == "fewer points than dimensions":
        return base.take(slice(0, 18))
    if kind == "a point in each class":
        return dataclasses.replace(base, labels=np.arange(90))
    if kind == "zero vectors":
        features = base.features.copy()
        features[:5] = 0
        return dataclasses.replace(base, features=features)
    labels = base.labels.copy()
    labels[:40] = -1
    return dataclasses.replace(base, labels=labels)


@pytest.mark.parametrize(
    "kind",
    ["one class", "constant features", "a constant column", "duplicates", "fewer points than dimensions",
     "a point in each class", "zero vectors", "labels partly unknown"],
)  # fmt: skip
@pytest.mark.parametrize("name", NAMES)
def test_odd_evidence_gives_finite_scores_or_a_sentence(name, kind, make_evidence):
    fit_on = odd(kind, make_evidence)
    scores, said = scored_or_said(name, fit_on)
    assert said.endswith(".") if said else np.isfinite(scores).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_two_thousand_classes_take_seconds(name):
    rng = np.random.default_rng(0)
    labels = np.arange(4000) % 2000
    features = np.abs(rng.standard_normal((2000, 32)))[labels] + 0.1 * rng.random((4000, 32))
    head = (rng.standard_normal((32, 2000)), rng.standard_normal(2000))
    logits = features @ head[0] + head[1]
    many = Evidence(features=features, labels=labels, logits=logits, head=head)
    begin = time.process_time()
    scores, said = scored_or_said(name, many)  # such a head sees all there is
    assert "rank 32 of 32" in said if said else np.isfinite(scores).all()
    assert time.process_time() - begin < 60
