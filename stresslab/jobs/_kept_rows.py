"""Rows of simulations kept in a file as they finish: an interruption loses none."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stresslab.validity import Case
from stresslab.validity._code import fingerprint
from stresslab.validity._run import Row

Key = tuple[str, Case, int]


@dataclass
class Kept:
    """The rows in a file of JSON lines, one a line; nothing is kept without a file.

    Parameters
    ----------
    path : Path or None
        The file; made where it does not exist.
    seed : int
        Rows of other seeds are left alone.
    """

    path: Path | None
    seed: int
    _rows: dict[Key, Row] = field(default_factory=dict)
    _code: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self._lines():
            if one["seed"] == self.seed and one["code"] == self.code(one["check"]):
                row = Row.of_dict(one)
                self._rows[row.check, row.case, one["runs"]] = row

    def code(self, name: str) -> str:
        """Return the fingerprint of the code that a check goes through."""
        if name not in self._code:
            self._code[name] = fingerprint(name)
        return self._code[name]

    def get(self, name: str, case: Case, runs: int) -> Row | None:
        """Return the row of a case if this very code made it."""
        return self._rows.get((name, case, runs))

    def add(self, row: Row) -> None:
        """Keep a row."""
        if self.path is None:
            return
        line = {"seed": self.seed, "code": self.code(row.check), **row.as_dict()}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def _lines(self) -> Iterator[dict[str, Any]]:
        if self.path is None or not self.path.is_file():
            return
        text = self.path.read_text(encoding="utf-8")
        if not text.endswith("\n"):  # a line that was cut off while it was written
            text = text[: text.rfind("\n") + 1]
            self.path.write_text(text, encoding="utf-8")
        for line in text.splitlines():
            yield json.loads(line)
