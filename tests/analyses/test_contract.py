"""What every analysis must hold to, present and future."""

import json

import numpy as np
import pytest

from stresslab import analyses
from stresslab.result import Result

ROOMS = ("empty", "toy", "graded", "silent", "unscored")
VERDICTS = {"better", "worse", "equivalent", "cannot tell"}


DONE = {}


@pytest.fixture(params=[(name, room) for name in analyses.names() for room in ROOMS], ids="-".join)
def result(request, ask):
    name, room = request.param
    if (name, room) not in DONE:
        DONE[name, room] = ask(name, request.getfixturevalue(room))
    return DONE[name, room]


def test_the_first_table_answers_and_carries_the_name(result):
    assert next(iter(result.tables)) == result.analysis


def test_a_result_saves_and_reloads_equal(result, tmp_path):
    result.save(tmp_path / "r.json")
    again = Result.load(tmp_path / "r.json")
    assert again == result
    again.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text() == (tmp_path / "r.json").read_text()


def test_settings_are_resolved_and_jsonable(result):
    json.dumps(result.params, allow_nan=False)


def test_every_value_has_n_and_an_interval_around_it(result):
    for table in result.tables.values():
        if "value" in table.columns:
            assert {"low", "high", "n", "n_clusters"} <= set(table.columns)
            known = table.dropna(subset=["value", "low", "high"])
            assert (known["low"] <= known["value"] + 1e-9).all()
            assert (known["value"] <= known["high"] + 1e-9).all()


def test_a_cell_without_values_is_null_never_zero(result):
    for table in result.tables.values():
        if {"value", "n"} <= set(table.columns):
            assert table.loc[table["n"] == 0, "value"].isna().all()


def test_verdicts_are_the_four_words_and_agree_with_the_corrected_interval(result):
    for table in result.tables.values():
        if {"verdict", "low_adjusted", "difference"} <= set(table.columns):
            assert set(table["verdict"]) <= VERDICTS
            told = table[table["verdict"].isin(["better", "worse"])]
            assert (np.sign(told["low_adjusted"]) == np.sign(told["high_adjusted"])).all()


def test_headlines_are_plain_whole_sentences(result):
    if "headlines" in result.tables:
        table = result.tables["headlines"]
        assert 1 <= len(table) <= 6
        assert table["text"].str.endswith(".").all()
        assert not table["text"].str.contains(r"significant|nan|None|\*\*|`", regex=True).any()
        assert set(table["verdict"]) <= VERDICTS | {""}
        assert set(table["page"]) <= set(analyses.names())


def test_links_of_headlines_are_settings_of_their_page(result, request):
    if "headlines" in result.tables:
        for row in result.tables["headlines"].to_dict("records"):
            analyses.get(row["page"]).params.parse(json.loads(row["query"]))


def test_an_empty_slice_is_empty_and_says_so(toy, ask):
    for name in set(analyses.names()) - {"inventory", "parity"}:
        found = ask(name, toy, where='domain = "nowhere"')
        assert len(found.table) == 0, name
        assert "no-rows" in {warning.code for warning in found.warnings}, name


def test_an_unknown_model_or_metric_is_named_with_near_matches(toy, ask):
    from stresslab.errors import ParamError

    with pytest.raises(ParamError, match="alpha"):
        ask("overview", toy, models=("alhpa",))
    with pytest.raises(ParamError, match="score"):
        ask("overview", toy, metric="scroe")
