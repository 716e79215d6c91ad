"""The simulations that check what is promised: their draws, their verdicts, their promises."""

import json
from dataclasses import replace

import numpy as np
import pytest

from stresslab import validity
from stresslab.cli import main
from stresslab.errors import ParamError, UnknownPieceError
from stresslab.jobs._events import Done, Progress
from stresslab.jobs.validate import validate
from stresslab.validity import _code, _draw
from stresslab.validity._kind import Case, Check
from stresslab.validity._run import judge, measure


def one_case(simulate, **settings):
    return Check("A check", simulate, (Case(100, 1, 0.0, 0.5),), **settings)


def verdict(check, runs=4000):
    return judge("check", check, check.cases[0], runs, 0).verdict


@pytest.mark.parametrize("icc", [0.0, 0.3])
def test_drawn_clusters_have_the_share_and_the_correlation(icc):
    case = Case(400_000, 5, icc, 0.2)
    kinds, counts = _draw.clusters(case, (0.2, 0.8), 1, np.random.default_rng(0))
    right = np.repeat(kinds[:, 0], counts[0])
    assert right.mean() / 5 == pytest.approx(0.2, abs=0.003)
    expected = 5 * 0.2 * 0.8 * (1 + 4 * icc)
    assert right.var() == pytest.approx(expected, rel=0.02)


def test_rows_of_counted_clusters_add_up():
    case = Case(7, 5, 0.3, 0.2)
    kinds, counts = _draw.clusters(case, (0.2, 0.1, 0.7), 3, np.random.default_rng(0))
    kind, cluster, run = _draw.rows_of(kinds, counts)
    for one in range(3):
        seen = np.bincount(kind[run == one], minlength=3)
        assert (seen == counts[one] @ kinds).all()
        assert (np.bincount(cluster[run == one]) == 5).all()


def test_uniform_numbers_of_a_cluster_correlate_by_icc():
    drawn = _draw.uniforms(Case(50_000, 2, 0.3, 0.5), 1, np.random.default_rng(0))[0]
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(0.3, abs=0.02)


def test_an_interval_that_covers_too_little_fails():
    check = one_case(lambda case, runs, rng, level: rng.random(runs) < 0.9)
    assert verdict(check) == "fails"


def test_an_interval_that_could_be_narrower_is_told():
    check = one_case(lambda case, runs, rng, level: rng.random(runs) < level + 0.04)
    assert verdict(check).startswith("too wide")


def test_an_interval_is_excused_where_the_next_narrower_covers_too_little():
    check = one_case(
        lambda case, runs, rng, level: rng.random(runs) < (1.0 if level > 0.93 else 0.9)
    )
    assert verdict(check).startswith("above 97: the next narrower falls to")


def test_a_false_alarm_counts_against_at_most():
    check = one_case(
        lambda case, runs, rng, level: rng.random(runs) < 0.08,
        promise="at most", limit=lambda case: 0.05,
    )  # fmt: skip
    assert verdict(check) == "fails"
    assert verdict(replace(check, limit=lambda case: 0.08)) == "holds"


def test_runs_without_an_interval_are_counted_apart():
    check = one_case(lambda case, runs, rng, level: np.where(np.arange(runs) % 4 == 0, np.nan, 1.0))
    rate, error, undefined = measure("check", check, check.cases[0], 400, 0)
    assert (rate, undefined) == (1.0, 0.25)
    assert error > 0
    nothing = one_case(lambda case, runs, rng, level: np.full(runs, np.nan))
    assert verdict(nothing) == "undefined"


def test_the_same_seed_draws_the_same_runs():
    check, case = validity.get("rate"), validity.get("rate").cases[0]
    assert measure("rate", check, case, 200, 3) == measure("rate", check, case, 200, 3)
    assert measure("rate", check, case, 200, 3) != measure("rate", check, case, 200, 4)


def test_the_job_says_how_far_it_is_and_reports_every_case():
    *steps, last = list(validate(["rate"], runs=100))
    assert isinstance(last, Done)
    assert all(isinstance(step, Progress) for step in steps)
    assert len(steps) - 1 == len(last.report["rows"]) == len(validity.get("rate").cases)
    assert steps[-1].done == steps[-1].total


def test_rows_are_kept_and_an_interrupted_run_goes_on(tmp_path):
    keep = tmp_path / "rows.jsonl"
    whole = list(validate(["rate"], runs=100))[-1].report
    first = validate(["rate"], runs=100, keep=keep)
    for _ in range(6):
        next(first)
    first.close()
    assert len(keep.read_text().splitlines()) == 5
    with keep.open("a") as file:
        file.write('{"seed": 0, "che')  # killed while it wrote
    steps = list(validate(["rate"], runs=100, keep=keep))
    assert steps[0].message == f"5 of {len(whole['rows'])} cases are known"
    assert steps[-1].report == whole
    assert len(keep.read_text().splitlines()) == len(whole["rows"])


@pytest.mark.parametrize("changed", [{"seed": 1}, {"runs": 200}])
def test_rows_of_other_settings_are_computed_again(tmp_path, changed):
    settings = {"runs": 100, "seed": 0, "keep": tmp_path / "rows.jsonl"}
    list(validate(["rate"], **settings))
    again = list(validate(["rate"], **(settings | changed)))
    assert again[0].message.startswith("0 of")


def test_rows_of_other_code_are_computed_again(tmp_path, monkeypatch):
    keep = tmp_path / "rows.jsonl"
    list(validate(["rate"], runs=100, keep=keep))
    monkeypatch.setattr("stresslab.jobs._kept_rows.fingerprint", lambda name: "changed")
    assert next(iter(validate(["rate"], runs=100, keep=keep))).message.startswith("0 of")


def test_the_code_of_a_check_is_all_it_goes_through(tmp_path, monkeypatch):
    import shutil

    root = tmp_path / "stresslab"
    shutil.copytree(_code.ROOT, root, ignore=shutil.ignore_patterns("__pycache__", "_app"))
    monkeypatch.setattr(_code, "ROOT", root)
    before = {name: _code.fingerprint(name) for name in ("rate", "survival")}
    with (root / "stats" / "breaks.py").open("a") as file:
        file.write("# changed\n")
    after = {name: _code.fingerprint(name) for name in ("rate", "survival")}
    assert after["rate"] == before["rate"]
    assert after["survival"] != before["survival"]


def test_two_processes_find_what_one_finds():
    one, two = (list(validate(["rate"], runs=100, jobs=jobs))[-1].report for jobs in (1, 2))
    assert one == two


def test_an_interval_that_is_seldom_printed_does_not_hold():
    check = one_case(lambda case, runs, rng, level: np.where(np.arange(runs) % 4, np.nan, 1.0))
    assert verdict(check) == "seldom: printed in 25 % of runs"
    wrong = one_case(lambda case, runs, rng, level: np.where(np.arange(runs) % 4, np.nan, 0.0))
    assert verdict(wrong) == "fails"


def test_bad_settings_say_what_is_wrong():
    with pytest.raises(ParamError, match="100 runs"):
        list(validate(runs=3))
    with pytest.raises(ParamError, match="jobs"):
        list(validate(jobs=0))
    with pytest.raises(UnknownPieceError, match="rate"):
        list(validate(["rat"]))


def test_the_command_prints_json(capsys):
    code = main(["validate", "--only", "rate", "--runs", "200", "--json"])
    printed = json.loads(capsys.readouterr().out)
    assert code == 0
    assert printed["seed"] == 0
    assert {"check", "rate", "error", "limit", "verdict"} <= set(printed["rows"][0])


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in validity.names() if "family" not in name])
def test_a_promise_holds_with_400_runs(name):
    """Whole screens take minutes: only the command simulates them."""
    check = validity.get(name)
    if check.promise == "covers":  # why an interval is wide is not the question here
        check = replace(check, promise="at least")
    for case in check.cases:
        if case.n_clusters * case.rows <= 100:
            row = judge(name, check, case, 400, 1)
            assert row.verdict != "fails", row
