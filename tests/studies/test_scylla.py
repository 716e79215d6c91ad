"""Generalisation over complexity: list tasks, what is read, and the word for a solver."""

import json

import numpy as np
import pandas as pd
import pytest

from stresslab.errors import ParamError
from stresslab.gaps.valley import memory_normalised, valley
from stresslab.rng import rng_for
from stresslab.studies._scylla_curves import SIDES, judged, levels_of, share_read
from stresslab.studies._scylla_tasks import TASKS, draw, is_within
from stresslab.studies.scylla import PER_TASK, _warnings, export, questions

SUMS = [name for name in TASKS if "add up" in name or "range" in name or "ten" in name]


def test_the_tasks_are_the_sixteen_that_the_levels_name():
    assert [sum(one.level == level for one in TASKS.values()) for level in range(1, 6)] == [
        3, 4, 3, 3, 3]  # fmt: skip


@pytest.mark.parametrize("name", SUMS)
def test_a_sum_is_checked_whatever_witness_it_is(name):
    task, rng = TASKS[name], rng_for("test", name)
    many = {"two": 2, "three": 3, "four": 4}.get(name.split()[0])
    for _ in range(20):
        numbers, goal = draw(task, 9, 0, 100, rng)
        answer = task.solve(numbers, goal)
        assert is_within(numbers, answer)
        assert len(answer) == many or (many is None and len(answer) > 1)
        total = sum(answer)
        assert {"up": total == goal, "range": abs(total - goal) <= goal // 20,
                "ten": total % 10 == 0}[name.split()[-1]]  # fmt: skip
        assert task.check(numbers, goal, answer[::-1])
        assert not task.check(numbers, goal, (*answer, 10_000_000))


def test_lists_of_both_sides_have_one_length_and_none_is_there_twice():
    asked = questions(12)
    assert asked["size"].between(4, 16).all()
    sizes = [asked.loc[asked["domain"] == side, "size"].tolist() for side in SIDES]
    assert sizes[0] == sizes[1]
    assert not asked.duplicated(["kind", "domain", "numbers", "goal"]).any()
    for side, (low, high) in SIDES.items():
        held = [n for row in asked.loc[asked["domain"] == side, "numbers"] for n in row]
        assert low <= min(held) <= max(held) <= high


@pytest.mark.slow
def test_questions_are_written_for_a_model_of_ones_own():
    name, lines = next(iter(export()))
    rows = [json.loads(line) for line in lines]
    assert name == "questions-familiar.jsonl"
    assert len(rows) == PER_TASK * len(TASKS)
    for row in rows[:: PER_TASK // 2]:
        task = TASKS[row["task"]]
        assert task.check(tuple(row["numbers"]), row["goal"], tuple(row["one_right_answer"]))


def test_answers_that_cannot_be_read_are_left_out_unless_nearly_all_are():
    assert share_read(np.array([1, 0, np.nan, 1])) == (pytest.approx(2 / 3), 0.75, 3)
    assert share_read(np.r_[1.0, np.full(19, np.nan)]) == (0.0, 0.05, 1)
    assert np.isnan(share_read(np.array([]))[0])


def _rows(inside, outside, n=400, seed=0):
    rng, parts = np.random.default_rng(seed), []
    for level, shares in enumerate(zip(inside, outside, strict=True), start=1):
        for side, share in zip(SIDES, shares, strict=True):
            for kind in ("a", "b"):
                score = (rng.random(n) < share).astype(float)
                parts.append(pd.DataFrame({"level": level, "kind": kind, "side": side,
                                           "score": score}))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize(
    ("inside", "outside", "verdict"),
    [((1, 1, 1), (1, 1, 1), "generalises"), ((0.3, 0.3, 0.3), (0.3, 0.3, 0.3), "flat"),
     ((0.9, 0.8, 0.4), (0.9, 0.4, 0.4), "valley at level 2"),
     ((0.9, 0.8, 0.6), (0.4, 0.3, 0.2), "memory-bound")],
)  # fmt: skip
def test_the_word_for_a_solver_follows_from_its_gaps(inside, outside, verdict):
    found = judged("one", levels_of("one", _rows(inside, outside)))
    assert found["verdict"] == verdict
    assert found["low"] <= found["value"] <= found["high"]


def test_the_score_is_taken_per_task_and_then_averaged():
    rows = _rows((0.5,), (0.5,))
    rows["score"] = np.where(rows["kind"] == "a", (rows["side"] == "familiar") * 1.0,
                             (rows["side"] != "familiar") * 1.0)  # fmt: skip
    [level] = levels_of("one", rows).to_dict("records")
    assert level["value"] == 0  # the level means are equal
    assert level["score"] == 0  # (-1 + 1) / 2, where the level means would give .5
    assert level["score_low"] < 0 < level["score_high"]


def test_a_missing_level_is_passed_over_and_said():
    rows = _rows((0.9, 0.8, 0.4), (0.9, 0.4, 0.4))
    rows = rows[~((rows["level"] == 3) & (rows["side"] == "unfamiliar"))]
    found = judged("one", levels_of("one", rows))
    assert found["levels"] == 2
    assert found["critical"] == 2
    [said] = _warnings(pd.DataFrame([found]))
    assert "2 of 5 levels" in said.message


def test_shares_outside_of_0_to_1_are_refused():
    with pytest.raises(ParamError, match="0, 1"):
        valley(np.array([1.2, 0.5]), np.array([0.5, 0.5]))


def test_divergence_is_beyond_chance_only_where_the_sides_differ():
    same, apart = (levels_of("one", _rows(*shares)) for shares in (((0.5,), (0.5,)),
                                                                   ((0.9,), (0.2,))))  # fmt: skip
    assert apart["divergence_bits"][0] > apart["divergence_by_chance"][0]
    assert same["divergence_bits"][0] < 2 * same["divergence_by_chance"][0]


def test_what_is_remembered_is_divided_out():
    probabilities = np.array([0.9, 0.04, 0.8, 0.01, 0.7, 0.6, 0.9, 0.9, 0.9, 0.9])
    assert memory_normalised(0.5, probabilities) == pytest.approx(0.5 / 0.02)
    assert np.isnan(memory_normalised(0.5, np.array([])))
    assert np.isnan(memory_normalised(0.5, np.array([0.0, 0.5])))
    with pytest.raises(ParamError, match="probability"):
        memory_normalised(0.5, np.array([0.2, 1.5]))
