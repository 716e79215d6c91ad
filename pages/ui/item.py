"""One item: its variants in tier order side by side, and what every model said to each."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from pages.ui import cells, diff, show, state
from pages.ui.compute import Open
from pages.ui.words import html, is_image, plain
from stresslab.figures import theme
from stresslab.result import Result

STYLE = """<style>
.sl-scroll { overflow-x: auto; }
.sl-item { border-collapse: separate; border-spacing: 0; font-size: 14px; min-width: 100%; }
.sl-item th, .sl-item td { text-align: left; vertical-align: top; padding: 8px 12px;
  box-shadow: inset 0 -1px 0 var(--sl-line); min-width: 132px; }
.sl-item thead th { color: var(--sl-muted); font-weight: 600; font-size: 13px; }
.sl-item th:first-child { position: sticky; left: 0; background: var(--sl-background);
  min-width: 150px; font-weight: 400; white-space: nowrap; }
.sl-item td.sl-text { min-width: 190px; line-height: 1.5; overflow-wrap: anywhere; }
.sl-item img { image-rendering: pixelated; width: 112px; height: 112px; object-fit: contain;
  border: 1px solid var(--sl-line); border-radius: 4px; background: #fff; }
.sl-item ins { text-decoration: none; border-bottom: 2px solid var(--sl-added);
  background: var(--sl-added-soft); }
.sl-item del { color: var(--sl-muted); }
.sl-quiet { color: var(--sl-muted); font-size: 12px; }
.sl-right { color: var(--sl-right); font-weight: 600; }
.sl-wrong { color: var(--sl-wrong); font-weight: 600; }
.sl-dot { display: inline-block; width: 9px; height: 9px; border-radius: 2px; margin-right: 7px; }
</style>"""


def header(result: Result, head: show.Head) -> None:
    """Name the item, its domain and reference, and lead to the ones beside it."""
    table = result.tables["item"]
    if table.empty:
        return
    row = table.iloc[0].to_dict()
    place = f"item {int(row['position']):,} of {int(row['n_items']):,} in this slice"
    if not row["position"]:
        place = "not in this slice"
    facts = [plain(row["item_id"]), place]
    if not pd.isna(row["domain"]):
        facts.insert(1, f"domain {plain(row['domain'])}")
    if not pd.isna(row["reference"]):
        facts.insert(2, f"reference **{plain(cells.readable(row['reference']))}**")
    with head.answer:
        st.markdown(" · ".join(facts))
        with st.container(horizontal=True):
            _step("Previous", row["previous_id"], ":material/arrow_back:", "left")
            _step("Next", row["next_id"], ":material/arrow_forward:", "right")
            st.button("All items", icon=":material/grid_view:", on_click=state.put,
                      args=(state.ITEM, None))  # fmt: skip


def draw(result: Result, opened: Open) -> None:
    """Draw one table per perturbation: a column per tier, a row per model."""
    variants, answers = result.tables["variants"], result.tables["answers"]
    show.remarks(result)
    if variants.empty:
        st.info("There is no such item in this slice.")
        return
    titles = opened.titles(str(result.params["task"]))
    said = {key: rows for key, rows in answers.groupby(["variant_id", "model"], sort=False)}
    models = list(dict.fromkeys(answers["model"]))
    original = variants[variants["perturbation"].isna()]
    kinds = list(dict.fromkeys(variants["perturbation"].dropna())) or [None]
    st.html(_colours() + STYLE)
    for kind in kinds:
        part = variants[variants["perturbation"] == kind] if kind else original.iloc[:0]
        columns = pd.concat([original, part]).to_dict("records")
        if kind:
            st.subheader(plain(_heading(titles.get(kind, kind), part)), anchor=False)
        st.html(_table(columns, models, said, opened.styles))
    with st.expander("Full outputs"):
        outputs = answers[["variant_id", "model", "trial", "status", "output", "error"]]
        show.table(outputs, "outputs", opened)


def _step(label: str, item: Any, icon: str, side: str) -> None:
    known = isinstance(item, str) and bool(item)
    st.button(
        label, icon=icon, icon_position=side, disabled=not known, on_click=state.put,
        args=(state.ITEM, item),
    )  # fmt: skip


def _colours() -> str:
    look = theme.tokens("dark" if show.mode() == "dark" else "light")
    added = look.accent
    pairs = {
        "line": look.line, "muted": look.muted, "background": look.background, "added": added,
        "added-soft": theme.translucent(added, 0.14),
        "right": theme.readable(theme.RIGHT, "dark" if show.mode() == "dark" else "light"),
        "wrong": theme.readable(theme.WRONG, "dark" if show.mode() == "dark" else "light"),
    }  # fmt: skip
    inner = "".join(f"--sl-{name}: {value};" for name, value in pairs.items())
    return f"<style>.sl-scroll {{ {inner} }}</style>"


def _table(
    columns: list[dict[Any, Any]],
    models: list[str],
    said: Mapping[Any, pd.DataFrame],
    styles: Mapping[str, theme.Style],
) -> str:
    untouched = next((one["input"] for one in columns if pd.isna(one["perturbation"])), None)
    heads = "".join(f"<th scope='col'>{html(_head(one))}</th>" for one in columns)
    inputs = "".join(f"<td class='sl-text'>{_input(one, untouched)}</td>" for one in columns)
    rows = "".join(
        f"<tr><th scope='row'><span class='sl-dot' style='background:{html(styles[model].colour)}'>"
        f"</span>{html(styles[model].name)}</th>"
        + "".join(f"<td>{_cell(said.get((one['variant_id'], model)))}</td>" for one in columns)
        + "</tr>"
        for model in models
    )
    return (
        "<div class='sl-scroll' tabindex='0'><table class='sl-item'>"
        f"<thead><tr><th>Tier</th>{heads}</tr></thead>"
        f"<tbody><tr><th scope='row'>Input</th>{inputs}</tr>{rows}</tbody></table></div>"
    )


def _head(variant: Mapping[Any, Any]) -> str:
    if pd.isna(variant["perturbation"]):
        return "0, untouched"
    text = f"{int(variant['tier'])}"
    if not pd.isna(variant["strength"]):
        text += f" ({_strength(float(variant['strength']))})"
    return text


def _heading(title: str, rows: pd.DataFrame) -> str:
    """Return the name of a perturbation with what its strength is counted in."""
    units = [unit for unit in rows["unit"].dropna().unique() if unit]
    name = title[:1].upper() + title[1:]
    return f"{name} (strength: {units[0]})" if units else name


def _strength(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else theme.number(value)


def _input(variant: Mapping[Any, Any], untouched: Any) -> str:
    text = variant["input"]
    if is_image(text):
        return f"<img src='{html(text)}' alt='{html(_head(variant))}'>"
    if not isinstance(text, str):
        why = "needs the full text" if variant["origin"] == "excerpt" else "not stored"
        return f"<span class='sl-quiet'>{why}</span>"
    before = untouched if isinstance(untouched, str) else None
    return diff.marked(before, text)


def _cell(rows: pd.DataFrame | None) -> str:
    if rows is None or rows.empty:
        return "<span class='sl-quiet'>not run</span>"
    row = rows.iloc[0].to_dict()
    status = str(row["status"])
    sure = "" if pd.isna(row["confidence"]) else theme.number(row["confidence"])
    extra = f" <span class='sl-quiet'>{sure}</span>" if sure else ""
    if status != "answered":
        return f"◇ <span class='sl-quiet'>{html(status)}</span>{extra}"
    said = row["output"] if pd.isna(row["answer"]) else row["answer"]
    short = html("–" if pd.isna(said) else cells.short(said))
    if pd.isna(row["correct"]):
        value = "" if pd.isna(row["score"]) else f" {theme.number(row['score'])}"
        return f"{short}{value}{extra}"
    word, shape = ("right", "✓") if row["correct"] else ("wrong", "✗")
    more = f" <span class='sl-quiet'>+{len(rows) - 1} trials</span>" if len(rows) > 1 else ""
    return f"<span class='sl-{word}' title='{word}'>{shape}</span> {short}{extra}{more}"
