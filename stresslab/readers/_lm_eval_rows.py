"""Turn samples lines of lm-evaluation-harness into record rows, one per doc."""

from collections.abc import Iterator
from typing import Any

from stresslab.readers._json_lines import Objects
from stresslab.readers._likelihoods import best, softmax
from stresslab.readers._lm_eval_files import Object, table
from stresslab.readers._lm_eval_filters import Filters, OtherFilters
from stresslab.readers._lm_eval_task import Task
from stresslab.readers._lm_eval_values import numbers_of, pairs_of, requests_of
from stresslab.readers._mapping import look_up
from stresslab.readers._values import as_json
from stresslab.store.scan import EXCERPT, Numbered, Reject

MEASURES = "read.measures."
EMPTY: Object = {
    f"read.{name}": None
    for name in (
        "input", "messages", "choices", "reference", "output", "answer", "answer_norm", "score",
        "correct", "confidence", "probs",
    )
}  # fmt: skip
"""What is read out of a line, under the names a mapping calls it by."""


class Rows:
    """Makes record rows of one samples file.

    Parameters
    ----------
    objects : Objects
        The file.
    task : Task
        What is known of its task.
    run : dict
        What all rows have in common.
    """

    def __init__(self, objects: Objects, task: Task, run: Object) -> None:
        self.objects, self.task, self.run = objects, task, run
        self._keys = {name: f"{MEASURES}{task.measure(name)}" for name in task.measures}

    def __iter__(self) -> Iterator[Numbered | Reject]:
        """Yield a row per doc; the lines of other filters become numbers of it."""
        task, filters = self.task, Filters(self.task.filters)
        others = OtherFilters(self.objects.path, task) if len(task.filters) > 1 else None
        for one in self.objects:
            if isinstance(one, Reject):
                yield one
                continue
            number, row = one
            place = filters.place(row)
            if place is None or (place and others is None):
                yield self._reject(number, row, "filter", "a filter that was not met before")
            elif place == 0 or others is None:
                yield number, self.row(row, others)
            elif others.stands_alone(number, row):
                yield number, self.row(row, others, is_scored=False)
            elif others.is_repeat(number, row, place):
                text = f"repeats an earlier line of doc {row.get('doc_id')} behind this filter"
                yield self._reject(number, row, "doc_id", text)

    def row(
        self, row: Object, others: OtherFilters | None = None, *, is_scored: bool = True
    ) -> Object:
        """Return a samples line as a record row: itself, the run, and what is read out of it."""
        task = self.task
        requests = requests_of(row)
        likelihoods = pairs_of(row, requests)
        prompt = requests[0][0] if requests else None
        asked = _input(row, task) or prompt
        read = EMPTY | {"read.input": asked}
        if prompt and prompt != asked:
            read["read.messages"] = [{"role": "user", "content": prompt}]
        numbers = numbers_of(row, task.metrics, task.aggregations) if is_scored else {}
        for name, value in numbers.items():
            read[self._keys[name]] = value
        for name, other in others.numbers(row).items() if others else ():
            read[f"{MEASURES}{name}"] = other
        if likelihoods:
            self._choose(read, row, requests, likelihoods)
        else:
            read["read.reference"] = row.get("target")
            read["read.output"], read["read.answer"] = _generated(row)
        score = numbers.get(task.primary)
        if score is not None:
            read["read.score"] = score if task.measures.get(task.primary, True) else -score
            read["read.correct"] = score if task.is_binary else None
        return row | self.run | read

    def _choose(
        self, read: Object, row: Object, requests: list[tuple[str, Any]], likelihoods: list[float]
    ) -> None:
        """Fill in what was chosen among the continuations, and how surely."""
        asked = requests[: len(likelihoods)]
        texts, lengths = _continuations(asked, self.task.delimiter)
        listed = look_up(table(row.get("doc")), self.task.choices) if self.task.choices else None
        fits = isinstance(listed, list) and len(listed) == len(texts)
        choices = [str(one) for one in listed] if fits and listed else texts
        chosen = best(likelihoods)
        shares = softmax(likelihoods)
        read["read.choices"], read["read.answer"] = choices, choices[chosen]
        read["read.reference"] = _reference(row, texts, choices, chosen)
        if shares:
            read["read.probs"], read["read.confidence"] = shares, shares[chosen]
        if lengths and all(lengths):
            normal = [one / length for one, length in zip(likelihoods, lengths, strict=True)]
            shares = softmax(normal)
            read["read.answer_norm"] = choices[best(normal)]
            read[f"{MEASURES}confidence_norm"] = max(shares) if shares else None

    def _reject(self, number: int, row: Object, field: str, reason: str) -> Reject:
        excerpt = (as_json({"doc_id": row.get("doc_id"), **row}) or "")[:EXCERPT]
        return Reject(f"{self.objects.unit} {number}", field, reason, excerpt)


def _input(row: Object, task: Task) -> Any:
    """Return what the item asks, without template and examples, which differ between runs."""
    doc = table(row.get("doc"))
    if len(task.texts) == 1:
        return look_up(doc, task.texts[0])
    if task.texts:
        texts = [look_up(doc, one) for one in task.texts]
        return "\n".join(one for one in texts if isinstance(one, str)) or None
    return doc or None


def _generated(row: Object) -> tuple[str | None, str | None]:
    """Return the raw text, and what the filter made of it where that is another."""
    raw, cut = row.get("resps"), row.get("filtered_resps")
    while isinstance(raw, list) and len(raw) == 1:
        raw = raw[0]
    while isinstance(cut, list) and len(cut) == 1:
        cut = cut[0]
    is_same = cut == raw or cut is None
    output, answer = (one if isinstance(one, str) else as_json(one) for one in (raw, cut))
    return output, None if is_same else answer


def _continuations(asked: list[tuple[str, Any]], delimiter: str) -> tuple[list[str], list[int]]:
    """Return the choices, and by how many characters the harness divides their likelihoods."""
    given = [one[1] if isinstance(one[1], str) else "" for one in asked]
    if len(set(given)) > 1 or len({one[0] for one in asked}) == 1:
        cut = [one.removeprefix(delimiter) for one in given]
        return [one.strip() for one in cut], [len(one) for one in cut]
    prompts = [one[0] for one in asked]  # the choices stand in the prompts
    shared = 0
    while all(len(one) > shared and one[shared] == prompts[0][shared] for one in prompts):
        shared += 1
    start = prompts[0].rfind(" ", 0, shared) + 1
    return [one[start:].strip() for one in prompts], []


def _reference(row: Object, texts: list[str], choices: list[str], chosen: int) -> Any:
    """Return the text of the right choice: the target is its place, or one of the texts."""
    target = row.get("target")
    text = target.strip() if isinstance(target, str) else str(target)
    inner = text[1:-1].split(",") if text.startswith("[") and text.endswith("]") else [text]
    places = [int(one) for one in inner if one.strip().isdecimal()]
    is_place = len(places) == len(inner) and all(one < len(choices) for one in places)
    named = next((place for place, one in enumerate(texts) if one == text), None)
    if is_place and named is not None and "acc" in row:  # both readings are possible
        is_right = row["acc"] in (1, 1.0, True)
        is_place = (chosen in places) == is_right or (chosen == named) != is_right
    if is_place:
        found = [choices[one] for one in places]
        return found[0] if len(found) == 1 else found
    return choices[named] if named is not None else target
