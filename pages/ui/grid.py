"""The grid of inputs: one row per variant, one column per model."""

from typing import Any

import pandas as pd
import streamlit as st

from pages.ui import cells, choose, show, state
from pages.ui.compute import Open
from pages.ui.words import csv, is_image, parquet
from stresslab.result import Result

ROWS = 50
MARKS = {"abstained": "◇ abstained", "refused": "◇ refused", "errored": "! errored",
         "unscored": "· not scored"}  # fmt: skip


def header(result: Result, head: show.Head) -> None:
    """Say how many inputs are in the slice and what the marks mean."""
    n_total = int(result.params["n_total"])
    with head.answer:
        st.markdown(
            f"**{n_total:,}** inputs are in this slice. ✓ right, ✗ wrong, ◇ no answer given. "
            "Choose a row to see the item, tier by tier."
        )


def draw(result: Result, opened: Open) -> None:
    """Draw one page of the grid; choosing a row opens its item."""
    frame = result.tables["items"]
    if frame.empty:
        st.info("No input is in this slice. Take a condition away on the left, or widen it.")
        return
    shown, config = _prepared(result, opened)
    chosen: Any = st.dataframe(
        shown, column_config=config, hide_index=True, key="grid", height=520, placeholder="–",
        on_select="rerun", selection_mode="single-row",
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center"):
        choose.page_number(int(result.params["n_total"]), ROWS)
        for label, make, kind in (("CSV", csv, "csv"), ("Parquet", parquet, "parquet")):
            st.download_button(
                label, make(frame), f"items.{kind}", key=f"items_{kind}", on_click="ignore",
                icon=":material/download:",
            )  # fmt: skip
    if chosen.selection.rows:
        item = str(frame["item_id"].iloc[chosen.selection.rows[0]])
        st.switch_page(show.PAGES["items"][0], query_params=state.kept() | {state.ITEM: item})


def mark(row: dict[str, Any]) -> str:
    """Return what became of one answer, as a shape and a word."""
    said = MARKS.get(str(row["status"]))
    if said:
        return said
    answer = "" if pd.isna(row["answer"]) else cells.short(row["answer"])
    right = row["correct"] if not pd.isna(row["correct"]) else None
    shape = "" if right is None else "✓ " if right else "✗ "
    return f"{shape}{answer}".strip() or "–"


def _prepared(result: Result, opened: Open) -> tuple[pd.DataFrame, dict[str, Any]]:
    frame, answers = result.tables["items"], result.tables["answers"]
    titles = opened.titles(str(result.params["task"]))
    shown = pd.DataFrame(index=frame.index)
    images = frame["input"].map(is_image).any()
    if frame["input"].isna().all():  # a log need not say what was asked
        shown["item"] = frame["item_id"]
    else:
        pictures = frame["input"].where(frame["input"].map(is_image), None)
        shown["input"] = pictures if images else frame["input"]
    if frame["domain"].notna().any():
        shown["domain"] = frame["domain"]
    shown["perturbation"] = [
        "untouched" if pd.isna(one) else titles.get(one, one) for one in frame["perturbation"]
    ]
    shown["tier"] = frame["tier"]
    shown["reference"] = frame["reference"].map(cells.readable, na_action="ignore")
    config: dict[str, Any] = {
        "input": st.column_config.ImageColumn("input", width="small")
        if images
        else st.column_config.TextColumn("input", width=320),
        "tier": st.column_config.NumberColumn("tier", width="small"),
    }
    first = answers.drop_duplicates(["variant_id", "model"])
    for number, model in enumerate(result.params["models"]):
        own = first[first["model"] == model]
        marks = dict(zip(own["variant_id"], map(mark, own.to_dict("records")), strict=True))
        column = f"model_{number}"
        shown[column] = frame["variant_id"].map(marks)
        config[column] = st.column_config.TextColumn(opened.styles[model].name)
    return shown, config
