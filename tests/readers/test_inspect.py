"""The reader of logs of Inspect AI, on every layout its versions write."""

import json
import math
from pathlib import Path

import pytest

from stresslab.readers import _inspect_eval, inspect
from stresslab.readers._mapping import Mapping
from tests.readers import inspect_files as made
from tests.readers.inspect_files import choice, imported, outcomes, sample, write_eval, write_json

GENUINE = Path(__file__).parents[2].parent / "shared" / "logs" / "inspect"
FOUR = [sample(f"q{n}", value) for n, value in enumerate("CCIC")]


def mean(rows):
    scored = [row["score"] for row in rows if row["score"] is not None]
    return math.fsum(scored) / len(scored)


@pytest.mark.parametrize("method", [0, 8, made.ZSTD, made.FRAMES])
def test_every_way_of_packing_gives_the_same_rows(tmp_path, method):
    path = write_eval(tmp_path / "a.eval", FOUR, method=method, accuracy=0.75)
    rows, settings = imported(path)
    assert [row["score"] for row in rows["outcomes"]] == [1, 1, 0, 1]
    assert [row["correct"] for row in rows["outcomes"]] == [1, 1, 0, 1]
    assert rows["outcomes"][0] | {"probs": None} == {
        "variant_id": "numbers/q0", "trial": 0, "status": "answered", "output": "It is q0.",
        "answer": "4", "score": 1.0, "correct": 1, "confidence": None, "probs": None,
        "error": None, "latency_s": 1.5, "tokens_in": 7, "tokens_out": 3,
    }  # fmt: skip
    assert rows["items"][0]["input"] == "What is q0?"
    assert rows["items"][0]["reference"] == '"4"'
    assert rows["scores"][0]["explanation"] == "as it stands"
    assert rows["rejects"] == []
    assert settings["partial"] is False


def test_json_and_zip_of_one_log_give_the_same_rows(tmp_path):
    zipped = write_eval(tmp_path / "a.eval", FOUR, accuracy=0.75)
    text = write_json(tmp_path / "a.json", FOUR, accuracy=0.75)
    assert inspect.sniff(zipped) == inspect.sniff(text) == 0.9
    assert inspect.propose(zipped) == inspect.propose(text)
    assert imported(zipped) == imported(text)


def test_an_unfinished_log_is_built_from_its_journal_and_marked(tmp_path):
    path = write_eval(
        tmp_path / "a.eval", FOUR, without=("header.json", "summaries.json", "reductions.json")
    )
    rows, settings = imported(path)
    assert [row["score"] for row in rows["outcomes"]] == [1, 1, 0, 1]
    assert (settings["partial"], settings["status"]) == (True, "started")
    assert (settings["model"], settings["task"]) == ("mock/a", "sums")
    assert rows["published"] == []


def test_of_a_sample_that_ran_again_the_last_summary_counts(tmp_path):
    again = sample("q2", "C")
    extra = {"_journal/summaries/10.json": made.packed([made.summary(again)]),
             made.entry_of(again): made.packed(again)}  # fmt: skip
    without = ("header.json", "summaries.json")
    path = write_eval(tmp_path / "a.eval", FOUR, without=without, extra=extra)
    assert [row["score"] for row in outcomes(path)] == [1, 1, 1, 1]


def test_a_run_that_ended_in_an_error_is_partial(tmp_path):
    error = {"message": "no network", "traceback": ""}
    _, settings = imported(write_eval(tmp_path / "a.eval", FOUR, status="error", error=error))
    assert (settings["partial"], settings["error"]) == (True, "no network")


def test_the_layout_of_2024_is_read(tmp_path):
    one, other = sample("q1", "C"), sample("q2", "I")
    for old in (one, other):
        old["score"] = old.pop("scores")["match"]
        old["transcript"] = {"events": [], "content": {"h1": "What is long?"}}
        del old["events"], old["attachments"]
    one["input"] = "attachment://h1"
    results = {"scorer": {"name": "match", "params": {}},
               "metrics": {"accuracy": {"name": "accuracy", "value": 0.5, "options": {}}}}  # fmt: skip
    read, _ = imported(write_json(tmp_path / "a.json", [one, other], results=results))
    assert [row["score"] for row in read["outcomes"]] == [1, 0]
    assert read["items"][0]["input"] == "What is long?"
    assert read["published"][0]["measure"] == "score"


def test_texts_kept_apart_are_put_in_their_places(tmp_path):
    one = sample("q1", input="attachment://h1", attachments={"h1": "A long story."},
                 metadata={"note": "attachment://h1"})  # fmt: skip
    one["output"]["completion"] = "attachment://h1"
    read, _ = imported(write_eval(tmp_path / "a.eval", [one, sample("q2")]))
    assert read["items"][0]["input"] == read["outcomes"][0]["output"] == "A long story."
    assert json.loads(read["items"][0]["attributes"]) == {"note": "A long story."}
    whole = inspect.one_sample(tmp_path / "a.eval", "q1")
    assert whole["output"]["completion"] == "A long story."


def test_a_cut_input_is_taken_from_the_sample(tmp_path, monkeypatch):
    long = "word " * 2000
    monkeypatch.setattr(inspect, "SMALL_SAMPLES", 0)
    path = write_eval(tmp_path / "a.eval", [sample("q1", input=long), sample("q2")])
    read, _ = imported(path)
    assert read["items"][0]["input"] == long
    assert [row["output"] for row in read["outcomes"]] == [None, None]


def test_a_cut_input_whose_sample_is_gone_is_not_taken_for_the_whole(tmp_path):
    path = write_eval(tmp_path / "a.eval", [sample("q1", input="word " * 2000)],
                      without=("samples/",))  # fmt: skip
    read, _ = imported(path)
    assert read["items"][0]["input"] is None
    assert read["items"][0]["content_hash"] is None
    assert read["outcomes"][0]["score"] == 1


def test_messages_and_images_become_text(tmp_path):
    turns = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "What is this?"},
                                     {"type": "image", "image": "data:..."}]},
    ]  # fmt: skip
    read, _ = imported(write_json(tmp_path / "a.json", [sample("q1", input=turns)]))
    assert read["items"][0]["input"] == "system: Be brief.\n\nuser: What is this?\n(Image)"
    assert json.loads(read["items"][0]["messages"]) == turns


def test_a_large_sample_in_chunks_is_read(tmp_path):
    one = sample("q1", metadata={"domain": "small"})
    path = write_eval(
        tmp_path / "a.eval", [one, sample("q2", metadata={"domain": "large"})],
        without=("samples/q1_epoch_1.json",), extra=made.chunked(one), method=made.FRAMES,
    )  # fmt: skip
    read, _ = imported(path)
    assert [row["output"] for row in read["outcomes"]] == ["It is q1.", "It is q2."]
    assert [row["domain"] for row in read["items"]] == ["small", "large"]
    whole = inspect.one_sample(path, "q1")
    assert whole["input"] == "What is q1?"
    assert [turn["content"] for turn in whole["messages"]] == ["turn 1", "turn 2", "turn 0"]


def test_probabilities_of_choices_come_from_log_probabilities(tmp_path):
    plan = {"steps": [], "config": {"logprobs": True}}
    path = write_eval(tmp_path / "a.eval", [choice("q1"), choice("q2", "A")], plan=plan)
    first, second = outcomes(path)
    total = sum(map(math.exp, (-2.0, -0.2, -3.0)))
    assert first["probs"] == pytest.approx([math.exp(one) / total for one in (-2, -0.2, -3)])
    assert first["confidence"] == pytest.approx(math.exp(-0.2) / total)
    assert second["confidence"] == pytest.approx(math.exp(-2) / total)


def test_without_every_letter_there_is_the_probability_of_the_answer_alone(tmp_path):
    plan = {"steps": [], "config": {"logprobs": True}}
    two = choice("q1", logprobs=(-2.0, -0.2), letters="AB")
    row = outcomes(write_eval(tmp_path / "a.eval", [two], plan=plan))[0]
    assert (row["confidence"], row["probs"]) == (pytest.approx(math.exp(-0.2)), None)


def test_letters_of_shuffled_choices_say_nothing(tmp_path):
    plan = {"steps": [{"solver": "multiple_choice", "params": {"shuffle": True}}],
            "config": {"logprobs": True}}  # fmt: skip
    row = outcomes(write_eval(tmp_path / "a.eval", [choice("q1")], plan=plan))[0]
    assert (row["confidence"], row["probs"]) == (None, None)


def test_errors_and_limits_are_kept(tmp_path):
    rows = [
        sample("q1", error={"message": "no network", "traceback": "..."}, scores={}),
        sample("q2", "I", limit={"type": "token", "limit": 500}), sample("q3"),
    ]  # fmt: skip
    for path in (write_eval(tmp_path / "a.eval", rows), write_json(tmp_path / "b.json", rows)):
        read = outcomes(path)
        assert [row["status"] for row in read] == ["errored", "answered", "answered"]
        assert [row["error"] for row in read] == [
            "no network", "stopped by the limit of token 500", None,
        ]  # fmt: skip
        assert read[0]["score"] is None


def test_a_score_in_spite_of_an_error_counts_where_inspect_counts_it(tmp_path):
    rows = [sample("q1", "C", error={"message": "late"}), sample("q2", "I")]
    told = {"config": {"score_on_error": True}}
    read = outcomes(write_eval(tmp_path / "a.eval", rows, told=told))
    assert [(row["status"], row["score"]) for row in read] == [("answered", 1), ("answered", 0)]
    assert read[0]["error"] == "late"
    assert outcomes(write_eval(tmp_path / "b.eval", rows))[0]["status"] == "errored"


def test_tiers_domains_and_base_items_are_proposed_from_metadata(tmp_path):
    rows = [
        sample(f"b{n}-{kind}", metadata={
            "base_id": f"b{n}", "tier": kind, "tier_level": tier, "domain": "ab"[n % 2]})
        for n in range(4) for tier, kind in enumerate(("clean", "typo", "noise"))
    ]  # fmt: skip
    read, _ = imported(write_eval(tmp_path / "a.eval", rows))
    assert len(read["items"]) == 4
    assert {one["domain"] for one in read["items"]} == {"a", "b"}
    assert "numbers/b0#typo:1" in {one["variant_id"] for one in read["variants"]}


def test_settings_tell_how_it_was_run(tmp_path):
    told = {
        "task_args": {"tier": 2}, "revision": {"commit": "abc", "dirty": False},
        "model_args": {"device": "cpu", "api_key": "sk-1", "script": "x" * 9999},
        "model_generate_config": {"temperature": 0.5},
    }  # fmt: skip
    _, settings = imported(write_eval(tmp_path / "a.eval", FOUR, told=told, tags=["a"]))
    assert settings["version"] == "0.3.285"
    assert settings["task_version"] == 3
    assert settings["task_args"] == {"tier": 2}
    assert settings["generate_config"] == {"temperature": 0.5}
    assert settings["model_args"]["device"] == "cpu"
    assert settings["model_args"]["script"].startswith("sha256:")
    assert "sk-1" not in str(settings)
    assert settings["dataset"] == {"name": "numbers", "samples": 4}
    other = {"steps": [{"solver": "generate", "params": {"shots": 5}}]}
    _, changed = imported(write_eval(tmp_path / "b.eval", FOUR, plan=other))
    assert changed["prompt_hash"] != settings["prompt_hash"]


def test_a_task_argument_can_be_the_tier(tmp_path):
    path = write_eval(tmp_path / "a.eval", FOUR, told={"task_args": {"level": 2}})
    mapping = Mapping.parse(inspect.propose(path).to_toml() + "")
    text = [one for one in mapping.to_toml().splitlines() if not one.startswith("tier_from")]
    text.insert(1, 'tier_from = "task_arg:level"')
    rows, _ = imported(path, Mapping.parse("\n".join(text)))
    assert {one["tier"] for one in rows["variants"]} == {2}


def test_ids_with_any_character_are_read(tmp_path):
    rows = [sample(one) for one in ("a/b", "ü 1", "x_epoch_2", 7)]
    path = write_eval(tmp_path / "a.eval", rows)
    assert [row["variant_id"] for row in outcomes(path)] == [
        "numbers/a/b", "numbers/ü 1", "numbers/x_epoch_2", "numbers/7",
    ]  # fmt: skip
    assert inspect.one_sample(path, "a/b")["id"] == "a/b"
    assert inspect.one_sample(path, "7")["id"] == 7


def test_summaries_above_the_limit_are_read_one_by_one(tmp_path, monkeypatch):
    for method in (0, 8, made.ZSTD):
        path = write_eval(tmp_path / f"{method}.eval", FOUR, method=method)
        whole = imported(path)
        monkeypatch.setattr(_inspect_eval, "LARGE", 10)
        assert imported(path) == whole
        monkeypatch.undo()


@pytest.mark.parametrize("odd", [{}, {"n": [{"x": 1}, {"id": "q0"}, {"id": "q1"}]}])
def test_summaries_parsed_in_pieces_are_those_parsed_at_once(tmp_path, monkeypatch, odd):
    rows = [sample(f"q{n}", float("nan") if n == 3 else "C", metadata=odd) for n in range(9)]
    found = made.entries(made.header(rows), rows)
    found["summaries.json"] = found["summaries.json"].replace(b', "', b',"').replace(b": ", b":")
    found["summaries.json"] = found["summaries.json"].replace(b"}, {", b"},{")
    path = made.write_zip(tmp_path / "a.eval", found)
    whole = imported(path)
    assert len(whole[0]["outcomes"]) == 9
    for size in (1, 300, 1000):
        monkeypatch.setattr(_inspect_eval, "PIECE", size)
        assert imported(path) == whole


def test_a_large_log_is_read_from_its_summaries_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(inspect, "SMALL_SAMPLES", 3)
    path = write_eval(tmp_path / "a.eval", FOUR, without=("samples/q0",),
                      extra={"samples/q0_epoch_1.json": b"never opened"})  # fmt: skip
    rows, _ = imported(path)
    assert rows["rejects"] == []
    assert [row["score"] for row in rows["outcomes"]] == [1, 1, 0, 1]


# Genuine logs, written by inspect-ai 0.3.285.


@pytest.mark.skipif(not GENUINE.is_dir(), reason="the genuine logs are not here")
@pytest.mark.parametrize(
    ("ending", "n", "accuracy"),
    [("7ZCbYq9vzdZzU5CUvbuMDv.eval", 96, 0.833), ("gZwF8GAfuqtCjZX6hYX8mh.eval", 96, 0.729),
     ("GQnS2xcaRK7JWMz2yj6g3y.json", 16, 0.5)],
)  # fmt: skip
def test_genuine_logs_give_the_numbers_they_print(ending, n, accuracy):
    path = next(GENUINE.glob(f"*{ending}"))
    rows, settings = imported(path)
    printed = rows["published"][0]
    assert len(rows["outcomes"]) == n
    assert printed["measure"] == "score"
    assert mean(rows["outcomes"]) == pytest.approx(printed["value"], abs=1e-9)
    assert printed["value"] == pytest.approx(accuracy, abs=5e-4)
    assert rows["rejects"] == []
    assert (settings["version"], settings["partial"]) == ("0.3.285", False)
    if n == 96:
        assert len(rows["items"]) == 24
        assert all(sum(row["probs"]) == pytest.approx(1) for row in rows["outcomes"])
