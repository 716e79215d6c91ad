from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser.app import settled
from tests.pages.conftest import EVIL, PAGES

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PATHS = ["", *(page.split("_", 1)[1].removesuffix(".py") for page in PAGES[1:])]
TEXT = ".stMain"


def query(page):
    return parse_qs(urlsplit(page.url).query)


def follow(page, address, path):
    page.goto(f"{address}/{path}")
    settled(page)


def test_open_slice_compare_drill_down_copy_link_reload(page, address):
    follow(page, address, "?workspace=toy")
    assert "Where does it break?" in page.inner_text(TEXT)

    page.get_by_role("button", name="Slice: all rows").click()
    page.get_by_label("Condition", exact=True).fill('domain = "north"')
    page.keyboard.press("Enter")
    settled(page)
    assert query(page)["where"] == ['domain = "north"']

    page.keyboard.press("Escape")
    page.get_by_role("link", name="Compare").first.click()
    page.wait_for_url("**/compare*")
    settled(page)
    assert query(page)["where"] == ['domain = "north"']
    assert "against" in page.inner_text(TEXT) or "than" in page.inner_text(TEXT)

    page.get_by_role("link", name="See the items").first.click()
    page.wait_for_url("**/items*")
    settled(page)
    assert "inputs are in this slice" in page.inner_text(TEXT)

    grid = page.get_by_test_id("stDataFrame").first
    grid.click(position={"x": 18, "y": 60})
    page.wait_for_function("() => location.search.includes('item=')")
    page.wait_for_selector(".sl-item")
    settled(page)
    assert "untouched" in page.inner_text(TEXT)

    page.get_by_role("button", name="Copy link").click()
    link = page.evaluate("navigator.clipboard.readText()")
    assert parse_qs(urlsplit(link).query)["workspace"] == ["toy"]
    before = page.locator(".sl-item").first.inner_text()
    page.goto(link)
    settled(page)
    assert page.locator(".sl-item").first.inner_text() == before
    page.reload()
    settled(page)
    assert page.locator(".sl-item").first.inner_text() == before


def test_previous_and_next_walk_through_the_slice(page, address):
    follow(page, address, "items?workspace=toy&item=toy/1")
    page.get_by_role("button", name="Next").click()
    page.wait_for_function("() => !location.search.includes('item=toy%2F1&')")
    settled(page)
    first = query(page)["item"]
    page.get_by_role("button", name="Previous").click()
    page.wait_for_timeout(600)
    settled(page)
    assert query(page)["item"] == ["toy/1"]
    assert first != ["toy/1"]


def test_a_link_carries_names_of_models_and_not_their_labels(page, address):
    follow(page, address, "tier_curves?workspace=toy&models=alpha&models=beta&zoom=true")
    assert "Alpha + LR" in page.locator(".stMultiSelect").first.inner_text()
    assert query(page)["models"] == ["alpha", "beta"]


def test_the_workspace_is_chosen_by_name(page, address):
    follow(page, address, "?workspace=empty")
    assert "Nothing to look at yet" in page.inner_text(TEXT)
    assert "/" not in query(page)["workspace"][0]


SILENT = ("studies", "found_slices", "embedding_map", "detectors")
"""Pages that show nothing of a dozen items, or of a workspace without vectors."""


@pytest.mark.parametrize("path", [path for path in PATHS if path not in SILENT])
def test_hostile_text_stays_text(page, address, path):
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    follow(page, address, f"{path}?workspace=hostile")
    assert page.locator(".stMain script, .stSidebar script").count() == 0
    page.wait_for_function(  # cells of a grid included, which is drawn after the script has ended
        "text => document.body.textContent.includes(text)", arg=EVIL, timeout=60_000
    )


def test_hostile_text_stays_text_in_one_item(page, address):
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    follow(page, address, "items?workspace=hostile")
    page.get_by_test_id("stDataFrame").first.click(position={"x": 18, "y": 60})
    page.wait_for_function("() => location.search.includes('item=')")
    page.wait_for_selector(".sl-item")
    settled(page)
    shown = page.locator(".sl-item").first
    assert EVIL in shown.inner_text()
    assert shown.locator("script, a").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_theme_of_the_reader(chromium, address, scheme):
    context = chromium.new_context(color_scheme=scheme)
    opened = context.new_page()
    follow(opened, address, "?workspace=toy")
    paper = opened.evaluate("document.querySelector('.main-svg').style.background")
    context.close()
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(15, 18, 22)"}[scheme]


def test_a_mark_leads_to_its_items(page, address):
    follow(page, address, "tier_curves?workspace=toy")
    page.locator(".js-plotly-plot .scatterlayer .points path.point").nth(2).click(force=True)
    page.wait_for_url("**/items*")
    settled(page)
    assert "tier" in query(page)["where"][0]
    assert len(query(page)["models"]) == 1
    assert "in this slice" in page.inner_text(TEXT)
