import pytest

from stresslab.errors import WorkspaceError
from stresslab.store.texts import TextStore


def test_full_texts_are_kept_by_content_hash(tmp_path):
    store = TextStore(tmp_path / "a ?#%" / "texts.sqlite")
    assert store.get(["h"]) == {}
    store.put({"h": "whole text", "g": "other"})
    store.put({"h": "newer text"})
    assert TextStore(store.path).get(["h", "x"]) == {"h": "newer text"}


def test_more_texts_than_fit_one_query_come_back(tmp_path):
    store = TextStore(tmp_path / "texts.sqlite")
    texts = {str(number): "text" for number in range(1234)}
    store.put(texts)
    assert store.get(texts) == texts


def test_a_damaged_cache_holds_nothing_and_is_named_when_written(tmp_path):
    store = TextStore(tmp_path / "texts.sqlite")
    store.path.write_text("no database")
    assert store.get(["h"]) == {}
    with pytest.raises(WorkspaceError, match=r"texts\.sqlite.*Delete the file"):
        store.put({"h": "text"})


def test_the_store_lies_in_the_chosen_cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("STRESSLAB_CACHE", str(tmp_path))
    assert TextStore().path == tmp_path / "texts.sqlite"
