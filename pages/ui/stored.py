"""Results that are slow to compute: show what is kept, else offer to compute it beside the page."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from pages.ui import compute
from pages.ui.compute import Open
from pages.ui.words import plain
from stresslab import analyses
from stresslab.analyses._geometry_words import words
from stresslab.params import Params
from stresslab.result import Result
from stresslab.saved_slices import expand_params
from stresslab.store.kept import kept_result


def of(analysis: str, settings: Params, opened: Open, *, of_space: bool = True) -> Result | None:
    """Return what is kept for these settings, or None after offering to compute it.

    Where there is no space there is nothing slow, so the analysis itself says what is missing.
    """
    workspace = opened.workspace
    if of_space and not workspace.spaces():
        return compute.run(analysis, settings, opened)
    found = kept_result(workspace, analysis, expand_params(settings, workspace.config.slices))
    if found is None:
        _offer(analysis, settings, opened)
    return found


def params(analysis: str, settings: Mapping[str, Any]) -> Params:
    """Return the settings of a second analysis of a page, which has no controls of its own."""
    return analyses.get(analysis).params(**settings)


def pick(table: pd.DataFrame, column: str, label: str) -> pd.DataFrame:
    """Return the rows of the value of a column that is chosen; the first one by default."""
    known = table.loc[table["value"].notna(), column] if "value" in table else table[column]
    options = list(dict.fromkeys(known))
    if not options:
        return table
    chosen = st.selectbox(label, options, format_func=words, key=f"pick_{column}_{label}")
    return table[table[column] == chosen]


def _offer(analysis: str, settings: Params, opened: Open) -> None:
    from stresslab.jobs import background
    from stresslab.jobs.keep import keep

    title = analyses.get(analysis).title
    name = f"{analysis} {settings} {opened.workspace.path}"
    work = background.find(name)
    st.markdown(f"{plain(title)} takes a minute or more, and nothing is kept for these settings.")
    if work is None and st.button(f"Compute: {plain(title)}", type="primary", key=f"go_{analysis}"):
        work = background.start(name, title, lambda: keep(opened.workspace, analysis, settings))
    if work is None:
        return
    if work.is_running:
        st.progress(0.0, text=plain(title))
        st.button("Look again", icon=":material/refresh:", key=f"again_{analysis}")
    elif work.error:
        st.error(plain(work.error))
    else:
        background.forget(name)
        st.rerun()


def clearest(changes: pd.DataFrame) -> pd.DataFrame:
    """Return changes, those that stand out most from their intervals first."""
    size = changes["difference"].abs() / (changes["high"] - changes["low"]).clip(lower=1e-12)
    return changes.loc[size.sort_values(ascending=False, kind="stable", na_position="last").index]


def led_by(table: pd.DataFrame, column: str, first: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose values of a column come in the order another table has them."""
    place = {one: number for number, one in enumerate(dict.fromkeys(first[column]))}
    order = table[column].map(place).fillna(len(place))
    return table.loc[order.sort_values(kind="stable").index]
