"""LiveCodeBench: percents become shares, difficulties graded tiers, dates attributes."""

import json
from pathlib import Path

import pytest

from stresslab.readers import readers

PIECE = readers.get("livecodebench")
GENUINE = Path(__file__).parents[3] / "shared" / "data" / "livecodebench"
DAY = 86_400_000


def row(problem="p1", model="A", share=50, difficulty="easy", **more):
    return {"question_id": problem, "model": model, "date": 19_600 * DAY, "difficulty": difficulty,
            "pass@1": share, "platform": "site"} | more  # fmt: skip


def write(path, *rows, models=()):
    path.write_text(
        json.dumps({"performances": list(rows), "models": list(models), "date_marks": [1]})
    )
    return path


def read(path):
    tables = {"rejects": [], "outcomes": []}
    for batch in PIECE.read(path, PIECE.propose(path)):
        tables.setdefault(batch.table, []).extend(batch.rows.to_pylist())
        if batch.run:
            tables.setdefault("runs", {})[batch.run] = dict(batch.settings)
    return tables


def test_shares_difficulties_and_dates(tmp_path):
    rows = [row(share=80), row("p2", share=0.0, difficulty="hard"), row("p3", difficulty=None)]
    model = {"model_name": "org/a", "model_repr": "A", "release_date": 19_000 * DAY}
    found = read(write(tmp_path / "performances_repair.json", *rows, models=[model]))
    assert [(one["score"], one["correct"]) for one in found["outcomes"]] == [(0.8, None), (0, None), (0.5, None)]  # fmt: skip
    kinds = [(one["perturbation"], one["tier"], one["axis"]) for one in found["variants"]]
    assert kinds == [("difficulty", 1, "graded"), ("difficulty", 3, "graded"), (None, 0, "paired")]
    assert json.loads(found["items"][0]["attributes"]) == {"date": "2023-08-31", "month": 202308}
    assert found["items"][0]["domain"] == "site"
    ((run, settings),) = found["runs"].items()
    assert (run.model, run.task) == ("A", "livecodebench repair")
    assert settings == {"tool": "LiveCodeBench", "model_name": "org/a", "released": "2022-01-08"}


def test_models_and_scenarios_pair_on_the_problem(tmp_path):
    one = read(write(tmp_path / "2024_02.json", row(), row(model="B")))
    other = read(write(tmp_path / "performances_execution.json", row()))
    ids = {each["item_id"] for found in (one, other) for each in found["items"]}
    assert ids == {"livecodebench/p1"}
    assert {run.task for run in one["runs"]} == {"livecodebench"}


def test_a_released_date_nobody_can_read_is_left_out(tmp_path):
    rows = [row(date="soon"), row("p2", date=10**30), row("p3", date=None)]
    model = {"model_repr": "A", "release_date": [1]}
    found = read(write(tmp_path / "a.json", *rows, models=[model, 7, {"link": 1}]))
    assert {one["attributes"] for one in found["items"]} == {None}
    assert len(found["outcomes"]) == 3


def test_broken_entries_cost_themselves(tmp_path):
    rows = [
        row(),
        7,
        row("p2", share="many"),
        row("p3", model=None),
        row("p1"),
        row("p4", share=None),
    ]
    found = read(write(tmp_path / "a.json", *rows))
    assert [one["status"] for one in found["outcomes"]] == ["answered", "unscored", "unscored"]
    said = {(one["line"], one["field"]) for one in found["rejects"]}
    assert said == {
        ("entry 2", ""),
        ("entry 3", "read.score"),
        ("entry 4", "model"),
        ("entry 5", ""),
    }


def test_a_file_cut_off_gives_what_is_whole(tmp_path):
    path = write(tmp_path / "a.json", row(), row("p2"))
    path.write_text(path.read_text()[:200])
    found = read(path)
    assert len(found["outcomes"]) == 1
    assert found["rejects"]


def test_other_json_is_not_claimed(tmp_path):
    (tmp_path / "a.json").write_text('{"performances": [], "models": []}')
    assert PIECE.sniff(tmp_path / "a.json") == 0
    assert PIECE.sniff(tmp_path) == 0


@pytest.mark.skipif(not GENUINE.is_dir(), reason="needs ../shared/data")
def test_genuine_files_are_read_whole():
    found = read(GENUINE / "2024_02_26.json")
    assert (len(found["outcomes"]), len(found["rejects"])) == (5_583, 0)
    written = json.loads((GENUINE / "2024_02_26.json").read_text())["performances"]
    expected = sum(one["pass@1"] for one in written) / 100
    assert sum(one["score"] for one in found["outcomes"]) == pytest.approx(expected, abs=1e-9)
