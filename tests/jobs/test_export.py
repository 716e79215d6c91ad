"""Export: what other tools read is whole, and importing it again gives equal tables."""

import csv
import hashlib
import json
import re

import pytest

from stresslab.cli import main
from stresslab.errors import ParamError, WorkspaceError
from stresslab.jobs import _export_tables as tables
from stresslab.jobs._events import Done, Progress
from stresslab.jobs.export import FORMATS, NAMES, export
from stresslab.jobs.import_logs import import_logs
from stresslab.store.workspace import Workspace
from tests import factory
from tests.jobs.run_tables import run_tables
from tests.readers import helm_files

LOSSLESS = ("every-eval-ever", "parquet", "csv")
ENDS = {"every-eval-ever": "", "parquet": ".parquet", "csv": ".csv", "llm-comparator": ".json"}

MAPPING = """
reader = 'table'
model_from = 'field:model'
revision_from = 'field:rev'
task_from = 'const:qa/hard'
items_from = 'field:set'
item_from = 'field:id'
domain_from = 'field:domain'
group_from = 'field:group'
perturbation_from = 'field:kind'
axis_from = 'field:axis'
tier_from = 'field:tier'
strength_from = 'field:strength'
unit_from = 'field:unit'
seed_from = 'field:seed'
trial_from = 'field:trial'
original_from = 'field:original'
input_from = 'field:input'
choices_from = 'field:choices'
reference_from = 'field:reference'
output_from = 'field:output'
answer_from = 'field:answer'
score_from = 'field:score'
explanation_from = 'field:why'
correct_from = 'field:correct'
confidence_from = 'field:confidence'
probs_from = 'field:probs'
status_from = 'field:status'
error_from = 'field:error'
latency_s_from = 'field:latency'
tokens_in_from = 'field:tin'
tokens_out_from = 'field:tout'
messages_from = 'field:messages'
[attributes]
length = 'field:length'
note = 'field:note'
flag = 'field:flag'
[variant_attributes]
edits = 'field:edits'
[measures.score]
rate = false
low = 0.0
high = 1.0
[measures.rouge]
from = 'field:rouge'
explanation = 'field:rouge_why'
high = 1.0
"""

PLAIN = {
    "model": "org/a",
    "set": "a/b",
    "id": "q,1",
    "input": "=1+1",
    "reference": "pos",
    "score": 1,
}

ROWS = [
    PLAIN | {
        "rev": "v2", "domain": "news", "group": "g", "choices": ["pos", "neg"], "output": "+pos\r\n",
        "answer": "", "correct": 1, "confidence": 0.1234567890123, "probs": [0.1, 0.9], "why": "=so",
        "latency": 0.1234, "tin": 3, "tout": 4, "length": 7, "note": "-x", "flag": True, "rouge": 1 / 3,
        "rouge_why": "close", "messages": [{"role": "user", "content": "hi"}],
    },
    PLAIN | {"rev": "v2", "kind": "typos", "tier": 1, "strength": 0.1, "unit": "share", "seed": 7,
             "original": "=1+1", "input": "=l+1", "output": "", "score": 0.5, "edits": 1},
    PLAIN | {"rev": "v2", "kind": "typos", "tier": 2, "strength": 0.2, "original": "=1+1", "input": None,
             "status": "refused", "trial": 1, "output": "I cannot"},
    {"model": "org/a", "rev": "v2", "set": "a/b", "id": "2", "kind": "typos", "tier": 1, "input": "x'",
     "output": None, "error": "time\tout", "status": "errored"},
    PLAIN | {"id": "3", "input": "'=quoted", "reference": ["a", "b"], "score": None, "output": "'"},
    PLAIN | {"id": "4", "input": "ü\u2028\"q\"", "reference": 12, "status": "abstained", "note": "null"},
    {"model": "b", "set": "hops", "id": "5", "axis": "graded", "kind": "hops", "tier": 3, "input": "?",
     "score": 1e-17, "correct": 0, "output": '{"a": 1}'},
]  # fmt: skip


@pytest.fixture
def workspace(tmp_path):
    """Return a workspace with everything a row can say."""
    (tmp_path / "m.toml").write_text(MAPPING)
    rows = "".join(json.dumps(row) + "\n" for row in ROWS)
    (tmp_path / "rows.jsonl").write_text(rows, encoding="utf-8")
    made = Workspace.create(tmp_path / "w")
    list(import_logs(made, [tmp_path / "rows.jsonl"], mapping=tmp_path / "m.toml"))
    return made


def tables_of(workspace):
    """Return every table of every run by model, task and revision, JSON decoded."""
    found = {}
    for run in workspace.runs():
        for table, rows in run_tables(run).items():
            found[run.model, run.task, run.revision, table] = rows
    return found


def done_of(events):
    return [event for event in events if isinstance(event, Done)][-1]


def again(workspace, to, tmp_path, **settings):
    """Export, import what was written, and return the new workspace."""
    out = tmp_path / f"out{ENDS[to]}"
    done_of(export(workspace, out, to=to, **settings))
    other = Workspace.create(tmp_path / f"again-{to}")
    done = done_of(import_logs(other, [out]))
    assert done.counts["rejects"] == 0, done.report
    return other


@pytest.mark.parametrize("to", LOSSLESS)
def test_importing_an_export_gives_equal_tables(workspace, to, tmp_path):
    other = again(workspace, to, tmp_path)
    before, after = tables_of(workspace), tables_of(other)
    assert set(before) == set(after)
    for key in before:
        assert after[key] == before[key], key
    for run, twin in zip(workspace.runs(), other.runs(), strict=True):
        assert dict(twin.settings) == dict(run.settings)
        assert {name: dict(kind) for name, kind in twin.measures.items()} == {
            name: dict(kind) for name, kind in run.measures.items()
        }


@pytest.mark.parametrize("to", LOSSLESS)
def test_an_export_of_an_export_is_the_same(workspace, to, tmp_path):
    other = again(workspace, to, tmp_path)
    (tmp_path / "two").mkdir()
    third = again(other, to, tmp_path / "two")
    assert tables_of(third) == tables_of(workspace)


@pytest.mark.parametrize("to", LOSSLESS)
def test_a_log_with_published_values_comes_back_with_them(to, tmp_path):
    made = Workspace.create(tmp_path / "w")
    helm_files.joint(tmp_path / "suite")
    helm_files.joint(tmp_path / "suite", model="org_b")
    list(import_logs(made, [tmp_path / "suite"]))
    other = again(made, to, tmp_path)
    assert tables_of(other) == tables_of(made)
    assert any(key[3] == "published" and rows for key, rows in tables_of(made).items())


@pytest.mark.parametrize("to", LOSSLESS)
def test_made_up_runs_come_back_with_every_status(to, tmp_path):
    made = factory.fill(
        Workspace.create(tmp_path / "w"), n_items=12, abstains={"beta": 0.3}, errs={"alpha": 0.3}
    )
    other = again(made, to, tmp_path)
    before, after = tables_of(made), tables_of(other)
    for key, rows in before.items():
        assert after[key] == rows


@pytest.mark.parametrize("to", LOSSLESS)
def test_a_slice_of_some_models_is_exported(to, tmp_path):
    made = factory.fill(Workspace.create(tmp_path / "w"), n_items=8)
    other = again(made, to, tmp_path, models=["alpha"], where='domain = "north" and tier >= 2')
    assert [run.model for run in other.runs()] == ["alpha"]
    found = tables_of(other)
    [key] = {one[:3] for one in found}
    assert {row["domain"] for row in found[*key, "items"]} == {"north"}
    assert {row["tier"] for row in found[*key, "variants"]} == {2, 3}
    assert len(found[*key, "outcomes"]) == 4 * 2 * 2


@pytest.mark.parametrize("to", LOSSLESS)
def test_an_attribute_that_looks_like_a_number_stays_a_text(to, tmp_path):
    made = Workspace.create(tmp_path / "w")
    item = {"item_id": "s/1", "input": "?", "attributes": {"digit": "0", "size": 3, "on": "true"}}
    with made.add_run(model="m", task="t") as run:
        run.write("items", [item])
        run.write("variants", [{"variant_id": "s/1", "item_id": "s/1"}])
        run.write("outcomes", [{"variant_id": "s/1", "score": 1.0}])
    [rows] = [
        found for key, found in tables_of(again(made, to, tmp_path)).items() if key[3] == "items"
    ]
    assert rows[0]["attributes"] == item["attributes"]


def test_no_cell_of_a_csv_can_be_taken_for_a_formula(workspace, tmp_path):
    out = tmp_path / "o.csv"
    list(export(workspace, out, to="csv"))
    with out.open(newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert "'=1+1" in cells
    numbers = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")
    odd = [
        cell for cell in cells if cell[:1] in "=+-@\t\r" and cell and not numbers.fullmatch(cell)
    ]
    assert odd == []


def test_samples_fit_the_schema(workspace, tmp_path):
    list(export(workspace, tmp_path / "o", to="every-eval-ever"))
    aggregates = sorted((tmp_path / "o").glob("data/*/*/*/*.json"))
    assert len(aggregates) == len(workspace.runs())
    for path in aggregates:
        found = json.loads(path.read_text())
        assert {"schema_version", "evaluation_id", "retrieved_timestamp", "source_metadata",
                "eval_library", "model_info", "evaluation_results"} <= set(found)  # fmt: skip
        details = found["eval_library"]["additional_details"]
        assert all(isinstance(one, str) for one in details.values())
        said = found["detailed_evaluation_results"]
        samples = path.with_name(said["file_path"])
        assert hashlib.sha256(samples.read_bytes()).hexdigest() == said["checksum"]
        for line in samples.read_text(encoding="utf-8").split("\n")[:-1]:
            one = json.loads(line)
            assert {"schema_version", "evaluation_id", "model_id", "evaluation_name", "sample_id",
                    "interaction_type", "input", "answer_attribution", "evaluation",
                    "output"} <= set(one)  # fmt: skip
            assert isinstance(one["evaluation"]["score"], float)
            assert isinstance(one["evaluation"]["is_correct"], bool)
            assert all(isinstance(value, str) for value in one["metadata"].values())
            assert all(isinstance(value, str) for value in one["input"]["reference"])


def test_the_aggregate_holds_the_mean_score(tmp_path):
    made = factory.fill(Workspace.create(tmp_path / "w"), n_items=8)
    list(export(made, tmp_path / "o", to="every-eval-ever", models=["alpha"]))
    [path] = (tmp_path / "o").glob("data/*/*/*/*.json")
    details = json.loads(path.read_text())["evaluation_results"][0]["score_details"]
    scores = [row["score"] for key, rows in tables_of(made).items() for row in rows
              if key[0] == "alpha" and key[3] == "outcomes"]  # fmt: skip
    assert details["score"] == pytest.approx(sum(scores) / len(scores), abs=1e-12)
    assert details["uncertainty"]["num_samples"] == len(scores)


def comparator(tmp_path, made, **settings):
    list(export(made, tmp_path / "c.json", to="llm-comparator", **settings))
    return json.loads((tmp_path / "c.json").read_text())


def test_two_models_stand_side_by_side(tmp_path):
    made = factory.fill(Workspace.create(tmp_path / "w"), n_items=8, part_of={"beta": 0.5})
    found = comparator(tmp_path, made, models=["alpha", "beta"])
    assert set(found) == {"metadata", "models", "examples"}
    assert found["models"] == [{"name": "alpha"}, {"name": "beta"}]
    rows = {
        model: {row["variant_id"]: row["score"] for key, rows in tables_of(made).items()
                for row in rows if key[0] == model and key[3] == "outcomes"}
        for model in ("alpha", "beta")
    }  # fmt: skip
    common = set(rows["alpha"]) & set(rows["beta"])
    assert {one["custom_fields"]["item_id"] for one in found["examples"]} == common
    types = {one["name"]: one["type"] for one in found["metadata"]["custom_fields_schema"]}
    for one in found["examples"]:
        variant = one["custom_fields"]["item_id"]
        assert one["score"] == rows["alpha"][variant] - rows["beta"][variant]
        assert isinstance(one["input_text"], str)
        assert isinstance(one["output_text_a"], str)
        assert all(isinstance(tag, str) for tag in one["tags"])
        assert one["individual_rater_scores"] == []
        assert set(one["custom_fields"]) == set(types)
        for name, kind in types.items():
            value = one["custom_fields"][name]
            assert not kind.startswith("per_model") or len(value) == 2


def test_the_order_of_models_is_that_of_the_question(tmp_path):
    made = factory.fill(Workspace.create(tmp_path / "w"), n_items=8)
    one = comparator(tmp_path, made, models=["alpha", "beta"])
    (tmp_path / "c.json").unlink()
    other = comparator(tmp_path, made, models=["beta", "alpha"])
    assert [a["score"] for a in one["examples"]] == [-b["score"] for b in other["examples"]]


def test_a_comparison_takes_two_models(tmp_path):
    made = factory.fill(Workspace.create(tmp_path / "w"), n_items=8)
    with pytest.raises(ParamError, match="exactly two"):
        list(export(made, tmp_path / "c.json", to="llm-comparator"))


@pytest.mark.parametrize("to", LOSSLESS)
def test_an_interrupted_export_takes_up_where_it_was(tmp_path, to, monkeypatch):
    made = factory.fill(Workspace.create(tmp_path / "w"), n_items=8)
    out = tmp_path / f"out{ENDS[to]}"
    for event in export(made, out, to=to):
        if isinstance(event, Progress) and event.message.startswith("Writing gamma"):
            break
    assert not out.exists()
    done = done_of(export(made, out, to=to))
    assert done.counts["kept"] > 0
    assert not list(tmp_path.glob(".*partial"))
    other = Workspace.create(tmp_path / "again")
    list(import_logs(other, [out]))
    assert sum(run.n_outcomes for run in other.runs()) == done.counts["rows"]


def test_what_another_export_left_is_not_used(tmp_path):
    made = factory.fill(Workspace.create(tmp_path / "w"), n_items=8)
    for event in export(made, tmp_path / "o.csv", to="csv"):
        if isinstance(event, Progress) and event.message.startswith("Writing gamma"):
            break
    done = done_of(export(made, tmp_path / "o.csv", to="csv", where="tier = 1"))
    assert done.counts["kept"] == 0


def test_a_full_disk_is_said_and_nothing_half_is_left(tmp_path, monkeypatch):
    made = factory.fill(Workspace.create(tmp_path / "w"), n_items=8)

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(FORMATS, "csv", type(FORMATS["csv"])(tables.write_csv, full))
    with pytest.raises(WorkspaceError, match="No space left"):
        list(export(made, tmp_path / "o.csv", to="csv"))
    assert not (tmp_path / "o.csv").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"to": "yaml"}, "every-eval-ever"),
        ({"task": "toys"}, "toy"),
        ({"models": ["alpa"]}, "alpha"),
        ({"where": "tier = 77"}, "none is left"),
    ],
)
def test_what_cannot_be_exported_is_refused_with_names(tmp_path, settings, message):
    made = factory.fill(Workspace.create(tmp_path / "w"), n_items=4)
    with pytest.raises(ParamError, match=message):
        list(export(made, tmp_path / "o", **{"to": "csv", **settings}))
    assert not list(tmp_path.glob("*o*partial"))


def test_nothing_is_overwritten(tmp_path):
    made = factory.fill(Workspace.create(tmp_path / "w"), n_items=4)
    (tmp_path / "o.csv").write_text("mine")
    with pytest.raises(ParamError, match="must not exist"):
        list(export(made, tmp_path / "o.csv", to="csv"))
    with pytest.raises(ParamError, match="folder"):
        list(export(made, tmp_path / "no" / "o.csv", to="csv"))


@pytest.mark.parametrize("to", NAMES)
def test_the_command_says_what_it_wrote(tmp_path, to, capsys):
    factory.fill(Workspace.create(tmp_path / "w"), n_items=4)
    out = tmp_path / f"o{ENDS[to]}"
    command = ["export", "-w", str(tmp_path / "w"), "--to", to, str(out), "--json"]
    assert main([*command, "--models", "alpha,beta"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["format"], said["runs"]) == (to, 2)
    assert out.exists()
