"""What a source printed is recomputed; a difference needs a rule that gives the same number."""

import numpy as np
import pandas as pd
import pytest

from stresslab import Workspace
from stresslab.analyses import _parity

ITEMS = 4


def rows(*lines):
    """Return rows of a measure from (variant, trial, status, value)."""
    table = pd.DataFrame(lines, columns=["variant", "trial", "status", "value"])
    return table.assign(item=table["variant"] // 10).astype({"value": "float64"})


ONE_TRIAL = rows(
    (0, 0, "answered", 1), (10, 0, "answered", 0), (20, 0, "refused", 0),
    (30, 0, "errored", None), (40, 0, "unscored", None),
)  # fmt: skip
UNEVEN = rows(
    (0, 0, "answered", 0), (0, 1, "answered", 1), (0, 2, "answered", 1), (1, 0, "answered", 0),
    (10, 0, "answered", 0),
)  # fmt: skip


def explained(published, table, **filters):
    found = _parity.compare(published, table, filters)
    return found["verdict"], found["explanation"]


@pytest.mark.parametrize(
    ("published", "table", "code"),
    [
        (1 / 3, ONE_TRIAL, ""),
        (1 / 4, ONE_TRIAL, "errored-as-zero"),
        (1 / 5, ONE_TRIAL, "lost-as-zero"),
        (1 / 2, ONE_TRIAL, "refused-left-out"),
        (2 / 5, UNEVEN, ""),
        (2 / 9, UNEVEN, "trials-first"),
        (1 / 3, UNEVEN, "best-trial"),
        (0.0, UNEVEN, "first-trial"),
        (0.25, UNEVEN, "items-first"),
        (100 / 3, ONE_TRIAL, "percent"),
        (0.33, ONE_TRIAL, "rounded"),
        (33.33, ONE_TRIAL, "rounded-percent"),
        (-1 / 3, ONE_TRIAL, "smaller-is-better"),
        (25.0, ONE_TRIAL, "errored-as-zero+percent"),
    ],
)
def test_every_rule_is_found_by_its_number(published, table, code):
    assert explained(published, table) == ("explained" if code else "equal", code)
    if code:
        assert _parity.meaning(code)


def test_a_number_no_rule_gives_differs():
    assert explained(0.34, ONE_TRIAL) == ("differs", "")
    assert explained(1 / 3 + 2e-9, ONE_TRIAL) == ("differs", "")
    assert explained(1 / 3 + 5e-10, ONE_TRIAL) == ("equal", "")


def test_one_filter_of_several_is_named():
    other = rows((0, 0, "answered", 1), (10, 0, "answered", 1))
    found = explained(1.0, UNEVEN, **{"match@strict": other})
    assert found == ("explained", "one-filter-only:match@strict")
    assert "strict" in _parity.meaning(found[1])


def test_rows_without_any_value_are_not_compared():
    assert _parity.compare(0.5, rows((0, 0, "unscored", None)), {}) is None


def test_the_standard_error_is_that_of_a_mean():
    values = [1, 0, 0, 1, 1]
    table = rows(*[(10 * n, 0, "answered", one) for n, one in enumerate(values)])
    expected = np.std(values, ddof=1) / np.sqrt(5)
    assert _parity.compare(0.6, table, {})["stderr"] == pytest.approx(expected, abs=1e-15)


@pytest.fixture
def printed(tmp_path):
    """Return a workspace of one run that printed numbers about itself."""
    workspace = Workspace.create(tmp_path / "w")
    with workspace.add_run(
        model="m", task="t", reader="toy", measures={"f1": {}},
        source={"format": "toy", "path": "a", "sha256": "a", "version": "1"},
    ) as run:  # fmt: skip
        run.write("items", [{"item_id": f"t/{n}", "domain": "ab"[n % 2]} for n in range(ITEMS)])
        variants = [{"variant_id": f"t/{n}", "item_id": f"t/{n}", "tier": 0} for n in range(ITEMS)]
        run.write("variants", variants)
        outcomes = [{"variant_id": f"t/{n}", "score": float(n < 3)} for n in range(ITEMS)]
        run.write("outcomes", outcomes)
        run.write("scores", [{"variant_id": "t/0", "measure": "f1", "value": 0.5}])
        run.write(
            "published",
            [
                {"measure": "score", "slice": "", "value": 0.75, "stderr": 0.25, "n": 4},
                {"measure": "score", "slice": 'domain = "b"', "value": 0.5, "n": 2},
                {"measure": "score", "slice": 'domain = "a"', "value": 0.9},
                {"measure": "f1", "slice": "", "value": 0.5},
                {"measure": "bleu of everything", "slice": "", "value": 12.0},
                {"measure": "score", "slice": "a b c", "value": 12.0},
                {"measure": "score", "slice": "", "value": None},
            ],
        )
    return workspace


def test_published_numbers_are_compared_in_their_own_slice(printed, ask):
    found = ask("parity", printed)
    assert found.table["verdict"].tolist() == [
        "equal", "equal", "differs", "equal", *["not recomputed"] * 3,
    ]  # fmt: skip
    assert found.table["recomputed"].tolist()[:4] == [0.75, 0.5, 1.0, 0.5]
    assert found.table["stderr"][0] == found.table["stderr_published"][0] == 0.25
    assert {one.code: one.n for one in found.warnings} == {"differs": 1, "not-recomputed": 3}


def test_runs_can_be_chosen_and_an_unknown_one_is_refused(printed, ask):
    from stresslab.errors import ParamError

    (run,) = printed.runs()
    assert len(ask("parity", printed, runs=(run.run_id,)).table) == 7
    assert len(ask("parity", printed, models=("other",)).table) == 0
    with pytest.raises(ParamError, match="No live run"):
        ask("parity", printed, runs=("x",))


def test_every_code_that_can_be_given_is_in_the_list():
    assert {"trials-first", "errored-as-zero+percent", _parity.FILTER} <= _parity.RULES.keys()
    assert all(_parity.RULES.values())
