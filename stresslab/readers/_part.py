"""Rows of a file as Arrow columns, turned into our types as single rows are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.readers import _values as values
from stresslab.readers._mapping import NAMED, Mapping, Source
from stresslab.readers._roles import CONVERTERS
from stresslab.readers._turned import LATER
from stresslab.readers._values import ValueProblem
from stresslab.store.scan import Chunk

if TYPE_CHECKING:
    import pyarrow as pa

Numbers = np.ndarray[Any, np.dtype[np.int64]]

FLOATS = (values.number, values.share)


class OddError(Exception):
    """Some rows hold what is not read by columns; they are read one by one."""


@dataclass(frozen=True)
class Same:
    """A column of which all values are the same."""

    value: Any


NONE = Same(None)


@dataclass
class Part(Chunk):
    """Rows that follow on each other, as columns.

    Parameters
    ----------
    numbers : ndarray
        Of the rows; `rows` is empty.
    look_up : callable
        Returns the values of a field: an Arrow array, or a `Same`.
    written : dict of str to pyarrow.Array
        Values of fields that are JSON, as `as_json` writes them.
    exact : callable
        Returns the rows one by one.
    """

    numbers: Numbers = field(default_factory=lambda: np.zeros(0, np.int64))
    look_up: Callable[[str], Any] = lambda name: NONE
    written: "dict[str, pa.Array]" = field(default_factory=dict)
    exact: Callable[[], Chunk] = Chunk

    @property
    def last(self) -> int:
        """Return the number of the last row; 0 if there is none."""
        return int(self.numbers[-1]) if len(self.numbers) else 0

    def numbered(self, start: int, unit: str) -> "Part":
        """Return the rows numbered on from so many others."""
        exact = self.exact
        return replace(
            self,
            numbers=self.numbers + start,
            unit=unit,
            exact=lambda: exact().numbered(start, unit),
        )


class Said:
    """What the columns of a part say, by role, in our types.

    Raises
    ------
    OddError
        If a value is none that its role can have, or is not read by columns.
    """

    def __init__(self, part: Part, mapping: Mapping) -> None:
        self.part, self.mapping, self.n = part, mapping, len(part.numbers)
        self._found: dict[str, Any] = {}
        self.roles = {role: self._role(role) for role in CONVERTERS}
        self.measures = {
            name: turned(values.number, self.of(one["from"]))
            for name, one in mapping.measures.items()
            if "from" in one
        }
        self.why = {
            name: turned(values.text, self.of(one["explanation"]))
            for name, one in mapping.measures.items()
            if "explanation" in one
        }
        for role in ("model", "task", "item"):
            column = self.roles[role]
            if column == NONE or (not isinstance(column, Same) and column.null_count):
                raise OddError

    def written(self, role: str) -> "pa.Array | None":
        """Return the values of a role as JSON, where they come as that."""
        source = self.mapping.sources.get(role)
        return self.part.written.get(source.fields[0]) if source and source.fields else None

    def of(self, source: Source) -> Any:
        """Return the values of a source."""
        if not source.fields:
            return Same(source.const)
        (name, *more) = source.fields
        if more:
            raise OddError
        raw, get = self.look_up(name), source.getter()
        if source.pattern and name in NAMED and raw == NONE:
            told = self.mapping.sources.get(NAMED[name])
            if told is not None:
                plain = Source(fields=told.fields) if told.pattern else told
                raw = NONE if plain.fields == source.fields else self.of(plain)
        if not (source.pattern or source.values or source.default is not None):
            return raw
        return by_value(lambda value: get({name: value}), raw)

    def look_up(self, name: str) -> Any:
        """Return the values of a field."""
        if name not in self._found:
            found = self.part.look_up(name)
            is_known = isinstance(found, Same) or found.null_count < self.n
            self._found[name] = found if is_known else NONE
        return self._found[name]

    def _role(self, role: str) -> Any:
        source = self.mapping.sources.get(role)
        if source is None or self.written(role) is not None:
            return NONE
        raw = self.of(source)
        return raw if role in LATER else turned(CONVERTERS[role], raw)


def turned(convert: Callable[[Any], Any], raw: Any) -> Any:
    """Return a column in our type.

    Raises
    ------
    OddError
        If a value cannot be turned.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(raw, Same):
        return raw if raw.value is None else Same(_converted(convert, raw.value))
    kind = raw.type
    if convert is values.text and kind == pa.string():
        return raw
    if convert is values.name and kind == pa.int64():
        return raw.cast(pa.string())
    if convert is values.number and kind in (pa.int64(), pa.bool_()):
        return raw.cast(pa.float64(), safe=False)
    if convert in FLOATS and kind == pa.float64():
        if convert is values.share:
            _check_shares(raw)
        elif not pc.all(pc.is_finite(raw), min_count=0).as_py():
            raise OddError
        return raw
    if pa.types.is_list(kind):
        if convert is not values.probabilities or kind.value_type != pa.float64():
            raise OddError
        _check_shares(raw.flatten())
        return raw
    return by_value(lambda value: _converted(convert, value), raw)


def by_value(convert: Callable[[Any], Any], raw: Any) -> Any:
    """Return a column of which every different value is converted once."""
    import pyarrow as pa

    if isinstance(raw, Same):
        return Same(convert(raw.value))
    if pa.types.is_nested(raw.type):
        raise OddError
    encoded = raw.dictionary_encode("encode")
    found = [convert(one) for one in encoded.dictionary.to_pylist()]
    if len(found) == 1:
        return Same(found[0])
    if len(set(map(type, found)) - {type(None)}) > 1:
        raise OddError
    try:
        made = pa.array(found)
    except (pa.ArrowException, OverflowError):
        raise OddError from None
    return NONE if pa.types.is_null(made.type) else made.take(encoded.indices)


def combined(columns: Sequence[Any], n: int) -> tuple[Numbers, list[tuple[Any, ...]]]:
    """Return for every row the place of its values in a list of all sets of values that occur."""
    codes = np.zeros(n, np.int64)
    parts: list[list[tuple[Any, ...]]] = [[()]]
    for column in columns:
        if isinstance(column, Same):
            parts.append([(column.value,)])
            continue
        encoded = column.dictionary_encode("encode")
        names = encoded.dictionary.to_pylist()
        codes = codes * len(names) + encoded.indices.to_numpy(zero_copy_only=False)
        parts.append([(one,) for one in names])
    kept, back = np.unique(codes, return_inverse=True)
    found: list[tuple[Any, ...]] = []
    for code in kept.tolist():
        values_of: tuple[Any, ...] = ()
        for names in reversed(parts):
            code, place = divmod(code, len(names))
            values_of = names[place] + values_of
        found.append(values_of)
    return back, found


def _converted(convert: Callable[[Any], Any], value: Any) -> Any:
    try:
        return None if value is None else convert(value)
    except ValueProblem:
        raise OddError from None


def _check_shares(shares: "pa.Array") -> None:
    import pyarrow.compute as pc

    ends = pc.min_max(shares).as_py()
    if shares.null_count or (ends["min"] is not None and not 0 <= ends["min"] <= ends["max"] <= 1):
        raise OddError
