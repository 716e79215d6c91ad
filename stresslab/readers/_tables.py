"""What plain tables of any kind share: the guess at a mapping, and the check that one fits."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stresslab.errors import NoOutcomesError, ReadError
from stresslab.readers._mapping import Mapping
from stresslab.readers._propose import has_outcomes, propose

MOST_NAMED = 50
"""Columns that an error names."""


def proposed(rows: Sequence[dict[str, Any]], path: Path, stem: str) -> Mapping:
    """Return a mapping guessed from the first rows of a table of outcomes.

    Parameters
    ----------
    rows : sequence of dict
        The first rows.
    path : Path
        The file or folder, for errors.
    stem : str
        What stands for task and model where no column names them.

    Raises
    ------
    NoOutcomesError
        If no column says what a model answered or how well.
    ReadError
        If there is no row, or no column can be the item.
    """
    if not rows:
        raise ReadError(f"{path} must hold at least one readable row; it holds none.")
    mapping = propose(rows, stem=stem)
    if not has_outcomes(mapping):
        is_model = bool(mapping.sources["model"].fields)
        raise NoOutcomesError(
            f"{path} holds inputs, but no outcomes: no column says what a model answered or "
            f"scored, such as prediction, output, score or correct"
            f"{'' if is_model else ', and none names a model'}. Its columns: {_named(rows[0])}. "
            'If one of them does, give a mapping with `score_from = "field:<column>"` or '
            '`answer_from = "field:<column>"`.',
            proposal=mapping.to_toml(),
        )
    if "item" not in mapping.sources:
        raise ReadError(
            f"No column of {path} looks like the id of an item, without which models cannot be "
            f"compared on the same items. Its columns: {_named(rows[0])}. "
            'Give a mapping with `item_from = "field:<column>"`.',
            proposal=mapping.to_toml(),
        )
    return mapping


def check_columns(path: Path, mapping: Mapping, rows: Sequence[dict[str, Any]]) -> None:
    """Raise a `ReadError` where a mapping names a column that a table does not have."""
    known = {name: None for row in rows for name in row}
    for name in sorted(mapping.fields()):
        if rows and name not in known and name.partition(".")[0] not in known:
            raise ReadError(
                f"The mapping uses the column {name!r}, which {path.name} does not have. "
                f"It has: {_named(known)}."
            )


def _named(columns: dict[str, Any]) -> str:
    names = list(columns)
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
