"""Which pair of models the pictures show."""

import pandas as pd
import streamlit as st

from pages.ui import state
from pages.ui.compute import Open
from stresslab.result import Result


def one(result: Result, opened: Open) -> tuple[str, str] | None:
    """Return the pair to draw; with several pairs, draw a choice."""
    table = result.tables["overall"]
    found = list(dict.fromkeys(zip(table["model_a"], table["model_b"], strict=True)))
    if len(found) < 2:
        return found[0] if found else None
    shown = {one: opened.styles[one].name for one in opened.styles}
    names = [f"{shown.get(a, a)} against {shown.get(b, b)}" for a, b in found]
    chosen = state.bound(
        "pair", lambda key: st.selectbox("Pair in the pictures", names, key=key, width=420),
        default=names[0], read=lambda texts: names[names.index(texts[0])],
    )  # fmt: skip
    return found[names.index(chosen)]


def of(table: pd.DataFrame, pair: tuple[str, str] | None) -> pd.DataFrame:
    """Return the rows of one pair."""
    if pair is None or table.empty:
        return table
    return table[(table["model_a"] == pair[0]) & (table["model_b"] == pair[1])]
