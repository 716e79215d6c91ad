"""What the README prints is what works."""

import json
import re
import shlex
import shutil
import tomllib
from pathlib import Path

import pytest

from stresslab.cli import app, main
from stresslab.readers import readers

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.M | re.S)


def commands():
    """Return every `stresslab ...` line of the README's shell blocks."""
    lines = [
        line.split("  #")[0].strip() for block in blocks("bash") for line in block.splitlines()
    ]
    return [line for line in lines if line.startswith("stresslab ")]


def one_liners():
    return [line for block in blocks("bash") for line in block.splitlines() if "-m venv" in line]


def test_two_one_line_commands_do_all_of_their_own_set_up():
    demo, tests = one_liners()
    assert demo.endswith(".venv/bin/stresslab demo")
    assert tests.endswith(".venv/bin/python -m pytest")
    assert '".[test]"' in tests


@pytest.mark.parametrize("line", one_liners())
def test_every_install_line_carries_the_constraints(line):
    assert "pip install -q -c constraints.txt" in line


def test_no_other_install_line_goes_without_the_constraints():
    for line in re.findall(r"^.*pip install.*$", README, flags=re.M):
        assert "-c constraints.txt" in line or line.startswith("* "), line


def test_ci_finds_the_test_command():
    found = re.search(r"grep -m1 -E '([^']+)'", (ROOT / ".ci" / "run").read_text(encoding="utf-8"))
    line = next(line for line in README.splitlines() if re.search(found.group(1), line))
    assert line == one_liners()[1]


def test_the_constraints_pin_every_requirement_to_a_plain_version():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line) for line in lines)
    pinned = {re.sub(r"[-_.]+", "-", line.split("==")[0]).lower() for line in lines}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [one for extra in project["optional-dependencies"].values() for one in extra]
    for wanted in [*project["dependencies"], *extras]:
        name = re.sub(r"[-_.]+", "-", re.split(r"[^A-Za-z0-9._-]", wanted)[0]).lower()
        assert name in pinned | {"stresslab"}, wanted
    assert "torch==2.13.0" in lines


def test_every_command_of_the_readme_exists():
    known = {command.name for command in app.registered_commands}
    known |= {group.name for group in app.registered_groups}
    assert commands()
    assert {shlex.split(line)[1] for line in commands()} <= known | {"--version"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder holding the table the README shows, and logs of several harnesses."""
    monkeypatch.chdir(tmp_path)
    for name in ("inspect", "lm_eval", "promptfoo", "opencompass", "alpaca_eval"):
        (tmp_path / "logs" / name).mkdir(parents=True)
        file = tmp_path / "logs" / name / f"log{readers.get(name).suffix}"
        file.write_text(readers.get(name).example, encoding="utf-8")
    (tmp_path / "my_table.csv").write_text(blocks("csv")[0], encoding="utf-8")
    return tmp_path


QUICK = ("import", "export", "analyze", "list", "describe", "workspace", "--version")


def test_the_quick_commands_run_as_printed_in_their_order(folder, capsys):
    for line in commands():
        words = shlex.split(line)[1:]
        if words[0] in QUICK and "RUN" not in line:
            assert main(words) == 0, (line, capsys.readouterr())
            if "--json" in words:
                json.loads(capsys.readouterr().out.splitlines()[-1])


def test_the_python_block_runs_as_printed(folder, capsys):
    assert main(["import", "my_table.csv", "-w", "mine"]) == 0
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), {})


def test_the_mapping_blocks_are_mappings():
    from stresslab.readers._mapping import Mapping

    long, wide = (Mapping.parse(block) for block in blocks("toml"))
    assert long.sources
    assert wide.wide


def test_every_condition_of_the_readme_parses():
    from stresslab.predicate import parse

    lines = [line for block in blocks("text") for line in block.splitlines() if line.strip()]
    assert lines
    for line in lines:
        assert parse(line) is not None


def test_the_grammar_is_the_one_the_parser_states():
    from stresslab import predicate

    plain = "\n".join(line.strip() for line in predicate.__doc__.splitlines())
    grammar = "\n".join(line.strip() for line in blocks("ebnf")[0].splitlines())
    assert grammar in plain


def test_every_picture_of_the_readme_is_there():
    for path in re.findall(r"!\[[^]]*\]\(([^)]+)\)", README):
        assert (ROOT / path).is_file(), path


def test_the_licence_is_the_one_the_project_names():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Version 2.0" in text


def test_ci_script_is_executable():
    assert shutil.which(str(ROOT / ".ci" / "run"))
