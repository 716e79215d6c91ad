import datetime
import tomllib

import pytest

from stresslab.errors import WorkspaceError
from stresslab.store import durable
from stresslab.store.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace.create(tmp_path / "w", name="My runs")


def write(workspace, text):
    (workspace.path / "workspace.toml").write_text(text)


def test_a_new_workspace_has_its_name_and_nothing_else(workspace):
    assert workspace.name == "My runs"
    assert (workspace.config.models, workspace.config.default_task) == ({}, None)


def test_what_is_set_is_read_back_and_can_be_removed(workspace):
    workspace.set_config("models", 'a/b "c"', {"family": "bert", "trained_on": ["x", "y"]})
    workspace.set_config("", "default_task", "t")
    assert workspace.config.models == {'a/b "c"': {"family": "bert", "trained_on": ["x", "y"]}}
    assert workspace.config.default_task == "t"
    workspace.set_config("models", 'a/b "c"', None)
    assert workspace.config.models == {}


def test_what_is_written_by_hand_is_seen_at_once(workspace):
    for family in ("a", "b"):
        write(workspace, f'name = "w"\n[models.m]\nfamily = "{family}"\n')
        assert workspace.config.models["m"]["family"] == family


def test_a_caller_cannot_change_what_another_reads(workspace):
    workspace.set_config("models", "m", {"family": "bert"})
    workspace.config.models["m"]["family"] = "gpt"
    assert workspace.config.models["m"]["family"] == "bert"


@pytest.mark.parametrize("section", ["models", "domains", "item_sets", "tasks"])
def test_sections_with_a_meaning_raise_the_version(workspace, section):
    version = workspace.data_version
    workspace.set_config(section, "x", {"title": "y", "made": datetime.date(2024, 1, 2)})
    assert workspace.data_version != version


@pytest.mark.parametrize("section", ["perturbations", "slices"])
def test_sections_for_the_eye_do_not(workspace, section):
    version = workspace.data_version
    workspace.set_config(section, "x", "tier > 3" if section == "slices" else {"title": "y"})
    assert workspace.data_version == version


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "cannot be read"),
        ("models = 3", r"\[models\].*must be a section; got 3"),
        ("[models]\nm = 3", r"models\.m .*must be a section; got 3"),
        ("[slices]\nhard = 3", r"slices\.hard .*must be a text; got 3"),
        ('format = "x"', "format 'x'"),
    ],
)
def test_a_file_that_makes_no_sense_is_named_with_the_entry(workspace, text, message):
    write(workspace, text)
    with pytest.raises(WorkspaceError, match=message) as error:
        Workspace.open(workspace.path)
    assert "workspace.toml" in str(error.value)


@pytest.mark.parametrize(
    ("section", "values", "message"),
    [
        ("model", {}, "sections models, domains"),
        ("models", 3, "must be a section; got 3"),
        ("models", {"family": None}, "Leave out what is not known"),
    ],
)
def test_nothing_is_written_that_could_not_be_read(workspace, section, values, message):
    before = (workspace.path / "workspace.toml").read_text()
    with pytest.raises(WorkspaceError, match=message):
        workspace.set_config(section, "m", values)
    assert (workspace.path / "workspace.toml").read_text() == before


def test_a_full_disk_leaves_the_old_file(workspace, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable, "sync", fail)
    with pytest.raises(WorkspaceError, match=r"workspace\.toml.* No space left"):
        workspace.set_config("models", "m", {})
    [file] = [one for one in workspace.path.iterdir() if one.is_file()]
    assert tomllib.loads(file.read_text())["name"] == "My runs"


@pytest.mark.parametrize("action", ["add_run", "add_space", "retire", "restore", "purge", "clean"])
def test_on_a_read_only_disk_every_change_names_its_file(workspace, monkeypatch, action):
    with workspace.add_run(model="m", task="t") as run:
        run.write("items", [{"item_id": "s/1"}])
    (workspace.path / "runs" / ".partial-x").mkdir()

    def refuse(path, *_, **__):
        raise OSError(30, "Read-only file system", str(path))

    for owner, name in [("os", "mkdir"), ("os", "replace"), ("os", "unlink")]:
        monkeypatch.setattr(f"{owner}.{name}", refuse)
    monkeypatch.setattr("pathlib.Path.open", refuse)
    settings = {"model": "n", "task": "t"}
    if action == "add_space":
        settings = {"space_id": "s", "encoder": "e", "dimension": 1, "kind": "logits"}
    call = getattr(workspace, action)
    with pytest.raises(WorkspaceError, match=r"w/(runs|spaces)/.*Read-only file system"):
        if action.startswith("add"):
            call(**settings).__enter__()
        else:
            call(*([run.run_id] if action != "clean" else []))
