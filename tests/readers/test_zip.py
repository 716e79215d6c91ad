import struct
import zipfile
from contextlib import suppress
from functools import partial

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


def test_an_entry_is_read_piece_by_piece_as_a_whole(tmp_path):
    text = b"".join(b"line %d\n" % n for n in range(50_000))
    methods = {"stored": 0, "deflated": 8, "zstd": 93, "frames": [93, 4096]}
    with Zip(write_zip(tmp_path / "a.zip", dict.fromkeys(methods, text), methods)) as found:
        for name in methods:
            assert found.size(name) == len(text)
            with found.stream(name) as file:
                assert b"".join(iter(partial(file.read, 999), b"")) == text


@pytest.mark.parametrize("method", [0, 8, 93])
def test_what_is_whole_in_a_file_cut_off_is_read_by_the_heads_of_its_entries(tmp_path, method):
    texts = {f"entry {n}": b"%d " % n * 200 for n in range(5)}
    path = write_zip(tmp_path / "a.zip", texts, dict.fromkeys(texts, method))
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"entry 3") + 9])
    with Zip(path) as found:
        assert {name: found.read(name) for name in found.names} == {
            name: texts[name] for name in list(texts)[:3]
        }
        assert "read by heads" in found.rejects[0].reason


def test_a_method_nobody_uses_here_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_LZMA) as file:
        file.writestr("x", "text")
    with Zip(tmp_path / "a.zip") as found, pytest.raises(ReadError, match="method 14"):
        found.read("x")


def test_a_plain_directory_is_read_as_zipfile_reads_it(tmp_path):
    texts = {f"ü/{n}": b"%d " % n * n for n in range(50)}
    plain = write_zip(tmp_path / "a.zip", texts, {name: n % 2 * 8 for n, name in enumerate(texts)})
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.comment = b"a word"
        for name, text in texts.items():
            file.writestr(name, text)
    assert _zip._directory(plain) == _zip._patient_directory(plain)
    assert _zip._directory(tmp_path / "b.zip") == []
    for path in (plain, tmp_path / "b.zip"):
        with Zip(path) as found:
            assert {name: found.read(name) for name in found.names} == texts


@pytest.mark.parametrize("at", [0, 200, 500])
@pytest.mark.parametrize("change", [b"", b"x" * 77])
def test_entries_before_and_behind_lost_or_added_bytes_are_read(tmp_path, at, change):
    texts = {f"entry {n}": b"%d " % n * 50 for n in range(6)}
    path = write_zip(tmp_path / "a.zip", texts, dict.fromkeys(texts, 0))
    content = path.read_bytes()
    path.write_bytes(content[:at] + change + content[at + 9 :])
    with Zip(path) as found:
        read = {}
        for name in found.names:
            with suppress(ReadError):
                read[name] = found.read(name)
    assert len(read) >= 5
    assert read.items() <= texts.items()


def test_an_entry_that_says_it_is_longer_than_the_file_takes_no_memory(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"x": b"text" * 9, "y": b"fine"})
    content = bytearray(path.read_bytes())
    at = content.find(b"PK\x01\x02")
    content[at + 20 : at + 24] = struct.pack("<I", 2**32 - 2)
    path.write_bytes(bytes(content))
    with Zip(path) as found:
        with pytest.raises(ReadError, match="longer than the file"):
            found.read("x")
        assert found.read("y") == b"fine"


def test_many_entries_that_unpack_to_too_much_together_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(_zip, "RATIO_FROM", 100_000)
    monkeypatch.setattr(_zip, "MAX_RATIO", 100)
    path = write_zip(tmp_path / "a.zip", {f"{n}": bytes(40_000) for n in range(9)})
    with Zip(path) as found:
        assert 1 < len(found.names) < 9
        assert "to more than" in found.rejects[0].reason
        assert len(found.names) + len(found.rejects) == 9


def test_an_entry_that_lies_about_its_size_costs_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(_zip, "RATIO_FROM", 100_000)
    monkeypatch.setattr(_zip, "MAX_RATIO", 100)
    kept = {f"{n}": bytes(20_000) for n in range(4)}
    path = write_zip(tmp_path / "a.zip", {"0": kept["0"], "lie": bytes(99_000)} | kept)
    with Zip(path) as found:
        assert list(found.names) == list(kept)
        assert [one.place for one in found.rejects] == ["entry lie"]


def test_a_link_within_a_zip_file_is_refused(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"link": b"/etc/passwd", "fine": b"y"})
    content = bytearray(path.read_bytes())
    at = content.find(b"PK\x01\x02")
    content[at + 38 : at + 42] = struct.pack("<I", 0o120777 << 16)
    path.write_bytes(bytes(content))
    with Zip(path) as found:
        assert list(found.names) == ["fine"]
        assert "a link" in found.rejects[0].reason
