"""Samples of Every Eval Ever as record rows, and the extension we propose to their metadata."""

import json
from typing import Any

from stresslab.readers import _values as values
from stresslab.readers._exact import BESIDE

SCHEMA = "0.3.0"
EXTENSION = "stresslab/1"
"""What ``metadata.extension`` says where the keys below are used.

The schema has no field for how an input was made harder. We propose these keys of ``metadata``,
each a text as the schema asks, each left out where it is not known:

* `PLAIN` as they are written: ``item_set`` and ``item`` (the untouched question; ``sample_id`` is
  the variant), ``perturbation, axis, tier, strength, unit, seed`` and ``trial``, ``status`` (one of
  answered, abstained, refused, errored, unscored: a score of 0 stands for none where nothing was
  graded, as the schema has no null), ``correct`` (absent where partial credit is neither right nor
  wrong), ``confidence``, ``original`` (the untouched input, where ``input.raw`` is a changed one);
* `SPOKEN` as JSON: class probabilities, attributes of item and variant, and reference, choices and
  messages with the types they have;
* ``measures`` and ``explanations``: JSON objects by name; ``input_is``: ``seen`` where
  ``input.raw`` is what the model saw, ``original`` where only the untouched input is known, else
  ``unknown``.
"""

PLAIN = (
    "item", "item_set", "domain", "group_id", "perturbation", "axis", "tier", "strength", "unit",
    "seed", "trial", "status", "correct", "confidence", "original", "error", "latency_s",
    "tokens_in", "tokens_out", *BESIDE,
)  # fmt: skip
SPOKEN = ("probs", "messages", "choices", "reference", "item_attributes", "variant_attributes")
OBJECTS = ("measures", "explanations")

Sample = dict[str, Any]


def of_ours(line: Sample) -> dict[str, Any]:
    """Return what a sample with our extension says, typed."""
    said = table_of(line.get("metadata"))
    read: dict[str, Any] = {name: said.get(name) for name in (*PLAIN, "revision")}
    read |= {name: _json(said.get(name)) for name in (*SPOKEN, *OBJECTS)}
    kind, raw = said.get("input_is"), table_of(line.get("input")).get("raw")
    read["input"] = raw if kind == "seen" else None
    if kind == "original":
        read["original"] = said.get("original", raw)
    read["output"] = _first(table_of(line.get("output")).get("raw"))
    read["answer"] = _answer(line)
    unscored = said.get("status") in ("errored", "unscored")
    read["score"] = None if unscored else table_of(line.get("evaluation")).get("score")
    return read


def of_any(line: Sample) -> dict[str, Any]:
    """Return what the fields of the schema say of a sample."""
    given, judged = table_of(line.get("input")), table_of(line.get("evaluation"))
    usage, performance = table_of(line.get("token_usage")), table_of(line.get("performance"))
    score, latency = judged.get("score"), performance.get("latency_ms")
    references = given.get("reference")
    if isinstance(references, list) and len(references) == 1:
        references = references[0]
    output = _first(table_of(line.get("output")).get("raw"))
    return {
        "item": line.get("sample_id"),
        "input": given.get("raw"),
        "reference": references or None,
        "choices": given.get("choices") or None,
        "output": output if output is not None else _last_turn(line.get("messages")),
        "answer": _answer(line),
        "score": score,
        "correct": _right(score, judged.get("is_correct")),
        "error": line.get("error"),
        "latency_s": latency / 1000 if isinstance(latency, int | float) else None,
        "tokens_in": usage.get("input_tokens"),
        "tokens_out": usage.get("output_tokens"),
    }


def is_ours(line: Sample) -> bool:
    """Return whether a sample has our extension."""
    return table_of(line.get("metadata")).get("extension") == EXTENSION


def table_of(value: Any) -> dict[str, Any]:
    """Return the object a value is, or an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """Return the list a value is, or an empty one."""
    return value if isinstance(value, list) else []


def _right(score: Any, is_correct: Any) -> bool | None:
    """Return right or wrong, where a score of 1 or 0 says the same: there is partial credit."""
    whole = _is_number(score) and score in (0, 1)
    return is_correct if whole and isinstance(is_correct, bool) and is_correct == score else None


def _answer(line: Sample) -> str | None:
    said = [one for one in listed(line.get("answer_attribution")) if isinstance(one, dict)]
    final = [one for one in said if one.get("is_terminal")] or said
    return values.text(final[-1].get("extracted_value")) if final else None


def _last_turn(messages: Any) -> str | None:
    said = [
        one
        for one in listed(messages)
        if isinstance(one, dict) and one.get("role") == "assistant" and one.get("content")
    ]
    return values.text(said[-1]["content"]) if said else None


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None


def _json(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
