"""Tables of published accuracies become published rows only, each under its condition."""

from pathlib import Path

import pytest

from stresslab.errors import ReadError
from stresslab.jobs.import_logs import import_logs
from stresslab.readers import published, readers

PIECE = readers.get("published")
GENUINE = Path(__file__).parents[3] / "shared" / "data"
TESTBED = (
    "model,greyscale,imagenet-c.fog.2_on-disk,imagenet-c.fog.2_in-memory,val\n"
    "net,70.5,,60,80\nother,1,2,3\n,1,2,3,4\nodd,x,2,3,\x004\n"
)


def read(path, text=None):
    if text is not None:
        path.write_text(text)
    found, rejects = {}, []
    for batch in PIECE.read(path, PIECE.propose(path)):
        if batch.table == "published":
            rows = {row["slice"]: row["value"] for row in batch.rows.to_pylist()}
            found[batch.run.model, batch.run.task] = rows
        elif batch.table == "rejects":
            rejects += batch.rows.to_pylist()
    return found, rejects


def test_two_header_rows_are_kind_and_tier(tmp_path):
    found, rejects = read(tmp_path / "cifar10.csv", ",fog,fog,snow\n,1,2,1\nnet,0.9,,0.7\n")
    assert found == {
        ("net", "robustbench cifar10"): {
            'perturbation = "fog" and tier = 1': 0.9,
            'perturbation = "snow" and tier = 1': 0.7,
        }
    }
    assert not rejects


def test_settings_of_the_testbed_and_its_broken_lines(tmp_path):
    found, rejects = read(tmp_path / "robustness_top1s.csv", TESTBED)
    assert found["net", "imagenet-testbed"] == {
        'perturbation = "greyscale"': 70.5,
        'perturbation = "fog in-memory" and tier = 2': 60.0,
        'domain = "val"': 80.0,
    }
    assert [row["line"] for row in rejects] == ["line 3", "line 4", "line 5", "line 5"]
    assert set(found) == {("net", "imagenet-testbed"), ("odd", "imagenet-testbed")}


def test_they_are_imported_as_runs_without_outcomes(tmp_path):
    path = tmp_path / "cifar10.csv"
    path.write_text(PIECE.example)
    done = list(import_logs(tmp_path / "w", [path]))[-1]
    assert (done.counts["runs"], done.counts["outcomes"]) == (2, 0)
    assert {row["verdict"] for row in done.report["parity"]} == {"not recomputed"}


@pytest.mark.parametrize(
    "text", ["id,model,correct\n1,a,1\n", ",a,b\n,1,x\nnet,1,2\n", "", ",\n,\n"]
)
def test_other_tables_are_not_claimed(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    assert PIECE.sniff(tmp_path / "a.csv") == 0


def test_a_table_of_another_form_is_refused_with_both_forms(tmp_path):
    with pytest.raises(ReadError, match="line of kinds above a line of tiers"):
        read(tmp_path / "a.csv", "id,score\n1,2\n")


@pytest.mark.skipif(not GENUINE.is_dir(), reason="needs ../shared/data")
@pytest.mark.parametrize(
    ("name", "n_models"), [("robustbench/imagenet.csv", 12), ("imagenet-testbed/robustness_top1s.csv", 338)]
)  # fmt: skip
def test_genuine_tables_are_read_whole(name, n_models):
    found, rejects = read(GENUINE / name)
    assert (len(found), rejects) == (n_models, [])


def test_a_table_without_its_line_of_tiers_is_refused(tmp_path):
    path = tmp_path / "robustbench.csv"
    path.write_text(",fog,snow\n\n")
    with pytest.raises(ReadError, match="must begin with"):
        list(published._slices(path, published.ROBUSTBENCH, iter([["", "fog", "snow"]])))
