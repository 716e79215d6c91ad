"""The parts study 06 is made of: balanced digits, shifts, correlations within architectures."""

import numpy as np
import pandas as pd
import pytest

from stresslab.studies import _geometry_tables as tables
from stresslab.studies._geometry_nets import POINTS, SHIFTS, Settings, changed, digits, grid, train
from stresslab.studies.geometry_markers import NO_SIGNAL, _verdict


def test_the_test_holds_as_many_of_every_digit_and_none_it_was_trained_on():
    known = digits()
    assert np.bincount(known.labels).tolist() == [POINTS] * 10
    assert len(known.training) + len(known.test) == 1797
    assert len(set(known.places.tolist())) == len(known.places)


@pytest.mark.parametrize("shift", SHIFTS)
def test_a_shift_grows_with_its_tier(shift):
    images = digits().test[:40]
    assert (changed(images, shift, 0) == images).all()
    away = [np.abs(changed(images, shift, tier) - images).mean() for tier in range(1, 6)]
    assert away == sorted(away)
    assert away[0] > 0


def test_a_network_is_its_features_and_its_last_layer_and_the_same_again():
    settings = Settings(32, 1.0, 0)
    net, again = train(settings), train(settings)
    images = digits().test[:20]
    probs = net.probabilities(images)
    assert probs.sum(axis=1) == pytest.approx(1)
    assert (probs == again.probabilities(images)).all()
    assert net.features(images).shape == (20, 32)
    assert (net.features(images) >= 0).all()


def test_there_are_two_dozen_networks_of_three_architectures():
    assert len({one.name for one in grid()}) == 24
    assert len({one.family for one in grid()}) == 3


def dots(slope, offset, n=8):
    """Markers of three architectures: inside each y goes with x by `slope`, between by `offset`."""
    rng = np.random.default_rng(0)
    rows = []
    for place, family in enumerate(("a", "b", "c")):
        x = rng.normal(size=n) + 5 * place
        y = slope * (x - 5 * place) + offset * place + 0.1 * rng.normal(size=n)
        rows += [
            {"model": f"{family}{i}", "marker": "dimension", "kind": "geometry", "x": x[i],
             "y": y[i], "family": family}
            for i in range(n)
        ]  # fmt: skip
    return pd.DataFrame(rows)


def test_differences_between_architectures_do_not_count_within_them():
    table = dots(-1.0, 20.0)
    within = tables.correlations(table, tables.WITHIN)["value"].iloc[0]
    pooled = tables.correlations(table, tables.POOLED)["value"].iloc[0]
    assert within < -0.9
    assert pooled > 0.9
    assert tables.correlations(table, "b")["value"].iloc[0] < -0.9


def test_fewer_than_six_networks_or_a_constant_marker_have_no_correlation():
    few = dots(-1.0, 0.0, n=5)
    assert np.isnan(tables.correlations(few, "a")["value"].iloc[0])
    constant = dots(-1.0, 0.0).assign(x=1.0)
    assert np.isnan(tables.correlations(constant, tables.POOLED)["value"].iloc[0])


def told(accuracy, accuracy_p, shape_p):
    return pd.DataFrame(
        {
            "label": [tables.ACCURACY, "dimension"], "kind": ["baseline", "geometry"],
            "value": [accuracy, -0.8], "adjusted": [accuracy_p, shape_p],
        }
    )  # fmt: skip


def test_the_verdict_asks_whether_the_best_inside_are_the_best_outside():
    assert _verdict(told(0.8, 0.01, 0.01)) == "ID accuracy already tells"
    assert _verdict(told(-0.8, 0.01, 0.01)) == "geometry warns"
    assert _verdict(told(0.3, 0.4, 0.01)) == "geometry warns"
    assert _verdict(told(0.3, 0.4, 0.2)) == NO_SIGNAL
    assert _verdict(told(0.3, np.nan, np.nan)) == NO_SIGNAL
