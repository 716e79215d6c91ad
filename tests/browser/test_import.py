from urllib.parse import parse_qs, urlsplit

import pytest

from stresslab import Workspace
from tests.browser.app import served, settled, watched

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HEADER = "id,model,domain,perturbation,tier,text,score"
LINES = [
    f"{n},{model},{'east' if n % 3 else 'west'},{'typos' if tier else ''},{tier},"
    f"What is {n} plus {tier}?,{(n * 7 + tier * 3 + len(model)) % 3 > 0:d}"
    for n in range(30)
    for model in ("small-net", "large-net")
    for tier in (0, 1, 2)
]


def test_drop_a_file_see_it_change_the_mapping_import_and_land_on_the_overview(
    chromium, tmp_path, monkeypatch
):
    monkeypatch.setenv("STRESSLAB_CACHE", str(tmp_path / "cache"))
    table = tmp_path / "answers.csv"
    table.write_text("\n".join([HEADER, *LINES, "9,small-net,east,,0,x,perhaps"]))
    own = Workspace.create(tmp_path / "own")
    with served([own.path]) as address:
        context = chromium.new_context(viewport={"width": 1400, "height": 1000})
        page = context.new_page()
        found = watched(page, address)
        page.goto(f"{address}/?workspace=own")
        settled(page)
        page.get_by_role("button", name="Bring in your own").click()
        page.wait_for_url("**/import*")
        page.wait_for_selector("input[type=file]", state="attached", timeout=60_000)
        settled(page)
        page.set_input_files("input[type=file]", str(table))
        page.wait_for_selector("text=would add 2 runs with 180 outcomes", timeout=60_000)
        settled(page)
        assert not own.runs()

        page.get_by_role("combobox", name="Task").fill("const:sums")
        page.keyboard.press("Enter")
        settled(page)
        page.get_by_text("The whole mapping, as text").click()
        page.wait_for_function(
            "() => [...document.querySelectorAll('textarea')]"
            ".some((one) => one.value.includes('task_from = \"const:sums\"'))"
        )
        settled(page)
        page.wait_for_url("**mapped=*")
        link = page.url
        page.reload()
        page.wait_for_selector("text=would add 2 runs", timeout=60_000)
        settled(page)
        assert page.url == link, "what was dropped stands in the address, by its content"
        assert str(tmp_path) not in link
        assert page.get_by_role("combobox", name="Task").input_value() == "const:sums"

        page.get_by_role("button", name="Import into own").click()
        page.wait_for_selector("text=Added 2 runs with 180 outcomes", timeout=120_000)
        settled(page)
        page.get_by_role("button", name="See sums on the Overview").click()
        page.wait_for_selector("h1:has-text('Where does it break?')", timeout=120_000)
        settled(page)
        assert parse_qs(urlsplit(page.url).query)["task"] == ["sums"]
        assert "large-net" in page.inner_text(".stMain")
        context.close()
    assert not found
    assert {run.n_outcomes for run in own.runs()} == {90}
