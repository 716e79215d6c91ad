import pytest

from stresslab.analyses._claims import read
from stresslab.errors import ParamError


def check(ask, workspace, text, **settings):
    return ask("claim_check", workspace, claims=text, **settings).table.to_dict("records")


def test_the_printed_value_of_the_same_rows_is_reproduced(toy, ask):
    ours = ask("overview", toy).tables
    value = ask("compare", toy, models=("alpha", "beta"), by=()).tables["agreement"].iloc[0]
    share = (value["both_right"] + value["only_a"]) / value["n_pairs"]
    [row] = check(ask, toy, f'[[claim]]\nmodel = "alpha"\nvalue = "{share:.3f}"')
    assert ours
    assert row["verdict"] == "reproduced"
    assert row["value"] == pytest.approx(share)
    assert row["n"] == value["n_pairs"]


def test_percent_and_shares_are_one_number(toy, ask):
    text = '[[claim]]\nmodel = "beta"\nvalues = {{"tier = 0" = "{}"}}'
    [share] = check(ask, toy, text.format("0.600"))
    [percent] = check(ask, toy, text.format("60.0%"))
    assert share["printed"] == pytest.approx(percent["printed"])
    assert share["verdict"] == percent["verdict"]


def test_a_number_outside_the_interval_differs_and_one_inside_cannot_be_told(toy, ask):
    text = '[[claim]]\nmodel = "beta"\nslice = "tier = 0"\nvalue = {}'
    assert check(ask, toy, text.format("0.99"))[0]["verdict"] == "differs"
    found = check(ask, toy, text.format("0.57"))[0]
    assert found["verdict"] == "cannot tell"
    assert found["low_adjusted"] < 0.57 < found["high_adjusted"]
    assert check(ask, toy, text.format("0.57"), margin=0.5)[0]["verdict"] == "reproduced"


def test_a_printed_standard_error_makes_it_harder_to_differ(toy, ask):
    text = '[[claim]]\nmodel = "beta"\nslice = "tier = 0"\nvalue = 0.85\n'
    assert check(ask, toy, text)[0]["verdict"] == "differs"
    assert check(ask, toy, text + "stderr = 0.2")[0]["verdict"] == "cannot tell"


def test_an_order_is_a_paired_test_of_every_step(toy, ask):
    rows = check(ask, toy, '[[claim]]\norder = "gamma > alpha > beta"\nslice = "tier = 0"')
    assert [row["verdict"] for row in rows] == ["differs", "reproduced"]
    assert rows[0]["reason"] == "it is the other way round"
    plain = ask("compare", toy, models=("alpha", "beta"), by=(), where="tier = 0")
    assert rows[1]["value"] == pytest.approx(plain.table["difference"].iloc[0])


def test_claims_are_corrected_together(toy, ask):
    one = '[[claim]]\nmodel = "beta"\nvalue = 0.5\n'
    [alone], many = check(ask, toy, one), check(ask, toy, one * 10)
    assert many[0]["low_adjusted"] < alone["low_adjusted"]
    assert many[0]["low"] == alone["low"]


def test_what_is_not_here_cannot_be_told_and_says_why(toy, ask):
    text = '[[claim]]\nvalues = {alpah = 0.5}\n[[claim]]\nmodel = "beta"\nvalue = 0.5\n'
    rows = check(ask, toy, text + 'slice = "tier = 9"')
    assert [row["verdict"] for row in rows] == ["cannot tell", "cannot tell"]
    assert "alpha" in rows[0]["reason"]
    assert rows[1]["reason"] == "No row with a known value matches."


def test_no_claim_is_a_sentence(toy, ask):
    found = ask("claim_check", toy)
    assert found.table.empty
    assert [warning.code for warning in found.warnings] == ["no-claims"]


def test_a_file_is_read_by_its_path(toy, ask, tmp_path):
    (tmp_path / "claims.toml").write_text('[[claim]]\norder = "alpha > beta"')
    assert len(check(ask, toy, str(tmp_path / "claims.toml"))) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("claim = 3", "written as"),
        ("[[claim]\n", "no TOML"),
        ("nothing.toml", "path of a TOML file"),
        ("[[claim]]\nvalue = 1", "must name a model"),
        ('[[claim]]\nmodel = "a"', "one of value, values and order"),
        ('[[claim]]\nmodel = "a"\nvalue = "x"', "must be a number"),
        ('[[claim]]\nmodel = "a"\nvalue = 1\ntasks = "b"', "no key"),
        ('[[claim]]\norder = "a"', "like"),
        ('[[claim]]\nmodel = "a"\nvalue = 1\nstderr = -1', "from 0 on"),
    ],
)
def test_what_cannot_be_understood_names_the_claim_and_the_rule(text, said):
    with pytest.raises(ParamError, match=said):
        read(text)


def test_the_last_zeros_of_a_quoted_number_count():
    [plain], [quoted] = (read(f'[[claim]]\nmodel = "a"\nvalue = {v}') for v in ("0.5", '"0.500"'))
    assert (plain.tolerance, quoted.tolerance) == pytest.approx((0.05, 0.0005))
