import numpy as np
import pytest

from stresslab.errors import RowError, TooFewRowsError
from stresslab.evidence import Evidence
from stresslab.geometry._cone import project_on_cones
from stresslab.geometry._theory import capacity_of_balls
from stresslab.geometry.manifolds import manifold_geometry, rows_used
from stresslab.studies._geometry_tables import circles


def of(evidence, seed=1, **settings):
    return manifold_geometry(evidence, rng=np.random.default_rng(seed), **settings)


@pytest.mark.parametrize(
    ("radius", "capacity"),
    [(0.001, 1.996), (0.5, 0.9499), (1, 0.6667), (5, 0.4377), (1000, 0.4002)],
)
def test_theory_of_discs(radius, capacity):
    assert capacity_of_balls(radius, 2) == pytest.approx(capacity, abs=1e-3)


@pytest.mark.parametrize("dimension", [1, 5, 20])
def test_theory_has_its_limits(dimension):
    assert capacity_of_balls(1e-4, dimension) == pytest.approx(2, abs=0.01)
    assert capacity_of_balls(1e4, dimension) == pytest.approx(2 / (1 + 2 * dimension), rel=1e-2)


@pytest.mark.parametrize("radius", [0.5, 1, 5])
def test_circles_have_the_capacity_of_theory(radius):
    found = of(circles(radius), points=60, draws=200)
    assert found["capacity"] == pytest.approx(capacity_of_balls(radius, 2), rel=0.08)


def test_points_have_a_capacity_of_two():
    values = [of(circles(1e-3, seed=s), seed=s, points=60)["capacity"] for s in range(4)]
    assert np.mean(values) == pytest.approx(2, abs=0.05)


def test_dimension_rises_and_radius_saturates():
    found = [of(circles(radius), points=60) for radius in (0.5, 1, 5)]
    dimensions = [one["dimension"] for one in found]
    assert dimensions == sorted(dimensions)
    assert dimensions == pytest.approx([1.6, 1.8, 1.95], abs=0.1)
    assert found[2]["radius"] / found[1]["radius"] < 5


def test_the_identity_holds():
    found = of(circles(1))
    expected = found["utility"] * (1 + found["radius"] ** -2) / found["dimension"]
    assert found["capacity"] == pytest.approx(expected, abs=1e-9)


def test_capacity_is_classes_over_the_squared_length_of_projections():
    evidence, rng = circles(1, points=40), np.random.default_rng(1)
    signs = rng.choice([-1.0, 1.0], size=(200, 10))
    targets = rng.normal(size=(200, 200))
    turned = signs[:, evidence.labels]
    weights = project_on_cones(evidence.features, turned, targets).weights
    length = (((turned * weights) @ evidence.features) ** 2).sum(axis=1).mean()
    assert of(evidence)["capacity"] == pytest.approx(10 / length, abs=1e-9)


def test_scale_changes_nothing():
    small, large = circles(1), circles(1)
    large = Evidence(features=large.features * 37.0, labels=large.labels)
    assert of(large) == pytest.approx(of(small), abs=1e-8)


def test_shared_centres_align_and_random_ones_do_not():
    rng = np.random.default_rng(0)
    apart = of(circles(0.5))
    shared = Evidence(
        features=circles(0.5).features + 5 * rng.normal(size=200) / 14, labels=circles(0.5).labels
    )
    assert of(shared)["centre_alignment"] > 0.8 > 0.2 > apart["centre_alignment"]


def test_two_thousand_classes_are_drawn_from_and_single_points_left_out():
    rng = np.random.default_rng(0)
    labels = np.concatenate([np.repeat(np.arange(2000), 6), [5000, 5001]])
    evidence = Evidence(features=rng.normal(size=(12002, 60)).astype("f4"), labels=labels)
    rows = rows_used(evidence, rng)
    assert 950 < len(rows) <= 1000
    assert not {5000, 5001} & set(labels[rows].tolist())
    assert np.unique(labels[rows], return_counts=True)[1].min() >= 2
    assert np.isfinite(of(evidence, draws=5)["capacity"])


def test_too_few_and_empty_are_refused():
    with pytest.raises(TooFewRowsError, match="0 are that large"):
        of(Evidence(features=np.eye(3), labels=np.arange(3)))
    with pytest.raises(RowError, match="not all zero"):
        of(Evidence(features=np.zeros((8, 3)), labels=np.arange(8) % 2))


def test_many_dimensions_are_thrown_on_512_at_random():
    rng = np.random.default_rng(0)
    thin = rng.normal(size=(60, 40))
    labels = np.arange(60) % 6
    wide = np.pad(thin, ((0, 0), (0, 660))) @ np.linalg.qr(rng.normal(size=(700, 700)))[0]
    narrow = of(Evidence(features=thin, labels=labels))["capacity"]
    found = of(Evidence(features=wide, labels=labels))["capacity"]
    assert found == pytest.approx(narrow, rel=0.15)
