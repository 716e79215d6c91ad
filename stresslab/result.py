"""A Result: tidy tables, the settings that made them, warnings and the data version."""

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stresslab.errors import ReadError

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1


@dataclass(frozen=True)
class Warn:
    """One thing the reader of a result must know.

    Parameters
    ----------
    code : str
        Stable, kebab-case, e.g. ``"few-clusters"``.
    message : str
        A whole sentence.
    n : int or None
        How many rows, cells or items it is about.
    """

    code: str
    message: str
    n: int | None = None


@dataclass(frozen=True)
class Column:
    """What a column of a table means: its type, its unit and which direction is better."""

    type: str
    unit: str = ""
    direction: str = ""


@dataclass(frozen=True, eq=False)
class Result:
    """What an analysis found; two are equal if everything they say is, null equal to null.

    Parameters
    ----------
    analysis : str
        Name of the analysis; also the name of the first table, which answers its question.
    params : dict
        The settings after resolution (no "default" left in them), JSON-able.
    tables : dict of str to DataFrame
        Tidy tables, the answering one first.
    warnings : tuple of Warn
        What was left out, and why.
    data_version : str
        Version of the data the numbers were computed on.
    columns : dict
        ``{table: {column: Column}}`` for columns whose unit or direction is not plain.
    """

    analysis: str
    params: dict[str, Any]
    tables: dict[str, "pd.DataFrame"]
    warnings: tuple[Warn, ...] = ()
    data_version: str = ""
    columns: dict[str, dict[str, Column]] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        """Return whether settings, tables, columns, warnings and data version are the same."""
        if not isinstance(other, Result):
            return NotImplemented
        if (self.analysis, self.data_version) != (other.analysis, other.data_version):
            return False
        return self.to_dict() == other.to_dict()

    @property
    def table(self) -> "pd.DataFrame":
        """Return the table that answers the question of the analysis."""
        return self.tables[self.analysis]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form printed by ``--json``; non-finite numbers become null."""
        from stresslab import __version__

        return {
            "schema": SCHEMA,
            "analysis": self.analysis,
            "params": _jsonable(self.params),
            "tables": {name: _records(table) for name, table in self.tables.items()},
            "columns": {name: self._column_dict(name) for name in self.tables},
            "warnings": [asdict(warning) for warning in self.warnings],
            "data_version": self.data_version,
            "stresslab_version": __version__,
        }

    def to_json(self) -> str:
        """Return `to_dict` as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)

    def save(self, path: str | Path) -> None:
        """Write the result as one JSON file."""
        Path(path).write_text(self.to_json(), encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> "Result":
        """Read what `save` wrote; tables come back equal, with null for undefined numbers.

        Raises
        ------
        ReadError
            If the file holds no result, or one of a later version.
        """
        saved = _read(Path(path))
        tables = {
            name: _table(records, saved["columns"][name])
            for name, records in saved["tables"].items()
        }
        return cls(
            analysis=saved["analysis"],
            params=saved["params"],
            tables=tables,
            warnings=tuple(Warn(**warning) for warning in saved["warnings"]),
            data_version=saved["data_version"],
            columns={
                name: {column: Column(**kind) for column, kind in columns.items()}
                for name, columns in saved["columns"].items()
            },
        )

    def _column_dict(self, name: str) -> dict[str, dict[str, str]]:
        declared = self.columns.get(name, {})
        table = self.tables[name]
        return {
            str(column): asdict(declared.get(str(column), Column(_type_of(table[column]))))
            for column in table.columns
        }


def _type_of(column: "pd.Series") -> str:
    kind = column.dtype.kind
    return {"f": "number", "i": "integer", "u": "integer", "b": "boolean"}.get(kind, "string")


def _read(path: Path) -> dict[str, Any]:
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        version = saved["schema"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReadError(f"{path} must hold a saved result; {error}. Save it again.") from error
    if version != SCHEMA:
        raise ReadError(
            f"{path} has schema {version!r}; this stresslab reads {SCHEMA}. "
            "Compute the result again."
        )
    return dict(saved)


def _table(records: list[dict[str, Any]], columns: dict[str, dict[str, str]]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(
        {
            column: _column([record[column] for record in records], kind["type"])
            for column, kind in columns.items()
        }
    )


def _column(values: list[Any], kind: str) -> "pd.Series":
    import pandas as pd

    whole = None not in values
    if kind == "number":
        return pd.Series(values, dtype="float64")
    if kind == "integer":
        return pd.Series(values, dtype="int64" if whole else "Int64")
    if kind == "boolean":
        return pd.Series(values, dtype="bool" if whole else "boolean")
    texts = all(value is None or isinstance(value, str) for value in values)
    return pd.Series(values, dtype="str" if texts else "object")


def _records(table: "pd.DataFrame") -> list[dict[str, Any]]:
    columns = [str(column) for column in table.columns]
    return [
        dict(zip(columns, map(_jsonable, row), strict=True))
        for row in table.itertuples(index=False)
    ]


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _jsonable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(one) for one in value]
    if hasattr(value, "tolist"):  # a number or an array of numpy's
        return _jsonable(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | int | float | bool):
        return value
    text = str(value)
    return None if text in ("<NA>", "NaT") else text
