"""The Import page: what comes in is seen before it does, and nothing is lost or added twice."""

import io
import json
import threading
from contextlib import suppress

import pandas as pd
import pytest

from pages.ui import arrivals, bring, mapping, preview, reach, target
from stresslab import Workspace
from stresslab.errors import ReadError
from stresslab.jobs import background, inbox
from stresslab.readers import published
from stresslab.readers._mapping import Mapping, Source
from tests.pages.conftest import EVIL, NAUGHTY, PAGES
from tests.readers.inspect_files import sample, write_eval

IMPORT, ITEMS, WORKSPACE = (
    next(page for page in PAGES if name in page) for name in ("import", "items", "workspace")
)
HEADER = "id,model,domain,kind,level,text,score"
LINES = [
    f"{n},{model},{'east' if n % 2 else 'west'},{'typos' if tier else ''},{tier},x{n}t{tier},1"
    for n in range(4)
    for model in "AB"
    for tier in (0, 1)
]
PLAIN = str.maketrans("", "", "\\*")
CSV = "\n".join([HEADER, *LINES, "9,A,east,,0,x,perhaps"]).encode()


@pytest.fixture(autouse=True)
def _alone(tmp_path, monkeypatch):
    monkeypatch.setenv("STRESSLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(background, "_works", {})


@pytest.fixture
def own(tmp_path):
    return Workspace.create(tmp_path / "own").path


@pytest.fixture
def dropped(opened, own):
    """Open the page with files dropped on it."""

    def drop(*files, workspace=own):
        name = inbox.keep((name, io.BytesIO(data)) for name, data in files)
        return opened(IMPORT, workspace, workspace=workspace.name, drop=name)

    return drop


def said(app):
    kinds = (app.markdown, app.caption, app.error, app.warning, app.info)
    return " ".join(one.value for kind in kinds for one in kind).translate(PLAIN)


def imported(app):
    app.button(key="import").click().run()
    for work in background._works.values():
        work.wait(30)
    app.run()
    assert not app.exception
    return app


def role(app, name):
    return next(one for one in app.selectbox if one.key.endswith(f"_{name}"))


@pytest.mark.slow
def test_a_table_is_dropped_seen_imported_and_the_same_again_adds_nothing(opened, own):
    app = opened(IMPORT, own)
    app.file_uploader(key="_files").set_value([("../a.csv", CSV, "text/csv")]).run()
    assert not app.exception
    assert "a.csv would add 2 runs with 17 outcomes of 2 models to own" in said(app)
    assert "harder by typos, up to tier 1; 1 entry cannot be read" in said(app)
    tables = {tuple(one.value.columns): one.value for one in app.dataframe}
    assert dict(tables["domain", "items"].values) == {"east": 5, "west": 4}
    (rejects,) = (one for names, one in tables.items() if "it begins with" in names)
    assert list(rejects.iloc[0][["file", "line", "field"]]) == ["a.csv", "line 18", "score"]
    assert f"stresslab import a.csv -w {own} --mapping m.toml" in app.code[-1].value
    assert not Workspace.open(own).runs()
    drop = app.query_params["drop"]

    imported(app)
    assert "Added 2 runs with 17 outcomes" in said(app)
    assert "1 entry" not in said(app)
    assert {run.n_outcomes for run in Workspace.open(own).runs()} == {9, 8}
    assert app.button(key="see_0").label == "See a on the Overview"

    app.button(key="more").click().run()
    assert app.file_uploader
    again = opened(IMPORT, own, workspace="own", drop=drop)
    assert "Nothing new: 2 runs of this import were there already" in said(imported(again))
    assert len(Workspace.open(own).runs()) == 2


@pytest.mark.slow
def test_what_is_chosen_in_the_form_is_written_into_the_text_and_back(dropped):
    app = dropped(("a.csv", CSV))
    assert role(app, "tier").value == "level"
    role(app, "domain").set_value("").run()
    role(app, "group").set_value("domain").run()
    assert 'group_from = "field:domain"' in app.text_area[0].value
    assert "domain_from" not in app.text_area[0].value
    assert "No field says where an input comes from" in said(app)
    app.text_area[0].set_value(app.text_area[0].value.replace("field:domain", "const:all")).run()
    assert role(app, "group").value == "const:all"
    next(one for one in app.button if one.label == "Back to the proposal").click().run()
    assert role(app, "domain").value == "domain"


def test_a_mapping_that_cannot_be_read_says_so_and_keeps_the_last_preview(dropped):
    app = dropped(("a.csv", CSV))
    app.text_area[0].set_value('model_from = "field:model').run()
    assert "A mapping must be TOML" in said(app)
    assert "17 outcomes" in said(app)
    assert app.button(key="import").disabled
    app.text_area[0].set_value('reader = "table"\nmodle_from = "field:model"').run()
    assert "no key 'modle_from'. Did you mean: model_from" in said(app)


def test_a_field_that_is_not_there_is_named_with_near_ones(dropped):
    app = dropped(("a.csv", CSV))
    app.text_area[0].set_value(app.text_area[0].value.replace("field:level", "field:levle")).run()
    assert "the first rows have no 'levle'. Did you mean level?" in said(app)


@pytest.mark.slow
def test_an_edited_mapping_decides_what_comes_in(dropped, own):
    app = dropped(("a.csv", CSV))
    app.text_area[0].set_value(app.text_area[0].value.replace("const:a", "const:sums")).run()
    assert role(app, "task").value == "const:sums"
    imported(app)
    (one, two) = Workspace.open(own).runs()
    assert one.task == two.task == "sums"
    assert 'task_from = "const:sums"' in (one.path / "mapping.toml").read_text()


@pytest.mark.slow
def test_one_mapping_is_used_for_all_files_of_a_kind(dropped, own):
    app = dropped(("a.csv", CSV), ("b.csv", CSV.replace(b"A", b"C").replace(b"B", b"D")))
    assert "2 files would add 4 runs" in said(app)
    app.text_area[0].set_value(app.text_area[0].value.replace("const:a", "const:sums")).run()
    next(one for one in app.button if one.label == "Use for 1 more of this kind").click().run()
    imported(app)
    assert {(run.model, run.task) for run in Workspace.open(own).runs()} == {
        (model, "sums") for model in "ABCD"
    }


def test_one_mapping_reaches_sources_that_were_not_looked_into(dropped, own, monkeypatch):
    monkeypatch.setattr(preview, "MOST_SOURCES", 1)
    app = dropped(("a.csv", CSV), ("b.csv", CSV.replace(b"A", b"C").replace(b"B", b"D")))
    assert "1 more sources" in said(app)
    app.text_area[0].set_value(app.text_area[0].value.replace("const:a", "const:sums")).run()
    next(one for one in app.button if one.label == "Use for 1 more of this kind").click().run()
    imported(app)
    assert {(run.model, run.task) for run in Workspace.open(own).runs()} == {
        (model, "sums") for model in "ABCD"
    }


def test_a_source_that_fails_with_the_users_mapping_is_not_read_with_a_guess(dropped, own):
    other = CSV.replace(b"level", b"depth").replace(b"A", b"C").replace(b"B", b"D")
    app = dropped(("a.csv", CSV), ("b.csv", other))
    assert "2 files would add 4 runs" in said(app)
    app.text_area[0].set_value(app.text_area[0].value.replace("const:a", "const:sums")).run()
    next(one for one in app.button if one.label == "Use for 1 more of this kind").click().run()
    assert "2 files would add 2 runs" in said(app)
    imported(app)
    assert {run.model for run in Workspace.open(own).runs()} == {"A", "B"}


def test_a_broken_mapping_spread_to_unseen_sources_stops_the_import(dropped, own, monkeypatch):
    monkeypatch.setattr(preview, "MOST_SOURCES", 1)
    app = dropped(("a.csv", CSV), ("b.csv", CSV.replace(b"A", b"C").replace(b"B", b"D")))
    whole = app.text_area[0].value
    app.text_area[0].set_value(whole + "\n[[[").run()
    next(one for one in app.button if one.label == "Use for 1 more of this kind").click().run()
    app.text_area[0].set_value(whole).run()
    assert "spread to 1 more sources cannot be read" in said(app)
    assert app.button(key="import").disabled
    next(one for one in app.button if one.label == "Use for 1 more of this kind").click().run()
    assert not app.button(key="import").disabled


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "run.eval"
    samples = [
        sample("q1", "C"),
        sample("q2", "I", messages=[{"role": "user", "content": NAUGHTY}]),
    ]
    return write_eval(path, samples, accuracy=0.5)


@pytest.mark.slow
def test_a_log_is_compared_with_what_it_printed_and_opened_again_from_an_item(
    opened, own, log, monkeypatch
):
    monkeypatch.setattr(reach, "is_own", lambda: True)
    app = opened(IMPORT, own)
    app.text_input(key="_path_field").set_value(str(log)).run()
    assert "would add 1 run with 2 outcomes" in said(app)
    assert str(log) not in str(dict(app.query_params))
    again = opened(IMPORT, own, typed=app.query_params["typed"])
    assert "would add 1 run with 2 outcomes" in said(again), "it is there when the page is reloaded"
    assert not opened(IMPORT, own, typed=str(log)).dataframe, "a link can name no path"
    imported(app)
    assert "1 of 1 printed numbers are what the rows give" in said(app)

    items = opened(ITEMS, own, workspace="own", item="numbers/q2")
    items.session_state["sample"] = True
    items.run()
    assert not items.exception
    assert any(NAUGHTY in one.value for one in items.code)
    monkeypatch.setattr(reach, "is_own", lambda: False)
    assert "shown there only" in said(items.run())
    monkeypatch.setattr(reach, "is_own", lambda: True)
    log.unlink()
    assert "is not where it was imported from" in said(items.run())

    holds = opened(WORKSPACE, own)
    holds.session_state["parity_open"] = True
    assert "1 of 1 printed" in said(holds.run())


def test_a_number_that_is_not_what_the_rows_give_is_said_in_red(monkeypatch):
    rows = [{"verdict": verdict, "difference": difference} for verdict, difference in
            (("equal", 0.0), ("differs", 0.25), ("not recomputed", None))]  # fmt: skip
    shown, told = [], []
    monkeypatch.setattr(arrivals.show, "table", lambda table, *args, **more: shown.append(table))
    monkeypatch.setattr(arrivals.st, "error", told.append)
    arrivals.parity(pd.DataFrame(rows), None)
    assert told == [
        "1 of 2 printed numbers are what the rows give, to 9 decimals; 1 more are no mean of a "
        "measure and were not recomputed. 1 DIFFER for no known reason: something may have been "
        "misread."
    ]
    assert list(shown[0]["verdict"]) == ["✗ differs", "✓ equal", "· not recomputed"]
    assert list(shown[0]["difference"])[:2] == ["+2.5e-01", "0"]


def test_files_that_belong_together_are_dropped_together(dropped):
    row = {"doc_id": 0, "doc": {"q": "1+1"}, "target": "2", "arguments": [["1+1", "2"]],
           "resps": [["2"]], "filtered_resps": ["2"], "exact_match": 1.0}  # fmt: skip
    results = {"results": {"sums": {"alias": "sums", "exact_match,none": 1.0}},
               "configs": {"sums": {"task": "sums"}}, "versions": {"sums": 1},
               "n-shot": {"sums": 0}, "config": {"model": "hf", "model_args": "pretrained=m"},
               "model_name": "m"}  # fmt: skip
    stamp = "2026-01-02T03-04-05.678901"
    app = dropped(
        (f"results_{stamp}.json", json.dumps(results).encode()),
        (f"samples_sums_{stamp}.jsonl", json.dumps(row).encode() + b"\n"),
        ("model.pkl", b"\x80\x04."),
        ("notes.bin", b"\0\1\2"),
    )
    assert "4 files would add 1 run with 1 outcome" in said(app)
    left = app.dataframe[-1].value
    assert list(left["file"]) == ["model.pkl", "notes.bin"]
    assert "pickle" in left["why"][0]


def test_too_large_an_upload_is_refused_with_the_command(opened, own, monkeypatch):
    monkeypatch.setattr(bring, "most", lambda: 100)
    app = opened(IMPORT, own)
    app.file_uploader(key="_files").set_value([("a b.csv", CSV, "text/csv")]).run()
    assert "An upload may hold 100 bytes" in said(app)
    assert f"stresslab import 'a b.csv' -w {own}" in [one.value for one in app.code]
    assert "drop" not in app.query_params


@pytest.mark.slow
def test_a_workspace_that_cannot_be_written_leads_to_a_new_one(dropped, own, tmp_path, monkeypatch):
    monkeypatch.setattr(reach, "is_own", lambda: True)
    monkeypatch.setattr(target.os, "access", lambda path, mode: "own" not in str(path))
    app = dropped(("a.csv", CSV))
    assert "own cannot be written to" in said(app)
    assert not [one for one in app.button if one.key == "import"]
    app.text_input(key="_new_name").set_value("../mine").run()
    app.text_input(key="_new_place").set_value(str(tmp_path)).run()
    app.button(key="_create").click().run()
    assert not app.exception
    assert app.query_params["workspace"] == "mine"
    assert "to mine" in said(app), "what was dropped is still there"
    assert [run.model for run in Workspace.open(tmp_path / "mine").runs()] == []
    imported(app)
    assert len(Workspace.open(tmp_path / "mine").runs()) == 2


@pytest.mark.slow
def test_others_can_neither_type_a_path_nor_make_a_workspace(dropped, opened, own, monkeypatch):
    monkeypatch.setattr(target, "why_not", lambda opened: "cannot be written to")
    app = dropped(("a.csv", CSV))
    assert not [one for one in app.button if one.key == "_create"]
    assert "stresslab serve my_workspace" in " ".join(one.value for one in app.code)
    app = opened(IMPORT, own)
    app.session_state["_path"] = str(own)
    assert app.run().file_uploader, "what was not typed is not read"


@pytest.mark.slow
def test_an_import_goes_on_without_its_page_is_stopped_and_gone_on_with(dropped, own, monkeypatch):
    gate, true = threading.Event(), arrivals.import_logs

    def slow(*args, **settings):
        for event in true(*args, **settings):
            yield event
            gate.wait(20)

    monkeypatch.setattr(arrivals, "import_logs", slow)
    dropped(("a.csv", CSV)).button(key="import").click().run()
    (work,) = background._works.values()
    other_tab = dropped(("b.csv", CSV))
    assert "Importing a.csv into own" in said(other_tab)
    assert "the import goes on" in said(other_tab)
    other_tab.button(key="stop_import").click().run()
    gate.set()
    work.wait(20)
    assert "Importing a.csv was stopped" in said(other_tab.run())
    assert not Workspace.open(own).runs()

    other_tab.button(key="go_on").click().run()
    (work,) = background._works.values()
    work.wait(20)
    assert "Added 2 runs with 17 outcomes" in said(other_tab.run())
    other_tab.button(key="more").click().run()
    assert other_tab.file_uploader


def test_an_import_that_was_cut_short_is_named_and_gone_on_with(opened, own):
    path = inbox.folder_of(inbox.keep([("a.csv", io.BytesIO(CSV))])) / "a.csv"
    kept = Workspace.open(own).add_run(
        model="A", task="a", reader="table/1",
        source={"format": "table", "path": str(path), "sha256": "0" * 64, "version": "1"},
    )  # fmt: skip
    with suppress(KeyboardInterrupt), kept as run:
        run.write("items", [{"item_id": "a/1", "item_set": "a", "task": "a"}])
        raise KeyboardInterrupt
    again = opened(IMPORT, own)
    assert "An import of a.csv was interrupted" in said(again)
    again.button(key="go_on_0").click().run()
    assert "a.csv would add" in said(again)


def test_a_file_nobody_knows_is_a_sentence_and_nothing_of_ours_is_named(dropped, tmp_path):
    app = dropped(("notes.bin", b"\0\1\2"))
    assert not app.exception
    assert "No reader knows" in said(app)
    assert str(tmp_path) not in said(app)
    app.button(key="other_files").click().run()
    assert app.file_uploader


def test_hostile_names_and_contents_stay_text(dropped):
    lines = (
        f'id,model,domain,text,score\n1,"{EVIL}","{EVIL}","{NAUGHTY}","{EVIL}"\n2,"{EVIL}",,x,1\n'
    )
    app = dropped((f"{EVIL}.csv", lines.encode()))
    assert not app.exception
    for one in (*app.markdown, *app.caption, *app.error, *app.warning):
        assert "<script" not in one.value.replace("\\<script", "")


def test_published_numbers_come_in_without_outcomes(dropped):
    app = dropped(("imagenet.csv", published.PIECE.example.encode()))
    assert "published numbers of 2 models to own, and no outcomes" in said(app)
    assert not app.exception


def test_a_table_that_is_not_recognised_is_mapped_in_the_form(dropped):
    app = dropped(("a.csv", b"nummer,wer,urteil\n1,A,0\n2,A,1\n1,B,1\n2,B,1\n"))
    assert "No column of a.csv looks like the id of an item" in said(app)
    assert app.button(key="import").disabled
    for name, column in (("item", "nummer"), ("model", "wer"), ("score", "urteil")):
        role(app, name).set_value(column).run()
    assert "would add 2 runs with 4 outcomes of 2 models" in said(app)
    assert not app.button(key="import").disabled


def test_inputs_without_answers_beside_a_log_stay_out(dropped, own):
    inputs = b"id,question,answer\n1,What?,4\n2,Why?,5\n"
    app = imported(dropped(("a.csv", CSV), ("inputs.csv", inputs)))
    assert "Added 2 runs with 17 outcomes" in said(app)
    assert {run.model for run in Workspace.open(own).runs()} == {"A", "B"}


def test_an_unknown_drop_in_a_link_is_no_path(opened, own):
    app = opened(IMPORT, own, workspace="own", drop="../../etc")
    assert not app.exception
    assert app.file_uploader


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (None, ""), (Source(fields=("level",)), "level"), (Source(const="x"), "const:x"),
        (Source(const=3), "const:3"), (Source(fields=("odd",)), "field:odd"),
        (Source(fields=("level",), pattern="(a)"), "regex:(a) on level"),
        (Source(fields=("level",), values=(("low", 1),)), '{"field": "level", "values": {"low": 1}}'),
    ],
)  # fmt: skip
def test_a_source_comes_back_from_the_form(source, text):
    assert mapping.as_text(source, ["level"]) == text
    assert mapping.from_text("tier", text, ["level"]) == source


def test_a_word_that_is_no_field_says_what_to_do():
    with pytest.raises(
        ReadError, match=r"no field is called 'levl'\. Choose level, or write const:"
    ):
        mapping.from_text("tier", "levl", ["level"])


def test_fields_of_a_proposal_are_those_used_and_those_left():
    text = Mapping(sources={"item": Source(fields=("id",))}, ignored=("noise",)).to_toml()
    assert mapping.fields(text) == ["id", "noise"]


@pytest.mark.parametrize(
    ("address", "host", "expected"),
    [
        ("127.0.0.1", "localhost:8501", True), ("::1", "[::1]:8501", True), ("localhost", None, True),
        ("127.0.0.1", "stresslab.example", False), ("0.0.0.0", "localhost:8501", False),
        (None, "localhost", False), ("127.0.0.1", "10.0.0.7:80", False),
    ],
)  # fmt: skip
def test_only_somebody_at_this_computer_may_name_paths(address, host, expected, monkeypatch):
    class Context:
        headers = {} if host is None else {"Host": host}

    monkeypatch.setattr(reach.st, "context", Context)
    monkeypatch.setattr(reach.st, "get_option", lambda name: address)
    assert reach.is_own() is expected
    Context.headers = {**Context.headers, "X-Forwarded-For": "10.0.0.7"}
    assert not reach.is_own()
