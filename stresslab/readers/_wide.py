"""The wide part of a mapping: one row per input, and for each model columns of its own."""

import re
from collections.abc import Iterable
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from typing import Any

from stresslab.errors import ReadError
from stresslab.readers._source import check_names, compiled

WIDE_ROLES = (
    "answer", "output", "score", "correct", "explanation", "confidence", "status", "error",
    "latency_s", "tokens_in", "tokens_out",
)  # fmt: skip
"""What a row can say of each model. All else, such as tier or domain, it says of the input."""

MAX_MODELS = 2_000
HOW_WIDE = (
    "Write regex:<pattern> whose one group in the name of a column is the model, such as "
    "regex:^(.+)_pred$; or the columns that are called like their models, as a list; or a table "
    "{model = 'column'}."
)


@dataclass(frozen=True)
class Columns:
    """The columns that say one thing of each model.

    Parameters
    ----------
    pattern : str
        Regular expression with one group, which is the model; empty if they are named.
    named : tuple of (str, str)
        Model and column.
    """

    pattern: str = ""
    named: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, key: str, written: Any) -> "Columns":
        """Return the columns a mapping file describes.

        Raises
        ------
        ReadError
            If they are not written in one of the known forms.
        """
        if isinstance(written, str) and written.startswith("regex:"):
            pattern = compiled(key, written.removeprefix("regex:").strip())
            if re.compile(pattern).groups != 1:
                raise ReadError(f"{key} must have one group, the model; got {written!r}.")
            return cls(pattern=pattern)
        if isinstance(written, list) and written and all(isinstance(one, str) for one in written):
            return cls(named=tuple((one, one) for one in written))
        if isinstance(written, dict) and written:
            return cls(named=tuple((str(model), str(one)) for model, one in written.items()))
        raise ReadError(f"{key} must name columns; got {written!r}. {HOW_WIDE}")

    def written(self) -> Any:
        """Return the form a mapping file shows."""
        if self.pattern:
            return f"regex:{self.pattern}"
        is_same = all(model == column for model, column in self.named)
        return [column for _, column in self.named] if is_same else dict(self.named)

    def among(self, columns: Iterable[str]) -> dict[str, str]:
        """Return the column of each model among the columns of a file."""
        if not self.pattern:
            there = set(columns)
            return {model: column for model, column in self.named if column in there}
        found: dict[str, str] = {}
        for column in columns:
            match = re.search(self.pattern, column)
            if match and match.group(1):
                found.setdefault(match.group(1), column)
        return found


@dataclass(frozen=True)
class Wide:
    """Which columns belong to which model.

    Parameters
    ----------
    sources : dict of str to Columns
        By role (`WIDE_ROLES`).
    measures : dict of str to Columns
        By the name of the measure.
    """

    sources: dict[str, Columns] = field(default_factory=dict)
    measures: dict[str, Columns] = field(default_factory=dict)

    @classmethod
    def parse(cls, written: Dict[str, Any]) -> "Wide":
        """Return what the ``[wide]`` table of a mapping file describes.

        Raises
        ------
        ReadError
            If it has an unknown key, or a value in none of the known forms.
        """
        check_names("wide.", written, [f"{role}_from" for role in WIDE_ROLES] + ["measures"])
        measures = written.get("measures", {})
        if not isinstance(measures, dict):
            raise ReadError(f"wide.measures must be a table of columns; got {measures!r}.")
        return cls(
            sources={
                role: Columns.parse(f"wide.{role}_from", written[f"{role}_from"])
                for role in WIDE_ROLES
                if f"{role}_from" in written
            },
            measures={
                name: Columns.parse(f"wide.measures.{name}", one) for name, one in measures.items()
            },
        )

    def fields(self) -> set[str]:
        """Return the columns that are named one by one."""
        every = (*self.sources.values(), *self.measures.values())
        return {column for one in every for _, column in one.named}

    def models(self, columns: Iterable[str]) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
        """Return by model its columns by role, and those by measure.

        Raises
        ------
        ReadError
            If there are more models than a workspace can hold.
        """
        there = list(columns)
        found: dict[str, tuple[dict[str, str], dict[str, str]]] = {}
        for place, group in enumerate((self.sources, self.measures)):
            for name, one in group.items():
                for model, column in one.among(there).items():
                    found.setdefault(model, ({}, {}))[place][name] = column
        if len(found) > MAX_MODELS:
            raise ReadError(
                f"A wide table may have at most {MAX_MODELS:,} models; the mapping finds "
                f"{len(found):,}. Narrow its [wide] part."
            )
        return found
