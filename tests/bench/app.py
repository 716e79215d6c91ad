"""How long from starting the app to the first chart, and from a click to the next one?"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from stresslab.errors import WorkspaceError
from stresslab.places import demo_workspace
from stresslab.store.index import ensure
from stresslab.store.workspace import Workspace
from tests.bench import _synthetic
from tests.bench._kind import Asked, Bench, Row, Took
from tests.browser.app import ARGS, CHROMIUM, served

CHART = ".js-plotly-plot .main-svg"
PAGES = ("", "tier_curves", "compare", "items")
SETTLED = """() => document.querySelector('[data-test-script-state="notRunning"]')
    && !document.querySelector('.stMain [data-stale="true"]')"""
WHERES = ("tier > 1", "tier > 2", "confidence > 0.5")


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
        begin = time.perf_counter()
        with served([path]) as url:
            page.goto(url)
            page.wait_for_selector(CHART, timeout=120_000)
            first = Took(time.perf_counter() - begin)
            if start:
                yield Row(f"{name}: start to the first chart", n, first, wanted="< 3 s")
            for title in PAGES:
                page.goto(f"{url}/{title}")
                _settle(page)
                took = min(_timed(lambda where=where: _change(page, where)) for where in WHERES)
                what = f"{name}: another condition on {title or 'overview'}"
                yield Row(what, n, Took(took), wanted=wanted, note="never asked before")
        browser.close()


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
