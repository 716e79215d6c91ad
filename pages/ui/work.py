"""A long computation that a page offers: a button, then how far it is, then what came of it."""

from collections.abc import Callable, Iterator
from typing import Any

import streamlit as st

from pages.ui import arrivals, target
from pages.ui.compute import Open
from pages.ui.words import plain
from stresslab.jobs import background
from stresslab.jobs._events import Event


def offer(
    opened: Open, name: str, label: str, events: Callable[[Any], Iterator[Event]], *, about: str
) -> None:
    """Draw the button that starts a job on the workspace, or how far the job is.

    Parameters
    ----------
    name : str
        Tells jobs of one workspace apart: a second press, or another tab, finds it at work.
    label : str
        What the button does.
    events : callable
        ``events(workspace)`` returns the events of the job.
    about : str
        One sentence on what it costs and gives.
    """
    key = f"{name}:{opened.workspace.path}"
    work = background.find(key)
    if work is not None and work.is_running:
        arrivals.follow(work)
        return
    if work is not None and work.error:
        st.error(plain(work.error))
    elif work is not None and work.done is not None:
        st.caption(plain(work.done.message))
    reason = target.why_not(opened)
    if reason:
        st.caption(f"{about} {reason}")
    elif st.button(label, type="primary", key=f"start_{name}", icon=":material/play_arrow:"):
        background.start(key, label, lambda: events(opened.workspace))
        st.rerun()
    else:
        st.caption(about)
