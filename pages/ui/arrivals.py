"""An import at work, and what came of it: pairing, printed numbers beside ours, what was lost."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from pages.ui import bring, compute, show, state
from pages.ui.bring import Chosen
from pages.ui.compute import Open
from pages.ui.words import plain
from stresslab import analyses
from stresslab.jobs import background
from stresslab.jobs._events import Done
from stresslab.jobs.background import Work
from stresslab.jobs.import_logs import import_logs
from stresslab.readers._mapping import Mapping

MARKS = {
    "equal": "✓ equal", "explained": "≈ explained", "differs": "✗ differs",
    "not recomputed": "· not recomputed",
}  # fmt: skip
FOUND = ("unmatched", "duplicated", "edited", "possible_matches")


def of(opened: Open) -> Work | None:
    """Return the import into this workspace that is at work or has ended, if there is one."""
    return background.find(_name(opened))


def start(chosen: Chosen, mappings: dict[Path, Mapping], opened: Open) -> None:
    """Start the import; a second press, or another tab, finds it at work."""
    paths = [one.path for one in chosen.walked.sources]
    texts = list(dict.fromkeys(one.to_toml() for one in mappings.values()))
    events = partial(import_logs, opened.workspace, paths, mapping=dict(mappings))
    note = {"names": chosen.names, "texts": texts, "events": events}
    background.start(_name(opened), f"Importing {chosen.label}", events, note)


def draw(work: Work, opened: Open, head: show.Head) -> None:
    """Draw the import: how far it is, or how it ended."""
    if work.is_running:
        with head.answer:
            st.markdown(f"**{plain(work.title)}** into **{plain(opened.workspace.name)}**. This "
                        "tab may be closed: the import goes on.")  # fmt: skip
        follow(work, "Stop the import")
    elif work.done is not None:
        _ended(work, work.done, opened, head)
    else:
        with head.answer:
            st.markdown(f"{plain(work.title)} {'was stopped' if work.stopped else 'failed'}.")
        if work.error:
            st.error(plain(work.error))
        st.caption("What was read is kept as an unfinished run, which is not counted. The same "
                   "import again goes on where this one ended.")  # fmt: skip
        with st.container(horizontal=True, key="controls"):
            if work.note and st.button("Go on where it ended", type="primary", key="go_on",
                                       icon=":material/arrow_forward:"):  # fmt: skip
                background.start(_name(opened), work.title, work.note["events"], work.note)
                st.rerun()
            _more(opened, "Back to the mapping")


@st.fragment(run_every=0.7)
def follow(work: Work, label: str = "Stop") -> None:
    """Draw how far a job is, and a button that stops it; draw the page anew when it has ended."""
    if not work.is_running:
        st.rerun()
    one, rate, left = work.progress, work.rows_a_second, work.seconds_left
    facts = [plain(one.message) if one else "Starting"]
    if one and one.rows:
        facts.append(f"{one.rows:,} rows")
    if rate:
        facts.append(f"{rate:,.0f} rows/s")
    if left is not None:
        facts.append(f"about {_time(left)} left")
    st.progress(work.share or 0.0, " · ".join(facts))
    stopping = "Stopping after this step …" if work.stopped else label
    st.button(stopping, on_click=work.stop, disabled=work.stopped, key="stop_import",
              icon=":material/stop_circle:")  # fmt: skip


def _ended(work: Work, done: Done, opened: Open, head: show.Head) -> None:
    report = done.report
    lines = done.message.splitlines()
    with head.answer, st.container(key="lead"):
        st.markdown(plain(lines[0]))
    with st.container(horizontal=True, key="controls"):
        for number, task in enumerate(_tasks(report, opened)):
            if st.button(f"See {plain(opened.title(task))} on the Overview",
                         type="secondary" if number else "primary", key=f"see_{number}",
                         icon=":material/arrow_forward:"):  # fmt: skip
                st.switch_page(show.PAGES["overview"][0],
                               query_params=state.as_query({"task": task}))  # fmt: skip
        _more(opened, "Bring in more", is_done=True)
    if report["runs_superseded"]:
        n = len(report["runs_superseded"])
        st.caption(f"{n:,} earlier run{'s' if n > 1 else ''} of the same files with another "
                   "mapping no longer count.")  # fmt: skip
    _parity(report["parity"], opened)
    _pairing(report["pairing"])
    _lost(report, opened)
    _again(work, opened)


def parity(table: pd.DataFrame, opened: Open, name: str = "parity") -> None:
    """Draw the printed numbers beside ours; a difference without a known reason is said in red."""
    if table.empty:
        st.caption("The sources printed no numbers about themselves, so there is none to compare.")
        return
    counts = table["verdict"].value_counts()
    compared = len(table) - int(counts.get("not recomputed", 0))
    said = f"{counts.get('equal', 0):,} of {compared:,} printed numbers are what the rows give, to "
    said += "9 decimals"
    if n := counts.get("explained", 0):
        said += f"; {n:,} differ by a known rule that gives them exactly"
    if n := counts.get("not recomputed", 0):
        said += f"; {n:,} more are no mean of a measure and were not recomputed"
    if n := counts.get("differs", 0):
        st.error(f"{said}. {n:,} DIFFER for no known reason: something may have been misread.")
    else:
        st.markdown(f"{said}.")
    order = table["verdict"].map({"differs": 0, "explained": 1, "equal": 2, "not recomputed": 3})
    shown = table.loc[order.sort_values(kind="stable").index].reset_index(drop=True)
    difference = [_tiny(one) for one in shown["difference"]]
    shown = shown.assign(verdict=shown["verdict"].map(MARKS), difference=difference)
    columns = ["verdict", "model", "task", "measure", "slice", "published", "recomputed",
               "difference", "explanation", "n_published", "n"]  # fmt: skip
    show.table(shown, name, opened, columns=columns)


def _parity(rows: Sequence[dict[str, Any]], opened: Open) -> None:
    st.subheader("Read right? What the sources printed, beside what their rows give", anchor=False)
    parity(pd.DataFrame(rows), opened)


def _pairing(report: Sequence[dict[str, Any]]) -> None:
    st.subheader("Do the models pair?", anchor=False)
    if not report:
        st.caption("No run of this import counts, so there is nothing to pair.")
        return
    rows = [
        {name: one[name] for name in ("task", "item_set", "n_models", "n_items", "n_common")}
        | {name: one[name]["n"] for name in FOUND}
        for one in report
    ]
    table = pd.DataFrame(rows).rename(columns={
        "item_set": "item set", "n_models": "models", "n_items": "items",
        "n_common": "answered by all", "unmatched": "not known for every model",
        "duplicated": "twice in a source", "edited": "edited between runs",
        "possible_matches": "equal contents, other id",
    })  # fmt: skip
    st.dataframe(table, hide_index=True, key="pairing")
    listed = [
        {"task": one["task"], "what": name.replace("_", " "), "item": item,
         "missing for": ", ".join(one[name].get("lacking", {}).get(item, []))}
        for one in report for name in FOUND for item in one[name]["ids"]
    ]  # fmt: skip
    prompts = [
        f"{plain(one['task'])}: models were asked with different {plain(name)}."
        for one in report
        for name in one["prompts"]
    ]
    for line in prompts:
        st.warning(line)
    if not listed:
        st.caption("Every item is known for every model, once, and with the same contents.")
        return
    with st.expander(f"The items ({len(listed):,})"):
        st.dataframe(pd.DataFrame(listed), hide_index=True, key="pairing_items")


def _lost(report: dict[str, Any], opened: Open) -> None:
    rows = [{"file": path, "why": why} for name in ("files_failed", "files_refused")
            for path, why in report[name].items()]  # fmt: skip
    rows += [{"file": path, "why": "known to no reader"} for path in report["files_unclaimed"]]
    if rows:
        st.subheader("Files left out", anchor=False)
        table = pd.DataFrame(rows)
        table["file"] = [_shown(path) for path in table["file"]]
        st.dataframe(table, hide_index=True, key="files_left_out")
    mine = (*report["runs_added"], *report["runs_identical"])
    inventory = compute.run("inventory", analyses.get("inventory").params(), opened)
    rejects = inventory.tables["rejects"]
    rejects = rejects[rejects["run_id"].isin(mine)].reset_index(drop=True)
    if len(rejects):
        st.subheader(f"Rejected entries: {len(rejects):,}", anchor=False)
        columns = ["model", "file", "line", "field", "reason", "excerpt"]
        show.table(rejects, "rejects", opened, columns=columns)


def _again(work: Work, opened: Open) -> None:
    note = work.note or {"names": (), "texts": ()}
    with st.expander("As computed", key="import_details"):
        st.caption("The command that imports the same:")
        one = len(note["texts"]) == 1
        st.code(bring.command(note["names"], opened, mapped=one), language=None, wrap_lines=True)
        if one:
            st.download_button("m.toml", note["texts"][0], "m.toml", "application/toml",
                               key="done_toml", icon=":material/download:",
                               on_click="ignore")  # fmt: skip
        st.caption("The mapping of each run also stands in its folder, as mapping.toml.")


def _more(opened: Open, label: str, *, is_done: bool = False) -> None:
    if st.button(label, key="more", icon=":material/add:" if is_done else ":material/undo:"):
        background.forget(_name(opened))
        if is_done:
            bring.forget()
        st.rerun()


def _tasks(report: dict[str, Any], opened: Open) -> list[str]:
    """Return the tasks of the import, the one with most rows first."""
    mine = {*report["runs_added"], *report["runs_identical"]}
    runs = [run for run in opened.workspace.runs() if run.run_id in mine and run.n_outcomes]
    total: dict[str, int] = {}
    for run in runs:
        total[run.task] = total.get(run.task, 0) + run.n_outcomes
    return sorted(total, key=lambda task: -total[task])[:5]


def _tiny(value: float | None) -> str | None:
    """Return a difference with its size: one of 1e-7 is none of 0."""
    if value is None or pd.isna(value):
        return None
    return f"{value:+.1e}" if value else "0"


def _shown(path: str) -> str:
    from stresslab.jobs import inbox

    return Path(path).name if inbox.holds(Path(path)) else path


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _name(opened: Open) -> str:
    return f"import into {opened.workspace.path.resolve()}"
