"""What the Workspace page says of what a workspace holds."""

from typing import Any

import pandas as pd
import streamlit as st

from pages.ui import arrivals, choose, compute, show, state
from pages.ui.compute import Open
from pages.ui.words import plain
from stresslab import analyses
from stresslab.result import Result

SECTIONS = {
    "inventory": "Runs",
    "domains": "Domains",
    "tiers": "Perturbations and tiers",
    "measures": "Measures",
    "coverage": "Rows by model, domain and tier",
    "problems": "Needs attention",
    "edited": "Edited items: one id, several contents",
    "possible_matches": "Possible matches: one content, several ids",
    "rejects": "Rejected entries",
    "files": "Files and checksums",
}
"""Tables of the inventory in the order of the page, with their headings."""


def params() -> Any:
    """Draw the one control of the page and return the settings."""
    verify = choose.flag(
        "verify", "Check every file against its checksum", help="Reads all files again."
    )
    return analyses.get("inventory").params(verify=verify)


def header(opened: Open, result: Result, head: show.Head) -> None:
    """Say in one sentence what is here and where it comes from."""
    runs = result.tables["inventory"]
    live = runs[runs["state"] == "live"]
    name = plain(opened.workspace.name)
    words = (
        f"**{name}** holds {int(live['n_outcomes'].sum()):,} outcomes of "
        f"{live['model'].nunique()} models on {live['task'].nunique()} tasks, in {len(live)} runs "
        f"({_size(int(runs['bytes'].sum()))})."
    )
    origin = getattr(opened.workspace.config, "provenance", None)
    if origin == "shipped":
        words += " These are the outputs that ship with stresslab."
    elif origin == "rebuilt":
        words += " These outputs were rebuilt on this machine."
    n_problems = len(result.tables["problems"])
    if not n_problems:
        words += " Nothing needs attention."
    with head.answer:
        st.markdown(words)


def coverage(opened: Open) -> pd.DataFrame:
    """Return the share of every task each model has answered."""
    table = opened.contents.models
    return table.assign(n=table["n_variants"])[["model", "task", "coverage", "n"]]


def task_titles(opened: Open) -> dict[str, str]:
    """Return the names people read for the tasks."""
    return {task: opened.title(task) for task in opened.contents.tasks["task"]}


def printed(opened: Open) -> None:
    """Draw, when it is opened, what the sources printed about themselves beside their rows."""
    inside = st.expander("Printed numbers, beside what the rows give", key="parity_open",
                         on_change="rerun")  # fmt: skip
    if inside.open:
        with inside:
            found = compute.run("parity", analyses.get("parity").params(), opened)
            arrivals.parity(found.tables["parity"], opened)


def how_to_add(opened: Open) -> None:
    """Lead to the page that imports."""
    st.markdown(
        "Logs of the known tools are recognised by themselves. Of a table, one row per model and "
        "input is enough: an id, the model, what it answered, whether it was right; a perturbation "
        "and a tier if the input was made harder."
    )
    if st.button("Bring in your own", type="primary", key="bring_in"):
        st.switch_page("pages/180_import.py", query_params=state.as_query({}))
    st.caption("Or by command: `stresslab import --help` says how.")


def _size(n_bytes: int) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if n_bytes < 1000 or unit == "GB":
            return f"{n_bytes:,.0f} {unit}"
        n_bytes //= 1000
    return ""
