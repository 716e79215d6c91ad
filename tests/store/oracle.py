"""Cells of a question computed row by row in plain Python: what every path must equal."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from stresslab.nouns import STATUSES
from stresslab.predicate import And, Compare, In, IsNull, Not, Or

OPS = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "contains": lambda a, b: b in a,
    "matches": lambda a, b: re.search(b, a) is not None,
}


def holds(predicate: Any, row: dict[str, Any]) -> bool:
    """Return whether a row meets a condition; a comparison with null is false."""
    match predicate:
        case None:
            return True
        case And(parts):
            return all(holds(part, row) for part in parts)
        case Or(parts):
            return any(holds(part, row) for part in parts)
        case Not(part):
            return not holds(part, row)
    value = row[".".join(predicate.field.parts)]
    match predicate:
        case IsNull(_):
            return value is None
        case In(_, values):
            return value is not None and value in values
        case Compare(_, op, other):
            return value is not None and OPS[op](value, other)
    raise TypeError(predicate)


@dataclass
class Rows:
    """Every outcome of a task as a dict of all its fields, and where originals stand."""

    rows: list[dict[str, Any]]
    echoes: dict[str, set[str]] = field(default_factory=dict)

    @property
    def has_paired(self) -> bool:
        return any(self.echoes.values())

    def appearances(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        if row["perturbation"] is not None:
            return [row]
        under = sorted(self.echoes.get(row["item_id"], ()))
        return [row, *({**row, "perturbation": name, "axis": "paired"} for name in under)]

    def slice(
        self, models: tuple[str, ...], where: Any, by: tuple[str, ...]
    ) -> list[dict[str, Any]]:
        found = []
        for row in self.rows:
            if row["model"] not in models:
                continue
            seen = self.appearances(row)
            if "perturbation" in by and self.has_paired:
                seen = [one for one in seen if one["perturbation"] is not None]
                found += [one for one in seen if holds(where, one)]
            elif any(holds(where, one) for one in seen):
                found.append(row)
        return found


def cells(task: Rows, question: Any, by: tuple[str, ...]) -> dict[tuple, dict[str, float]]:
    """Return ``{(model, *by values): sums}``."""
    rows = task.slice(question.models, question.where, by)
    measure = question.measure if question.measure in ("score", "correct", "confidence") else (
        f"measure.{question.measure}"
    )  # fmt: skip
    key = ("variant_id", "perturbation") if "perturbation" in by else ("variant_id",)
    known = defaultdict(set)
    for row in rows:
        if row[measure] is not None and not row["edited"]:
            known[tuple(row[name] for name in key)].add(row["model"])
    strict = question.population == "common" and len(question.models) > 1
    cells: dict[tuple, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        models = known[tuple(row[name] for name in key)]
        kept = not strict or (len(models) == len(question.models) and not row["edited"])
        value = row[measure] if kept else None
        cells[(row["model"], *(row[name] for name in by))].append(row | {"value": value})
    return {name: _sums(rows, question) for name, rows in cells.items()}


def _sums(rows: list[dict[str, Any]], question: Any) -> dict[str, float]:
    clusters: dict[Any, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for row in rows:
        mine = clusters[row["group_id"] or ("item", row["item_id"])]
        if row["value"] is not None:
            mine["total"] += row["value"]
            mine["n_scored"] += 1
            mine["n_answered"] += row["status"] == "answered"
    top = [one[question.numerator] for one in clusters.values()]
    base = [one[question.denominator] for one in clusters.values()]
    values = [row["value"] for row in rows if row["value"] is not None]
    return {
        "n_rows": len(rows), "total": sum(top), "n": sum(base),
        "n_clusters": sum(one > 0 for one in base),
        "ss": sum(a * a for a in top), "sd": sum(a * b for a, b in zip(top, base)),
        "dd": sum(b * b for b in base), "sq": sum(value * value for value in values),
        "rate": all(value in (0, 1) for value in values),
        **{f"n_{name}": sum(row["status"] == name for row in rows) for name in STATUSES},
    }  # fmt: skip
