import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, silhouette_score

from stresslab import geometry
from stresslab.evidence import Evidence
from stresslab.stats.jackknife import jackknife


def of(name, rng=0, **parts):
    settings = parts.pop("settings", {})
    evidence = Evidence(**parts)
    return geometry.get(name).compute(evidence, rng=np.random.default_rng(rng), **settings)


def classes(n=300, dimension=5, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    return rng.normal(size=(n, dimension)) + 1.2 * labels[:, None], labels


def flat(n=1500, inside=3, outside=20, seed=0):
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(outside, outside)))[0][:inside]
    return rng.uniform(size=(n, inside)) @ turn


def test_an_isotropic_gaussian_takes_part_in_all_directions():
    x = np.random.default_rng(0).normal(size=(5000, 10))
    found = of("participation_ratio", features=x)["participation_ratio"]
    assert found == pytest.approx(10, abs=0.1)


def test_a_line_takes_part_in_one_direction_and_two_equal_ones_in_two():
    line = np.outer(np.arange(9.0), [1, 2, 3])
    assert of("participation_ratio", features=line)["participation_ratio"] == pytest.approx(1)
    cross = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    assert of("participation_ratio", features=cross)["participation_ratio"] == pytest.approx(2)


def test_rank_of_a_plane_is_two():
    rng = np.random.default_rng(0)
    plane = rng.normal(size=(50, 2)) @ rng.normal(size=(2, 9))
    assert of("numerical_rank", features=plane)["numerical_rank"] == 2
    assert of("numerical_rank", features=np.zeros((5, 3)))["numerical_rank"] == 0


def test_classes_at_their_means_have_collapsed():
    means = np.random.default_rng(0).normal(size=(4, 6))
    labels = np.repeat(np.arange(4), 5)
    assert of("class_collapse", features=means[labels], labels=labels)["nc1"] == 0


def test_collapse_is_the_trace_of_the_definition():
    x, labels = classes()
    means = np.array([x[labels == c].mean(axis=0) for c in range(3)])
    inside = np.mean([np.cov(x[labels == c].T, bias=True) for c in range(3)], axis=0)
    between = np.cov(means.T, bias=True)
    values, vectors = np.linalg.eigh(between)
    kept = values > 1e-3 * values[-1]
    inverse = vectors[:, kept] / values[kept] @ vectors[:, kept].T
    expected = np.trace(inside @ inverse) / 3
    assert of("class_collapse", features=x, labels=labels)["nc1"] == pytest.approx(expected)


def test_active_share_and_covariance_by_hand():
    assert of("active_fraction", features=np.array([[0, 1.0], [0, -2]]))["active_fraction"] == 0.5
    x = np.array([[0.0, 0, 5], [2, -2, 5]])  # covariances -2, 0, 0
    found = of("covariance", features=x)["off_diagonal_covariance"]
    assert found == pytest.approx(2 / 3)


def test_pairs_of_a_square():
    square = np.array([[1.0, 0], [0, 1], [-1, 0], [0, -1]])
    found = of("pairwise", features=square)
    assert found["mean_distance"] == pytest.approx((4 * np.sqrt(2) + 2 * 2) / 6)
    assert found["mean_angle"] == pytest.approx((4 * np.pi / 2 + 2 * np.pi) / 6)


def test_a_flat_of_three_dimensions_has_three():
    found = of("intrinsic_dimension", features=flat())
    assert found["two_nn"] == pytest.approx(3, abs=0.3)
    assert found["mle"] == pytest.approx(3, abs=0.4)
    assert found["local_pca"] == pytest.approx(3, abs=0.05)


@pytest.mark.slow  # imports for seconds
def test_scikit_dimension_finds_the_same():
    skdim = pytest.importorskip("skdim")
    x = flat(600)
    found = of("intrinsic_dimension", features=x)
    assert found["two_nn"] == pytest.approx(skdim.id.TwoNN().fit(x).dimension_, rel=0.02)
    assert found["local_pca"] == pytest.approx(
        skdim.id.lPCA(ver="FO").fit_pw(x, n_neighbors=20).dimension_pw_.mean(), abs=0.1
    )
    theirs = skdim.id.MLE().fit_transform_pw(x, n_neighbors=20)
    assert found["mle"] == pytest.approx(1 / np.mean(1 / theirs), rel=0.06)


def test_purity_is_one_for_far_classes_and_chance_for_none():
    x, labels = classes()
    far = x + 100 * labels[:, None]
    assert of("neighbourhood_purity", features=far, labels=labels)["purity"] == 1
    mixed = np.random.default_rng(1).permutation(labels)
    assert of("neighbourhood_purity", features=x, labels=mixed)["purity"] == pytest.approx(
        1 / 3, abs=0.04
    )


def test_silhouette_is_that_of_scikit_learn():
    x, labels = classes()
    found = of("class_separation", features=x, labels=labels)
    assert found["silhouette"] == pytest.approx(silhouette_score(x, labels))


def test_share_between_two_points_a_class_by_hand():
    x, labels = np.array([[0.0], [2], [10], [12]]), np.array([0, 0, 1, 1])
    found = of("class_separation", features=x, labels=labels)["between_share"]
    assert found == pytest.approx(100 / 104)


def test_a_probe_reads_classes_and_not_shuffled_ones():
    x, labels = classes(600)
    found = of("linear_probe", features=x + 3 * np.eye(5)[labels], labels=labels)
    assert found["probe_accuracy"] > 0.9
    assert found["probe_control"] == pytest.approx(1 / 3, abs=0.08)
    assert found["selectivity"] == found["probe_accuracy"] - found["probe_control"]


def test_directions_on_a_sphere_cancel_and_one_side_does_not():
    x = np.random.default_rng(0).normal(size=(2000, 30))
    assert of("anisotropy", features=x)["mean_cosine"] == pytest.approx(0, abs=0.005)
    assert of("anisotropy", features=x + 20)["mean_cosine"] > 0.95
    units = x[:50] / np.linalg.norm(x[:50], axis=1, keepdims=True)
    pairs = (units @ units.T)[np.triu_indices(50, 1)]
    assert of("anisotropy", features=x[:50])["mean_cosine"] == pytest.approx(pairs.mean())


def test_many_dimensions_make_hubs():
    rng = np.random.default_rng(0)
    few, many = (of("hubness", features=rng.normal(size=(800, d)))["hubness"] for d in (3, 100))
    assert many > few + 1


def test_outputs_by_hand_and_by_scikit_learn():
    probs = np.array([[0.97, 0.03], [0.6, 0.4], [0.2, 0.8], [0.45, 0.55]])
    labels = np.array([0, 1, 1, 1])
    found = of("outputs", probs=probs, labels=labels)
    right = probs.argmax(axis=1) == labels
    assert found["confidence_auroc"] == pytest.approx(roc_auc_score(right, probs.max(axis=1)))
    assert found["mean_confidence"] == pytest.approx((0.97 + 0.6 + 0.8 + 0.55) / 4)
    assert found["accuracy_when_sure"] == 1
    assert found["mean_entropy"] == pytest.approx(-(probs * np.log(probs)).sum() / 4)


def test_logits_by_hand():
    found = of("logits", logits=np.array([[3.0, 1, 0], [0, 0, 5]]), labels=np.array([0, 1]))
    assert found["logit_margin"] == pytest.approx((2 - 5) / 2)
    expected = -np.log([np.exp(3) + np.exp(1) + 1, 2 + np.exp(5)]).mean()
    assert found["energy"] == pytest.approx(expected)


def test_folds_of_a_probe_stay_when_others_leave():
    """Leaving ten of 200 points out moves accuracy by little: the folds of the rest are kept."""
    rng = np.random.default_rng(0)
    labels = np.arange(200) % 2
    x = rng.normal(size=(200, 10)) + 0.6 * labels[:, None]
    known = Evidence(features=x, labels=labels, units=np.arange(200))
    plain = Evidence(features=x, labels=labels)
    piece = geometry.get("linear_probe")
    spread = []
    for evidence in (known, plain):
        found = jackknife(
            lambda mask, one=evidence: piece.compute(one.take(mask), rng=np.random.default_rng(3)),
            np.arange(200) % 20,
        )
        spread.append((found.error("probe_accuracy"), found.error("probe_control")))
        assert 0.7 < found.values["probe_accuracy"] <= 1
        assert 0.3 < found.values["probe_control"] < 0.7
    assert 0 < spread[0][0] < 0.7 * spread[1][0]


def test_rows_of_one_unit_share_a_fold():
    """Copies of noise could be learnt by heart, were they on both sides of a fold."""
    rng = np.random.default_rng(1)
    x, labels = rng.normal(size=(60, 80)), rng.integers(0, 2, 60)
    twice = {"features": np.repeat(x, 2, axis=0), "labels": np.repeat(labels, 2)}
    piece = geometry.get("linear_probe")
    draws = [np.random.default_rng(s) for s in (2, 2)]
    by_unit = piece.compute(Evidence(**twice, units=np.repeat(np.arange(60), 2)), rng=draws[0])
    by_row = piece.compute(Evidence(**twice), rng=draws[1])
    assert by_row["probe_accuracy"] > 0.8
    assert by_unit["probe_accuracy"] < 0.7
