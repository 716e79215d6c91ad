"""Say what becomes what: a small form for the roles that matter, and the whole mapping as text.

The text is the truth; the form is drawn from it, and a choice in the form writes it anew.
"""

import difflib
import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from pages.ui import state
from pages.ui.words import plain
from stresslab.errors import ReadError
from stresslab.jobs import inbox
from stresslab.readers._mapping import Mapping, Source

ROLES = {
    "model": "Model", "task": "Task", "item": "Item", "domain": "Domain",
    "perturbation": "Perturbation", "tier": "Tier", "group": "Group", "split": "Split",
    "reference": "Target", "answer": "Prediction", "score": "Score", "correct": "Right or wrong",
    "confidence": "Confidence",
}  # fmt: skip
"""Roles of the form and their labels; the others are written in the text."""

HELP = {
    "item": "What is the same input for every model and tier: pairs are made on it.",
    "perturbation": "The name of what makes an input harder; empty for untouched inputs.",
    "tier": "How much harder: a whole number, 0 is untouched.",
    "group": "Items that belong together, such as questions on one text: they are no independent "
             "evidence.",
    "domain": "Where an input comes from.",
}  # fmt: skip

TEXTS, TOLD = "_mappings", "_mapping_told"
NOT_SAID, IN_WIDE = "", "columns by model"


@dataclass(frozen=True)
class Said:
    """What the user says of one source.

    Parameters
    ----------
    text : str or None
        The mapping to read with; None where the proposed one was left as it is.
    mapping : Mapping
        The same, or the proposed one.
    is_valid : bool
        Whether the text on screen can be read; if not, `text` is the last one that could.
    """

    text: str | None
    mapping: Mapping
    is_valid: bool


def said(source: str, proposal: str) -> Said:
    """Return what the user says of a source; without a word the proposal stands."""
    known = st.session_state.setdefault(TEXTS, {})
    good = st.session_state.setdefault(f"{TEXTS}_good", {})
    text = known.get(source)
    if text is None:
        return Said(None, Mapping.parse(proposal), True)
    try:
        mapping = Mapping.parse(text)
    except ReadError:
        last = good.get(source)
        return Said(last, Mapping.parse(last or proposal), False)
    good[source] = text
    return Said(text, mapping, True)


def over_a_reload() -> None:
    """Keep what is said of an upload under a name in the address, and take it up from there."""
    folder = inbox.folder_of(state.told(state.DROP) or "")
    if folder is None:
        return
    if TEXTS not in st.session_state:
        told = inbox.mappings_of(state.told(state.MAPPED) or "")
        st.session_state[TEXTS] = {str(folder / name): text for name, text in told.items()}
    here = {
        Path(source).relative_to(folder).as_posix(): text
        for source, text in st.session_state[TEXTS].items()
        if Path(source).is_relative_to(folder)
    }
    state.put(state.MAPPED, inbox.keep_mappings(here) if here else None)


def spoken(source: str) -> Mapping | None:
    """Return the mapping the user gave a source; None where none that can be read."""
    text = st.session_state.get(TEXTS, {}).get(source)
    return Mapping.parse(text) if text is not None and can_be_read(source) else None


def can_be_read(source: str) -> bool:
    """Return whether what the user said of a source, if anything, is a mapping."""
    text = st.session_state.get(TEXTS, {}).get(source)
    try:
        return text is None or Mapping.parse(text) is not None
    except ReadError:
        return False


def draw(source: str, proposal: str, alike: Sequence[str]) -> None:
    """Draw the form and the text of a source.

    Parameters
    ----------
    source : str
        Tells sources apart.
    proposal : str
        The mapping its reader proposes, as TOML.
    alike : sequence of str
        Other sources of the same kind, which may be read with the same mapping.
    """
    key = hashlib.sha256(source.encode()).hexdigest()[:12]
    now = said(source, proposal)
    known = fields(proposal)
    st.subheader("What becomes what", anchor=False)
    with st.container(horizontal=True, key="roles"):
        for role, label in ROLES.items():
            _choice(key, source, proposal, now.mapping, role, label, known)
    _told(source, now, known)
    with st.expander("The whole mapping, as text", key="mapping_text"):
        text = st.session_state[TEXTS].get(source, proposal)
        st.session_state[f"_toml_{key}"] = text
        st.text_area(
            "Mapping (TOML)", key=f"_toml_{key}", height=360, on_change=_written,
            args=(f"_toml_{key}", source),
            help="Every role is `<role>_from`; [attributes] and [measures.x] bring in more.",
        )  # fmt: skip
        with st.container(horizontal=True):
            changed = source in st.session_state[TEXTS]
            st.button("Back to the proposal", key=f"_back_{key}", disabled=not changed,
                      on_click=_forget, args=(source,), icon=":material/undo:")  # fmt: skip
            st.download_button("m.toml", text, "m.toml", "application/toml", key=f"_save_{key}",
                               icon=":material/download:", on_click="ignore")  # fmt: skip
            if alike:
                st.button(f"Use for {len(alike)} more of this kind", key=f"_alike_{key}",
                          on_click=_spread, args=(text, tuple(alike)))  # fmt: skip


def fields(proposal: str) -> list[str]:
    """Return the fields of a source its reader has found."""
    mapping = Mapping.parse(proposal)
    return sorted({*mapping.fields(), *mapping.ignored}, key=str.casefold)


def unknown_fields(mapping: Mapping, known: Collection[str]) -> list[str]:
    """Return a sentence for each field that nothing was found of: rule, what is said, next step."""
    lines = []
    for name in sorted(mapping.fields() - set(known)):
        near = difflib.get_close_matches(name, list(known), n=3)
        step = f"Did you mean {', '.join(near)}?" if near else f"There are: {', '.join(known)}."
        lines.append(f"A field of a mapping must be in the file; the first rows have no {name!r}. "
                     f"{step}")  # fmt: skip
    return lines


def _choice(
    key: str, source: str, proposal: str, mapping: Mapping, role: str, label: str,
    known: Sequence[str],
) -> None:  # fmt: skip
    by_model = mapping.wide is not None and (role == "model" or role in mapping.wide.sources)
    shown = IN_WIDE if by_model else as_text(mapping.sources.get(role), known)
    widget = f"_role_{key}_{role}"
    st.session_state[widget] = shown
    width = 148 if st.session_state.get(state.NARROW) else 190
    options = list(dict.fromkeys([NOT_SAID, shown, *known]))
    st.selectbox(
        label, options, key=widget, accept_new_options=True, disabled=by_model, width=width,
        format_func=lambda one: one or "–", help=HELP.get(role), on_change=_chosen,
        args=(widget, source, proposal, role),
    )  # fmt: skip


def as_text(source: Source | None, known: Collection[str]) -> str:
    """Return a source as the form shows it: a field by its bare name, all else as it is written."""
    if source is None:
        return NOT_SAID
    written = source.written()
    if isinstance(written, str):
        name = written.removeprefix("field:")
        return name if name != written and name in known else written
    if isinstance(written, dict):
        return json.dumps(written, ensure_ascii=False)
    return f"const:{json.dumps(written)}"


def from_text(role: str, text: str, known: Collection[str]) -> Source | None:
    """Return the source a text of the form means; None where nothing is said.

    Raises
    ------
    ReadError
        If it is neither a field nor one of the forms of a mapping.
    """
    text = text.strip()
    if not text:
        return None
    if text in known:
        return Source(fields=(text,))
    if text.startswith("{"):
        try:
            return Source.parse(f"{role}_from", json.loads(text))
        except ValueError:
            pass
    if ":" not in text:
        near = ", ".join(difflib.get_close_matches(text, list(known), n=3)) or "one of the list"
        raise ReadError(
            f"{ROLES[role]} must be a field of the file or a form such as const:{text}; no field "
            f"is called {text!r}. Choose {near}, or write const:{text} if it is the value itself."
        )
    return Source.parse(f"{role}_from", text)


def _chosen(widget: str, source: str, proposal: str, role: str) -> None:
    now = said(source, proposal)
    try:
        given = from_text(role, st.session_state[widget] or "", fields(proposal))
        sources = {name: one for name, one in now.mapping.sources.items() if name != role}
        changed = replace(now.mapping, sources=sources | ({role: given} if given else {}))
        text = changed.to_toml()
        Mapping.parse(text)
    except ReadError as error:
        st.session_state[TOLD] = str(error)
        return
    st.session_state[TEXTS][source] = text


def _written(widget: str, source: str) -> None:
    st.session_state[TEXTS][source] = st.session_state[widget]


def _forget(source: str) -> None:
    st.session_state[TEXTS].pop(source, None)


def _spread(text: str, sources: tuple[str, ...]) -> None:
    st.session_state[TEXTS] |= dict.fromkeys(sources, text)


def _told(source: str, now: Said, known: Sequence[str]) -> None:
    """Say what is wrong with what was said."""
    refused = st.session_state.pop(TOLD, None)
    if refused:
        st.error(plain(refused))
    text = st.session_state[TEXTS].get(source)
    if not now.is_valid and text is not None:
        try:
            Mapping.parse(text)
        except ReadError as error:
            st.error(plain(error))
            st.caption("Below is what the last mapping gives that could be read.")
    for line in unknown_fields(now.mapping, known):
        st.warning(plain(line))
