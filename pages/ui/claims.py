"""Claims of a page: written as TOML, kept in the address, drawn beside what was recomputed."""

import pandas as pd
import streamlit as st

from pages.ui import state
from pages.ui.compute import Open

CLAIMS = "claims"


def editor(opened: Open) -> str:
    """Draw the text of the claims and return it; at first one that this workspace can answer."""
    task = state.told("task") or opened.contents.default_task or ""
    models = opened.models(task)
    example = f'[[claim]]\norder = "{" > ".join(models[:3])}"\n' if len(models) > 1 else ""
    fresh = state.told(CLAIMS) is None
    with st.expander("The claims", icon=":material/edit_note:", expanded=fresh):
        text = state.bound(
            CLAIMS,
            lambda key: st.text_area(
                "One [[claim]] each: order, or model and value; and task, metric, slice, stderr",
                key=key, height=120,
            ),
            default=example, read=lambda texts: texts[0],
        )  # fmt: skip
        st.caption(
            "A value in quotes keeps its last zeros: what rounding may hide counts as equal."
        )
    return str(text)


def drawn(table: pd.DataFrame) -> pd.DataFrame:
    """Return a row per recomputed number, and one per printed number."""
    ours = table.assign(published=False, label=_labels(table))
    ours = ours.assign(low=ours["low_adjusted"], high=ours["high_adjusted"])
    printed = ours[ours["printed"].notna()]
    printed = printed.assign(value=printed["printed"], low=None, high=None, published=True)
    return pd.concat([ours, printed.astype({"low": float, "high": float})], ignore_index=True)


def level(table: pd.DataFrame) -> tuple[tuple[float, str], ...]:
    """Return the line of no difference, where an order is among the claims."""
    return ((0.0, "level"),) if (table["model_b"] != "").any() else ()


def _labels(table: pd.DataFrame) -> list[str]:
    return [
        f"{row['model']} − {row['model_b']}" if row["model_b"] else
        f"{row['model']}{' · ' + row['slice'] if row['slice'] else ''}"
        for row in table.to_dict("records")
    ]  # fmt: skip
