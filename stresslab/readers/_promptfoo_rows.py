"""Rows of promptfoo results: which prompt, which item, which repeat, and what became of them."""

import re
from typing import Any

from stresslab.readers import _values as values
from stresslab.readers._mapping import look_up
from stresslab.readers._ratings import text_id

ERROR = 2
"""The `failureReason` of a row that could not be run; 1 is an assertion that failed."""

LONGEST_NAME = 40
MADE_BY_A_RUN = ("sessionId", "evaluationId")
IDS = ("item_id", "id", "question_id", "example_id", "sample_id", "doc_id", "uid")
SAYS_THE_ANSWER = ("equals", "contains", "icontains", "is-equal", "similar", "starts-with")

Row = dict[str, Any]


class Records:
    """Turns result rows into record rows, one after the other.

    Memory is a key per row, to number the repeats of a test as trials.
    """

    def __init__(self, task: str) -> None:
        self._task = task
        self._tests: dict[int, list[Any]] = {}

    def row(self, found: Row) -> Row:
        """Return a result with what only this format knows under ``read``."""
        response, prompt = table_of(found.get("response")), table_of(found.get("prompt"))
        strategy = look_up(found, "testCase.metadata.strategyId")
        usage = table_of(response.get("tokenUsage")) or table_of(found.get("tokenUsage"))
        model, item = _model(found.get("provider")), item_of(found)
        name = prompt_name(prompt, found)
        is_lost = _is_lost(found, response)
        took = found.get("latencyMs")
        success = found.get("success")
        read = {
            "task": self._task, "model": model, "item": item, "prompt": name,
            "task_of_prompt": f"{self._task} / {name}",
            "trial": self._trial(found, model, name, item),
            "input": prompt.get("raw"), "reference": _reference(found),
            "output": response.get("output"),
            "status": "errored" if is_lost else None,
            "error": (found.get("error") or response.get("error")) if is_lost else None,
            "score": None if is_lost else found.get("score"),
            "pass": None if is_lost or not isinstance(success, bool) else success,
            "reason": table_of(found.get("gradingResult")).get("reason"),
            "seconds": took / 1000 if isinstance(took, int | float) else took,
            "strategy": None if strategy == "basic" else strategy,
            "tokens_in": usage.get("prompt"), "tokens_out": usage.get("completion"),
        }  # fmt: skip
        return {**found, "read": read}

    def _trial(self, found: Row, model: Any, name: str, item: str) -> int:
        tests = self._tests.setdefault(hash((str(model), name, item)), [])
        test = values.text(found.get("testIdx"))
        if test is None or test not in tests:
            tests.append(test)
            return len(tests) - 1
        return tests.index(test)


def prompt_name(prompt: Row, found: Row) -> str:
    """Return a short name of a prompt: its label, or a hash where the label is its whole text."""
    label = values.text(prompt.get("label") or prompt.get("display") or found.get("promptId"))
    said = (label or f"prompt {found.get('promptIdx', 0)}").strip()
    is_short = len(said) <= LONGEST_NAME and "{{" not in said and "\n" not in said
    return said if is_short and said else f"prompt {text_id(said)[:6]}"


def item_of(found: Row) -> str:
    """Return the id of a test: the one it declares, or a hash of its variables or its prompt."""
    case = table_of(found.get("testCase"))
    inputs = table_of(found.get("vars")) or table_of(case.get("vars"))
    for above in (inputs, table_of(case.get("metadata"))):
        for name in IDS:
            if isinstance(above.get(name), str | int) and above[name] != "":
                return str(above[name])
    kept = {
        name: one
        for name, one in sorted(inputs.items())
        if not name.startswith("_") and name not in MADE_BY_A_RUN
    }
    raw = table_of(found.get("prompt")).get("raw")
    said = values.as_json(kept) if kept else raw
    if isinstance(said, str):
        return text_id(said)
    return f"test {found.get('testIdx')}"


def table_of(value: Any) -> Row:
    """Return a JSON object, or an empty one where something else stands."""
    return value if isinstance(value, dict) else {}


def _model(provider: Any) -> Any:
    if isinstance(provider, dict):
        return provider.get("label") or provider.get("id")
    return provider


def _is_lost(found: Row, response: Row) -> bool:
    """Return whether a row could not be run; older rows do not say why they failed."""
    if "failureReason" in found:
        return bool(found["failureReason"] == ERROR)
    return bool(found.get("error") or response.get("error")) and response.get("output") is None


def _reference(found: Row) -> Any:
    asserted = table_of(found.get("testCase")).get("assert")
    for one in asserted if isinstance(asserted, list) else ():
        told = table_of(one)
        value = told.get("value")
        is_plain = isinstance(value, str | int | float) and not re.search(r"\{\{|\{%", str(value))
        if told.get("type") in SAYS_THE_ANSWER and is_plain:
            return value
    return None
