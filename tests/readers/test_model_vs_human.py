"""model-vs-human: observers pair on images, conditions are tiers, printed accuracies agree."""

from pathlib import Path

import pytest

from stresslab.jobs._walk import walk
from stresslab.jobs.import_logs import import_logs
from stresslab.readers import readers

PIECE = readers.get("model_vs_human")
HEADER = "subj,session,trial,rt,object_response,category,condition,imagename"
GENUINE = Path(__file__).parents[3] / "shared" / "data" / "model-vs-human" / "raw-data"


def write(folder, experiment, observer, *answers, session=1, header=HEADER):
    """Write a session of (answer, category, condition, image); people's images have a number."""
    is_person = observer.startswith("subject")
    lines = [header]
    for n, (answer, category, condition, image) in enumerate(answers, start=1):
        who = "s01" if is_person else "dnn"
        name = f"{n:04}_abc_{who}_{image}" if "_" in image else image
        rt = "0.5" if is_person else "NaN"
        lines.append(f"{observer},{session},{n},{rt},{answer},{category},{condition},{name}")
    path = folder / experiment / f"{experiment}_{observer}_session_{session}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def noisy(folder, observer, *answers, **more):
    rows = [
        (answer, "cat", condition, f"{condition}_cat_10_n0{n}_{n}.png")
        for n, (answer, condition) in enumerate(answers)
    ]
    return write(folder, "uniform-noise", observer, *rows, **more)


def read(path):
    tables = {"rejects": [], "outcomes": [], "published": []}
    for batch in PIECE.read(path, PIECE.propose(path)):
        model = batch.run.model if batch.run else None
        rows = [row | {"model": model} for row in batch.rows.to_pylist()]
        tables.setdefault(batch.table, []).extend(rows)
        if batch.run:
            tables.setdefault("info", {})[model] = dict(batch.model_info)
    return tables


def test_people_and_models_see_the_same_items(tmp_path):
    noisy(tmp_path, "subject-01", ("cat", "0.10"), ("dog", "0.90"))
    noisy(tmp_path, "net", ("cat", "0.10"), ("cat", "0.90"))
    found = read(tmp_path)
    ids = {
        m: [r["variant_id"] for r in found["outcomes"] if r["model"] == m] for m in found["info"]
    }
    assert ids["net"] == ids["subject-01"]
    assert ids["net"][0] == "model-vs-human/0.10_cat_10_n00_0.png#uniform-noise:4"
    assert [row["score"] for row in found["outcomes"]] == [1, 1, 1, 0]
    assert found["info"] == {"net": {}, "subject-01": {"family": "human"}}
    assert {row["group_id"] for row in found["items"]} == {"n00_0.png", "n01_1.png"}


def test_images_without_conditions_pair_too(tmp_path):
    write(tmp_path, "edge", "subject-01", ("bear", "oven", "0", "0_oven_00_oven10.png"))
    write(tmp_path, "edge", "net", ("oven", "oven", "NaN", "oven10.png"))
    found = read(tmp_path)
    assert {row["variant_id"] for row in found["outcomes"]} == {"model-vs-human/oven10.png#edge:1"}
    assert {row["axis"] for row in found["variants"]} == {"paired"}
    assert {row["strength"] for row in found["variants"]} == {None}


def test_conditions_are_tiers_from_mild_to_hard(tmp_path):
    rows = [
        ("cat", "cat", one, f"{one}_cat_10_n0_{n}.png") for n, one in enumerate(("c01", "c100"))
    ]
    write(tmp_path, "contrast", "net", *rows)
    filtered = [
        ("cat", "cat", one, f"{one}_cat_10_n1_{n}.png") for n, one in enumerate(("0.4", "inf"))
    ]
    write(tmp_path, "high-pass", "net", *filtered)
    said = {
        (row["perturbation"], row["strength"]): (row["tier"], row["axis"], row["unit"])
        for row in read(tmp_path)["variants"]
    }
    assert said == {
        ("contrast", 1.0): (8, "graded", "% of contrast"),
        ("contrast", 100.0): (1, "graded", "% of contrast"),
        ("high-pass", 0.4): (8, "graded", "width of the filter"),
        ("high-pass", None): (1, "graded", "width of the filter"),
    }


def test_conditions_of_an_unknown_experiment_are_put_in_order(tmp_path):
    for observer, conditions in (("a", ("3", "20")), ("b", ("100", "3"))):
        rows = [("cat", "cat", one, f"{one}_cat_10_n0_{one}.png") for one in conditions]
        write(tmp_path, "fog", observer, *rows)
    tiers = {row["strength"]: row["tier"] for row in read(tmp_path)["variants"]}
    assert tiers == {3.0: 1, 20.0: 2, 100.0: 3}


def test_an_unknown_condition_of_a_known_experiment_is_put_between(tmp_path):
    path = noisy(tmp_path, "net", ("cat", "0.15"), ("cat", "0.90"))
    assert [row["tier"] for row in read(path)["variants"]] == [5, 9]


def test_no_answer_is_none_and_reaction_times_are_kept(tmp_path):
    found = read(noisy(tmp_path, "subject-02", ("na", "0.10"), ("cat", "0.10")))
    said = [
        (row["status"], row["score"], row["correct"], row["latency_s"]) for row in found["outcomes"]
    ]
    assert said == [("abstained", 0.0, None, 0.5), ("answered", 1.0, 1, 0.5)]
    assert read(noisy(tmp_path, "net", ("cat", "0.10")))["outcomes"][0]["latency_s"] is None


def test_a_header_in_capitals_is_the_same(tmp_path):
    path = noisy(tmp_path, "net", ("cat", "0.10"), header=HEADER.title())
    assert PIECE.sniff(path) == 0.9
    assert read(path)["outcomes"][0]["score"] == 1


def test_a_second_session_is_a_second_trial(tmp_path):
    noisy(tmp_path, "net", ("cat", "0.10"))
    noisy(tmp_path, "net", ("dog", "0.10"), session=2)
    found = read(tmp_path)
    assert [(row["trial"], row["score"]) for row in found["outcomes"]] == [(0, 1), (1, 0)]
    assert len(found["variants"]) == 1
    assert not found["rejects"]


def test_what_repeats_a_line_of_another_file_is_named(tmp_path):
    noisy(tmp_path, "a", ("cat", "0.10"))
    path = noisy(tmp_path, "b", ("cat", "0.10"))
    path.write_text(path.read_text().replace("b,1", "a,1"))
    found = read(tmp_path)
    assert len(found["outcomes"]) == 1
    reject = found["rejects"][0]
    assert (reject["file"], reject["line"]) == ("uniform-noise_b_session_1.csv", "line 2")
    assert "repeats line 2 of uniform-noise_a_session_1.csv" in reject["reason"]


def test_broken_lines_cost_themselves(tmp_path):
    path = noisy(tmp_path, "net", ("cat", "0.10"), ("dog", "0.10"))
    lines = path.read_text().splitlines()
    lines.insert(1, "net,1")
    lines.insert(3, ",1,1,NaN,cat,cat,0.10,0009_x_dnn_0.10_cat_10_n9_9.png")
    path.write_bytes("\n".join(lines).encode() + b'\nnet,1,7,x,\xffat,cat,0.10,"')
    found = read(path)
    assert [row["answer"] for row in found["outcomes"]] == ["cat", "dog"]
    assert {row["line"] for row in found["rejects"]} == {"line 2", "line 4", "line 6"}


def test_a_time_that_is_no_number_costs_only_itself(tmp_path):
    path = noisy(tmp_path, "net", ("cat", "0.10"))
    path.write_text(path.read_text().replace("NaN", "soon"))
    found = read(path)
    assert found["outcomes"][0]["score"] == 1
    assert (found["rejects"][0]["field"], found["rejects"][0]["line"]) == ("rt", "line 2")


def performances(folder, *lines):
    path = folder / "performances" / "net.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(["subj,dataset_name,metric_name,performance", *lines]) + "\n")
    return path


def test_a_folder_is_one_source_with_what_was_printed(tmp_path):
    noisy(tmp_path, "net", ("cat", "0.10"), ("dog", "0.90"))
    performances(
        tmp_path,
        "net,uniform-noise,accuracy (top-1),0.5",
        "net,uniform-noise,accuracy (top-5),0.75",
        "net,edge,accuracy (top-1),0.25",
        "net,uniform-noise,accuracy (top-1),much",
    )
    source = walk([tmp_path]).sources
    assert [(one.reader, len(one.parts)) for one in source] == [("model_vs_human", 2)]
    found = read(tmp_path)
    assert [(row["measure"], row["slice"], row["value"]) for row in found["published"]] == [
        ("score", 'perturbation = "uniform-noise"', 0.5),
        ("accuracy (top-5)", 'perturbation = "uniform-noise"', 0.75),
    ]
    assert [(row["file"], row["line"]) for row in found["rejects"]] == [("net.csv", "line 5")]
    done = list(import_logs(tmp_path.parent / "w", [tmp_path]))[-1]
    verdicts = {row["measure"]: row["verdict"] for row in done.report["parity"]}
    assert verdicts == {"score": "equal", "accuracy (top-5)": "not recomputed"}


def test_a_printed_table_alone_is_read(tmp_path):
    path = performances(tmp_path, "net,edge,accuracy (top-1),0.25")
    assert PIECE.sniff(path) == 0.9
    assert [row["value"] for row in read(path)["published"]] == [0.25]


@pytest.mark.parametrize("name", ["notes.txt", "uniform-noise_x_session_1.csv"])
def test_a_folder_with_anything_else_is_walked(tmp_path, name):
    noisy(tmp_path, "net", ("cat", "0.10"))
    (tmp_path / name).write_text("id,correct\n1,1\n")
    assert PIECE.sniff(tmp_path) == 0
    assert "model_vs_human" in {one.reader for one in walk([tmp_path]).sources}


@pytest.mark.skipif(not GENUINE.is_dir(), reason="needs ../shared/data")
@pytest.mark.parametrize(
    ("model", "experiment", "strength", "expected"),
    [("resnet50", "uniform-noise", 0.1, 0.512), ("simclr-resnet50x1", "contrast", 10.0, 0.981),
     ("resnet50", "edge", None, 0.138)],
)  # fmt: skip
def test_genuine_accuracies_match(model, experiment, strength, expected):
    found = read(GENUINE / experiment / f"{experiment}_{model}_session-1.csv")
    wanted = {row["variant_id"] for row in found["variants"] if row["strength"] == strength}
    scores = [row["score"] for row in found["outcomes"] if row["variant_id"] in wanted]
    assert sum(scores) / len(scores) == pytest.approx(expected, abs=6e-4)
    assert not found["rejects"]
