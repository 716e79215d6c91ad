"""What each role of a mapping becomes, and the rules a row obeys (DESIGN.md 2)."""

from collections.abc import Callable
from typing import Any

from stresslab import nouns
from stresslab.readers import _values as values
from stresslab.readers._mapping import Getter
from stresslab.readers._values import ValueProblem

CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "model": values.name, "revision": values.name, "run": values.name, "task": values.name,
    "items": values.name, "item": values.name, "domain": values.domain, "group": values.label,
    "split": values.label,
    "perturbation": values.name, "axis": values.label, "unit": values.label,
    "tier": lambda value: values.whole(value, 0, 32_767),
    "seed": lambda value: values.whole(value, -(2**53), 2**53),
    "trial": lambda value: values.whole(value, 0, 2**31 - 1),
    "strength": values.number,
    "original": values.text, "input": values.text, "messages": values.listed,
    "choices": values.listed, "reference": lambda value: value,
    "output": values.text, "answer": values.text, "explanation": values.text,
    "score": values.number, "correct": values.right_or_wrong, "confidence": values.share,
    "probs": values.probabilities, "status": values.status, "error": values.problem,
    "latency_s": values.number,
    "tokens_in": lambda value: values.whole(value, 0, 2**31 - 1),
    "tokens_out": lambda value: values.whole(value, 0, 2**31 - 1),
}  # fmt: skip

NEEDED = ("model", "task", "run", "item", "perturbation", "axis", "tier", "strength", "seed",
          "trial")  # fmt: skip
"""Where one of these cannot be read the row cannot be placed and is left out."""


TEXTS = {
    "original", "input", "messages", "choices", "reference", "output", "explanation", "probs",
    "error",
}  # fmt: skip
RUN = ("model", "task", "revision", "run")
"""What tells the runs of a table apart: the fields of a `RunKey` in order."""
MAX_KNOWN = 10_000
"""Values of a column, other than texts, that are turned only once."""


def where_it_stands(said: dict[str, Any]) -> tuple[str | None, str, int]:
    """Return perturbation, axis and tier of a row (DESIGN.md 2, two kinds of tier axis)."""
    axis = said["axis"] or "paired"
    if axis not in nouns.AXES:
        raise ValueProblem(f"the axis must be one of {', '.join(nouns.AXES)}; got {axis!r}")
    perturbation, tier = said["perturbation"], said["tier"]
    if axis == "graded":
        if not tier:
            raise ValueProblem("a graded axis has tiers from 1; this row has none")
        return perturbation or nouns.DEFAULT_PERTURBATION, axis, tier
    is_original = values.untouched(perturbation)
    if tier is None:
        tier = 0 if is_original and not said["strength"] else 1
    if tier == 0:
        return None, axis, 0
    return (nouns.DEFAULT_PERTURBATION if is_original else perturbation), axis, tier


def earned(
    status: str | None, has_error: bool, score: float | None, correct: int | None, sign: int
) -> tuple[str, float | None, int | None]:
    """Return status, score and correct as DESIGN.md 2 has them."""
    score = float(correct) if score is None and correct is not None else score
    score = None if score is None else sign * score
    status = status or ("errored" if has_error else "answered")
    if status in ("abstained", "refused"):
        return status, 0.0, None
    if status == "answered" and score is None:
        status = "unscored"
    return (status, None, None) if status in ("errored", "unscored") else (status, score, correct)


def graded(answer: str | None, output: str | None, reference: Any) -> int | None:
    """Return whether an answer is one of the references, but for case and blanks."""
    given = answer if answer is not None else output
    wanted = values.listed(reference)
    if given is None or wanted is None:
        return None
    return int(_folded(given) in {_folded(values.text(one) or "") for one in wanted})


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def kept(getters: dict[str, Getter], row: dict[str, Any]) -> dict[str, Any] | None:
    said = {name: values.scalar(get(row)) for name, get in getters.items()}
    return {name: value for name, value in said.items() if value is not None} or None
