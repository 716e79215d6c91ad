"""Every path to a cell equals the row-level oracle; what is merged is merged exactly."""

from dataclasses import replace
from itertools import chain, combinations

import numpy as np
import pytest

from stresslab.predicate import And, Compare, Field, In, IsNull, Not, Or
from stresslab.store import query
from stresslab.store.contents import resolve
from stresslab.store.engine import reading
from stresslab.store.recent import Recent
from tests.store import oracle, small

DIMS = ("domain", "perturbation", "tier")
EVERY_BY = tuple(chain.from_iterable(combinations(DIMS, n) for n in range(4)))


def field(text):
    return Field(tuple(text.split(".")))


def is_(name, value, op="="):
    return Compare(field(name), op, value)


CONDITIONS = {
    "all": None,
    "one perturbation": is_("perturbation", "typos"),
    "perturbed only": And((is_("perturbation", "typos"), is_("tier", 0, ">"))),
    "not this perturbation": Not(is_("perturbation", "typos")),
    "two perturbations": In(field("perturbation"), ("typos", "noise")),
    "originals as such": IsNull(field("perturbation")),
    "paired axis": is_("axis", "paired"),
    "one domain": is_("domain", "x"),
    "unknown domain": IsNull(field("domain")),
    "not a domain": Not(is_("domain", "x")),
    "domain differs": is_("domain", "x", "!="),
    "high tier": is_("tier", 2, ">="),
    "dims with or": Or((is_("domain", "y"), And((is_("tier", 0), is_("perturbation", "noise"))))),
    "attribute": is_("item.length", 9, ">"),
    "missing attribute": Not(is_("item.kind", "odd")),
    "variant attribute": is_("variant.even", True),
    "strength": is_("strength", 0.3, "<"),
    "input": is_("input", "typo", "contains"),
    "confident": is_("confidence", 0.5, ">"),
    "status": In(field("status"), ("answered", "refused")),
    "pattern": is_("output", "say [01]$", "matches"),
    "family": is_("model.family", "large"),
    "measure": is_("measure.f1", 0.5, "<="),
    "no value": IsNull(field("score")),
    "group": is_("group_id", "g1"),
    "nothing": is_("item_id", "nobody"),
    "mixed": Or((is_("perturbation", "noise"), is_("confidence", 0.2, "<"))),
}


CELLS = ("all", "one perturbation", "two perturbations", "one domain", "high tier", "dims with or")
"""Conditions that cubes may answer; tried with every merge."""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return small.build(tmp_path_factory.mktemp("query") / "w")


def ask(workspace, task, condition, **settings):
    question = resolve(workspace, task=task, models=small.MODELS, **settings)
    return replace(question, where=CONDITIONS[condition])


def check(table, expected, by, question, where):
    found = {
        (row["model"], *(None if row[name] != row[name] else row[name] for name in by)): row
        for row in table.to_dict("records")
    }
    assert set(found) == set(expected), where
    for name, sums in expected.items():
        for column, value in sums.items():
            assert found[name][column] == pytest.approx(value, abs=1e-12, rel=1e-12), (
                where,
                name,
                column,
            )


def compare(workspace, task, condition, bys, populations):
    """Check every path that answers and return the paths."""
    ws, tasks = workspace
    used = set()
    with reading(ws) as engine:
        for population in populations:
            question = ask(ws, task, condition, population=population)
            for by in bys:
                expected = oracle.cells(tasks[task], question, by)
                for path in query.PATHS:
                    table = query.try_path(engine, question, by, path)
                    if table is not None:
                        used.add(path)
                        check(table, expected, by, question, (path, by, population))
    return used


@pytest.mark.parametrize("task", ["trials", "single", "whole", "graded"])
def test_every_merge_equals_the_rows_by_every_path(workspace, task):
    used = compare(workspace, task, "all", EVERY_BY, ("common", "each"))
    assert used == {"cube", "facts", "clusters" if task == "trials" else "arrays"}


@pytest.mark.slow
@pytest.mark.parametrize("task", ["trials", "single", "whole"])
@pytest.mark.parametrize("condition", CELLS[1:])
def test_every_merge_of_a_slice_of_cells_equals_the_rows(workspace, task, condition):
    assert "facts" in compare(workspace, task, condition, EVERY_BY, ("common", "each"))


@pytest.mark.parametrize(("task", "population"), [("trials", "common"), ("single", "each")])
@pytest.mark.parametrize("condition", [name for name in CONDITIONS if name not in CELLS])
def test_a_slice_equals_the_rows(workspace, task, population, condition):
    compare(workspace, task, condition, ((), DIMS), (population,))


@pytest.mark.parametrize("measure", ["score", "correct", "confidence", "f1"])
@pytest.mark.parametrize(
    "ratio", [("total", "n_scored"), ("total", "n_answered"), ("n_answered", "n_scored")]
)
def test_every_measure_and_ratio_equals_the_rows(workspace, measure, ratio):
    ws, tasks = workspace
    with reading(ws) as engine:
        for task in ("trials", "single"):
            for by in ((), ("perturbation", "tier"), ("item.kind", "domain")):
                question = ask(ws, task, "one domain", measure=measure, ratio=ratio)
                expected = oracle.cells(tasks[task], question, by)
                for path in query.PATHS:
                    table = query.try_path(engine, question, by, path)
                    if table is not None:
                        check(table, expected, by, question, (path, by))


def test_what_was_asked_last_is_kept_up_to_a_number_of_bytes():
    kept = Recent(budget=100)
    made = []

    def ask(key, n_bytes):
        return kept.get(key, lambda: made.append(key) or [np.zeros(n_bytes, dtype=np.uint8)])

    for key in ("a", "b", "a", "c", "a", "b"):
        ask(key, 40)
    assert made == ["a", "b", "c", "b"], "the least recently used went"
    assert len(ask("large", 90)[0]) == 90
    assert made[-1] == "large"
    assert ask("large", 90) is not ask("large", 90), "what fills the budget is not kept"
    kept.clear()
    ask("a", 40)
    assert made[-1] == "a"
