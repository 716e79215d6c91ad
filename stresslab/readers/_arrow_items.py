"""The items of some rows that were read as Arrow columns, as `LongTable.make_item` makes them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab import nouns
from stresslab.readers import _arrow_texts as texts
from stresslab.readers import _values as values
from stresslab.readers._kind import RunKey
from stresslab.readers._part import NONE, OddError, Said, Same, by_value, combined
from stresslab.readers._roles import where_it_stands
from stresslab.readers._values import ValueProblem

if TYPE_CHECKING:
    import pyarrow as pa

Numbers = np.ndarray[Any, np.dtype[np.int64]]

NUMBER = r"^\s*[+-]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\s*$"
LISTED = r"^[^!-~]*(?:\[|$)"
"""A text that may be a list, or is empty."""
FEW_VALUES = 64


class RowsOf:
    """Some rows of a part that belong to one run.

    Parameters
    ----------
    whole : Said
        The part.
    key : RunKey
        The run.
    rows : ndarray or None
        Places of the rows, rising; None for all.

    Raises
    ------
    OddError
        If a row does not say where it stands.
    """

    def __init__(self, whole: Said, key: RunKey, rows: Numbers | None) -> None:
        self.all, self.key, self.rows = whole, key, rows
        self.n = whole.n if rows is None else len(rows)
        self.said = {role: self.of(column) for role, column in whole.roles.items()}
        self.numbers = whole.part.numbers if rows is None else whole.part.numbers[rows]
        self.places, self.ends = self._places()
        self.tiers = np.array([place[2] for place in self.places])[self.ends]
        changed = np.array([place[2] > 0 and place[1] == "paired" for place in self.places])
        self.changed = changed[self.ends]
        self.waits = self._waits()

    def of(self, column: Any) -> Any:
        """Return the values of a column in the rows of this run."""
        if isinstance(column, Same) or self.rows is None:
            return column
        return column.take(indices(self.rows))

    def full(self, column: Any, kind: "pa.DataType") -> "pa.Array":
        """Return a column as an array."""
        import pyarrow as pa

        if not isinstance(column, Same):
            return column if column.type == kind else column.cast(kind, safe=False)
        if column.value is None:
            return pa.nulls(self.n, kind)
        return pa.repeat(pa.scalar(column.value, kind), self.n)

    def some(self, rows: Numbers) -> "RowsOf":
        """Return some of these rows."""
        if len(rows) == self.n:
            return self
        return RowsOf(self.all, self.key, rows if self.rows is None else self.rows[rows])

    def attributes(self, kind: str) -> Any:
        mapping = self.all.mapping
        sources = mapping.attributes if kind == "items" else mapping.variant_attributes
        split = self.said["split"] if kind == "items" else NONE
        if split != NONE and "split" in sources:
            raise OddError
        members = [] if split == NONE else [("split", self._quoted(split))]
        found = [(name, self.of(self.all.of(source))) for name, source in sources.items()]
        members += [(name, self._member(column)) for name, column in found]
        return texts.objects(members, self.n)

    def _quoted(self, column: Any) -> "pa.Array":
        import pyarrow as pa

        return texts.quoted(self.full(column, pa.string()))

    def _member(self, column: Any) -> "pa.Array":
        """Return the values of an attribute as JSON."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if isinstance(column, Same) or column.type != pa.string():
            return self.full(by_value(_attribute, column), pa.string())
        if len(column.slice(0, 4 * FEW_VALUES).unique()) < FEW_VALUES:
            return self.full(by_value(_attribute, column), pa.string())
        is_odd = pc.or_(
            pc.match_substring_regex(column, NUMBER), pc.invert(pc.string_is_ascii(column))
        ).fill_null(False)
        made = texts.quoted(column)
        if not is_odd.true_count:
            return made
        odd = [_attribute(one) for one in column.filter(is_odd).to_pylist()]
        return pc.replace_with_mask(made, is_odd, pa.array(odd, pa.string()))

    def table(self, name: str, columns: "Sequence[Any]") -> "pa.Table":
        """Return columns as one of our tables."""
        import pyarrow as pa

        schema = nouns.arrow_schema(name)
        arrays = [self.full(one, kind.type) for one, kind in zip(columns, schema, strict=True)]
        return pa.Table.from_arrays(arrays, schema=schema)

    def _places(self) -> tuple[list[Any], Numbers]:
        """Return all sets of perturbation, axis, tier and seed, and the one of every row."""
        roles = ("axis", "perturbation", "tier", "strength")
        codes, keys = combined([self.said[role] for role in roles], self.n)
        try:
            found = [where_it_stands(dict(zip(roles, key, strict=True))) for key in keys]
        except ValueProblem:
            raise OddError from None
        return found, codes

    def _waits(self) -> "np.ndarray[Any, np.dtype[np.bool_]]":
        """Return which rows are of a changed input and do not say what the untouched was."""
        original = self.said["original"]
        if isinstance(original, Same):
            lacks = np.full(self.n, original.value is None)
        else:
            lacks = original.is_null().to_numpy(zero_copy_only=False)
        waits: np.ndarray[Any, np.dtype[np.bool_]] = np.logical_and(self.changed, lacks)
        return waits


def items_of(rows: RowsOf, items: "pa.Array") -> "pa.Table":
    """Return the item of every row, as `LongTable.make_item` makes it."""
    said = rows.said
    untouched, choices = _untouched(rows), _choices(rows)
    right, reference = _reference(rows)
    hashed = texts.hashes(untouched, choices, right)
    written = None
    if choices is not None:
        quoted = texts.quoted(choices.flatten())
        written = texts.json_lists(choices, quoted, ", ")
    sets = by_value(lambda one: one or rows.key.task, said["items"])
    columns = [
        items, sets, Same(rows.key.task), untouched, _messages(rows),
        NONE if written is None else written, reference, said["domain"], said["group"],
        rows.attributes("items"), hashed,
    ]  # fmt: skip
    return rows.table("items", columns)


def _untouched(rows: RowsOf) -> "pa.Array":
    import pyarrow as pa
    import pyarrow.compute as pc

    asked = rows.full(rows.said["input"], pa.string())
    if rows.said["original"] == NONE and not rows.changed.any():
        return asked
    original = rows.full(rows.said["original"], pa.string())
    is_told = pc.fill_null(pc.not_equal(original, ""), False)
    return pc.if_else(pc.or_(pa.array(rows.changed), is_told), original, asked)


def _messages(rows: RowsOf) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    written = rows.all.written("messages")
    if written is None:
        if rows.said["messages"] != NONE:
            raise OddError
        return NONE
    written = rows.of(written)
    return pc.if_else(pa.array(rows.changed), None, written) if rows.changed.any() else written


def _choices(rows: RowsOf) -> "pa.Array | None":
    import pyarrow as pa

    choices = rows.said["choices"]
    if choices == NONE:
        return None
    if isinstance(choices, Same) or not pa.types.is_list(choices.type):
        raise OddError
    if choices.type.value_type != pa.string() or choices.flatten().null_count:
        raise OddError
    return choices


def _reference(rows: RowsOf) -> tuple[Any, Any]:
    """Return the references as they are hashed, and as JSON."""
    import pyarrow as pa
    import pyarrow.compute as pc

    told = rows.said["reference"]
    is_text = not isinstance(told, Same) and told.type == pa.string()
    if is_text and not pc.match_substring_regex(told, LISTED).true_count:
        return texts.hashed_references(told), texts.quoted(told)
    known = by_value(lambda one: None if values.is_empty(one) else one, told)
    hashed = by_value(nouns.hashed_reference, known)
    return hashed.value if isinstance(hashed, Same) else hashed, by_value(values.as_json, known)


def _attribute(value: Any) -> str | None:
    return values.as_json(values.scalar(value))


def indices(rows: Numbers) -> "pa.Array":
    """Return places as Arrow takes them."""
    import pyarrow as pa

    return pa.array(rows)
