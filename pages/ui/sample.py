"""The whole sample of a log behind an answer: its messages, what it held beside them."""

import hashlib
from pathlib import Path
from typing import Any

import streamlit as st

from pages.ui import bring, reach
from pages.ui.bring import Mark
from pages.ui.compute import Open
from pages.ui.words import html, is_image, plain
from stresslab.errors import StresslabError
from stresslab.jobs import inbox
from stresslab.result import Result

LONGEST = 20_000
"""Characters of one message that are shown; the JSON has all."""
GONE = (
    "The log {} is not where it was imported from any more. What was read of it is in the "
    "workspace; put the file back to see the rest."
)
KEPT_OUT = ("messages", "attachments", "events")


@st.fragment
def draw(result: Result, opened: Open) -> None:
    """Offer the whole sample of each answer that was read from an Inspect log."""
    answers = result.tables["answers"]
    task = str(result.params["task"])
    runs: dict[str, list[Any]] = {}
    for run in sorted(opened.workspace.runs(), key=lambda one: one.created, reverse=True):
        if run.task == task and run.source.get("format") == "inspect":
            runs.setdefault(run.model, []).append(run)
    answers = answers[answers["model"].isin(runs)]
    if answers.empty:
        return
    inside = st.expander("The whole sample in the log", key="sample", on_change="rerun")
    if not inside.open:
        return
    keys = list(answers[["model", "variant_id", "trial"]].itertuples(index=False, name=None))
    names = {
        key: f"{opened.styles[key[0]].name} · {key[1]}" + (f" · trial {key[2]}" if key[2] else "")
        for key in keys
    }
    with inside:
        key = st.selectbox("Answer", keys, format_func=names.get, key="_sample")
        _show(runs[key[0]], key)


def _show(runs: list[Any], key: tuple[str, str, int]) -> None:
    """Draw the sample behind an answer, from the latest run of the model that holds it."""
    lost: list[str] = []
    for run in runs:
        path = Path(str(run.source["path"]))
        if not (reach.is_own() or inbox.holds(path)):
            st.caption("The log is a file of the computer the app runs on; it is shown there only.")
            return
        if not path.is_file():
            lost.append(GONE.format(path.name))
            continue
        marks = bring.marks_of([path])
        try:
            text = (run.path / "mapping.toml").read_text(encoding="utf-8")
            sample = _sample(path, marks, text, key[1], key[2])
        except (StresslabError, OSError) as error:
            lost.append(str(error))
            continue
        if _digest(path, marks) != run.source.get("sha256"):
            st.warning("The log was changed since it was imported; this is what it holds now.")
        _draw(sample)
        return
    for line in dict.fromkeys(lost):
        st.info(plain(line))


def _draw(sample: dict[str, Any]) -> None:
    for message in sample.get("messages") or []:
        _message(message)
    st.caption("What else the sample holds:")
    rest = {name: value for name, value in sample.items() if name not in KEPT_OUT}
    st.json(rest, expanded=False)


def _message(message: Any) -> None:
    if not isinstance(message, dict):
        return
    st.caption(plain(message.get("role") or "message"))
    content = message.get("content")
    for part in content if isinstance(content, list) else [content]:
        found = part if isinstance(part, dict) else {"text": part}
        image = found.get("image")
        if is_image(image):
            st.html(f"<img src='{html(image)}' alt='image' style='max-width: 320px'>")
        text = str(found.get("text") or found.get("reasoning") or "")
        if text:
            more = f"\n… {len(text) - LONGEST:,} more characters" if len(text) > LONGEST else ""
            st.code(text[:LONGEST] + more, language=None, wrap_lines=True)
    if message.get("tool_calls"):
        st.json(message["tool_calls"], expanded=False)


@st.cache_data(show_spinner="Looking for the sample …", max_entries=20)
def _sample(path: Path, marks: tuple[Mark, ...], text: str, variant: str, trial: int) -> Any:
    from stresslab.readers._inspect_find import sample_of
    from stresslab.readers._mapping import Mapping

    return sample_of(path, Mapping.parse(text), variant, trial)


@st.cache_data(show_spinner=False, max_entries=50)
def _digest(path: Path, marks: tuple[Mark, ...]) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
