"""Turn predictions into rows of the table of outcomes."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from stresslab.errors import ParamError
from stresslab.runners._kind import Predict, Prediction

Job = tuple[str, Any, str | None]
"""``(variant_id, input, reference)``."""


def outcomes(
    predict: Predict, jobs: Iterator[Job], *, batch: int, done: Collection[str] = ()
) -> Iterator[list[dict[str, Any]]]:
    """Yield rows of outcomes, one list per batch, for every job not yet done.

    Parameters
    ----------
    predict : callable
        The loaded model.
    jobs : iterator of (variant_id, input, reference)
        Read lazily; memory holds one batch.
    batch : int
        Inputs handed to the model at a time.
    done : collection of str
        Variant ids that have an outcome already; their inputs are not given to the model.
    """
    waiting: list[Job] = []
    for job in jobs:
        if job[0] in done:
            continue
        waiting.append(job)
        if len(waiting) == batch:
            yield _answered(predict, waiting)
            waiting = []
    if waiting:
        yield _answered(predict, waiting)


def row(variant_id: str, said: Prediction, reference: str | None) -> dict[str, Any]:
    """Return one graded row: right iff the answer equals the reference, letter for letter.

    Abstained and refused rows earn 0 and are neither right nor wrong; errored and unscored rows,
    and rows without a reference, have no score.
    """
    score, correct, status = None, None, said.status
    if status in ("abstained", "refused"):
        score = 0.0
    elif status == "answered" and reference is None:
        status = "unscored"
    elif status == "answered":
        correct = int(said.answer == reference)
        score = float(correct)
    return {
        "variant_id": variant_id, "trial": 0, "status": status, "output": said.output,
        "answer": said.answer, "score": score, "correct": correct, "confidence": said.confidence,
        "probs": None if said.probs is None else list(said.probs), "error": said.error,
        "latency_s": None, "tokens_in": said.tokens_in, "tokens_out": said.tokens_out,
    }  # fmt: skip


def _answered(predict: Predict, jobs: Sequence[Job]) -> list[dict[str, Any]]:
    said = predict([one for _, one, _ in jobs])
    if len(said) != len(jobs):
        raise ParamError(
            f"A runner must return one prediction per input; got {len(said)} for {len(jobs)}."
        )
    return [row(name, one, ref) for (name, _, ref), one in zip(jobs, said, strict=True)]
