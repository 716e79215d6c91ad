"""Choose what to bring in: files dropped on the page, or a path of this computer."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from pages.ui import reach, show, state
from pages.ui.compute import Open
from pages.ui.words import plain
from stresslab.errors import StresslabError
from stresslab.jobs import inbox
from stresslab.jobs._walk import Walked, walk
from stresslab.store.runs import INTERRUPTED

PROMISE = (
    "Drop evaluation logs or tables. Nothing is added before you have seen what it becomes: which "
    "inputs are untouched, which are made harder and by how much, and what cannot be read."
)
MOST_FILES = 2000
ROW = 35
FILES, PATH, DROPPED, _PATH_FIELD = "_files", "_path", "_dropped", "_path_field"

Mark = tuple[str, int, int]


@dataclass(frozen=True)
class Chosen:
    """What was chosen, and the sources in it.

    Parameters
    ----------
    walked : Walked
        Sources, and what is none.
    names : tuple of str
        What the user calls them: names of uploaded files, or the path as typed.
    """

    walked: Walked
    names: tuple[str, ...]

    @property
    def label(self) -> str:
        """Return a name for all of it."""
        return self.names[0] if len(self.names) == 1 else f"{len(self.names):,} files"

    def name_of(self, path: Path) -> str:
        """Return what the user calls a source: no folder of ours stands before it."""
        if not inbox.holds(path):
            return str(path)
        return path.name if inbox.folder_of(path.name) is None else self.label


def choose(opened: Open) -> Chosen | None:
    """Return what was chosen; without a choice draw the places to drop files and type a path."""
    name = state.told(state.DROP) or st.session_state.get(DROPPED) or ""
    folder = inbox.folder_of(name)
    typed = _typed_before() if reach.is_own() else None
    if folder is None and not typed:
        st.subheader("Add your own", anchor=False)
        with st.container(key="bring"):
            _drop(opened)
            _path()
        return None
    if folder:
        st.session_state[DROPPED] = name
        state.put(state.DROP, name)
    else:
        st.session_state[PATH] = typed
        state.put(state.TYPED, inbox.keep_path(typed))
    path = folder or Path(str(typed)).expanduser().absolute()
    try:
        walked = _walked(path, _marks(path))
    except (StresslabError, OSError) as error:
        st.error(plain(_without_ours(str(error))))
        st.caption("Nothing was added. Choose other files, or repair these.")
        again()
        return None
    names = sorted(one.name for one in folder.iterdir()) if folder else [str(typed)]
    return Chosen(walked, tuple(names))


def forget() -> None:
    """Forget what was chosen; how it was mapped is kept for the same files again."""
    for name in (FILES, PATH, DROPPED, _PATH_FIELD):
        st.session_state.pop(name, None)
    for name in (state.DROP, state.MAPPED, state.TYPED):
        state.put(name, None)


def again() -> None:
    """Draw the button that leads back to the choice of files."""
    st.button("Choose other files", icon=":material/undo:", key="other_files", on_click=forget)


def command(names: Sequence[str], opened: Open | None, *, mapped: bool = False) -> str:
    """Return the command line that imports the same."""
    workspace = show.workspace_text(opened) if opened else "WORKSPACE"
    parts = ["stresslab", "import", *names, "-w", workspace]
    return shlex.join([*parts, "--mapping", "m.toml"] if mapped else parts)


def marks_of(paths: Sequence[Path]) -> tuple[Mark, ...]:
    """Return what changes when a file does."""
    stats = [(str(path), path.stat()) for path in paths]
    return tuple((name, one.st_size, one.st_mtime_ns) for name, one in stats)


def most() -> int:
    """Return how many bytes may be uploaded at once."""
    return int(st.get_option("server.maxUploadSize")) << 20


def height(n_rows: int, most: int = 8) -> Any:
    """Return how high a table is: as its rows, or as some of them if there are many."""
    return "content" if n_rows <= most else ROW * (most + 1)


def size(n_bytes: float) -> str:
    """Return a size as people read it."""
    for unit in ("bytes", "kB", "MB"):
        if n_bytes < 1024:
            return f"{n_bytes:,.0f} {unit}"
        n_bytes /= 1024
    return f"{n_bytes:,.1f} GB"


def _drop(opened: Open) -> None:
    limit = most()
    files: Any = st.file_uploader(
        "Drop logs or tables here", accept_multiple_files=True, key=FILES,
        help="Files that belong together (results and samples of one run) are dropped together.",
    )  # fmt: skip
    st.caption(
        f"Up to {size(limit)} at once. More than that, or a whole folder, comes in by command:"
    )
    names = [inbox.plain_name(one.name) for one in files] or ["FILE_OR_FOLDER"]
    st.code(command(names, opened), language=None, wrap_lines=True)
    if not files:
        return
    total = sum(one.size for one in files)
    if total > limit:
        st.error(
            f"An upload may hold {size(limit)}; these files hold {size(total)}. Nothing was kept. "
            "Use the command above, which has no limit, or drop fewer files."
        )
        st.stop()
    with st.spinner("Keeping the files …"):
        state.put(state.DROP, inbox.keep((one.name, one) for one in files))
    st.rerun()


def _path() -> None:
    """Draw the field for a path, where only somebody at this computer can type one."""
    if reach.is_own():
        st.text_input(
            "Or a file or folder of this computer", key=_PATH_FIELD, on_change=_typed,
            placeholder="logs/ or answers.csv",
            help="Read where it is; a relative path starts where the app was started.",
        )  # fmt: skip


def _typed_before() -> str | None:
    """Return the path that was typed, also before the page was loaded anew."""
    typed: str | None = st.session_state.get(PATH)
    return typed or inbox.path_of(state.told(state.TYPED) or "")


def _typed() -> None:
    st.session_state[PATH] = st.session_state[_PATH_FIELD].strip()


def _marks(path: Path) -> tuple[Mark, ...]:
    from stresslab.errors import ReadError
    from stresslab.readers._kind import all_files

    if not path.exists():
        raise ReadError(f"There must be a file or folder at {path}; there is none. Check the path.")
    files = all_files(path)
    if len(files) > MOST_FILES:
        raise ReadError(
            f"The page looks at no more than {MOST_FILES:,} files; {path} has {len(files):,}. "
            f"Import it by command: {command([str(path)], None)}"
        )
    return marks_of(files)


@st.cache_data(show_spinner="Looking what this is …", max_entries=50)
def _walked(path: Path, marks: tuple[Mark, ...]) -> Walked:
    return walk([path])


def _without_ours(text: str) -> str:
    """Return a message without the folder of ours that an upload is kept in."""
    folder = inbox.folder_of(state.told(state.DROP) or "")
    return text.replace(f"{folder}/", "").replace(str(folder), "these files") if folder else text


def teach(opened: Open) -> None:
    """Say what can be brought in, what is unfinished, and list what is here already."""
    from stresslab.readers import readers

    _unfinished(opened)
    st.markdown(
        "Logs of these tools are recognised by themselves, tables (CSV, JSON lines, Parquet, "
        "Arrow) by the names of their columns:"
    )
    titles = sorted((piece.title for _, piece in readers), key=str.casefold)
    st.markdown(" · ".join(plain(one) for one in titles))
    st.caption("A table that says everything has one row per model and input:")
    st.code(EXAMPLE, language=None)
    runs = [run for run in opened.workspace.runs() if run.source.get("path")]
    if runs:
        st.subheader("Here already", anchor=False)
        show.table(pd.DataFrame([_run_row(run) for run in runs]), "imported", opened)


def details(chosen: Chosen | None, mappings: Sequence[str], opened: Open) -> None:
    """Draw how the same is done by command."""
    with st.expander("As computed", key="import_details"):
        if chosen is None:
            st.caption("A command looks at a file without adding anything:")
            look = f"{command(['FILE_OR_FOLDER'], opened)} --dry-run"
            st.code(look, language=None, wrap_lines=True)
            return
        is_one = len(mappings) == 1
        st.caption("The command that imports the same, with the mapping beside it as m.toml:"
                   if is_one else "The command that imports the same:")  # fmt: skip
        st.code(command(chosen.names, opened, mapped=is_one), language=None, wrap_lines=True)
        if is_one:
            st.download_button("m.toml", mappings[0], "m.toml", "application/toml", key="toml",
                               icon=":material/download:", on_click="ignore")  # fmt: skip
        st.caption("The same files with the same mapping again add nothing.")


def _unfinished(opened: Open) -> None:
    """Offer to go on with imports that were interrupted, by a stop or the end of the app."""
    found = opened.workspace.runs(("partial",))
    paths = {str(run.source.get("path") or ""): run for run in found if run.reason == INTERRUPTED}
    for number, path in enumerate(sorted(paths)[:5]):
        upload = inbox.name_of(Path(path))
        with st.container(horizontal=True, vertical_alignment="center", key=f"unfinished_{number}"):
            st.warning(
                f"An import of {plain(Path(path).name)} was interrupted and is not counted. "
                "The same import again, with the same mapping, goes on where it ended."
            )
            if upload:
                st.button(f"Go on with {plain(Path(path).name)}", on_click=state.put,
                          args=(state.DROP, upload), key=f"go_on_{number}")  # fmt: skip


def _run_row(run: Any) -> dict[str, Any]:
    path = str(run.source["path"])
    return {
        "created": run.created, "model": run.model, "task": run.task,
        "n_outcomes": run.n_outcomes, "kind": run.source.get("format"),
        "source": Path(path).name if inbox.holds(Path(path)) else path,
    }  # fmt: skip


EXAMPLE = """model,item_id,domain,perturbation,tier,input,target,prediction
mine,q1,math,,0,What is 2 + 2?,4,4
mine,q1,math,typos,1,Waht is 2 + 2?,4,5"""
