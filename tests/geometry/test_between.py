import numpy as np
import pytest
from scipy.spatial import procrustes
from scipy.spatial.distance import pdist
from scipy.stats import energy_distance, spearmanr, wasserstein_distance

from stresslab import geometry
from stresslab.evidence import Evidence


def of(name, a, b, rng=0, **settings):
    piece = geometry.get(f"between.{name}")
    clouds = (Evidence(features=np.asarray(one, float)) for one in (a, b))
    return piece.compute(*clouds, rng=np.random.default_rng(rng), **settings)


def normal(n, d, seed=0, shift=0.0):
    x = np.random.default_rng(seed).normal(size=(n, d))
    x[:, 0] += shift
    return x


def test_unrelated_spaces_have_no_alignment_even_in_many_dimensions():
    values = [
        of("linear_cka", normal(50, 200, s), normal(50, 200, s + 50))["cka"] for s in range(9)
    ]
    assert np.mean(values) == pytest.approx(0, abs=0.03)


def test_alignment_by_the_definition_of_the_unbiased_criterion():
    x, y = normal(7, 3), normal(7, 2, 1)

    def hsic(k, m):
        k, m = k - np.diag(np.diag(k)), m - np.diag(np.diag(m))
        n = len(k)
        one = np.ones(n)
        middle = (one @ k @ one) * (one @ m @ one) / ((n - 1) * (n - 2))
        return (np.trace(k @ m) + middle - 2 / (n - 2) * (one @ k @ m @ one)) / (n * (n - 3))

    k, m = x @ x.T, y @ y.T
    expected = hsic(k, m) / np.sqrt(hsic(k, k) * hsic(m, m))
    assert of("linear_cka", x, y)["cka"] == pytest.approx(expected)


def test_similarity_is_that_of_scipy():
    x = normal(40, 5)
    y = x[:, :3] + normal(40, 3, 1)
    assert of("rsa", x, y)["rsa"] == pytest.approx(spearmanr(pdist(x), pdist(y)).statistic)


def test_procrustes_is_that_of_scipy_also_with_fewer_columns():
    x, y = normal(30, 4), normal(30, 4, 1)
    assert of("procrustes", x, y)["procrustes"] == pytest.approx(procrustes(x, y)[2])
    padded = np.hstack([y[:, :2], np.zeros((30, 2))])
    assert of("procrustes", x, y[:, :2])["procrustes"] == pytest.approx(procrustes(x, padded)[2])
    wide = normal(10, 50)
    assert of("procrustes", wide, wide @ np.linalg.qr(normal(50, 50, 2))[0])[
        "procrustes"
    ] == pytest.approx(0, abs=1e-9)


def test_unrelated_spaces_share_neighbours_by_chance():
    found = of("mutual_knn", normal(400, 4), normal(400, 4, 1))["mutual_knn"]
    assert found == pytest.approx(10 / 399, abs=0.01)


def test_mmd_of_two_gaussians_is_the_closed_form():
    d, s, delta = 8, 2.0, 1.0
    expected = 2 * (s**2 / (s**2 + 2)) ** (d / 2) * (1 - np.exp(-(delta**2) / (2 * (s**2 + 2))))
    assert expected == pytest.approx(0.03159, abs=1e-5)
    found = of("mmd", normal(1500, d), normal(1500, d, 1, delta), width=s)["mmd2"]
    assert found == pytest.approx(expected, abs=0.004)


def test_mmd_is_unbiased():
    values = [of("mmd", normal(30, 3, s), normal(25, 3, s + 99))["mmd2"] for s in range(60)]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(60)
    assert min(values) < 0


def test_energy_is_the_square_of_scipys_in_one_dimension():
    x, y = normal(40, 1), normal(55, 1, 1, 0.7)
    expected = energy_distance(x.ravel(), y.ravel()) ** 2
    assert of("energy_distance", x, y)["energy"] == pytest.approx(expected)


@pytest.mark.slow  # imports for seconds
def test_sliced_distance_in_one_dimension_and_by_pot():
    ot = pytest.importorskip("ot")
    x, y = normal(40, 1), normal(55, 1, 1, 0.7)
    expected = np.sqrt(ot.emd2_1d(x.ravel(), y.ravel()))
    assert of("sliced_wasserstein", x, y)["sliced_wasserstein"] == pytest.approx(expected)
    a, b = normal(60, 6), normal(80, 6, 1, 1.0)
    theirs = ot.sliced_wasserstein_distance(a, b, n_projections=4000, seed=0)
    ours = of("sliced_wasserstein", a, b, directions=4000)["sliced_wasserstein"]
    assert ours == pytest.approx(theirs, rel=0.03)


@pytest.mark.slow  # imports for seconds
def test_transport_is_exact():
    ot = pytest.importorskip("ot")
    x, y = normal(50, 3), normal(50, 3, 1, 2.0)
    weights = np.full(50, 1 / 50)
    expected = ot.emd2(weights, weights, ot.dist(x, y, metric="euclidean"))
    assert of("transport", x, y)["wasserstein"] == pytest.approx(expected)
    line = of("transport", x[:, :1], y[:, :1])["wasserstein"]
    assert line == pytest.approx(wasserstein_distance(x[:, 0], y[:, 0]))


def test_frechet_of_a_moved_and_scaled_cloud_by_hand():
    x = normal(500, 5)
    assert of("frechet", x, x + 2)["frechet"] == pytest.approx(20)
    total = np.trace(np.cov(x.T))
    doubled = x.mean(axis=0) + 2 * (x - x.mean(axis=0))
    assert of("frechet", x, doubled)["frechet"] == pytest.approx(total)


def test_frechet_by_a_matrix_root_and_with_more_features_than_rows():
    from scipy.linalg import sqrtm

    for n, d in ((60, 4), (12, 30)):
        x, y = normal(n, d), normal(n, d, 1, 1.0) * 1.5
        a, b = np.cov(x.T), np.cov(y.T)
        apart = ((x.mean(axis=0) - y.mean(axis=0)) ** 2).sum()
        root = np.trace(sqrtm(sqrtm(a).real @ b @ sqrtm(a).real).real)
        expected = apart + np.trace(a) + np.trace(b) - 2 * root
        assert of("frechet", x, y)["frechet"] == pytest.approx(expected, rel=1e-3)


def test_a_collapsed_copy_is_precise_and_recalls_little():
    x = np.vstack([normal(200, 2), normal(200, 2, 1, 30.0)])
    found = of("precision_recall", x, normal(200, 2, 2))
    assert found["precision_f8"] > 0.9 > 0.65 > found["recall_f8"]
    back = of("precision_recall", normal(200, 2, 2), x)
    assert back["recall_f8"] > 0.9 > 0.65 > back["precision_f8"]


def test_neighbours_and_lines_cannot_tell_halves_and_tell_far_clouds():
    near, far = (normal(400, 5), normal(400, 5, 1)), (normal(400, 5), normal(400, 5, 1, 9.0))
    assert of("nearest_neighbour", *near)["nn_accuracy"] == pytest.approx(0.5, abs=0.05)
    assert of("nearest_neighbour", *far)["nn_accuracy"] > 0.99
    assert of("domain_classifier", *near)["domain_auc"] == pytest.approx(0.5, abs=0.06)
    assert of("domain_classifier", *far)["domain_auc"] > 0.99


def test_a_line_reaches_the_area_of_shifted_gaussians():
    from scipy.stats import norm

    found = of("domain_classifier", normal(3000, 4), normal(3000, 4, 1, 1.0))["domain_auc"]
    assert found == pytest.approx(norm.cdf(1 / np.sqrt(2)), abs=0.02)
