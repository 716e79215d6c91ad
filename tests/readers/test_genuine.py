"""Exactly one reader claims each genuine file; nothing there is left to the plain table reader."""

from pathlib import Path

import pytest

from stresslab.readers import readers

SHARED = Path(__file__).parents[3] / "shared"
FILES = [one for place in ("data", "logs") for one in sorted((SHARED / place).rglob("*"))
         if one.is_file() and one.name != "README.md"]  # fmt: skip

OWNERS = {
    "bbq": "bbq", "livecodebench": "livecodebench", "tofu": "tofu", "inspect": "inspect",
    "model-vs-human": "model_vs_human",
}  # fmt: skip
"""Folder, and the reader its files are for; other folders may have a reader or not."""


@pytest.mark.skipif(not FILES, reason="needs ../shared/data or ../shared/logs")
def test_no_two_readers_are_equally_sure_of_a_genuine_file():
    pieces, wrong = [(name, readers.get(name)) for name in readers.names()], []
    for path in FILES:
        sure = sorted(((piece.sniff(path), name) for name, piece in pieces), reverse=True)
        claims = [name for share, name in sure if share > 0.1]
        owner = next((OWNERS[part] for part in path.parts if part in OWNERS), None)
        if len(claims) > 1 or (owner and claims != [owner]):
            wrong.append((str(path.relative_to(SHARED)), sure[:3]))
    assert wrong == []


@pytest.mark.skipif(not FILES, reason="needs ../shared/data or ../shared/logs")
def test_a_folder_is_claimed_by_one_reader_at_most():
    pieces = [(name, readers.get(name)) for name in readers.names()]
    folders = sorted({above for path in FILES for above in path.parents if SHARED in above.parents})
    for folder in folders:
        assert len([name for name, piece in pieces if piece.sniff(folder) > 0]) < 2, folder
