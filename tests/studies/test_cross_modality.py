"""The parts of the study of transfer between signals: signals, splits, what is refused."""

import numpy as np
import pytest

from stresslab.errors import ParamError, ShapeError, TooFewRowsError
from stresslab.studies import _modality_signals as lots
from stresslab.studies import _modality_tables as tables
from stresslab.studies import _modality_transfer as moves


class Says:
    """A classifier that says the sign of the first number."""

    def predict(self, rows):
        return (rows[:, 0] > 0).astype(int)


def test_windows_are_standardised_and_stress_is_half_of_a_persons():
    some = lots.windows(3)
    assert {rows.shape for rows in some.signals.values()} == {(237, lots.LENGTH)}
    for person in range(3):
        mine = some.person == person
        assert some.labels[mine].mean() == pytest.approx(0.5, abs=0.01)
        for rows in some.signals.values():
            assert rows[mine].mean() == pytest.approx(0, abs=1e-9)
            assert rows[mine].std() == pytest.approx(1)


def test_features_of_a_sine_stand_in_its_band():
    wave = np.sin(2 * np.pi * 10 * np.arange(lots.LENGTH) / lots.LENGTH)[None, :]  # 10 cycles
    found = lots.features(wave)[0]
    assert found.shape == (24,)
    assert found[8:16].argmax() == 4  # 8 to 13 cycles
    assert found[8 + 4] == pytest.approx(np.log(lots.LENGTH / 4), abs=1e-4)  # power n / 4


def test_noise_grows_with_the_tier_and_tier_0_is_the_signal():
    rows = lots.windows(3).signals["ECG"]
    assert lots.noisy(rows, "ECG", 0) is rows
    added = [(lots.noisy(rows, "ECG", tier) - rows).std() for tier in (1, 2, 3)]
    assert added == pytest.approx([0.5, 1, 2], rel=0.02)


def test_every_window_is_answered_once_by_a_model_that_did_not_see_its_person():
    person = np.repeat(np.arange(10), 6)
    parts = moves.splits(person, 60, by_person=True)
    assert sorted(np.concatenate([test for _, test in parts])) == list(range(60))
    assert not any(set(person[a]) & set(person[b]) for a, b in parts)


def test_a_cell_is_the_share_right_and_below_chance_it_stays():
    rows = np.array([[1.0], [-1.0], [2.0], [-2.0]])
    labels, parts = np.array([1, 0, 1, 0]), [(np.arange(4), np.arange(4))]
    said = moves.answers({"a": rows, "b": -rows}, labels, parts, lambda *_: Says())
    assert moves.matrix(said, labels)[1].tolist() == [[1, 0], [1, 0]]


def test_a_signal_with_one_class_has_an_empty_column():
    rows = np.ones((4, 1))
    labels = {"a": np.array([0, 1, 0, 1]), "b": np.ones(4, dtype=int)}
    said = moves.answers({"a": rows, "b": rows}, labels, [(np.arange(4),) * 2], lambda *_: Says())
    found = moves.matrix(said, labels)[1]
    assert np.isnan(found[:, 1]).all()
    assert found[:, 0].tolist() == [0.5, 0.5]


def test_what_cannot_be_asked_is_refused_in_a_sentence():
    rows, labels = np.zeros((4, 3)), np.array([0, 1, 0, 1])
    with pytest.raises(TooFewRowsError, match="at least 2 signals; got 1"):
        moves.answers({"a": rows}, labels, [], moves.linear)
    with pytest.raises(ShapeError, match=r"a \(4, 3\), b \(4, 2\)"):
        moves.answers({"a": rows, "b": rows[:, :2]}, labels, [], moves.linear)
    with pytest.raises(ShapeError, match="needs the person of every window"):
        moves.splits(None, 4, by_person=True)
    assert len(moves.splits(None, 10, by_person=False)) == moves.N_FOLDS
    with pytest.raises(ParamError, match="9 signals"):
        moves.rank_relation(np.zeros((9, 9)), np.zeros((9, 9)))


def test_distance_in_the_hidden_layer_is_that_of_shifted_clouds():
    rng = np.random.default_rng(0)
    own = rng.normal(size=(400, 3))
    told = moves.apart({"a": own, "b": own + np.array([3, 0, 0]), "c": 2 * own}, "a")
    assert told["b"]["means"] == pytest.approx(3)
    assert told["b"]["log_variance"] == pytest.approx(0)
    assert told["c"]["log_variance"] == pytest.approx(np.log(4))
    assert told["b"]["mmd2"] > told["c"]["mmd2"] > 0


def test_the_cluster_ratio_of_two_points_each_side():
    clouds = {"a": np.array([[-2.0], [0.0]]), "b": np.array([[0.0], [2.0]])}
    assert moves.cluster_ratio(clouds) == pytest.approx(1)  # between 4, within 4


def test_the_rank_relation_is_spearmans_and_its_p_counts_renamings():
    from scipy.stats import spearmanr

    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 5, 5))
    off = ~np.eye(5, dtype=bool)
    found = moves.rank_relation(a, b)
    assert found["rho"] == pytest.approx(spearmanr(a[off], b[off])[0])
    assert moves.rank_relation(a, a)["p"] == pytest.approx(1 / 120)  # only the identity is as far
    assert found["p"] >= 1 / 120
    assert np.isnan(moves.rank_relation(a, np.zeros((5, 5)))["rho"])


def test_the_matrix_of_the_study_is_that_of_its_runs(built):
    from stresslab import Workspace

    found = built("cross_modality")
    cells = found.result.table
    said, labels, _ = tables.right(Workspace.open(found.folder), "by person")
    mine = cells[cells["split"] == "by person"]["value"].to_numpy()
    assert mine == pytest.approx([said[key].mean() for key in said])
    assert set(np.unique(labels)) == {0, 1}
    assert (cells["n_clusters"] == 6).all()
