"""Rows for people: a page of a grid, one item, its neighbours."""

import pytest

from stresslab.errors import ParamError
from stresslab.store import rows
from stresslab.store.contents import resolve
from tests.factory import toy_workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return toy_workspace(
        tmp_path_factory.mktemp("rows") / "w", n_items=12, errs={"beta": 0.3},
        texts={"excerpt": 40, "command": "stresslab demo text"},
    )  # fmt: skip


def test_a_grid_page_holds_variants_and_every_answer(workspace):
    page = rows.grid(workspace, resolve(workspace, where="tier = 1"), limit=5, offset=2)
    assert page.variants.attrs["n_total"] == 24
    assert len(page.variants) == 5
    assert set(page.variants["tier"]) == {1}
    assert len(page.answers) == 15
    assert page.answers["variant_id"].unique().tolist() == page.variants["variant_id"].tolist()


def test_a_grid_is_sorted_by_a_column_or_by_what_models_did(workspace):
    question = resolve(workspace, where="tier = 0")
    longest = rows.grid(workspace, question, sort="item.length", descending=True, limit=2)
    assert longest.variants["item_id"].tolist() == ["toy/11", "toy/10"]
    apart = rows.grid(workspace, question, sort="spread", descending=True, limit=1)
    assert apart.answers["score"].max() - apart.answers["score"].min() == 1


def test_an_item_has_its_variants_in_tier_order_and_all_answers(workspace):
    view = rows.item(workspace, "toy", "toy/3")
    assert view.item["reference"] == "yes"
    assert view.item["attributes"] == {"length": 13, "even": False}
    assert view.variants["tier"].tolist() == [0, 1, 2, 3, 1, 2, 3]
    assert view.variants["input"].iloc[1].endswith("noise 1")
    assert len(view.answers) == 21
    assert view.command == "stresslab demo text"


def test_a_fetched_text_takes_the_place_of_its_excerpt(workspace, tmp_path, monkeypatch):
    from stresslab.store.texts import TextStore

    monkeypatch.setenv("STRESSLAB_CACHE", str(tmp_path))
    found = rows.item(workspace, "toy", "toy/3")
    TextStore().put({found.item["content_hash"]: "all of the text"})
    view = rows.item(workspace, "toy", "toy/3")
    assert (view.item["input"], view.note) == ("all of the text", None)
    assert view.variants["input"].iloc[0] == "all of the text"


def test_neighbours_follow_the_slice(workspace):
    question = resolve(workspace, where="item.even = false")
    assert rows.neighbours(workspace, question, "toy/3") == ("toy/1", "toy/5", 2, 6)
    assert rows.neighbours(workspace, question, "toy/4") == ("toy/3", "toy/5", 0, 6)
    assert rows.neighbours(workspace, question, "toy/11").next is None


def test_an_unknown_item_is_named(workspace):
    with pytest.raises(ParamError, match="no item 'toy/99'"):
        rows.item(workspace, "toy", "toy/99")


def test_a_grid_cannot_be_sorted_by_one_answer(workspace):
    with pytest.raises(ParamError, match="sort must be one of variant, mean"):
        rows.grid(workspace, resolve(workspace), sort="status")
