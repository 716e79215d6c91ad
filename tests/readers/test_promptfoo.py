"""promptfoo: providers are models, prompts are variants, repeats are trials, errors no failures."""

import json
import random

import pytest

from stresslab.jobs.import_logs import import_logs
from stresslab.readers import readers

PIECE = readers.get("promptfoo")


def result(test=0, prompt=0, provider="mock:a", *, q="2+2?", output="4", score=1.0, **more):
    """Return a result; prompts are ``ask`` and ``beg``, provider by provider."""
    label = more.pop("label", ("ask", "beg")[prompt % 2])
    return {
        "id": f"r{test}{prompt}", "promptIdx": prompt, "testIdx": test, "promptId": label,
        "provider": {"id": provider, "label": ""}, "prompt": {"raw": f"{label}: {q}", "label": label},
        "testCase": {"vars": {"q": q}, "assert": [{"type": "equals", "value": "4"}], "metadata": {}},
        "vars": {"q": q}, "response": {"output": output, "tokenUsage": {"prompt": 3, "completion": 1}},
        "success": score == 1.0, "failureReason": 0 if score == 1.0 else 1, "score": score,
        "error": None if score == 1.0 else "Expected 4", "latencyMs": 250,
        "gradingResult": {"pass": score == 1.0, "score": score, "reason": "checked"},
        "namedScores": {"Tone": 0.5}, "metadata": {},
    } | more  # fmt: skip


def lost(*args, **more):
    return result(
        *args, score=0.0, response=None, success=False, failureReason=2, error="API error", **more
    )


def prompt(label, passed, failed, errors, score, provider="mock:a"):
    metrics = {"score": score, "testPassCount": passed, "testFailCount": failed,
               "testErrorCount": errors, "namedScores": {}}  # fmt: skip
    return {"raw": f"{label}: {{{{q}}}}", "label": label, "provider": provider, "metrics": metrics}


def version_3(path, *results, prompts=()):
    told = {"version": 3, "timestamp": "2026-01-02", "prompts": list(prompts),
            "results": list(results), "stats": {"successes": 1}}  # fmt: skip
    made = {"evalId": "e1", "results": told, "config": {"description": "d"}, "shareableUrl": None,
            "metadata": {"promptfooVersion": "0.119.1"}}  # fmt: skip
    path.write_text(json.dumps(made))
    return path


def version_2(path, *results, prompts=()):
    body = [{"outputs": [], "vars": ["2+2?"], "test": {}, "testIdx": 0}]
    told = {"version": 2, "timestamp": "2024-01-02", "results": list(results), "stats": {},
            "table": {"head": {"prompts": list(prompts), "vars": ["q"]}, "body": body}}  # fmt: skip
    path.write_text(json.dumps({"evalId": None, "results": told, "config": {}}, indent=1))
    return path


def lines(path, *results, end=""):
    path.write_text("".join(json.dumps(one) + "\n" for one in results) + end)
    return path


def read(path):
    tables = {"rejects": [], "outcomes": [], "published": [], "variants": []}
    for batch in PIECE.read(path, PIECE.propose(path)):
        run = (batch.run.model, batch.run.task) if batch.run else None
        rows = [row | {"run": run} for row in batch.rows.to_pylist()]
        tables.setdefault(batch.table, []).extend(rows)
        if batch.run:
            tables["settings"] = dict(batch.settings)
    return tables


def test_versions_two_and_three_and_lines_give_the_same_outcomes(tmp_path):
    rows = [result(), result(1, q="3+3?", output="5", score=0.0), lost(2, q="4+4?")]
    found = [
        read(write(tmp_path / f"evals.{ending}", *rows))
        for write, ending in ((version_2, "json"), (version_3, "v3.json"), (lines, "jsonl"))
    ]
    for one in found:
        assert one["outcomes"] == found[0]["outcomes"]
        assert not one["rejects"]
    said = [(r["status"], r["score"], r["correct"], r["error"]) for r in found[0]["outcomes"]]
    assert said == [("answered", 1, 1, None), ("answered", 0, 0, None), ("errored", None, None, "API error")]  # fmt: skip
    first = found[0]["outcomes"][0]
    assert (first["latency_s"], first["tokens_in"], first["tokens_out"]) == (0.25, 3, 1)
    assert found[0]["outcomes"][0]["run"] == ("mock:a", "evals")
    assert found[1]["settings"] == {"tool": "promptfoo", "version": "0.119.1"}
    measures = {(r["measure"], r["value"]) for r in found[0]["scores"] if r["measure"] != "score"}
    assert measures == {("Tone", 0.5), ("pass", 1.0), ("pass", 0.0)}


def test_the_label_of_a_provider_is_the_model(tmp_path):
    rows = [result(provider={"id": "openai:x", "label": "X, careful"}) for _ in range(1)]
    rows[0]["provider"] = {"id": "openai:x", "label": "X, careful"}
    rows.append(result(q="3?") | {"provider": "openai:y"})
    models = [r["run"][0] for r in read(lines(tmp_path / "a.jsonl", *rows))["outcomes"]]
    assert models == ["X, careful", "openai:y"]


def test_an_older_row_is_errored_only_without_an_output(tmp_path):
    failed, broken = result(score=0.0), result(1, q="b", score=0.0, response={"error": "503"})
    for one in (failed, broken):
        del one["failureReason"]
    rows = read(lines(tmp_path / "a.jsonl", failed, broken))["outcomes"]
    assert [row["status"] for row in rows] == ["answered", "errored"]


def test_prompts_are_variants_of_the_same_item(tmp_path):
    rows = [result(0, 0), result(0, 1, output="5", score=0.0)]
    found = read(lines(tmp_path / "a.jsonl", *reversed(rows)))
    kinds = {(r["perturbation"], r["tier"], r["input"]) for r in found["variants"]}
    assert kinds == {(None, 0, None), ("beg", 1, "beg: 2+2?")}
    assert [row["input"] for row in found["items"]] == ["ask: 2+2?"]


def test_long_prompts_have_names_that_do_not_depend_on_the_order(tmp_path):
    rows = [result(0, n, label=f"{text} {{{{q}}}}") for n, text in enumerate(("Ask", "Beg"))]
    one, other = (
        {r["perturbation"] for r in read(lines(tmp_path / "a.jsonl", *some))["variants"]}
        for some in (rows, rows[::-1])
    )
    assert one == other
    assert all(name is None or name.startswith("prompt ") for name in one)


def test_prompts_are_tasks_where_the_variables_name_tiers(tmp_path):
    rows = [
        result(n, p, q=f"q{t}", vars={"q": f"q{t}", "base_id": "b", "tier": t}, score=float(p))
        for n, t in enumerate((0, 1))
        for p in (0, 1)
    ]
    found = read(lines(tmp_path / "a.jsonl", *rows))
    said = {(r["run"][1], r["variant_id"].partition("/")[2].partition("/")[2] or r["variant_id"])
            for r in found["outcomes"]}  # fmt: skip
    assert {task for task, _ in said} == {"a / ask", "a / beg"}
    assert {r["tier"] for r in found["variants"]} == {0, 1}
    assert (
        len({r["variant_id"].partition("#")[0].rpartition("/")[2] for r in found["outcomes"]}) == 1
    )


def test_repeats_are_trials_and_the_same_row_twice_is_a_reject(tmp_path):
    rows = [result(0), result(1, score=0.0), result(1, score=0.0)]
    found = read(lines(tmp_path / "a.jsonl", *rows))
    assert [(row["trial"], row["score"]) for row in found["outcomes"]] == [(0, 1), (1, 0)]
    assert "repeats line 2" in found["rejects"][0]["reason"]


def test_the_item_is_the_same_in_another_evaluation(tmp_path):
    one = read(lines(tmp_path / "a.jsonl", result(0, q="x"), result(1, q="y")))
    other = read(lines(tmp_path / "b.jsonl", result(7, q="y", sessionId="s")))
    ids = [{row["item_id"].rpartition("/")[2] for row in found["items"]} for found in (one, other)]
    assert ids[1] < ids[0]


def test_plugins_are_domains_and_strategies_change_the_input(tmp_path):
    def red(n, strategy):
        case = {"vars": {"q": f"q{n}"}, "metadata": {"pluginId": "harm", "strategyId": strategy}}
        return result(n, vars={"q": f"q{n}"}, testCase=case)

    found = read(lines(tmp_path / "a.jsonl", red(0, "basic"), red(1, "base64")))
    assert {row["domain"] for row in found["items"]} == {"harm"}
    assert [row["perturbation"] for row in found["variants"]] == [None, "base64"]


def test_printed_scores_agree(tmp_path):
    rows = [result(), result(1, q="3?", score=0.0), lost(2, q="4?"), result(0, 1), result(1, 1, q="3?"),
            result(2, 1, q="4?")]  # fmt: skip
    prompts = [prompt("ask", 1, 1, 1, 1.0), prompt("beg", 3, 0, 0, 3)]
    path = version_3(tmp_path / "a.json", *rows, prompts=prompts)
    done = list(import_logs(tmp_path / "w", [path]))[-1]
    said = {(row["measure"], row["slice"]): (row["verdict"], row["explanation"]) for row in done.report["parity"]}  # fmt: skip
    assert said == {
        ("score", "tier = 0"): ("explained", "errored-as-zero"),
        ("pass", "tier = 0"): ("explained", "errored-as-zero"),
        ("score", 'perturbation = "beg" and tier > 0'): ("equal", ""),
        ("pass", 'perturbation = "beg" and tier > 0'): ("equal", ""),
    }


def test_half_a_line_and_broken_ones_cost_themselves(tmp_path):
    half = json.dumps(result(3))[:90]
    path = lines(tmp_path / "a.jsonl", result(), 7, {"promptIdx": 0}, result(1, q="b"), end=half)
    found = read(path)
    assert len(found["outcomes"]) == 2
    assert {row["line"] for row in found["rejects"]} == {"line 2", "line 3", "line 5"}


def test_a_json_cut_off_gives_what_is_whole(tmp_path):
    path = version_3(tmp_path / "a.json", result(), result(1, q="b"))
    text = path.read_text()
    path.write_text(text[: text.rindex('"gradingResult"')])
    found = read(path)
    assert len(found["outcomes"]) == 1
    assert found["rejects"]


def test_missing_parts_are_not_known(tmp_path):
    bare = {"promptIdx": 0, "testIdx": 4, "provider": {"id": "a"}, "prompt": {}, "success": True,
            "score": 1, "namedScores": {}, "vars": {}}  # fmt: skip
    row = read(lines(tmp_path / "a.jsonl", bare))["outcomes"][0]
    assert (row["variant_id"], row["status"], row["output"]) == ("a/test 4", "answered", None)


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.json", '{"results": {"task": {"acc,none": 0.5}}, "config": {}}'), ("a.jsonl", '{"id": 1}\n'),
     ("b.json", "[]"), ("c.json", "")],
)  # fmt: skip
def test_other_files_are_not_claimed(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert PIECE.sniff(tmp_path / name) == 0


JUNK = (None, 7, -1.5, True, "x", [], {}, [1], {"a": 1}, 10**30, float("nan"))


@pytest.mark.parametrize("seed", range(30))
def test_values_of_other_types_cost_no_more_than_themselves(tmp_path, seed):
    draw = random.Random(seed)
    rows = [result(n, q=f"q{n}") for n in range(4)]
    for row in draw.sample(rows, 2):
        for _ in range(3):
            inner = draw.choice(
                [row, *(one for one in row.values() if isinstance(one, dict) and one)]
            )
            inner[draw.choice(list(inner))] = draw.choice(JUNK)
    found = read(version_3(tmp_path / "a.json", *rows))
    n_lost = len({row["line"] for row in found["rejects"]})
    assert len(found["outcomes"]) + n_lost >= 4
    assert len(found["outcomes"]) >= 2
