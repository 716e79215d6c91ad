"""The data-quality strip of the overview, and the models under the coverage line."""

from typing import Any

import pandas as pd
import streamlit as st

from stresslab.figures import theme
from stresslab.result import Result


def below(result: Result) -> list[str]:
    """Return the models under the coverage line."""
    table = result.tables["quality"]
    return list(table.loc[table["below_line"].astype(bool), "model"])


def strip(result: Result) -> None:
    """Draw four counts: outcomes, abstained, without a score, unmatched."""
    table = result.tables["quality"]
    if table.empty:
        return
    rows = int(table["n_rows"].sum())
    given = table[["n_abstained", "n_refused"]].sum(axis=1)
    without = int(table[["n_errored", "n_unscored"]].to_numpy().sum())
    unmatched = int(table["n_unmatched"].sum())
    cards = (
        ("Outcomes", f"{rows:,}", f"{len(table)} models"),
        ("Abstained or refused", _range(given / table["n_rows"].clip(lower=1)),
         "lowest to highest model; earns nothing"),
        ("Errored or unscored", f"{without:,}", "left out of every number"),
        ("Unmatched", f"{unmatched:,}", "not answered by every model; left out of comparisons"),
    )  # fmt: skip
    with st.container(horizontal=True, key="cards"):
        for name, value, said in cards:
            with st.container(border=True, width=240, height="stretch", gap="xsmall"):
                st.caption(name)
                st.subheader(value, anchor=False)
                st.caption(said)


def ranked(table: pd.DataFrame, *, higher_is_better: bool = True) -> pd.DataFrame:
    """Return the rows with the model that is best on the first tier first."""
    first = untouched(table).sort_values("value", ascending=not higher_is_better, kind="stable")
    first = first["model"]
    place = {model: number for number, model in enumerate(first)}
    order = table["model"].map(place).fillna(len(place)).argsort(kind="stable")
    return table.iloc[order]


def everyone(result: Result) -> pd.DataFrame:
    """Return the values of the ranked models, then of those below the line on their own rows."""
    below = result.tables["below_line"]
    direction = result.columns["overview"]["value"].direction
    ranking = ranked(result.tables["overview"], higher_is_better=direction != "smaller is better")
    return ranking if below.empty else pd.concat([ranking, below], ignore_index=True)


def abstains(result: Result) -> bool:
    """Return whether any model left an input without an answer."""
    return bool(result.table["n_abstained"].sum() > 0)


def untouched(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows at the first tier of the first perturbation."""
    if table.empty:
        return table
    first = table[table["tier"] == table["tier"].min()]
    return first.drop_duplicates("model")


def _range(shares: Any) -> str:
    least, most = theme.share(shares.min()), theme.share(shares.max())
    return least if least == most else f"{least.removesuffix(' %')}–{most}"
