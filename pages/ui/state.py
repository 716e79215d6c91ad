"""What the app knows between reruns: the open workspace, the address, the link of this page.

Every control stands in the address under its own name and with the names the command line uses.
Streamlit's ``bind="query-params"`` would write display labels there (an alias instead of a model's
name) and keeps the old value when a link to the same control is followed, so the address is read
and written here.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import streamlit as st

APP = Path(__file__).resolve().parents[2]
WORKSPACE, WHERE, ITEM, DROP, STUDY = "workspace", "where", "item", "drop", "study"
MAPPED, TYPED = "mapped", "typed"
"""`DROP` names an upload, `TYPED` a path that was typed here, and `MAPPED` how it is read: by their
content, never by a path."""
PRESENT = "present"
LISTS = ("models", "by")
MOMENTARY = (ITEM, DROP, MAPPED, TYPED, STUDY, "page")
"""Parameters that a click in the menu does not carry to the next page."""

ADDRESS, SEEN, PAGE, NARROW = "_address", "_seen", "_page", "_narrow"


def folders() -> dict[str, Path]:
    """Return the workspaces given at start, by the name a link carries.

    They come from STRESSLAB_WORKSPACES (separated like PATH) or STRESSLAB_WORKSPACE; without
    either it is the demo beside app.py. Two folders of one name are told apart by a number.
    """
    given = os.environ.get("STRESSLAB_WORKSPACES") or os.environ.get("STRESSLAB_WORKSPACE") or ""
    demo = APP / "data" / "demo"
    paths = [Path(one).expanduser() for one in given.split(os.pathsep) if one.strip()]
    found: dict[str, Path] = {}
    for path in (demo if str(path) == "demo" else path for path in paths or [demo]):
        name, number = path.resolve().name, 2
        while name in found:
            name, number = f"{path.resolve().name} ({number})", number + 1
        found[name] = path
    return found


def add_folder(path: Path) -> None:
    """Offer one more workspace until the app ends, to everybody who is at it."""
    known = [str(one) for one in folders().values()]
    os.environ["STRESSLAB_WORKSPACES"] = os.pathsep.join([*known, str(path)])


def begin(page: str) -> None:
    """Read the address of this run; a click in the menu takes the settings along.

    A link always names the workspace, so an address without it on another page than before comes
    from the menu (or is the very first one).
    """
    told = {name: st.query_params.get_all(name) for name in st.query_params}
    before = st.session_state.get(ADDRESS)
    turned = st.session_state.get(PAGE) != page
    if turned:  # a widget of the same key on another page starts from nothing
        st.session_state[SEEN] = {}
    if turned and before is not None and WORKSPACE not in told:
        told = {name: values for name, values in before.items() if name not in MOMENTARY}
        for name, values in told.items():
            st.query_params[name] = values
    st.session_state[ADDRESS] = told
    st.session_state[PAGE] = page


def bound(
    name: str,
    make: Callable[[str], Any],
    *,
    default: Any,
    read: Callable[[list[str]], Any],
    always: bool = False,
) -> Any:
    """Return the value of a control that stands in the address.

    Parameters
    ----------
    name : str
        Query parameter and key of the widget.
    make : callable
        ``make(key)`` draws the widget, which takes its value from the session state.
    default : object
        Value that is left out of the address unless `always`.
    read : callable
        Turns the texts of the address into a value; raises ValueError if they make none.
    """
    told = st.session_state[ADDRESS].get(name)
    seen = st.session_state.setdefault(SEEN, {})
    moved = seen.get(name) != (told, default)
    if name not in st.session_state or moved or not _fits(st.session_state[name], default, read):
        st.session_state[name] = _value(told, default, read)
    value = make(name)
    texts = None if value == default and not always else _texts(value)
    tell(name, texts)
    seen[name] = (texts, default)
    return value


def tell(name: str, texts: list[str] | None) -> None:
    """Write one parameter into the address, or take it out."""
    address = st.session_state[ADDRESS]
    if texts is None:
        address.pop(name, None)
        if name in st.query_params:
            del st.query_params[name]
        return
    address[name] = texts
    if st.query_params.get_all(name) != texts:
        st.query_params[name] = texts


def is_on(name: str) -> bool:
    """Return whether a switch of the address is on."""
    return told(name) == "true"


def told(name: str) -> str | None:
    """Return one parameter of the address."""
    values = st.session_state.get(ADDRESS, {}).get(name)
    return values[0] if values else None


def put(name: str, text: str | None) -> None:
    """Change one parameter of the address; a callback of buttons."""
    tell(name, [text] if text else None)


def is_dark() -> bool:
    """Return whether the reader has the dark theme."""
    return getattr(st.context.theme, "type", None) == "dark"


def query() -> str:
    """Return what follows the path in the address of what is on screen."""
    return "?" + urlencode(st.session_state.get(ADDRESS, {}), doseq=True)


def as_query(settings: Mapping[str, str]) -> dict[str, Any]:
    """Return settings as query parameters of this workspace, lists as repeated names."""
    pairs: dict[str, Any] = {WORKSPACE: told(WORKSPACE) or ""}
    for name, value in settings.items():
        pairs[name] = [one for one in value.split(",") if one] if name in LISTS else value
    return pairs


def kept() -> dict[str, Any]:
    """Return the address without what belongs to this page alone, for a link to another."""
    address = st.session_state.get(ADDRESS, {})
    return {name: values for name, values in address.items() if name not in MOMENTARY}


def _value(told: list[str] | None, default: Any, read: Callable[[list[str]], Any]) -> Any:
    if told is None:
        return default
    try:
        return read(told)
    except ValueError:
        return default


def _fits(value: Any, default: Any, read: Callable[[list[str]], Any]) -> bool:
    """Return whether a kept value is still one of the choices (another task has others)."""
    if value == default or value is None:
        return True
    try:
        read(_texts(value))
    except ValueError:
        return False
    return True


def _texts(value: Any) -> list[str]:
    if isinstance(value, list | tuple):
        return [str(one) for one in value] or [""]
    if isinstance(value, bool):
        return [str(value).lower()]
    return ["" if value is None else str(value)]
