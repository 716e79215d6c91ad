"""Detectors on a workspace: who is fitted on, what the numbers are, what a cut selects."""

import numpy as np
import pytest

from stresslab import analyses
from stresslab.errors import ParamError, TooFewRowsError, UnknownPieceError
from stresslab.jobs.detect import detect
from stresslab.store.derived import read_derived
from tests.factory import toy_workspace

NAMES = ("knn", "mahalanobis", "residual", "energy")


def with_space(path):
    """120 items of two domains; the vectors of the second lie apart, tiers move outwards."""
    from stresslab.store.contents import resolve
    from stresslab.store.rows import grid

    workspace = toy_workspace(path, n_items=120)
    rows = grid(workspace, resolve(workspace), limit=10_000).variants
    rng = np.random.default_rng(0)
    far = rows["domain"].to_numpy() == sorted(rows["domain"].unique())[1]
    vectors = rng.standard_normal((len(rows), 8)) + 1.5 * far[:, None]
    vectors[:, 0] += 1.5 * rows["tier"].to_numpy()
    with workspace.add_space("cloud", encoder="t", dimension=8, kind="features") as space:
        space.write(rows["variant_id"].tolist(), vectors)
    return workspace


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    workspace = with_space(tmp_path_factory.mktemp("detect") / "w")
    first = sorted(
        analyses.get("inventory")
        .run(workspace, analyses.get("inventory").params())
        .tables["domains"]["domain"]
    )[0]
    params = analyses.get("detect").params(space="cloud", in_domains=(first,), detectors=NAMES)
    *_, done = detect(workspace, params)
    return workspace, params, done


def result_of(scored):
    workspace, params, _ = scored
    return analyses.get("detect").run(workspace, params)


def stored(scored, name):
    workspace, _, _ = scored
    [info] = [one for one in workspace.derived() if one.derived_id == f"cloud.{name}"]
    return read_derived(info)


def test_what_does_not_apply_is_left_out_with_its_reason(scored):
    assert "1 left out (energy: not applicable: needs logits)" in scored[2].message
    assert scored[2].counts == {"detectors": 3}
    result = result_of(scored)
    assert any("energy" in one.message for one in result.warnings)


def test_fitted_rows_have_no_score_and_variants_of_their_items_are_aside(scored):
    table = stored(scored, "knn")
    assert table.loc[table["role"] == 0, "value"].isna().all()
    assert table.loc[table["role"] != 0, "value"].notna().all()
    items = table["variant_id"].str.split("#").str[0]
    fitted = set(items[table["role"] == 0])
    assert fitted
    assert set(table.loc[items.isin(fitted), "role"]) == {0, 3}
    assert not fitted & set(items[table["role"].isin([1, 2])])


def test_areas_are_those_of_scikit_learn_on_the_rows_that_are_judged(scored):
    from sklearn.metrics import average_precision_score, roc_auc_score

    result = result_of(scored)
    assert set(result.table["detector"]) == {"knn", "mahalanobis", "residual"}
    for row in result.table.to_dict("records"):
        table = stored(scored, row["detector"])
        table = table[table["role"].isin([1, 2])]
        out = table["role"] == 2
        assert row["value"] == pytest.approx(roc_auc_score(out, table["value"]), abs=1e-9)
        assert row["average_precision"] == pytest.approx(
            average_precision_score(out, table["value"]), abs=1e-9
        )
        assert row["low"] < row["value"] < row["high"]
        assert (row["n_in"], row["n_out"]) == ((~out).sum(), out.sum())


def test_a_cut_selects_the_rows_it_says(scored):
    workspace = scored[0]
    table = result_of(scored).tables["thresholds"]
    row = table[(table["detector"] == "knn") & (table["kept"] == 0.9)].iloc[0]
    kept = stored(scored, "knn")
    judged = kept[kept["role"].isin([1, 2])]
    assert row["n_beyond"] == (judged["value"] > row["threshold"]).sum()
    assert row["alarms"] <= 0.1 + 1e-6
    from stresslab.store.contents import resolve
    from stresslab.store.rows import grid

    found = grid(workspace, resolve(workspace, where=row["condition"]), limit=10_000).variants
    assert set(found["variant_id"]) == set(kept.loc[kept["value"] > row["threshold"], "variant_id"])


def test_dropping_nothing_leaves_the_share_right_of_all_rows(scored):
    result = result_of(scored)
    curve = result.tables["risk_coverage"]
    start = curve[curve["dropped"] == 0].set_index("detector")["value"]
    gains = result.tables["dropping"].set_index("detector")
    assert start.to_dict() == pytest.approx(gains["all_rows"].to_dict())
    assert (gains["gain"] == gains["kept_rows"] - gains["all_rows"]).all()


def test_scores_that_follow_tiers_are_said_to_rise(scored):
    table = result_of(scored).tables["tier_response"]
    assert set(table.loc[table["detector"] == "mahalanobis", "verdict"]) == {"rises"}
    assert ((table["low"] <= table["value"]) & (table["value"] <= table["high"])).all()


def test_the_best_is_named_first_with_its_evidence(scored):
    lines = result_of(scored).tables["headlines"]
    best = result_of(scored).table["label"].iloc[0]
    assert lines["text"].iloc[0].lower().startswith(best.lower())
    assert "AUROC ." in lines["text"].iloc[0]


def test_the_same_scores_are_not_computed_twice(scored):
    workspace, params, _ = scored
    before = {one.derived_id: one.digest for one in workspace.derived()}
    [done] = [one for one in detect(workspace, params) if hasattr(one, "counts")]
    assert done.counts == {"detectors": 3}
    assert {one.derived_id: one.digest for one in workspace.derived()} == before


def test_a_stopped_job_goes_on_with_the_detectors_that_are_missing(tmp_path):
    workspace = with_space(tmp_path / "w")
    params = analyses.get("detect").params(space="cloud", detectors=("knn", "mahalanobis"))
    events = detect(workspace, params)
    for _ in events:
        if workspace.derived():
            break
    events.close()
    assert [one.derived_id for one in workspace.derived()] == ["cloud.knn"]
    first = workspace.derived()[0].digest
    list(detect(workspace, params))
    digests = {one.derived_id: one.digest for one in workspace.derived()}
    assert digests["cloud.knn"] == first
    assert set(digests) == {"cloud.knn", "cloud.mahalanobis"}


def test_without_scores_or_vectors_the_next_step_is_named(tmp_path, toy):
    piece = analyses.get("detect")
    none = piece.run(toy, piece.params())
    assert none.table.empty
    assert any("stresslab embed" in one.message for one in none.warnings)
    workspace = with_space(tmp_path / "w")
    bare = piece.run(workspace, piece.params())
    assert any("stresslab detect cloud" in one.message for one in bare.warnings)
    assert set(bare.tables) >= {"detect", "pairs", "domains", "tiers", "thresholds", "headlines"}
    assert "stresslab detect cloud" in bare.tables["headlines"]["text"].iloc[0]


def test_what_cannot_be_done_is_said(tmp_path, toy):
    piece = analyses.get("detect")
    with pytest.raises(ParamError, match="stresslab embed"):
        list(detect(toy, piece.params()))
    workspace = with_space(tmp_path / "w")
    with pytest.raises(UnknownPieceError, match="mahalanobis"):
        list(detect(workspace, piece.params(detectors=("mahalanobi",))))
    with pytest.raises(TooFewRowsError, match="in_domains or in_where"):
        list(detect(workspace, piece.params(in_where="tier = 77")))
    with pytest.raises(ParamError, match="model must be one of"):
        list(detect(workspace, piece.params(model="nobody")))
