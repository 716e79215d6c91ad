"""What stands around every page: name, workspace picker, current slice, house style."""

from pathlib import Path

import streamlit as st

from pages.ui import slices, state
from stresslab.figures import theme

ICON = str(Path(__file__).with_name("icon.png"))
"""A file of ours: Streamlit would fetch a named icon from another server."""

SECTIONS = {
    "1": "Look",
    "2": "Where it breaks",
    "3": "What lies outside",
    "4": "What papers showed",
}

STYLE = """<style>
.stMain .block-container { max-width: 1240px; padding-left: 2.5rem; padding-right: 2.5rem; }
.stMain, .stSidebar { font-variant-numeric: tabular-nums; }
.stMain h1 { letter-spacing: -0.01em; padding: 0; }
.stMain h2 { padding: 1rem 0 0.35rem 0; font-size: 18px; }
.st-key-answer { gap: 0.5rem; margin-top: -0.25rem; }
.st-key-answer p { line-height: 1.5; }
.st-key-answer [data-testid="stElementContainer"]:has(.stPageLink) { flex: 0 0 auto; }
.st-key-answer [data-testid="stElementContainer"]:has(.stMarkdown) { flex: 0 1 auto; min-width: 0; }
.st-key-answer .stPageLink a { padding: 0.2rem 0.25rem 0 0.25rem; white-space: nowrap; }
.st-key-answer .stPageLink a p { color: var(--sl-accent); }
.stMultiSelect [data-tag] { background: var(--sl-line); color: var(--sl-text); }
.stMultiSelect [data-tag] button { color: var(--sl-text); }
.st-key-lead .stMarkdown p { font-size: 18px; line-height: 1.45; }
.st-key-brand { margin-top: -1.5rem; }
.st-key-brand p { font-size: 18px; font-weight: 600; letter-spacing: -0.01em; }
.st-key-menu { gap: 0.15rem; }
.st-key-menu [data-testid="stCaptionContainer"] { padding-top: 0.9rem; }
.st-key-menu .stPageLink a { padding: 0.2rem 0.5rem; }
.st-key-cards > div { flex: 1 1 180px; min-width: 160px; }
.st-key-cards h3 { padding: 0 0 0.4rem 0; font-size: 18px; }
.st-key-remarks p { line-height: 1.6; }
[data-testid="stBaseButton-primary"]:not(:disabled) { color: var(--sl-background); }
.st-key-width { display: none; }
@media (max-width: 900px) {
  .stMain .block-container { padding-left: 1.25rem; padding-right: 1.25rem; }
}
</style>"""

PRESENTED = """<style>
.st-key-controls, .st-key-actions, .st-key-details { display: none; }
.stMain [data-testid="stDownloadButton"] { display: none; }
.stMain h1 { font-size: 38px; }
.stMain h2, .stMain h3 { font-size: 22px; }
.stMain .stMarkdown p, .stMain .stMarkdown li { font-size: 19px; line-height: 1.5; }
.stMain .st-key-lead .stMarkdown p { font-size: 24px; }
</style>"""
"""What a stakeholder is shown: larger type, and no control."""

WIDTH = st.components.v2.component(
    "stresslab_width",
    html="""<span></span>
    """,
    js="""
    export default function (component) {
      const { setStateValue } = component;
      const query = window.matchMedia("(max-width: 1000px)");
      const tell = () => setStateValue("narrow", query.matches);
      if (query.matches) { tell(); }
      query.addEventListener("change", tell);
      return () => query.removeEventListener("change", tell);
    }
    """,
)


def menu() -> dict[str, list[tuple[Path, str]]]:
    """Return file and title of every page, by section, in the order of their numbers."""
    found: dict[str, list[tuple[Path, str]]] = {}
    for file in sorted((state.APP / "pages").glob("[0-9]*_*.py")):
        title = file.stem.split("_", 1)[1].replace("_", " ").capitalize()
        found.setdefault(SECTIONS[file.name[0]], []).append((file, title))
    return found


def draw(page: str) -> None:
    """Draw the sidebar and read the address of this run; `page` tells pages apart.

    A link into the app starts at its page, before the router of app.py was ever run: so the window
    is set up here.
    """
    st.set_page_config(page_title=f"{page} · stresslab", page_icon=ICON, layout="wide")
    state.begin(page)
    look = theme.tokens("dark" if state.is_dark() else "light")
    style = STYLE
    for name in ("accent", "background", "line", "text"):
        style = style.replace(f"var(--sl-{name})", getattr(look, name))
    st.html(style)
    names = list(state.folders())
    with st.sidebar:
        with st.container(key="brand"):
            st.markdown("stresslab")
        state.bound(
            state.WORKSPACE,
            lambda key: st.selectbox("Workspace", names, key=key),
            default=names[0],
            read=lambda texts: names[names.index(texts[0])],
            always=True,
        )
        with st.container(key="menu"):
            for section, pages in menu().items():
                st.caption(section)
                for file, title in pages:
                    st.page_link(f"pages/{file.name}", label=title, width="stretch")
        slices.chips()
        presented = state.bound(
            state.PRESENT,
            lambda key: st.toggle(
                "Present", key=key, help="Larger type and no controls, to show findings to others."
            ),
            default=False, read=lambda texts: texts[0] == "true",
        )  # fmt: skip
        seen = WIDTH(key="width", default={"narrow": False}, on_narrow_change=_nothing)
    if presented:
        st.html(PRESENTED)
    st.session_state[state.NARROW] = bool(seen.narrow)


def _nothing() -> None:
    """Let the component keep its state; a rerun is all that is needed."""
