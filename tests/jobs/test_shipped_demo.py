"""The demo as it ships: whole, small, attributed, and made by this code."""

import json

import pyarrow.parquet as pq
import pytest

from stresslab.errors import MissingPackageError
from stresslab.jobs.build_demo import build_demo
from stresslab.jobs.demo import about
from stresslab.jobs.demo._rows import EXCERPT
from stresslab.places import demo_workspace
from stresslab.store.workspace import Workspace

MEGABYTE = 1e6


@pytest.fixture(scope="module")
def demo():
    return Workspace.open(demo_workspace())


def table(run, name):
    return pq.read_table(run.path / f"{name}.parquet").to_pylist()


def test_the_demo_is_whole(demo):
    assert demo.verify() == []
    assert (demo.config.provenance, demo.config.default_task) == ("shipped", "sentiment")


def test_the_demo_ships_less_than_fifteen_megabytes(demo):
    files = [path for path in demo.path.rglob("*") if path.is_file() and ".index" not in path.parts]
    assert sum(path.stat().st_size for path in files) <= 15 * MEGABYTE


def test_every_run_is_of_a_described_model(demo):
    assert {run.model for run in demo.runs()} <= set(about.MODELS)
    for run in demo.runs():
        assert demo.config.models[run.model]["colour"] == about.MODELS[run.model]["colour"]


def test_every_package_used_is_attributed(demo):
    notes = (demo.path / "LICENSES.md").read_text(encoding="utf-8")
    pins = {
        run.settings.get(key) for run in demo.runs() for key in ("weights", "texts_from", "images")
    }
    assert not [pin for pin in pins if pin and pin not in notes]


def test_no_more_than_an_excerpt_of_a_sentence_is_shipped(demo):
    for run in demo.runs():
        if run.task == "sentiment":
            assert max(len(row["input"]) for row in table(run, "items")) <= EXCERPT
            assert not any(row["input"] for row in table(run, "variants"))
            assert run.settings["texts"]["command"] == "stresslab demo text"


def test_every_image_is_shipped_once(demo):
    with_images = [
        run.model for run in demo.runs() if run.task == "digits" and table(run, "items")[0]["input"]
    ]
    assert with_images == ["mnist-net"]


def test_a_lexicon_without_an_opinion_abstains(demo):
    (vader,) = [run for run in demo.runs() if run.model == "vader"]
    ties = [row for row in table(vader, "outcomes") if row["status"] == "abstained"]
    assert ties
    assert {(row["score"], row["correct"], row["answer"]) for row in ties} == {(0.0, None, None)}


@pytest.mark.slow
@pytest.mark.parametrize(("model", "part"), [("vader", "sentiment"), ("logreg", "digits")])
def test_a_rebuilt_demo_has_the_shipped_outcomes(demo, tmp_path, model, part):
    pytest.importorskip("vaderSentiment")
    try:
        done = list(build_demo(tmp_path / "demo", only=model, scale="small"))[-1]
    except MissingPackageError as error:
        pytest.skip(f"the packages of the demo cannot be fetched here: {error}")
    assert done.counts == {"built": 1, "left_out": 0}
    rebuilt = Workspace.open(tmp_path / "demo")
    assert rebuilt.config.provenance == "rebuilt"
    (run,) = rebuilt.runs()
    (shipped,) = [one for one in demo.runs() if (one.model, one.task) == (model, part)]
    answers = {row["variant_id"]: row["answer"] for row in table(shipped, "outcomes")}
    rows = table(run, "outcomes")
    assert rows
    alike = [row["answer"] == answers[row["variant_id"]] for row in rows]
    assert sum(alike) >= 0.99 * len(alike)
    hashes = {row["item_id"]: row["content_hash"] for row in table(shipped, "items")}
    assert all(hashes[row["item_id"]] == row["content_hash"] for row in table(run, "items"))
    assert json.loads(table(run, "items")[0]["reference"])
