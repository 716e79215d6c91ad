"""The saved slices of a workspace: shown in a table, combined, kept, shared as text."""

from typing import Any

import pandas as pd
import streamlit as st

from pages.ui import cells, show, slices, state
from pages.ui.compute import Open
from pages.ui.words import plain
from stresslab.errors import StresslabError
from stresslab.predicate import Named, to_text
from stresslab.store.slice_file import forget, from_toml, keep, to_toml

WAYS = {"and": "{0} and {1}", "or": "{0} or {1}", "but not": "{0} and not {1}"}


def texts(opened: Open) -> tuple[str, ...]:
    """Return the saved slices as a setting: with them the numbers are computed anew."""
    saved = slices.saved(opened.workspace)
    return tuple(f"{name}: {condition}" for name, condition in saved.items())


def drawn(table: pd.DataFrame) -> pd.DataFrame:
    """Return the differences to the rest as the figure of dots takes them."""
    known = table[table["difference"].notna()]
    return known.assign(
        label=known["slice"], value=known["difference"], low=known["low_adjusted"],
        high=known["high_adjusted"], where=known["condition"],
    )  # fmt: skip


def table(tables: dict[str, pd.DataFrame], opened: Open) -> None:
    """Draw a row per slice and model with its curve over the tiers; a chosen row leads to items."""
    rows = tables["slices"]
    curves = {
        key: part.sort_values("tier")["value"].tolist()
        for key, part in tables["tiers"].groupby(["slice", "model"], sort=False)
    }
    names = {model: style.name for model, style in opened.styles.items()}
    shown = pd.DataFrame(
        {
            "slice": rows["slice"], "model": [names.get(one, one) for one in rows["model"]],
            "n": rows["n"], "value": rows["value"], "low": rows["low"], "high": rows["high"],
            "by tier": [curves.get(key, []) for key in zip(rows["slice"], rows["model"],
                                                           strict=True)],
            "difference": rows["difference"], "from": rows["low_adjusted"],
            "to": rows["high_adjusted"], "verdict": rows["verdict"], "rest": rows["n_rest"],
        }
    )  # fmt: skip
    numbers = ("value", "low", "high", "difference", "from", "to")
    config: dict[str, Any] = {
        name: st.column_config.NumberColumn(name, format="%.2f") for name in numbers
    }
    config["by tier"] = st.column_config.LineChartColumn(
        "by tier", help="Value at each tier, from the first to the last.", width="small"
    )
    chosen: Any = st.dataframe(
        shown, hide_index=True, key="table_slices", column_config=config, placeholder="–",
        on_select="rerun", selection_mode="single-row",
        height=show.ROW * min(max(len(shown), 1) + 1, 12) + 3, row_height=show.ROW,
    )  # fmt: skip
    st.caption("Choose a row to see its items. Intervals of differences hold for all rows at once.")
    if chosen.selection.rows:
        row = rows.iloc[chosen.selection.rows[0]].to_dict()
        query = cells.items_query({"model": row["model"]}, state.kept())
        where = " and ".join(f"({one})" for one in (query.get("where"), row["condition"]) if one)
        st.switch_page(show.PAGES["items"][0], query_params=query | {"where": where})


def edit(opened: Open) -> None:
    """Draw the forms that keep, combine, remove and share slices."""
    workspace, saved = opened.workspace, slices.saved(opened.workspace)
    with st.form("slice_new", border=False):
        name = st.text_input("Name", placeholder="long tweets")
        condition = st.text_input("Condition", placeholder='domain = "tweets" and item.length > 20')
        if st.form_submit_button("Keep this slice") and name.strip():
            _keep(workspace, name.strip(), condition.strip())
    if len(saved) > 1:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            first = st.selectbox("Combine", list(saved), key="_combine_first")
            way = st.selectbox("how", list(WAYS), key="_combine_way")
            second = st.selectbox("with", list(saved), index=1, key="_combine_second")
            if st.button("Keep the combination"):
                both = WAYS[way].format(*(to_text(Named(one)) for one in (first, second)))
                _keep(workspace, f"{first} {way} {second}", both)
    if saved:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            gone = st.selectbox("Remove", list(saved), key="_remove")
            if st.button("Remove it"):
                _keep(workspace, gone, None)
            st.download_button("Share as slices.toml", to_toml(saved), "slices.toml",
                               "application/toml", on_click="ignore")  # fmt: skip
    given = st.file_uploader("Take slices from a file", type="toml", key="_slices_file")
    if given is not None and st.button("Keep the slices of this file"):
        _take(workspace, given.getvalue())


def _keep(workspace: Any, name: str, condition: str | None) -> None:
    try:
        if condition is None:
            forget(workspace, name)
        else:
            keep(workspace, {name: condition})
    except (OSError, StresslabError) as error:
        st.error(f"Nothing was kept: {plain(error)}")
        return
    st.rerun()


def _take(workspace: Any, content: bytes) -> None:
    try:
        keep(workspace, from_toml(content.decode("utf-8", "replace")))
    except (OSError, StresslabError) as error:
        st.error(f"The slices of this file cannot be kept: {plain(error)}")
        return
    st.rerun()
