"""Predictions of OpenCompass as record rows: written answers, perplexities, probabilities."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stresslab.readers._likelihoods import best, number, softmax
from stresslab.readers._records import small_object
from stresslab.readers._values import as_json

Object = dict[str, Any]
LABEL = "label: "
GENERATED, PERPLEXITY, PROBABILITY = "generation", "perplexity", "conditional probability"
MAIN = ("accuracy", "score", "exact_match", "em")


@dataclass(frozen=True)
class Results:
    """What OpenCompass says of a data set: its metrics, and perhaps a grade of every answer."""

    said: Object

    @classmethod
    def load(cls, path: Path) -> "Results":
        """Return what a file says; nothing where it cannot be read."""
        return cls(small_object(path)[0])

    def detail(self, index: int) -> Object:
        """Return the grade of an answer."""
        details = self.said.get("details")
        if isinstance(details, dict):
            found = details.get(str(index))
        else:
            is_there = isinstance(details, list) and index < len(details)
            found = details[index] if is_there and details else None
        return found if isinstance(found, dict) else {}

    def is_graded(self, kinds: list[str]) -> bool:
        """Return whether answers have scores whose mean the main metric is."""
        return bool(self.said.get("details")) or (bool(kinds) and GENERATED not in kinds)

    def published(self, *, graded: bool) -> Iterator[tuple[str, str, float, None, None]]:
        """Yield measure, slice, value, no error and no n of every metric."""
        names = [
            name
            for name, value in self.said.items()
            if isinstance(value, int | float) and number(value) is not None
        ]
        main = next((name for name in MAIN if name in names), next(iter(names), ""))
        for name in names:
            is_ours = graded and name == main
            yield "score" if is_ours else name, "", float(self.said[name]), None, None


def record(entry: Object, detail: Object) -> tuple[Object, str]:
    """Return a record row of one prediction, and which way it was made."""
    labels = {
        name.removeprefix(LABEL): value
        for name, value in entry.items()
        if name.startswith(LABEL) and isinstance(value, dict)
    }
    if labels:
        read, kind = _by_perplexity(entry, labels), PERPLEXITY
    elif "pred_label" in entry:
        read, kind = _by_probability(entry), PROBABILITY
    else:
        read, kind = _generated(entry), GENERATED
    graded = detail.get("correct", detail.get("is_correct"))
    graded = graded[0] if isinstance(graded, list) and len(graded) == 1 else graded
    if isinstance(graded, bool) or graded in (0, 1):
        read["correct"] = int(graded)
    score = number(detail.get("score")) if "score" in detail else None
    read["score"] = score if score is not None else read.get("correct")
    return {
        **entry,
        "read": {name: value for name, value in read.items() if value is not None},
    }, kind


def _generated(entry: Object) -> Object:
    text, turns = _asked(entry.get("origin_prompt"))
    given, gold = entry.get("prediction"), entry.get("gold")
    return {
        "input": text, "messages": turns, "output": _text(given), "reference": gold,
        "tokens_in": _whole(entry.get("all_input_length")),
        "tokens_out": _whole(entry.get("res_length")),
    }  # fmt: skip


def _by_perplexity(entry: Object, labels: dict[str, Object]) -> Object:
    """Return a choice of the label whose text has the smallest loss per token."""
    asked = [_asked(one.get("testing input"))[0] or "" for one in labels.values()]
    shared = _shared(asked).rstrip()
    losses = [number(one.get("PPL")) for one in labels.values()]
    known = [one for one in losses if one is not None]
    read = _choice(entry.get("prediction"), entry.get("gold")) | {
        "input": shared or _asked(entry.get("origin_prompt"))[0],
        "choices": list(labels),
    }
    if len(known) == len(labels):
        shares = softmax([-one for one in known])
        read["confidence_norm"] = max(shares) if shares else None
        read.setdefault("answer", list(labels)[best([-one for one in known])])
    return read


def _by_probability(entry: Object) -> Object:
    """Return a choice by the probabilities of single tokens."""
    text, turns = _asked(entry.get("testing input", entry.get("prompt")))
    choices, shares = entry.get("choices"), entry.get("prediction")
    listed = [str(one) for one in choices] if isinstance(choices, list) else []
    read = _choice(_at(entry.get("pred_label"), listed), _at(entry.get("gold"), listed))
    read |= {"input": text, "messages": turns, "choices": listed or None}
    known = [number(one) for one in shares] if isinstance(shares, list) else []
    if known and all(one is not None and 0 <= one <= 1 for one in known):
        read |= {"probs": known, "confidence": max(one for one in known if one is not None)}
    return read


def _at(place: Any, choices: list[str]) -> Any:
    return choices[place] if isinstance(place, int) and 0 <= place < len(choices) else place


def _shared(texts: list[str]) -> str:
    """Return how all texts begin."""
    first, last = min(texts), max(texts)
    n = next((at for at, one in enumerate(first) if one != last[at : at + 1]), len(first))
    return first[:n]


def _choice(given: Any, gold: Any) -> Object:
    read: Object = {} if given is None else {"answer": str(given)}
    if gold is not None:
        read["reference"] = str(gold)
        read |= {"correct": int(str(given) == str(gold))} if given is not None else {}
    return read


def _asked(prompt: Any) -> tuple[str | None, list[Object] | None]:
    """Return the text of a prompt, and its turns where it has some: the last question counts."""
    if not isinstance(prompt, list):
        return (prompt if isinstance(prompt, str) else as_json(prompt)), None
    turns = [
        {"role": str(one.get("role", "")).lower(), "content": one.get("prompt", one.get("content"))}
        for one in prompt
        if isinstance(one, dict)
    ]
    asked = [one["content"] for one in turns if one["role"] in ("human", "user")]
    last = asked[-1] if asked else None
    return (last if isinstance(last, str) else as_json(prompt)), turns or None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else as_json(value)


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
