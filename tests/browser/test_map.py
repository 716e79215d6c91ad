"""A lasso in Chromium comes back as its outline and becomes a slice with numbers."""

import json
from urllib.parse import parse_qs, urlparse

import pytest

from tests.browser.app import CHROMIUM, ROOT, served, settled, watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
]


def test_a_lasso_becomes_a_slice(chromium):
    with served([ROOT / "data" / "demo"]) as url:
        page = chromium.new_page(viewport={"width": 1400, "height": 1200})
        found = watched(page, url)
        page.goto(f"{url}/embedding_map")
        settled(page)
        box = page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
        at = [(0.55, 0.3), (0.95, 0.3), (0.95, 0.85), (0.55, 0.85), (0.55, 0.32)]
        x, y = box["x"], box["y"]
        page.mouse.move(x + at[0][0] * box["width"], y + at[0][1] * box["height"])
        page.mouse.down()
        for right, down in at[1:]:
            page.mouse.move(x + right * box["width"], y + down * box["height"], steps=8)
        page.mouse.up()
        page.get_by_text("In the region you drew").first.wait_for(timeout=30_000)
        settled(page)
        [region] = parse_qs(urlparse(page.url).query)["region"]
        assert 4 <= len(json.loads(region)) <= 60
        assert page.get_by_text("Forget the region").is_visible()
        page.get_by_text("Forget the region").click()
        page.get_by_text("In the region you drew").first.wait_for(state="detached", timeout=30_000)
        page.close()
    assert not found, found
