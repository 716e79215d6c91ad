"""Where an import goes: a workspace that may be written, or a new one."""

import os
import shlex
from pathlib import Path

import streamlit as st

from pages.ui import reach, state
from pages.ui.compute import Open
from pages.ui.words import plain
from stresslab import Workspace
from stresslab.errors import StresslabError
from stresslab.places import demo_workspace


def why_not(opened: Open) -> str:
    """Return why nothing may be imported into the open workspace; empty if it may."""
    path = opened.workspace.path
    if _is_demo(path):
        return "is the demo that ships with stresslab and is left as it is"
    if not os.access(path / "runs", os.W_OK):
        return "cannot be written to"
    return ""


def offer(opened: Open, reason: str) -> None:
    """Say why the open workspace takes no import, and lead to one that does."""
    st.info(f"{plain(opened.workspace.name)} {reason}. Import into another workspace:")
    others = [name for name, path in state.folders().items()
              if path != opened.workspace.path and not _is_demo(path)
              and os.access(path / "runs", os.W_OK)]  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom", key="target"):
        for name in others[:4]:
            st.button(f"Go to {plain(name)}", on_click=state.put, args=(state.WORKSPACE, name),
                      key=f"_go_{name}")  # fmt: skip
        if reach.is_own():
            _create()
    if not reach.is_own():
        st.caption("A new workspace is made by command, where the app runs:")
        command = "stresslab import FILE_OR_FOLDER -w my_workspace\nstresslab serve my_workspace"
        st.code(command, language=None)


def _create() -> None:
    name = st.text_input("New workspace", "my_workspace", key="_new_name", width=220)
    place = st.text_input("In folder", str(Path.cwd()), key="_new_place", width=380)
    if not st.button("Create", type="primary", key="_create", disabled=not name.strip()):
        return
    path = Path(place).expanduser() / Path(name.strip()).name
    try:
        made = Workspace.create(path)
    except (StresslabError, OSError) as error:
        st.error(plain(error))
        return
    state.add_folder(made.path)
    found = next(known for known, one in state.folders().items() if one == made.path)
    state.put(state.WORKSPACE, found)
    st.toast(f"Made. Next time: {shlex.join(['stresslab', 'serve', str(made.path)])}")
    st.rerun()


def _is_demo(path: Path) -> bool:
    try:
        return path.resolve() == demo_workspace().resolve()
    except StresslabError:
        return False
