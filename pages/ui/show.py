"""Draw a Result: the answer in sentences, the picture, the table behind it, how it came about."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from pages.ui import cells, copy, frame, slices, state
from pages.ui.compute import Open
from pages.ui.words import csv, parquet, plain
from stresslab import __version__, analyses
from stresslab.figures import figures, theme
from stresslab.params import describe
from stresslab.result import Result

PAGES = {
    "overview": ("pages/110_overview.py", "See the overview"),
    "tier_curve": ("pages/210_tier_curves.py", "See the curve"),
    "compare": ("pages/220_compare.py", "See the test"),
    "overlap": ("pages/250_overlap.py", "See the overlap"),
    "rankings": ("pages/260_rankings.py", "See the ranking"),
    "slices": ("pages/230_slices.py", "See the slices"),
    "find_slices": ("pages/240_found_slices.py", "See the search"),
    "claim_check": ("pages/280_claims.py", "See the claims"),
    "ood_gap": ("pages/270_out_of_distribution.py", "See the gap"),
    "embedding_map": ("pages/310_embedding_map.py", "See the map"),
    "detect": ("pages/320_detectors.py", "See the detectors"),
    "geometry": ("pages/350_geometry.py", "See the geometry"),
    "space_shift": ("pages/350_geometry.py", "See the distances"),
    "forecast": ("pages/360_forecast.py", "See the forecast"),
    "estimate": ("pages/330_estimates_without_labels.py", "See the estimates"),
    "items": ("pages/290_items.py", "See the items"),
    "item": ("pages/290_items.py", "See the item"),
    "inventory": ("pages/190_workspace.py", "See the workspace"),
}
"""The page that shows an analysis, and the words of a link to it."""

VERDICTS = {"better": "blue", "worse": "orange", "equivalent": "gray", "cannot tell": "gray"}
NO_BAR = {"displayModeBar": False}
ROW = 34


def mode() -> str:
    """Return ``light`` or ``dark``, as the reader has it."""
    return "dark" if state.is_dark() else "light"


@dataclass(frozen=True)
class Head:
    """Places at the top of a page that are filled when the numbers are there."""

    actions: Any
    answer: Any


def title(question: str) -> Head:
    """Draw the frame and the title of a page, and keep room for its answer and its actions."""
    frame.draw(question)
    with st.container(horizontal=True, vertical_alignment="bottom", key="head"):
        st.title(question, anchor=False, width="stretch")
        actions = st.container(horizontal=True, width="content", key="actions")
    return Head(actions, st.container(key="answer", gap="xsmall"))


def answer(result: Result, head: Head, *, most: int = 4) -> None:
    """Draw the headline sentences, each with a link to its evidence."""
    found = result.tables.get("headlines", pd.DataFrame())
    with head.answer:
        for row in found.head(most).to_dict("records"):
            page, words = PAGES.get(row["page"], PAGES["overview"])
            verdict = str(row["verdict"] or "")
            badge = f" :{VERDICTS[verdict]}-badge[{verdict}]" if verdict in VERDICTS else ""
            line = "lead" if row["order"] == 1 else f"line_{row['order']}"
            with st.container(horizontal=True, wrap=False, gap="small", key=line):
                st.markdown(plain(row["text"]) + badge, width="content")
                if row["page"] != result.analysis:
                    query = state.as_query(json.loads(row["query"]))
                    st.page_link(page, label=f"{words} →", query_params=query)


def actions(head: Head, opened: Open) -> None:
    """Draw what can be done with what is on screen; called when every control has spoken."""
    with head.actions:
        slices.save(opened.workspace)
        copy.button(state.query())


def side_by_side(*widths: int) -> Sequence[Any]:
    """Return places beside each other, or under each other on a narrow page."""
    if st.session_state.get(state.NARROW):
        return [st.container() for _ in widths]
    return st.columns(list(widths), gap="large")


def chart(
    figure: str,
    table: pd.DataFrame,
    *,
    alt: str,
    key: str | None = None,
    drill: bool = False,
    **settings: Any,
) -> None:
    """Draw a figure piece of a table, its caption under it; `drill`: a mark leads to its items."""
    settings = {"narrow": bool(st.session_state.get(state.NARROW))} | settings
    numbered = table.assign(**{theme.ROW: range(len(table))}) if drill else table
    picture = figures.get(figure).draw(numbered, mode=mode(), **settings)
    clicked: Any = st.plotly_chart(
        picture, theme=None, config=NO_BAR, alt=alt, key=key or f"chart_{figure}",
        on_select="rerun" if drill else "ignore", selection_mode="points",
    )  # fmt: skip
    said = (picture.layout.meta or {}).get("caption")
    if said:
        st.caption(plain(said))
    for point in clicked.selection.points if drill else ():
        at = (point.get("customdata") or [None, None])[1]
        if at is not None:
            _to_items(table.iloc[at])


def table(
    rows: pd.DataFrame,
    name: str,
    opened: Open,
    *,
    titles: Mapping[str, str] | None = None,
    columns: Sequence[str] | None = None,
    drill: bool = False,
) -> None:
    """Draw a table with its intervals, downloads, and (if `drill`) the way to the items."""
    shown, config = cells.prepared(rows, opened.styles, titles or {}, mode(), columns)
    chosen: Any = st.dataframe(
        shown, column_config=config, hide_index=True, key=f"table_{name}",
        height=ROW * min(len(shown) + 1, 12) + 3, row_height=ROW, placeholder="–",
        on_select="rerun" if drill else "ignore", selection_mode="single-row",
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "CSV", csv(rows), f"{name}.csv", "text/csv", key=f"csv_{name}",
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            "Parquet", parquet(rows), f"{name}.parquet", "application/vnd.apache.parquet",
            key=f"parquet_{name}", icon=":material/download:", on_click="ignore",
        )  # fmt: skip
        if drill:
            st.caption("Choose a row to see the items behind it.")
    if drill and chosen.selection.rows:
        _to_items(rows.iloc[chosen.selection.rows[0]])


def _to_items(row: pd.Series) -> None:
    """Go to the items behind a row of a table."""
    query = cells.items_query({str(name): value for name, value in row.items()}, state.kept())
    st.switch_page(PAGES["items"][0], query_params=query)


def remarks(result: Result) -> None:
    """Say what was left out, and why."""
    lines = [f":material/info: {plain(warning.message)}" for warning in result.warnings]
    if lines:
        with st.container(key="remarks"):
            st.caption("  \n".join(lines))


@st.fragment
def details(result: Result, opened: Open) -> None:
    """Draw how the numbers came about, down to the command that computes them again.

    What is inside is sent when it is opened: few do, and a browser takes long over code.
    """
    piece = analyses.get(result.analysis)
    inside = st.expander("As computed", key="details", on_change="rerun")
    if not inside.open:
        return
    with inside:
        rows = [
            ("Slice", result.params.get("where") or "all rows"),
            ("Task", result.params.get("task")),
            ("Models", ", ".join(result.params.get("models") or ())),
            ("Metric", result.params.get("metric")),
            ("Population", result.params.get("population")),
            ("n", _rows_used(result)),
            ("Keep in mind", " ".join(one.message for one in result.warnings) or "nothing"),
            ("Source", piece.source),
            ("Data version", result.data_version),
            ("stresslab", __version__),
        ]
        lines = [f"| {name} | {plain(value)} |" for name, value in rows if value not in (None, "")]
        st.markdown("\n".join(["| | |", "|---|---|", *lines]))
        st.caption("The command that computes this again:")
        st.code(command(result, opened), language=None, wrap_lines=True)


def command(result: Result, opened: Open) -> str:
    """Return the command line that computes a result again."""
    piece = analyses.get(result.analysis)
    parts = ["stresslab", "analyze", result.analysis, "-w", workspace_text(opened)]
    for one in describe(piece.params):
        name, value = one["name"], result.params.get(one["name"])
        default = list(one["default"]) if isinstance(one["default"], tuple) else one["default"]
        if value is None or value == default or (name == "models" and not value):
            continue
        parts += ["--set", f"{name}={_setting(value)}"]
    return shlex.join(parts)


def _rows_used(result: Result) -> str:
    rows = result.table
    for column in ("n", "n_pairs"):
        if column in rows and len(rows):
            known = rows[column].dropna()
            if len(known):
                return f"{int(known.min()):,} to {int(known.max()):,} in a row of the table"
    return ""


def workspace_text(opened: Open) -> str:
    """Return what a command line calls the open workspace."""
    path = opened.workspace.path
    return "demo" if path == state.APP / "data" / "demo" else str(path)


def _setting(value: Any) -> str:
    if isinstance(value, list):
        plainly = all("," not in str(one) for one in value) and value
        return ",".join(map(str, value)) if plainly else json.dumps(value, ensure_ascii=False)
    return str(value).lower() if isinstance(value, bool) else str(value)
