import ast
from pathlib import Path

import pytest

from tests.pages.conftest import EVIL, PAGES, ROOT

DEMO = ROOT / "data" / "demo"
OF_DATA = [page for page in PAGES if "studies" not in page]
"""Pages that show what the user's workspace holds."""


@pytest.mark.parametrize("page", OF_DATA)
def test_page_opens_on_an_empty_workspace_and_says_what_to_do(page, opened, empty):
    app = opened(page, empty)
    assert not app.exception
    assert app.title
    assert any("your own" in one.label for one in app.button) or "Add your own" in [
        one.value for one in app.subheader
    ]


@pytest.mark.parametrize("page", OF_DATA)
def test_page_opens_on_a_small_workspace(page, opened, toy):
    app = opened(page, toy)
    assert not app.exception
    assert not app.error
    assert any("As computed" in one.label for one in app.expander)


@pytest.mark.slow
@pytest.mark.skipif(not (DEMO / "workspace.toml").is_file(), reason="no demo in this copy")
@pytest.mark.parametrize("task", ["sentiment", "digits", "reasoning"])
@pytest.mark.parametrize("page", PAGES)
def test_page_opens_on_the_demo(page, task, opened):
    app = opened(page, DEMO, task=task)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("page", PAGES)
def test_page_shows_hostile_text_as_text(page, opened, hostile):
    app = opened(page, hostile)
    assert not app.exception
    for one in app.markdown:
        assert not one.allow_html
        assert EVIL not in one.value.replace("\\", "") or "\\<script" in one.value
    for one in (*app.caption, *app.button, *app.expander):
        text = getattr(one, "value", None) or one.label
        assert "<script" not in str(text).replace("\\<script", "")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_short_and_holds_no_function_and_no_arithmetic(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert len(text.splitlines()) <= 60
    forbidden = (ast.FunctionDef, ast.Lambda, ast.BinOp, ast.ClassDef)
    assert not [node for node in ast.walk(tree) if isinstance(node, forbidden)]
    assert ast.get_docstring(tree)


def test_the_entry_file_lists_the_pages_by_itself():
    text = Path(ROOT / "app.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 40
    assert not any(Path(page).name in text for page in PAGES)
