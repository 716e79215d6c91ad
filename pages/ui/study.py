"""The gallery of studies, and one study: answer, pictures, known answers, how to build it."""

from typing import Any

import pandas as pd
import streamlit as st

from pages.ui import show, state
from pages.ui.words import plain
from stresslab import __version__, studies
from stresslab.analyses._words import plural
from stresslab.jobs import background
from stresslab.jobs.build_study import build_study
from stresslab.studies import Picture, Study
from stresslab.studies._kept import Kept, kept

STUDY = state.STUDY
COLUMNS = 3


def chosen() -> str | None:
    """Return the study the address names, if there is such a one."""
    name = st.query_params.get(STUDY)  # asked before the frame, which reads the address
    return name if name in studies.names() else None


def gallery() -> None:
    """Draw a card per study, by family, those with a verdict first to be seen."""
    everything = [(name, piece, kept(name)) for name, piece in studies.studies]
    everything.sort(key=lambda one: one[1].number)
    families = dict.fromkeys(piece.family for _, piece, _ in everything)
    for family in families:
        st.subheader(family.capitalize(), anchor=False)
        mine = [one for one in everything if one[1].family == family]
        for start in range(0, len(mine), COLUMNS):
            places = show.side_by_side(*[1] * COLUMNS)
            for place, one in zip(places, mine[start : start + COLUMNS], strict=False):
                with place:
                    _card(*one)


def lead() -> str:
    """Return the sentence over the gallery."""
    names = studies.names()
    built = [one for one in (kept(name) for name in names) if one]
    answers = sum(len(one.checked) for one in built)
    holding = sum(one.n_holding for one in built)
    many = plural(len(names), "study", "studies")
    said = f"{many}: each is what a paper on stress-testing showed, rebuilt offline. "
    if not built:
        return said + "None is built yet: open one and press Build; most take a few seconds."
    return said + f"{len(built)} built here; {holding} of {answers} known answers hold."


def question(name: str | None) -> str:
    """Return the title of the page."""
    return studies.get(name).question if name else "What did the papers show?"


def draw(name: str, head: Any) -> None:
    """Draw one study: what was found, or how to build it."""
    study, found = studies.get(name), kept(name)
    work = background.find(_key(name))
    if found is None:
        _unbuilt(name, study, work, head)
    else:
        _found(study, found, head)
    _about(study, found)


def _card(name: str, study: Study, found: Kept | None) -> None:
    with st.container(border=True, key=f"study_{name}"):
        st.markdown(f"**{plain(study.title)}**  \n{plain(study.question)}")
        if found:
            n = len(found.checked)
            st.caption(f"{plain(found.verdict)} · {found.n_holding} of {n} known answers hold")
        else:
            st.caption(f"not built yet · about {study.seconds} s")
        st.page_link(
            "pages/410_studies.py", label="Open →", query_params=state.as_query({STUDY: name})
        )


def _unbuilt(name: str, study: Study, work: Any, head: Any) -> None:
    with head.answer:
        st.markdown(
            f"Not built yet. It runs offline on this machine, in a workspace of its own, and takes "
            f"about {study.seconds} seconds."
        )
    if work is not None and work.is_running:
        _watch(name)
        return
    if work is not None and work.error:
        st.error(plain(work.error))
    if st.button("Build this study", type="primary", key="build"):
        background.start(_key(name), study.title, lambda: build_study(name))
        st.rerun()


@st.fragment(run_every=0.5)
def _watch(name: str) -> None:
    work = background.find(_key(name))
    if work is None or not work.is_running:
        st.rerun(scope="app")
    step = work.progress.message if work and work.progress else "beginning"
    st.progress(work.share or 0.0 if work else 0.0, text=f"Building: {plain(step)}")
    if st.button("Stop", key="stop") and work:
        work.stop()


def _found(study: Study, found: Kept, head: Any) -> None:
    result = found.result
    with head.answer:
        for order, text in enumerate(result.tables["headlines"]["text"], start=1):
            badge = f" :blue-badge[{plain(found.verdict)}]" if order == 1 else ""
            with st.container(key="lead" if order == 1 else f"line_{order}"):
                st.markdown(plain(text) + badge)
    for number, picture in enumerate(study.pictures):
        if picture.title:
            st.subheader(picture.title, anchor=False)
        table = _chosen_rows(result.tables[picture.table], picture, number)
        settings = dict(picture.settings)
        show.chart(
            picture.figure, table, alt=picture.alt, key=f"picture_{number}", **settings
        )  # fmt: skip
    show.remarks(result)
    _looks(study, found)
    st.subheader("The numbers", anchor=False)
    shown = [name for name in result.tables if name not in ("headlines", "published")]
    for number, name in enumerate(shown):
        with st.expander(name.replace("_", " ").capitalize(), expanded=number == 0):
            st.dataframe(result.tables[name], hide_index=True, key=f"table_{name}", placeholder="–")


def _chosen_rows(table: pd.DataFrame, picture: Picture, number: int) -> pd.DataFrame:
    """Return the rows a reader wants to see; all where the picture offers no choice."""
    if not picture.choose:
        return table
    values = list(dict.fromkeys(table[picture.choose]))
    wanted = st.segmented_control(
        picture.choose.replace("_", " ").capitalize(), values, default=values[0],
        key=f"choose_{number}", required=True,
    )  # fmt: skip
    return table[table[picture.choose] == wanted]


def _looks(study: Study, found: Kept) -> None:
    if not study.looks:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Look into its runs:")
        for look in study.looks:
            page, words = show.PAGES.get(look.analysis, show.PAGES["overview"])
            if st.button(look.words or words, key=f"look_{look.analysis}_{look.words}"):
                if found.folder not in state.folders().values():
                    state.add_folder(found.folder)
                [name] = [one for one, path in state.folders().items() if path == found.folder]
                query = state.as_query(dict(look.settings)) | {state.WORKSPACE: name}
                st.switch_page(page, query_params=query)


def _about(study: Study, found: Kept | None) -> None:
    if found:
        st.subheader("Known answers", anchor=False)
        st.caption("What the formulas must give, computed when the study was built.")
        rows = [
            {"": "✓" if one.holds else "✗", "known answer": one.says,
             "expected": _numbers(one.expected), "found": _numbers(one.found), "kind": one.kind}
            for one in found.checked
        ]  # fmt: skip
        st.dataframe(pd.DataFrame(rows), hide_index=True, key="known_answers")
    if study.published:
        with st.expander("What the paper prints"):
            listed = [{"": one.label, "value": one.value, **one.at} for one in study.published]
            st.dataframe(pd.DataFrame(listed), hide_index=True, key="printed")
    with st.expander("About this study", expanded=found is None):
        lines = [f"**{plain(study.paper)}**", study.source, study.ours, *study.notes]
        st.markdown("  \n".join(plain(one) if n else one for n, one in enumerate(lines) if one))
        st.caption(f"Verdicts it may come to: {', '.join(study.verdicts)}.")
    with st.expander("As computed"):
        if found:
            st.markdown(
                f"Data version {found.result.data_version}, stresslab {__version__}. Its runs are "
                f"in {plain(str(found.folder))}."
            )
        st.caption("The command that computes this again:")
        st.code(f"stresslab study run {state.told(STUDY)} --again", language=None)


def _numbers(values: list[float | None]) -> str:
    return ", ".join("undefined" if one is None else f"{one:.6g}" for one in values)


def _key(name: str) -> str:
    return f"study {name}"
