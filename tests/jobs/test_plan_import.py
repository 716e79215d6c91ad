"""A dry run says what would be added and adds nothing."""

import pytest

from stresslab.cli import main
from stresslab.errors import ReadError
from stresslab.jobs.plan_import import FIRST_ROWS, plan_import
from stresslab.readers._mapping import Mapping

HEADER = "id,model,domain,perturbation,tier,text,score"
LINES = [
    f"{n},{model},{'east' if n % 2 else 'west'},{'typos' if tier else ''},{tier},x{n}t{tier},1"
    for n in range(4)
    for model in "AB"
    for tier in (0, 1)
]


def put(folder, name="a.csv", *more):
    path = folder / name
    path.write_text("\n".join([HEADER, *LINES, *more]) + "\n")
    return path


def plan(*paths, **settings):
    return list(plan_import(list(paths), **settings))[-1]


def test_runs_domains_tiers_mapping_and_first_rows_are_told(tmp_path):
    path = put(tmp_path, "a.csv", "9,A,east,,0,x,perhaps")
    done = plan(path)
    assert done.message == "Would add 2 runs with 17 outcomes."
    (source,) = done.report["sources"]
    assert [(run["model"], run["outcomes"], run["items"]) for run in source["runs"]] == [
        ("A", 9, 5),
        ("B", 8, 4),
    ]
    assert source["runs"][0]["by_status"] == {"answered": 8, "unscored": 1}
    assert source["domains"] == {"west": 4, "east": 5}
    assert source["tiers"] == [
        {"perturbation": None, "tier": 0, "variants": 9},
        {"perturbation": "typos", "tier": 1, "variants": 8},
    ]
    assert source["rejects_by_reason"] == {"must be a number": 1}
    assert Mapping.parse(source["mapping"]).sources["domain"].fields == ("domain",)
    assert len(source["first_rows"]) == FIRST_ROWS
    assert source["first_rows"][1]["tier"] == 1
    assert source["first_rows"][1]["input"] == "x0t1"
    assert list(tmp_path.iterdir()) == [path]


def test_reading_stops_at_the_limit_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("stresslab.store.scan_rows.CHUNK_ROWS", 4)
    (source,) = plan(put(tmp_path), limit=4).report["sources"]
    assert (sum(run["outcomes"] for run in source["runs"]), source["is_whole"]) == (4, False)


def test_a_source_that_cannot_be_read_is_told_beside_the_others(tmp_path):
    put(tmp_path)
    (tmp_path / "b.csv").write_text("model,score\nA,1\n")
    good, bad = plan(tmp_path).report["sources"]
    assert (good["error"], bad["runs"]) == ("", [])
    assert "item_from" in bad["error"]
    with pytest.raises(ReadError, match="item_from"):
        plan(tmp_path / "b.csv")


def test_a_mapping_that_is_being_edited_is_followed(tmp_path):
    mapping = Mapping.parse(plan(put(tmp_path)).report["sources"][0]["mapping"])
    sources = {role: one for role, one in mapping.sources.items() if role != "domain"}
    changed = plan(tmp_path / "a.csv", mapping=Mapping(sources=sources))
    assert changed.report["sources"][0]["domains"] == {}


def test_people_see_tables(tmp_path, capsys):
    put(tmp_path)
    (tmp_path / "x.pkl").write_text("")
    assert main(["import", str(tmp_path), "-w", str(tmp_path / "w"), "--dry-run"]) == 0
    text = capsys.readouterr().out
    for word in ("a.csv (table)", 'item_from = "field:id"', "typos 1 (8)", "x.pkl: a pickle"):
        assert word in text
    assert not (tmp_path / "w").exists()
