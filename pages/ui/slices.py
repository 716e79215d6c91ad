"""The condition of a page: written, put together from values, taken apart into chips, saved."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.ui import state
from pages.ui.words import plain
from stresslab.errors import ConditionError, StresslabError
from stresslab.predicate import (
    And,
    Compare,
    Field,
    In,
    Named,
    Or,
    Predicate,
    all_of,
    parse,
    to_text,
)
from stresslab.store.slice_file import keep

SAVED = "a saved slice"
"""What stands in the place of a column where the values are names of saved slices."""


def control(known: Any, task: str, saved: dict[str, str]) -> str:
    """Draw the popover that holds the condition, and return its text."""
    text = state.told(state.WHERE) or ""
    label = f"Slice: {plain(shown(text))}" if text else "Slice: all rows"
    with st.popover(label, icon=":material/filter_alt:"):
        where = state.bound(
            state.WHERE,
            lambda key: st.text_input(
                "Condition", key=key, placeholder='domain = "tweets" and tier >= 3',
                help="Columns, = != < >, in, contains, matches, is null, and, or, not.",
            ),
            default="", read=lambda texts: texts[0],
        )  # fmt: skip
        _builder(known, task, where, saved)
        if saved:
            st.caption("Saved slices")
            for name, condition in saved.items():
                st.button(
                    plain(name), key=f"_saved_{name}", help=plain(condition),
                    on_click=state.put, args=(state.WHERE, condition),
                )  # fmt: skip
    return str(where)


def chips() -> None:
    """Show the condition in the sidebar, each part with a button that takes it away."""
    text = state.told(state.WHERE) or ""
    if not text:
        return
    st.caption("Current slice")
    parts = clauses(text)
    for number, part in enumerate(parts):
        st.button(
            plain(shown(part, 34)), key=f"_clause_{number}", icon=":material/close:",
            help="Take this condition away", on_click=state.put,
            args=(state.WHERE, without(parts, number)),
        )  # fmt: skip


def clauses(text: str) -> list[str]:
    """Return the parts of a condition that must all hold; the whole text if it cannot be read."""
    try:
        tree = parse(text)
    except ConditionError:
        return [text]
    if tree is None:
        return []
    return [to_text(part) for part in tree.parts] if isinstance(tree, And) else [to_text(tree)]


def without(parts: Sequence[str], number: int) -> str:
    """Return the condition of all `parts` but one."""
    rest = [parse(part) for place, part in enumerate(parts) if place != number]
    tree = all_of(*rest)
    return to_text(tree) if tree else ""


def narrowed(text: str, field: str, values: Sequence[Any]) -> str:
    """Return the condition `text` and that `field` is one of `values`."""
    one = Field(tuple(field.split(".")))
    if field == SAVED:
        named = tuple(Named(str(value)) for value in values)
        tree = all_of(parse(text), named[0] if len(named) == 1 else Or(named))
        return to_text(tree) if tree else ""
    part: Predicate = Compare(one, "=", values[0]) if len(values) == 1 else In(one, tuple(values))
    tree = all_of(parse(text), part)
    return to_text(tree) if tree else ""


def shown(text: str, most: int = 40) -> str:
    """Return a condition short enough for a button."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def save(workspace: Any) -> None:
    """Draw the popover that keeps the condition under a name in the workspace."""
    text = state.told(state.WHERE) or ""
    with st.popover("Save this slice", icon=":material/bookmark_add:"):
        if not text:
            st.caption("All rows are shown. Choose a slice first, then keep it under a name.")
            return
        st.text(text)
        name = st.text_input("Name", key="_slice_name", placeholder="long tweets")
        if st.button("Save", type="primary", disabled=not (name or "").strip()):
            try:
                keep(workspace, {name.strip(): text})
            except (OSError, StresslabError) as error:
                st.error(f"The slice was not saved: {plain(error)}")
            else:
                st.success(f"Saved as {plain(name.strip())}.")


def saved(workspace: Any) -> dict[str, str]:
    """Return the saved conditions of a workspace by name."""
    return dict(workspace.config.slices)


def _builder(known: Any, task: str, where: str, saved: dict[str, str]) -> None:
    values = choices(known, task) | ({SAVED: list(saved)} if saved else {})
    st.caption("Or add a part")
    field = st.selectbox("Column", list(values), key="_slice_field")
    if field is None:
        return
    chosen = st.multiselect(
        "Values", values[field], key=f"_slice_values_{field}", format_func=lambda v: str(v)
    )
    fits = _reads(where)
    st.button(
        "Add to the slice", disabled=not chosen or not fits, on_click=_add,
        args=(where, field, chosen),
    )  # fmt: skip


def choices(known: Any, task: str) -> dict[str, list[Any]]:
    """Return what can be chosen from: columns of a task with their values."""
    domains = known.domains[known.domains["task"] == task]["domain"].dropna().tolist()
    stress = known.perturbations[known.perturbations["task"] == task]
    tiers = sorted({int(tier) for row in stress["tiers"] for tier in row})
    found: dict[str, list[Any]] = {
        "domain": domains,
        "perturbation": stress["perturbation"].tolist(),
        "tier": tiers,
        "status": ["answered", "abstained", "refused", "errored", "unscored"],
    }
    mine = known.attributes[known.attributes["task"] == task]
    for row in mine.to_dict("records"):
        listed = list(row["values"]) if row["values"] is not None else []
        if 0 < len(listed) <= 50:
            found[row["name"]] = listed
    return {name: listed for name, listed in found.items() if listed}


def _add(where: str, field: str, values: Sequence[Any]) -> None:
    state.put(state.WHERE, narrowed(where, field, values))


def _reads(text: str) -> bool:
    try:
        parse(text)
    except ConditionError:
        return False
    return True
