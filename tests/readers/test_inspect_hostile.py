"""Logs of Inspect AI that are damaged, cut off or made to do harm."""

import pytest

from stresslab.errors import ReadError
from stresslab.readers import _zip, inspect
from tests.readers import inspect_files as made
from tests.readers.inspect_files import imported, outcomes, sample, write_eval, write_json

FOUR = [sample(f"q{n}", value) for n, value in enumerate("CCIC")]


def test_a_damaged_sample_is_named_and_its_summary_kept(tmp_path):
    path = write_eval(tmp_path / "a.eval", FOUR, method=0)
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"It is q1."', b'"It is q9."', 1))
    rows, _ = imported(path)
    assert [row["output"] for row in rows["outcomes"]] == [
        "It is q0.", None, "It is q2.", "It is q3.",
    ]  # fmt: skip
    assert [row["score"] for row in rows["outcomes"]] == [1, 1, 0, 1]
    assert [one["line"] for one in rows["rejects"]] == ["entry samples/q1_epoch_1.json"]


@pytest.mark.parametrize("lost", ["summaries.json", "_journal/summaries/1.json"])
def test_what_a_damaged_entry_lost_is_found_elsewhere(tmp_path, lost):
    without = ("summaries.json",) if lost.startswith("_journal") else ()
    found = made.entries(made.header(FOUR), FOUR) | {lost: b"[{"}
    path = made.write_zip(
        tmp_path / "a.eval", {name: one for name, one in found.items() if name not in without}
    )
    rows, _ = imported(path)
    assert sorted(row["variant_id"] for row in rows["outcomes"]) == [
        f"numbers/q{n}" for n in range(4)
    ]
    assert any(lost in one["line"] for one in rows["rejects"])


def test_a_damaged_header_falls_back_on_the_journal(tmp_path):
    found = made.entries(made.header(FOUR), FOUR) | {"header.json": b'{"eval": '}
    rows, settings = imported(made.write_zip(tmp_path / "a.eval", found))
    assert [row["score"] for row in rows["outcomes"]] == [1, 1, 0, 1]
    assert settings["partial"] is True
    assert rows["rejects"][0]["line"] == "entry header.json"


def test_names_that_point_outside_and_bombs_are_refused_and_the_rest_read(tmp_path, monkeypatch):
    monkeypatch.setattr(_zip, "RATIO_FROM", 1000)
    extra = {"../../up.json": b"{}", "samples/bomb_epoch_1.json": bytes(3_000_000)}
    rows, _ = imported(write_eval(tmp_path / "a.eval", FOUR, extra=extra))
    assert len(rows["outcomes"]) == 4
    reasons = " ".join(one["reason"] for one in rows["rejects"])
    assert "outside" in reasons
    assert "bomb" in reasons


def test_of_a_log_cut_off_what_is_whole_is_read(tmp_path):
    path = write_eval(tmp_path / "a.eval", FOUR, method=made.ZSTD)
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"_journal/summaries/2.json")])
    rows, settings = imported(path)
    assert sorted(row["variant_id"] for row in rows["outcomes"]) == [
        f"numbers/q{n}" for n in range(4)
    ]
    assert settings["partial"] is True
    assert "by heads" in rows["rejects"][0]["reason"]


def test_of_a_json_log_cut_off_the_whole_samples_are_read(tmp_path):
    path = write_json(tmp_path / "a.json", FOUR, accuracy=0.75)
    content = path.read_bytes()
    path.write_bytes(content[: content.rindex(b'"q3"') + 20])
    rows, _ = imported(path)
    assert [row["score"] for row in rows["outcomes"]] == [1, 1, 0]
    assert len(rows["rejects"]) >= 1


def test_every_cut_of_a_log_is_read_or_refused_in_a_sentence(tmp_path):
    zipped = write_eval(tmp_path / "a.eval", FOUR[:2]).read_bytes()
    text = write_json(tmp_path / "a.json", FOUR[:2]).read_bytes()
    for content in (zipped, text):
        for at in range(0, len(content), 97):
            path = tmp_path / "cut.eval"
            path.write_bytes(content[:at])
            inspect.sniff(path)
            try:
                imported(path)
            except ReadError as error:
                assert str(path) in str(error)  # noqa: PT017


def nested(n):
    value = "deep"
    for _ in range(n):
        value = [value]
    return value


@pytest.mark.parametrize("depth", [120, 900])
def test_what_is_nested_too_deeply_is_left_out_and_named(tmp_path, depth):
    rows = [sample("q1", metadata={"x": nested(depth)}), sample("q2")]
    for path in (write_eval(tmp_path / "a.eval", rows), write_json(tmp_path / "b.json", rows)):
        read, _ = imported(path)
        assert [row["score"] for row in read["outcomes"]][-1] == 1
        assert any("deep" in one["reason"] for one in read["rejects"])


def test_text_that_cannot_be_stored_is_repaired(tmp_path):
    rows = [sample("q1", input="a\x00b \ud800 c"), sample("q2")]
    for path in (write_eval(tmp_path / "a.eval", rows), write_json(tmp_path / "b.json", rows)):
        assert imported(path)[0]["items"][0]["input"] == "a\ufffdb \ufffd c"


@pytest.mark.parametrize(
    "odd",
    [
        {"id": None}, {"epoch": "x"}, {"epoch": [1]}, {"input": 5}, {"scores": 3}, {"scores": []},
        {"metadata": 3}, {"model_usage": []}, {"output": []}, {"target": None}, {"error": 5},
        {"limit": 3}, {"choices": "ABC"}, {"attachments": [1]}, {"scores": {"match": None}},
        {"working_time": "long"}, {"scores": {"match": {"value": 10**400}}},
        {"scores": {"match": {"value": {"a": [1]}, "answer": {"b": 1}}}},
    ],
    ids=str,
)  # fmt: skip
def test_odd_types_cost_no_other_sample(tmp_path, odd):
    rows = [sample("q1") | odd, sample("q2")]
    for path in (write_eval(tmp_path / "a.eval", rows), write_json(tmp_path / "b.json", rows)):
        mapping = inspect.propose(write_eval(tmp_path / "c.eval", FOUR))
        for chosen in (mapping, inspect.propose(path)):
            read = outcomes(path, chosen)
            assert [one["variant_id"] for one in read][-1] == "numbers/q2"


@pytest.mark.parametrize(
    "odd",
    [{"plan": 3}, {"results": []}, {"stats": None}, {"results": {"scores": [3, {}]}}],
    ids=str,
)
def test_an_odd_header_costs_no_sample(tmp_path, odd):
    read, _ = imported(write_eval(tmp_path / "a.eval", FOUR, **odd))
    assert len(read["outcomes"]) == 4


def test_what_is_no_log_is_not_claimed_or_refused(tmp_path):
    for name, content in {
        "a.json": b'{"version": 1}', "b.eval": b"", "c.eval": b"PK\x03\x04", "d.json": b"[1]",
        "e.json": b'{"version": 2, "status": "success", "eval": 5}',
    }.items():  # fmt: skip
        path = tmp_path / name
        path.write_bytes(content)
        assert inspect.sniff(path) <= 0.5
        with pytest.raises(ReadError, match=name):
            inspect.propose(path)
    other = made.write_zip(tmp_path / "f.zip", {"a.txt": b"x"})
    assert inspect.sniff(other) == 0
