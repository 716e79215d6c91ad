"""Values of detectors: worked by hand, closed forms, scikit-learn as an oracle."""

import math

import numpy as np
import pytest
from scipy import stats

from stresslab.detectors.ash import ASH
from stresslab.detectors.energy import Energy
from stresslab.detectors.entropy import Entropy
from stresslab.detectors.isolation_forest import IsolationForestFloor
from stresslab.detectors.kl_matching import KLMatching
from stresslab.detectors.knn import KNN
from stresslab.detectors.local_outlier_factor import LocalOutlierFactorFloor
from stresslab.detectors.mahalanobis import Mahalanobis
from stresslab.detectors.margin import Margin
from stresslab.detectors.max_logit import MaxLogit
from stresslab.detectors.max_softmax import MaxSoftmax
from stresslab.detectors.null_space import NullSpace
from stresslab.detectors.one_class_svm import OneClassSVMFloor
from stresslab.detectors.rank_ensemble import RankEnsemble
from stresslab.detectors.react import ReAct
from stresslab.detectors.relative_mahalanobis import RelativeMahalanobis
from stresslab.detectors.residual import Residual
from stresslab.detectors.she import SHE
from stresslab.detectors.vim import ViM
from stresslab.errors import ParamError, TooFewRowsError
from stresslab.evidence import Evidence

LOGITS = Evidence(logits=np.log([[0.7, 0.2, 0.1], [1 / 3, 1 / 3, 1 / 3], [2.0, 4.0, 2.0]]))


def scores(settings, evidence, fit_on=None):
    return settings.fit(fit_on if fit_on is not None else evidence).score(evidence)


def auroc(near, far):
    return (far[:, None] > near).mean() + (far[:, None] == near).mean() / 2


def test_logit_scores_by_hand():
    assert scores(MaxSoftmax(), LOGITS) == pytest.approx([0.3, 2 / 3, 0.5])
    assert scores(MaxLogit(), LOGITS) == pytest.approx([-math.log(0.7), math.log(3), -math.log(4)])
    assert scores(Energy(), LOGITS) == pytest.approx([0, 0, -math.log(8)], abs=1e-12)
    assert scores(Margin(), LOGITS) == pytest.approx([-0.5, 0, -0.25])
    by_hand = -(0.7 * math.log(0.7) + 0.2 * math.log(0.2) + 0.1 * math.log(0.1))
    assert scores(Entropy(), LOGITS) == pytest.approx([by_hand, math.log(3), 1.5 * math.log(2)])


def test_a_temperature_divides_the_logits_whether_logits_or_probabilities_are_known():
    hot = np.array([0.7, 0.2, 0.1]) ** 0.5
    assert scores(MaxSoftmax(2.0), LOGITS)[0] == pytest.approx(1 - hot[0] / hot.sum())
    probs = Evidence(probs=np.array([[0.7, 0.2, 0.1]]))
    assert scores(MaxSoftmax(2.0), probs)[0] == pytest.approx(1 - hot[0] / hot.sum())
    assert scores(Energy(4.0), LOGITS)[2] == pytest.approx(
        -4 * math.log(2**0.25 + 4**0.25 + 2**0.25)
    )
    with pytest.raises(ParamError, match="positive; got 0"):
        MaxSoftmax(0).fit(LOGITS)


def test_sure_rows_keep_their_order_where_one_minus_the_maximum_would_be_zero():
    sure = Evidence(logits=np.array([[0.0, 40.0], [0.0, 60.0], [0.0, 80.0]]))
    found = scores(MaxSoftmax(), sure)
    assert found == pytest.approx(np.exp([-40.0, -60.0, -80.0]), rel=1e-6)


def test_mahalanobis_is_chi_squared_within_a_gaussian(rng):
    covariance = np.array([[2.0, 0.6, 0], [0.6, 1.0, -0.3], [0, -0.3, 0.5]])
    fit_on = Evidence(
        features=rng.multivariate_normal([1, 2, 3], covariance, 20_000),
        labels=np.zeros(20_000, int),
    )
    new = Evidence(features=rng.multivariate_normal([1, 2, 3], covariance, 5_000))
    found = scores(Mahalanobis(), new, fit_on)
    assert stats.kstest(found, stats.chi2(3).cdf).pvalue > 0.01


def test_mahalanobis_tells_a_shifted_gaussian_as_the_closed_form_says(rng):
    fit_on = Evidence(features=rng.standard_normal((20_000, 5)), labels=np.zeros(20_000, int))
    near, far = rng.standard_normal((4_000, 5)), rng.normal([2, 0, 0, 0, 0], 1, (4_000, 5))
    fitted = Mahalanobis().fit(fit_on)
    found = auroc(fitted.score(Evidence(features=near)), fitted.score(Evidence(features=far)))
    grid = np.linspace(0, 80, 200_001)
    density = stats.ncx2.pdf(grid[1:], 5, 4)
    truth = np.trapezoid(density * stats.chi2.cdf(grid[1:], 5), grid[1:])
    assert found == pytest.approx(truth, abs=0.015)


def test_mahalanobis_equals_the_inverse_covariance_of_scikit_learn(rng):
    from sklearn.covariance import LedoitWolf

    features, labels = rng.standard_normal((60, 8)) * np.arange(1, 9), np.arange(60) % 3
    means = np.stack([features[labels == one].mean(axis=0) for one in range(3)])
    inverse = LedoitWolf(assume_centered=True).fit(features - means[labels]).precision_
    new = rng.standard_normal((20, 8)) * 5
    apart = new[:, None] - means
    truth = np.einsum("nci,ij,ncj->nc", apart, inverse, apart).min(axis=1)
    fit_on = Evidence(features=features, labels=labels * 7)
    assert scores(Mahalanobis(), Evidence(features=new), fit_on) == pytest.approx(truth, rel=1e-9)
    between = (means - features.mean(axis=0)).T @ (means - features.mean(axis=0)) / 3
    whole = np.linalg.inv(np.linalg.inv(inverse) + between)
    shifted = new - features.mean(axis=0)
    truth = truth - np.einsum("ni,ij,nj->n", shifted, whole, shifted)
    found = scores(RelativeMahalanobis(), Evidence(features=new), fit_on)
    assert found == pytest.approx(truth, rel=1e-8, abs=1e-8)


def test_relative_mahalanobis_of_one_class_is_zero(rng):
    one = Evidence(features=rng.standard_normal((50, 4)), labels=np.zeros(50, int))
    assert scores(RelativeMahalanobis(), one) == pytest.approx(np.zeros(50), abs=1e-9)


def test_without_shrinkage_all_rows_as_one_class_have_their_own_covariance(rng):
    features, labels = rng.standard_normal((300, 4)), np.arange(300) % 3
    features[:, 0] += 3 * labels
    shifted = features - features.mean(axis=0)
    own = np.einsum("ni,ij,nj->n", shifted, np.linalg.inv(np.cov(features.T, bias=True)), shifted)
    fit_on = Evidence(features=features, labels=labels)
    classes = scores(Mahalanobis(0.0), fit_on)
    assert scores(RelativeMahalanobis(0.0), fit_on) == pytest.approx(classes - own, abs=1e-8)


def test_distances_far_from_the_origin_keep_their_digits(rng):
    features, labels = rng.standard_normal((200, 6)), np.arange(200) % 2
    plain = scores(Mahalanobis(), Evidence(features=features, labels=labels))
    moved = scores(Mahalanobis(), Evidence(features=features + 1e6, labels=labels))
    assert moved == pytest.approx(plain, rel=1e-5)


def test_the_kth_neighbour_by_hand_and_by_brute_force(rng):
    line = Evidence(features=np.array([[0.0], [1], [3], [7]]))
    asked = Evidence(features=np.array([[2.0], [10]]))
    assert scores(KNN(2, normalise=False), asked, line) == pytest.approx([1, 7])
    features, new = rng.standard_normal((80, 5)), rng.standard_normal((30, 5))
    units = [one / np.linalg.norm(one, axis=1, keepdims=True) for one in (features, new)]
    truth = np.sort(np.linalg.norm(units[1][:, None] - units[0], axis=2), axis=1)[:, 6]
    found = scores(KNN(7), Evidence(features=new), Evidence(features=features))
    assert found == pytest.approx(truth, rel=1e-6)
    with pytest.raises(TooFewRowsError, match="k = 9"):
        KNN(9).fit(line)


def test_vim_worked_through_as_its_paper_writes_it(rng):
    features, weights, bias = rng.standard_normal((100, 6)), rng.standard_normal((6, 3)), np.ones(3)
    fit_on = Evidence(features=features, head=(weights, bias))
    origin = -np.linalg.pinv(weights.T) @ bias
    moved = features - origin
    _, vectors = np.linalg.eig(moved.T @ moved)
    values = np.linalg.eig(moved.T @ moved)[0]
    rest = vectors[:, np.argsort(-values)[2:]]
    logits = features @ weights + bias
    scale = logits.max(axis=1).sum() / np.linalg.norm(moved @ rest, axis=1).sum()
    virtual = np.linalg.norm(moved @ rest, axis=1) * scale
    share = np.exp(virtual) / (np.exp(virtual) + np.exp(logits).sum(axis=1))
    found = scores(ViM(2), fit_on)
    assert 1 / (1 + np.exp(-found)) == pytest.approx(share, rel=1e-9)
    with pytest.raises(ParamError, match="below that of the features, 6; got 6"):
        ViM(6).fit(fit_on)


def test_what_a_head_does_not_see_is_a_share_of_the_length():
    head = (np.array([[1.0, 0], [0, 1], [0, 0]]), np.zeros(2))
    asked = Evidence(features=np.array([[3.0, 4, 0], [0, 0, 2], [3, 0, 4], [0, 0, 0]]), head=head)
    assert scores(NullSpace(), asked) == pytest.approx([0, 1, 0.8, 0])
    full = Evidence(features=np.eye(2), head=(np.eye(2), np.zeros(2)))
    with pytest.raises(ParamError, match="rank 2 of 2"):
        NullSpace().fit(full)


def test_the_principal_residual_of_a_flat_cloud_is_the_height_above_it(rng):
    flat = np.column_stack([rng.standard_normal((50, 2)) * 5, np.ones(50)])
    asked = Evidence(features=np.array([[1.0, 2, 1], [1, 2, 4], [0, 9, -1]]))
    assert scores(Residual(2), asked, Evidence(features=flat)) == pytest.approx([0, 3, 2], abs=1e-9)


def test_react_cuts_activations_and_asks_the_head():
    head = (np.array([[1.0, 0], [0, 1], [1, 1]]), np.array([0.0, 1]))
    fit_on = Evidence(features=np.arange(9.0).reshape(3, 3), head=head)
    asked = Evidence(features=np.array([[100.0, 0, 1]]))
    cut = np.quantile(np.arange(9), 0.5)
    logits = np.array([min(100, cut) + 1, 1 + 1])
    expected = -math.log(np.exp(logits).sum())
    assert scores(ReAct(0.5), asked, fit_on) == pytest.approx([expected])


@pytest.mark.parametrize(
    ("form", "shaped"),
    [
        ("P", [0, 0, 3, 5]),
        ("B", [0, 0, 5, 5]),
        ("S", [0, 0, 3 * math.exp(10 / 8), 5 * math.exp(10 / 8)]),
    ],
)
def test_activations_are_shaped_as_the_paper_says(form, shaped):
    head = (np.eye(4), np.zeros(4))
    asked = Evidence(features=np.array([[1.0, 1, 3, 5]]), head=head)
    expected = -math.log(np.exp(np.array(shaped) - max(shaped)).sum()) - max(shaped)
    assert scores(ASH(form, 0.5), asked) == pytest.approx([expected])
    with pytest.raises(ParamError, match="the least here is -1"):
        ASH().fit(Evidence(features=-np.eye(4), head=head))


def test_the_pattern_of_a_class_is_made_of_rows_predicted_as_it():
    features = np.array([[2.0, 0], [0, 3], [0, 1], [4, 0]])
    labels = np.array([0, 0, 1, 1])
    probs = np.eye(2)[[0, 1, 1, 0]]  # rows 1 and 3 are predicted wrong
    fit_on = Evidence(features=features, labels=labels, probs=probs)
    asked = Evidence(features=np.array([[3.0, 4]]), probs=np.array([[0.9, 0.1]]))
    assert scores(SHE(), asked, fit_on) == pytest.approx([-0.6])
    assert scores(SHE("inner"), asked, fit_on) == pytest.approx([-6])
    bare = Evidence(features=asked.features)
    assert scores(SHE(), bare, fit_on) == pytest.approx([-0.8])


def test_kl_matching_by_hand():
    fit_on = Evidence(probs=np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8]]))
    asked = Evidence(probs=np.array([[0.8, 0.2], [0.5, 0.5]]))
    second = min(
        0.5 * math.log(0.5 / 0.8) + 0.5 * math.log(0.5 / 0.2),
        0.5 * math.log(0.5 / 0.2) + 0.5 * math.log(0.5 / 0.8),
    )
    assert scores(KLMatching(), asked, fit_on) == pytest.approx([0, second], abs=1e-12)


def test_the_floors_are_those_of_scikit_learn(rng):
    from sklearn.ensemble import IsolationForest
    from sklearn.neighbors import LocalOutlierFactor
    from sklearn.svm import OneClassSVM

    features, new = rng.standard_normal((200, 4)), rng.standard_normal((50, 4)) * 2
    fit_on, asked = Evidence(features=features), Evidence(features=new)
    forest = IsolationForest(n_estimators=200, random_state=0).fit(features)
    assert scores(IsolationForestFloor(), asked, fit_on) == pytest.approx(
        -forest.score_samples(new)
    )
    factor = LocalOutlierFactor(n_neighbors=20, novelty=True).fit(features)
    assert scores(LocalOutlierFactorFloor(), asked, fit_on) == pytest.approx(
        -factor.score_samples(new)
    )
    machine = OneClassSVM(nu=0.1).fit(features)
    assert scores(OneClassSVMFloor(), asked, fit_on) == pytest.approx(
        -machine.decision_function(new)
    )


def test_an_ensemble_of_one_detector_twice_ranks_as_it_does(make_evidence):
    fit_on = make_evidence(300)
    both = RankEnsemble(members=("knn", "knn"))
    alone = KNN().fit(fit_on.take(np.sort(np.random.default_rng(0).permutation(300)[100:])))
    asked = make_evidence(50, seed=5)
    ranks = scores(both, asked, fit_on)
    assert stats.spearmanr(ranks, alone.score(asked)).statistic > 0.99
    assert ((ranks >= 0) & (ranks <= 1)).all()
    with pytest.raises(ParamError, match=r"1 apply here \(vim: not applicable: needs head\)"):
        RankEnsemble(members=("vim", "knn")).fit(Evidence(features=fit_on.features))
