"""How long from starting the app to the first chart, and from a click to the next one?"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from stresslab.errors import WorkspaceError
from stresslab.places import demo_workspace
from stresslab.store.index import ensure
from stresslab.store.workspace import Workspace
from tests.bench import _synthetic
from tests.bench._kind import Asked, Bench, Row, Took
from tests.browser.app import ARGS, CHROMIUM, served

CHART = ".js-plotly-plot .main-svg"
SETTLED = """() => document.querySelector('[data-test-script-state="notRunning"]')
    && !document.querySelector('.stMain [data-stale="true"]')"""
OURS = ("stresslab.commands._app",)
BARE = """import plotly.graph_objects as go
import streamlit as st

st.title("One chart")
st.plotly_chart(go.Figure(go.Scatter(x=[1, 2], y=[1, 2])))
"""
"""The least a Streamlit app with a chart can be: what the rest is measured against."""

WHERES = {
    "": ("tier > 1", "tier > 2", "confidence > 0.5"),
    "tier_curves": ("tier >= 2", "tier >= 3", "confidence > 0.51"),
    "compare": ("not tier < 2", "not tier < 3", "confidence > 0.52"),
    "items": ("not tier <= 1", "not tier <= 2", "confidence > 0.53"),
}
"""Conditions of each page: the same rows, but nothing another page has asked for in these words."""


def run(asked: Asked) -> Iterator[Row]:
    """Yield start to first chart, and the change of a condition on each page."""
    if CHROMIUM is None:
        return
    try:
        demo = demo_workspace()
    except WorkspaceError:
        demo = None
    if demo is not None:
        ensure(Workspace.open(demo))  # `build` measures that
        yield from _walk("demo", demo, "< 500 ms", start=True)
    made = _synthetic.workspace(asked.n(10e6))
    ensure(made)
    yield from _walk("synthetic", made.path, "< 1 s", start=False)


def _walk(name: str, path: Path, wanted: str, *, start: bool) -> Iterator[Row]:
    from playwright.sync_api import sync_playwright

    n = sum(one.n_outcomes for one in Workspace.open(path).runs())
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        if start:
            yield _start(browser, name, path, n)
        with served([path]) as url:
            for title in WHERES:
                page.goto(f"{url}/{title}")
                _settle(page)
                took = median(_timed(partial(_change, page, where)) for where in WHERES[title])
                what = f"{name}: another condition on {title or 'overview'}"
                yield Row(what, n, Took(took), wanted=wanted, note="never asked before")
        browser.close()


def _start(browser: Any, name: str, path: Path, n: int) -> Row:
    """Return how long it takes from the command to the first chart, beside an app of one chart."""
    ours = median(_first(browser, lambda: served([path], module=OURS)) for _ in range(3))
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "app.py"
        bare.write_text(BARE, encoding="utf-8")
        theirs = median(_first(browser, lambda: served([path], script=bare)) for _ in range(3))
    what = f"{name}: start to the first chart"
    return Row(what, n, Took(ours), "one bare chart", Took(theirs), "< 3 s")


def _first(browser: Any, serving: Callable[[], AbstractContextManager[str]]) -> float:
    context = browser.new_context(viewport={"width": 1400, "height": 1000})  # an empty cache
    page, begin = context.new_page(), time.perf_counter()
    with serving() as url:
        page.goto(url)
        page.wait_for_selector(CHART, timeout=120_000)
        took = time.perf_counter() - begin
    context.close()
    return took


def _change(page: Any, where: str) -> None:
    """Write another condition into its control and wait for the page that follows from it."""
    box = page.get_by_label("Condition", exact=True)
    if not box.is_visible():
        page.get_by_role("button", name="Slice:").click()
    box.fill(where)
    box.press("Enter")
    page.wait_for_selector('[data-test-script-state="running"]', state="attached", timeout=60_000)
    _settle(page)


def _settle(page: Any) -> None:
    page.wait_for_selector(".stMain h1", timeout=120_000)
    page.wait_for_function(SETTLED, timeout=120_000)


def _timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


PIECE = Bench("the app in a browser", run)
