"""Take screenshots of every page: `python -m tests.browser.screens WORKSPACE OUT [page ...]`."""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from stresslab import studies
from tests.browser.app import ARGS, CHROMIUM, ROOT, served, settled, watched

PAGES = {
    **{path.stem.split("_", 1)[1]: path.stem.split("_", 1)[1] for path in sorted((ROOT / "pages").glob("[0-9]*_*.py"))},
    "overview": "", "item": "items?item=FIRST", "graded": "tier_curves?task=OTHER", "other": "?task=OTHER",
    **{f"study_{name}": f"studies?study={name}" for name in studies.names()},
}  # fmt: skip


def main(workspace: str, out: str, *only: str) -> None:
    """Write one PNG per page, width and theme."""
    from stresslab import Workspace
    from stresslab.store.contents import contents, resolve
    from stresslab.store.rows import grid

    opened = Workspace.open(workspace)
    first = str(grid(opened, resolve(opened), limit=1).variants["item_id"].iloc[0])
    known = contents(opened)
    other = next((one for one in reversed(list(known.tasks["task"]))), "")
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    with served([Path(workspace)]) as url, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        for scheme in ("light", "dark"):
            for width in (1400, 800):
                context = browser.new_context(
                    viewport={"width": width, "height": 1000}, color_scheme=scheme
                )
                page = context.new_page()
                found = watched(page, url)
                for name, path in PAGES.items():
                    if only and name not in only:
                        continue
                    page.goto(
                        f"{url}/{path}".replace(
                            "?study", f"?workspace={Path(workspace).name}&study"
                        )
                        .replace("FIRST", first.replace("#", "%23"))
                        .replace("OTHER", other)
                    )
                    settled(page)
                    height = page.evaluate("document.querySelector('.stMain').scrollHeight")
                    page.set_viewport_size({"width": width, "height": min(int(height) + 20, 4000)})
                    settled(page)
                    page.wait_for_timeout(900)
                    page.screenshot(path=folder / f"{name}-{width}-{scheme}.png")
                    page.set_viewport_size({"width": width, "height": 1000})
                print(scheme, width, *dict.fromkeys(found), sep="\n  ")
                context.close()
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
