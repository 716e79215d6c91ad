"""Read Arrow and Parquet files batch by batch, as rows of plain values.

What cannot be a value of ours is left out: pictures and sound. A damaged part costs only itself.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stresslab.errors import ReadError
from stresslab.store import scan_rows
from stresslab.store.memory import uncollected
from stresslab.store.scan_rows import (
    EXCERPT,
    NOT_TEXT,
    Chunk,
    ColumnChunk,
    Gap,
    Reject,
    check_names,
    cleaned,
)

if TYPE_CHECKING:
    import pyarrow as pa

SEEN = 32
"""Values of a binary column that are looked at to tell texts from pictures."""
BINARY = "holds bytes that are no text, such as pictures or sound; they are not read"
MAGIC = 8
"""Bytes before the stream inside of an Arrow file."""
BUFFER = 1 << 20
TEXT = b"stresslab.text"
"""Marks bytes that the file says are a text."""

Found = Iterator["pa.RecordBatch | Reject"]


def parquet_rows(path: Path) -> Iterator[Chunk]:
    """Yield the rows of a Parquet file, one row group after the other.

    Raises
    ------
    ReadError
        If nothing of it can be read.
    """
    import pyarrow.parquet as pq

    with _readable(path, "Parquet"), pq.ParquetFile(path, buffer_size=BUFFER) as file:
        meta, schema = file.metadata, file.schema_arrow
        check_names(schema.names, path)
        n_bytes = sum(meta.row_group(at).total_byte_size for at in range(meta.num_row_groups))
        n_rows = rows_a_chunk(len(schema.names), n_bytes / max(meta.num_rows, 1))
        media = [one.name for one in schema if _is_medium(one.type)]
        columns = [f"{name}.path" if name in media else name for name in schema.names]
        batches = _groups(file, columns if media else None, n_rows)
        size = path.stat().st_size
        yield from chunks_of(batches, lambda done: size * done // max(meta.num_rows, 1), media)
        yield Chunk(bytes_done=size, unit="row")


def arrow_rows(path: Path) -> Iterator[Chunk]:
    """Yield the rows of an Arrow file, an Arrow stream or a Feather file of either version.

    Raises
    ------
    ReadError
        If nothing of it can be read.
    """
    import pyarrow as pa

    with _readable(path, "Arrow"), pa.memory_map(str(path)) as source:
        size = path.stat().st_size
        if source.read(4) == b"FEA1":
            table = _first_feather(path)
            check_names(table.schema.names, path)
            batches: Found = iter(table.to_batches())
            yield from chunks_of(batches, lambda done: size * done // max(table.num_rows, 1))
        elif (file := _with_index(source)) is not None:
            check_names(file.schema.names, path)
            at = [0]
            batches = _numbered(file, at)
            yield from chunks_of(batches, lambda _: size * at[0] // file.num_record_batches)
        else:
            stream = pa.ipc.open_stream(source)
            check_names(stream.schema.names, path)
            yield from chunks_of(_one_by_one(stream), lambda _: int(source.tell()))
        yield Chunk(bytes_done=size, unit="row")


def notes_of(path: Path) -> dict[str, str]:
    """Return what the writer of a Parquet or Arrow file noted beside its columns, by key."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with _readable(path, "Parquet or Arrow"), pa.memory_map(str(path)) as source:
        if source.read(4) == b"PAR1":
            schema = pq.read_schema(path)
        else:
            file = _with_index(source)
            schema = file.schema if file else pa.ipc.open_stream(source).schema
    said = schema.metadata or {}
    return {key.decode("utf-8", "replace"): one.decode("utf-8", "replace")
            for key, one in said.items()}  # fmt: skip


def chunks_of(
    found: Found, reached: Callable[[int], int], media: Sequence[str] = ()
) -> Iterator[Chunk]:
    """Yield the rows of batches, each with its number, and what of them is left out.

    Parameters
    ----------
    found : iterator of RecordBatch or Reject
        What was read, in order.
    reached : callable
        Tells from the number of rows how far the file was read.
    media : sequence of str
        Columns of which only the path was read.
    """
    storable, done = Storable(media), 0
    for one in found:
        if isinstance(one, Reject):
            done += one.n_rows if isinstance(one, Gap) else 0
            yield Chunk(rejects=[one], bytes_done=reached(done), unit="row")
            continue
        is_first = not storable.is_settled
        batch = storable.of(one)
        if is_first:
            notes = [Reject("every row", name, BINARY, "") for name in sorted(storable.left_out)]
            yield Chunk(rejects=notes, bytes_done=reached(done), unit="row")
        size = rows_a_chunk(batch.num_columns, batch.nbytes / max(batch.num_rows, 1))
        for start in range(0, batch.num_rows, size):
            part = batch.slice(start, size)
            chunk = _chunk(part, done)
            done += part.num_rows
            chunk.bytes_done = reached(done)
            yield chunk


def rows_a_chunk(n_columns: int, bytes_a_row: float) -> int:
    """Return how many rows a chunk may have."""
    by_cells = scan_rows.CHUNK_CELLS // max(n_columns, 1)
    by_bytes = int(scan_rows.CHUNK_BYTES / max(bytes_a_row, 1))
    return max(min(scan_rows.CHUNK_ROWS, by_cells, by_bytes), 1)


class Storable:
    """Leaves out what cannot be a value of ours; what that is the first batch settles.

    Parameters
    ----------
    media : sequence of str
        Columns of which only the path was read.
    """

    def __init__(self, media: Sequence[str] = ()) -> None:
        self.left_out, self.is_settled = set(media), False

    def of(self, batch: "pa.RecordBatch") -> "pa.RecordBatch":
        """Return a batch without bytes; of a picture or a sound its path is kept."""
        import pyarrow as pa

        kept: dict[str, pa.Array] = {}
        for one, array in zip(batch.schema, batch.columns, strict=True):
            name = one.name
            plain = array.storage if isinstance(array, pa.ExtensionArray) else array
            if pa.types.is_struct(plain.type) and (_is_medium(plain.type) or name in self.left_out):
                self.left_out.add(name)
                if plain.type.get_field_index("path") >= 0:
                    kept[name] = plain.field("path")
            elif TEXT in (one.metadata or {}) or self._is_kept(name, plain):
                kept[name] = plain if _is_binary(plain.type) else array
            else:
                self.left_out.add(name)
        self.is_settled = True
        return pa.RecordBatch.from_arrays(list(kept.values()), names=list(kept))

    def _is_kept(self, name: str, array: "pa.Array") -> bool:
        if not _is_binary(array.type):
            return not _holds_bytes(array.type)
        return name not in self.left_out if self.is_settled else _is_text(array)


def _chunk(batch: "pa.RecordBatch", done: int) -> Chunk:
    rejects: list[Reject] = []
    with uncollected():
        columns = {
            name: _Column(name, done + 1, rejects).values(array)
            for name, array in zip(batch.schema.names, batch.columns, strict=True)
        }
    numbers = range(done + 1, done + 1 + batch.num_rows)
    return ColumnChunk(numbers, columns, rejects, "row")


@dataclass(frozen=True)
class _Column:
    """A column of some rows; what of it cannot be kept as it is becomes a reject."""

    name: str
    first: int
    rejects: list[Reject]

    def values(self, array: "pa.Array") -> list[Any]:
        import pyarrow as pa

        is_damaged = False
        try:
            found: list[Any] = array.to_pylist()
        except (ValueError, OverflowError, pa.ArrowException):
            is_damaged = True
            found = [self._value(array, at) for at in range(len(array))]
        if pa.types.is_nested(array.type):
            return list(map(cleaned, found))
        is_odd = _is_binary(array.type) or is_damaged or _has_nul(array)
        return [self._text(at, one) for at, one in enumerate(found)] if is_odd else found

    def _value(self, array: "pa.Array", at: int) -> Any:
        import pyarrow as pa

        scalar = array[at]
        try:
            return scalar.as_py()
        except UnicodeDecodeError as error:
            if not pa.types.is_nested(array.type):
                return scalar.as_buffer().to_pybytes()
            reason = f"cannot be read: {error}"
        except (ValueError, OverflowError, pa.ArrowException) as error:
            reason = f"cannot be read: {error}"
        self.rejects.append(Reject(f"row {self.first + at}", self.name, reason, ""))
        return None

    def _text(self, at: int, value: Any) -> Any:
        text = value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value
        clean = cleaned(text)
        if clean != text:
            place = f"row {self.first + at}"
            self.rejects.append(Reject(place, self.name, NOT_TEXT, str(clean)[:EXCERPT]))
        return clean


def _groups(file: Any, columns: list[str] | None, n_rows: int) -> Found:
    import pyarrow as pa

    done = 0
    for group in range(file.metadata.num_row_groups):
        n, read = file.metadata.row_group(group).num_rows, 0
        try:
            for batch in file.iter_batches(n_rows, row_groups=[group], columns=columns):
                read += batch.num_rows
                yield batch
        except (pa.ArrowException, OSError) as error:
            place = f"rows {done + read + 1} to {done + n}"
            yield Reject(place, "", f"cannot be read: {error}", "")
        done += n


def _with_index(source: Any) -> Any:
    """Return an Arrow file that is whole, or None and the place where its stream begins."""
    import pyarrow as pa

    source.seek(0)
    if source.read(MAGIC)[:6] != b"ARROW1":
        source.seek(0)
        return None
    try:
        return pa.ipc.open_file(source)
    except (pa.ArrowException, OSError):  # its end is not there: the stream in front of it may be
        source.seek(MAGIC)
        return None


def _numbered(file: Any, reached: list[int]) -> Found:
    for place in range(file.num_record_batches):
        found = _checked(partial(file.get_batch, place), f"record batch {place + 1}")
        reached[0] = place + 1
        if found is not None:
            yield found


def _one_by_one(stream: Any) -> Found:
    done = 0
    while (found := _checked(stream.read_next_batch, f"after row {done}")) is not None:
        yield found
        if isinstance(found, Reject):
            return
        done += found.num_rows


def _checked(read: Callable[[], Any], place: str) -> "pa.RecordBatch | Reject | None":
    """Return a batch whose inside is whole, or what is wrong with it; None at the end."""
    import pyarrow as pa

    try:
        batch = read()
        try:
            batch.validate(full=True)
        except pa.ArrowInvalid:  # perhaps only texts that are no UTF-8
            batch = _as_bytes(batch)
            batch.validate(full=True)
    except StopIteration:
        return None
    except (pa.ArrowException, OSError, ValueError) as error:
        return Reject(place, "", f"cannot be read: {error}", "")
    return batch


def _as_bytes(batch: "pa.RecordBatch") -> "pa.RecordBatch":
    import pyarrow as pa

    kinds = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary()}
    arrays, fields = [], []
    for one, array in zip(batch.schema, batch.columns, strict=True):
        raw = kinds.get(one.type)
        arrays.append(array.view(raw) if raw else array)
        fields.append(pa.field(one.name, raw, metadata={TEXT: b""}) if raw else one)
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def _first_feather(path: Path) -> "pa.Table":
    from pyarrow import feather

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return feather.read_table(path, memory_map=True)


@contextmanager
def _readable(path: Path, kind: str) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise ReadError(f"{path} must be a readable {kind} file: {error}.") from error


def _is_binary(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    types = pa.types
    return any(
        test(kind)
        for test in (
            types.is_binary, types.is_large_binary, types.is_binary_view, types.is_fixed_size_binary
        )
    )  # fmt: skip


def _holds_bytes(kind: "pa.DataType") -> bool:
    inner = [kind.field(at).type for at in range(kind.num_fields)]
    return any(_is_binary(one) or _holds_bytes(one) for one in inner)


def _is_medium(kind: "pa.DataType") -> bool:
    """Return whether a struct is how pictures and sound are kept: bytes and a path."""
    import pyarrow as pa

    if not pa.types.is_struct(kind) or kind.get_field_index("bytes") < 0:
        return False
    kept: pa.DataType = kind.field("bytes").type
    return _is_binary(kept)


def _is_text(array: "pa.Array") -> bool:
    try:
        for one in array.drop_null()[:SEEN].to_pylist():
            one.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _has_nul(array: "pa.Array") -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = array.type.value_type if pa.types.is_dictionary(array.type) else array.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return bool(pa.types.is_string_view(kind))
    plain = array.cast(kind) if kind is not array.type else array
    return bool(pc.any(pc.match_substring(plain, "\x00")).as_py())
