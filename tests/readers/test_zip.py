import struct

import pytest

from stresslab.errors import ReadError
from stresslab.readers import _zip
from stresslab.readers._zip import Zip
from tests.readers.zips import write_zip


def test_every_method_is_read(tmp_path):
    text = b"a line of text\n" * 5000
    path = write_zip(
        tmp_path / "a.zip",
        {"stored": text, "deflated": text, "zstd": text, "frames": text},
        {"stored": 0, "deflated": 8, "zstd": 93, "frames": [93, 4096]},
    )
    with Zip(path) as found:
        assert list(found.names) == ["stored", "deflated", "zstd", "frames"]
        assert all(found.read(name) == text for name in found.names)


@pytest.mark.parametrize("name", ["../up", "/etc/passwd", "a/../../b", "C:/x", "..\\up"])
def test_names_that_point_outside_are_refused(tmp_path, name):
    with Zip(write_zip(tmp_path / "a.zip", {name: b"x", "fine": b"y"})) as found:
        assert list(found.names) == ["fine"]
        assert "outside" in found.rejects[0].reason


def test_a_bomb_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(_zip, "RATIO_FROM", 1000)
    with Zip(write_zip(tmp_path / "a.zip", {"bomb": bytes(3_000_000), "fine": b"y"})) as found:
        assert list(found.names) == ["fine"]
        assert "bomb" in found.rejects[0].reason


def test_an_entry_that_lies_about_its_size_is_cut_off(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"x": bytes(100_000)})
    content = bytearray(path.read_bytes())
    at = content.rfind(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", 10)
    path.write_bytes(bytes(content))
    with Zip(path) as found, pytest.raises(ReadError, match="entry x"):
        found.read("x")


def test_a_damaged_entry_is_named_and_the_rest_is_read(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"x": b"abc" * 1000, "y": b"fine"}, {"x": 93})
    content = bytearray(path.read_bytes())
    content[40:46] = bytes(6)
    path.write_bytes(bytes(content))
    with Zip(path) as found:
        with pytest.raises(ReadError, match="entry x"):
            found.read("x")
        assert found.read("y") == b"fine"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no zip at all" * 20])
def test_what_is_no_zip_is_said_to_be_none(tmp_path, content):
    (tmp_path / "a.eval").write_bytes(content)
    with pytest.raises(ReadError, match="whole zip"):
        Zip(tmp_path / "a.eval")
