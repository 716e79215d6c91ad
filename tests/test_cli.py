"""The command line answers like the Python door and says errors plainly."""

import itertools
import json

import pytest
import typer

from stresslab.cli import app, main
from stresslab.commands import _server
from stresslab.errors import ParamError

HEADER = "id,model,domain,perturbation,tier,text,score,confidence"


def table(n_items=12):
    lines = [HEADER]
    for n in range(n_items):
        for tier in (0, 1, 2):
            kind = "noise" if tier else ""
            domain = "east" if n % 2 else "west"
            for model, lost in (("A", 2), ("B", 5 * tier)):
                lines.append(f"{n},{model},{domain},{kind},{tier},t{n},{int(n >= lost)},0.8")
    return "\n".join(lines) + "\n"


@pytest.fixture
def mine(tmp_path, monkeypatch, capsys):
    """Return the path of a workspace with two models on twelve items."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STRESSLAB_CACHE", str(tmp_path / "cache"))
    (tmp_path / "toy.csv").write_text(table())
    assert main(["import", "toy.csv", "-w", "mine"]) == 0
    capsys.readouterr()
    return tmp_path / "mine"


def printed(capsys, *words):
    assert main([str(word) for word in words]) == 0
    return capsys.readouterr().out


def as_json(capsys, *words):
    return json.loads(printed(capsys, *words, "--json"))


def commands(group=app, name=()):
    for command in group.registered_commands:
        yield [*name, command.name or command.callback.__name__]
    for below in group.registered_groups:
        yield [*name, below.name]
        yield from commands(below.typer_instance, (*name, below.name))


def test_the_version_is_printed(capsys):
    assert printed(capsys, "--version").startswith("stresslab 0.")


@pytest.mark.parametrize("words", [[], ["workspace"]])
def test_nothing_asked_prints_what_there_is(capsys, words):
    assert "Usage: stresslab" in printed(capsys, *words)


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_says_what_it_is_for(capsys, words):
    text = printed(capsys, *words, "--help")
    assert len(text.splitlines()[2].strip()) > 10


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        (["nonsense"], "nonsense"),
        (["analyze", "overview"], "--workspace"),
        (["analyze", "overviews", "-w", "x"], "overview"),
        (["analyze", "overview", "-w", "x", "--set", "task"], "key=value"),
        (["analyze", "overview", "-w", "x", "--set", "modles=A"], "models"),
        (["list", "metric"], "metrics"),
        (["workspace", "info", "-w", "nowhere"], "nowhere"),
        (["import", "nowhere.csv", "-w", "x"], "nowhere.csv"),
        (["serve", "nowhere", "--no-browser"], "nowhere"),
    ],
)
def test_an_error_goes_to_the_error_stream_with_code_2(tmp_path, monkeypatch, capsys, words, seen):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert (out, err[:7]) == ("", "error: ")
    assert seen in err
    if words[0] != "serve":
        assert main([*words, "--json"]) == 2
        assert seen in json.loads(capsys.readouterr().err)["error"]["message"]


def test_a_fault_of_ours_has_code_1_and_asks_for_a_report(monkeypatch, capsys):
    def broken(*_):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("stresslab.commands.ask.catalog", broken)
    assert main(["list", "metrics"]) == 1
    assert "ZeroDivisionError: oops" in capsys.readouterr().err


def test_an_interrupt_is_no_fault(monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("stresslab.commands.ask.catalog", stopped)
    assert main(["list", "metrics"]) == 130


@pytest.mark.parametrize(
    "kind", ["analyses", "figures", "metrics", "perturbations", "readers", "runners"]
)
def test_every_kind_can_be_listed_and_described(capsys, kind):
    listed = as_json(capsys, "list", kind)
    assert listed
    described = as_json(capsys, "describe", kind, listed[0]["name"])
    assert described["title"] == listed[0]["title"]
    assert described["text"]
    assert listed[0]["title"] in printed(capsys, "describe", kind, listed[0]["name"])


def test_an_analysis_is_described_with_its_settings(capsys):
    settings = as_json(capsys, "describe", "analyses", "compare")["settings"]
    assert {"models", "where", "by", "margin"} <= {one["name"] for one in settings}


def test_json_of_an_analysis_has_the_promised_shape(mine, capsys):
    found = as_json(capsys, "analyze", "overview", "-w", mine)
    assert {
        "schema", "analysis", "params", "tables", "columns", "warnings", "data_version",
        "stresslab_version",
    } == set(found)  # fmt: skip
    assert next(iter(found["tables"])) == "overview"
    rows = [row for row in found["tables"]["overview"] if row["model"] == "A" and row["tier"] == 0]
    assert [(row["value"], row["n"]) for row in rows] == [(pytest.approx(10 / 12), 12)]


def test_settings_may_stand_behind_set_or_alone(mine, capsys):
    words = ["analyze", "tier_curve", "-w", mine]
    one = as_json(capsys, *words, "--set", "models=A", "--set", "where=tier > 0")
    other = as_json(capsys, *words, "models=A", "where=tier > 0")
    assert one == other
    assert {row["model"] for row in one["tables"]["tier_curve"]} == {"A"}


def test_a_kept_result_is_found_by_whoever_asks_the_same_in_other_words(mine, capsys):
    from stresslab import Workspace, analyses
    from stresslab.store.kept import kept_result

    words = ["analyze", "tier_curve", "-w", mine, "where=tier > 0", "--keep"]
    assert "rows kept" in printed(capsys, *words)
    assert "kept already" in printed(capsys, *words)
    opened, make = Workspace.open(mine), analyses.get("tier_curve").params
    stood = analyses.get("tier_curve").run(opened, make(where="tier > 0")).params
    named = make(where="tier > 0", models=tuple(stood["models"]))  # as the default is understood
    found = kept_result(opened, "tier_curve", named)
    again = analyses.get("tier_curve").run(opened, named)
    assert found.to_dict()["tables"] == again.to_dict()["tables"]
    assert kept_result(opened, "tier_curve", make(where="tier > 0", models=("A",))) is None
    assert kept_result(opened, "tier_curve", make()) is None


def test_people_get_a_table_and_the_names_of_the_others(mine, capsys):
    text = printed(capsys, "analyze", "overview", "-w", mine)
    assert "model" in text
    assert "Other tables:" in text
    assert "quality" in printed(capsys, "analyze", "overview", "-w", mine, "--table", "quality")


def test_a_table_an_analysis_does_not_have_is_refused(mine, capsys):
    assert main(["analyze", "overview", "-w", str(mine), "--table", "rows"]) == 2
    assert "quality" in capsys.readouterr().err


def test_workspace_info_has_the_promised_shape(mine, capsys):
    found = as_json(capsys, "workspace", "info", "-w", mine)
    assert {"name", "data_version", "n_outcomes", "runs"} <= set(found)
    assert {"run_id", "model", "task", "n_outcomes", "state"} <= set(found["runs"][0])
    assert found["n_outcomes"] == 72
    assert "72 outcomes" in printed(capsys, "workspace", "info", "-w", mine)


def test_the_workspace_may_come_from_the_environment(mine, capsys, monkeypatch):
    monkeypatch.setenv("STRESSLAB_WORKSPACE", str(mine))
    assert as_json(capsys, "workspace", "info")["n_outcomes"] == 72


def test_a_run_is_retired_restored_and_purged(mine, capsys):
    run = as_json(capsys, "workspace", "info", "-w", mine)["runs"][0]["run_id"]
    printed(capsys, "workspace", "retire", run, "-w", mine)
    assert as_json(capsys, "workspace", "info", "-w", mine)["n_outcomes"] == 36
    printed(capsys, "workspace", "restore", run, "-w", mine)
    assert as_json(capsys, "workspace", "info", "-w", mine)["n_outcomes"] == 72
    assert main(["workspace", "purge", run, "-w", str(mine)]) == 2
    assert "--yes" in capsys.readouterr().err
    printed(capsys, "workspace", "purge", run, "-w", mine, "--yes")
    assert as_json(capsys, "workspace", "info", "-w", mine)["n_outcomes"] == 36


def test_verify_is_content_with_a_whole_workspace_and_names_a_damaged_file(mine, capsys):
    assert "as it was sealed" in printed(capsys, "workspace", "verify", "-w", mine)
    assert "Clean" in printed(capsys, "workspace", "clean", "-w", mine)
    file = next(mine.glob("runs/*/outcomes.parquet"))
    file.write_bytes(file.read_bytes()[:-9])
    assert main(["workspace", "verify", "-w", str(mine), "--json"]) == 1
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert "outcomes.parquet" in problems[0]["path"]


def test_a_dry_run_prints_the_mapping_and_makes_nothing(mine, capsys):
    text = printed(capsys, "import", "toy.csv", "-w", "other", "--dry-run")
    assert 'item_from = "field:id"' in text
    assert not (mine.parent / "other").exists()


def test_the_same_import_again_says_that_it_adds_nothing(mine, capsys):
    assert "Nothing new" in printed(capsys, "import", "toy.csv", "-w", mine)


# ---- serving


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.9.9.9"])
def test_addresses_of_this_machine_are_allowed(host):
    _server.check_host(host, insecure=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.org"])
def test_other_addresses_need_insecure(host):
    with pytest.raises(ParamError, match="--insecure"):
        _server.check_host(host, insecure=False)
    _server.check_host(host, insecure=True)


def test_a_taken_port_is_passed_over_unless_it_was_asked_for():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ParamError, match=str(port)):
            _server.free_port("127.0.0.1", port)
        assert _server.free_port("127.0.0.1", None) != port


def test_settings_become_flags():
    settings = {
        "theme": {"light": {"primaryColor": "#2457d6"}, "chartCategoricalColors": ["#1", "#2"]},
        "client": {"showSidebarNavigation": False},
        "skipped": {"fontFaces": [{"family": "x"}]},
    }
    assert _server.settings_as_flags(settings) == {
        "--theme.light.primaryColor": ["#2457d6"],
        "--theme.chartCategoricalColors": ["#1", "#2"],
        "--client.showSidebarNavigation": ["false"],
    }


def test_the_server_listens_here_sends_nothing_and_wears_our_theme():
    words = _server.command("127.0.0.1", 8599)
    pairs = dict(itertools.pairwise(words))
    assert pairs["--server.address"] == "127.0.0.1"
    assert pairs["--browser.gatherUsageStats"] == "false"
    assert any(word.startswith("--theme.") for word in words)


def test_no_command_hides_its_errors_behind_typer():
    assert issubclass(typer.BadParameter, typer.TyperException)
