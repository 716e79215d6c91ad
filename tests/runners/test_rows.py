import pytest

from stresslab import runners
from stresslab.errors import ParamError
from stresslab.runners import Prediction
from stresslab.runners._kind import classified


def shouted(texts):
    return [Prediction(text.upper()) for text in texts]


def jobs(n):
    return iter([(f"set/{number}", f"a{number}", f"A{number}") for number in range(n)])


def test_an_answer_equal_to_the_reference_is_right():
    row = runners.row("set/1", Prediction("yes", confidence=0.9), "yes")
    assert (row["status"], row["score"], row["correct"], row["confidence"]) == (
        "answered",
        1.0,
        1,
        0.9,
    )


def test_another_answer_is_wrong():
    row = runners.row("set/1", Prediction("Yes"), "yes")
    assert (row["status"], row["score"], row["correct"]) == ("answered", 0.0, 0)


@pytest.mark.parametrize("status", ["abstained", "refused"])
def test_no_answer_earns_nothing_and_is_not_wrong(status):
    row = runners.row("set/1", Prediction(None, status=status), "yes")
    assert (row["score"], row["correct"]) == (0.0, None)


def test_an_error_has_no_score():
    row = runners.row("set/1", Prediction(None, status="errored", error="out of memory"), "yes")
    assert (row["score"], row["correct"], row["error"]) == (None, None, "out of memory")


def test_an_answer_without_a_reference_is_unscored():
    row = runners.row("set/1", Prediction("yes"), None)
    assert (row["status"], row["score"], row["correct"]) == ("unscored", None, None)


@pytest.mark.parametrize("batch", [1, 3, 10, 100])
def test_every_job_is_answered_once_in_order_whatever_the_batch(batch):
    rows = [row for part in runners.outcomes(shouted, jobs(10), batch=batch) for row in part]
    assert [row["variant_id"] for row in rows] == [f"set/{number}" for number in range(10)]
    assert all(row["correct"] for row in rows)


def test_what_is_done_is_not_given_to_the_model_again():
    asked = []

    def spy(texts):
        asked.extend(texts)
        return shouted(texts)

    parts = list(runners.outcomes(spy, jobs(5), batch=2, done={"set/0", "set/3"}))
    assert asked == ["a1", "a2", "a4"]
    assert sum(map(len, parts)) == 3


def test_nothing_to_do_yields_nothing():
    assert list(runners.outcomes(shouted, iter(()), batch=4)) == []


def test_a_model_that_drops_an_answer_is_caught():
    with pytest.raises(ParamError, match="got 1 for 2"):
        list(runners.outcomes(lambda texts: shouted(texts)[:1], jobs(2), batch=2))


def test_probabilities_are_kept_in_half_precision():
    (said,) = classified([[0.1, 0.9]], ("no", "yes"))
    assert said.answer == "yes"
    assert said.confidence == said.probs[1] == 0.89990234375
