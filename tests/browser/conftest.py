import pytest

from tests.browser.app import ARGS, CHROMIUM, served, watched
from tests.factory import Toy, fill
from tests.pages.conftest import hostile  # noqa: F401  (a fixture)


@pytest.fixture(scope="session")
def workspaces(tmp_path_factory):
    from stresslab import Workspace

    folder = tmp_path_factory.mktemp("walk")
    toy = Workspace.create(folder / "toy")
    fill(toy, Toy(abstains={"beta": 0.2}, n_items=80))
    toy.set_config("models", "alpha", {"alias": "Alpha + LR"})
    return [toy.path, Workspace.create(folder / "empty").path]


@pytest.fixture(scope="session")
def chromium():
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address(workspaces, hostile):  # noqa: F811
    with served([*workspaces, hostile]) as url:
        yield url


@pytest.fixture
def page(chromium, address):
    """A page whose console errors and outside requests fail the test."""
    context = chromium.new_context(
        viewport={"width": 1400, "height": 1000}, permissions=["clipboard-read", "clipboard-write"]
    )
    opened = context.new_page()
    found = watched(opened, address)
    yield opened
    context.close()
    assert not found
