"""Turn samples lines of lm-evaluation-harness into record rows, one per doc."""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any

from stresslab.readers import _json_lines
from stresslab.readers._json_lines import Objects
from stresslab.readers._likelihoods import best, softmax
from stresslab.readers._lm_eval_columns import Reading
from stresslab.readers._lm_eval_files import Object, table
from stresslab.readers._lm_eval_filters import MEASURES, Filters, OtherFilters
from stresslab.readers._lm_eval_regular import WRITTEN, RegularReading
from stresslab.readers._lm_eval_task import Task
from stresslab.readers._lm_eval_values import (
    generated,
    input_of,
    numbers_of,
    pairs_of,
    reference_of,
    requests_of,
)
from stresslab.readers._mapping import look_up
from stresslab.readers._regular_parts import Reading as LineReading
from stresslab.readers._regular_parts import parts
from stresslab.readers._turned import Columns
from stresslab.readers._values import as_json
from stresslab.store.scan import EXCERPT, Chunk, Numbered, Reject

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

    NORM = f"{MEASURES}confidence_norm"

    def __init__(self, objects: Objects, task: Task, run: Object) -> None:
        self.objects, self.task, self.run = objects, task, run
        self.keys = {name: f"{MEASURES}{task.measure(name)}" for name in task.measures}
        self.names = (*EMPTY, *self.keys.values(), self.NORM)
        self.others: OtherFilters | None = None
        self._filters = Filters(task.filters)

    def chunks(self, fields: Collection[str]) -> Iterator[Chunk]:
        """Yield a row per doc; the lines of other filters become numbers of it.

        Parameters
        ----------
        fields : collection of str
            What is asked for.
        """
        if len(self.task.filters) > 1:
            self.others = OtherFilters(self.objects.path, self.task)
        if not self.objects.is_array:
            how = LineReading(
                lambda lines: RegularReading(self, lines).read(),
                lambda some: self._read(list(self._lines(self._objects(some)))),
                fields,
                self.run,
                {"read.messages": WRITTEN},
            )
            yield from parts(self.objects.path, how)
            return
        lines, n = self._lines(self.objects), _json_lines.ROWS
        while n == _json_lines.ROWS:
            found = list(islice(lines, n))
            n = len(found)
            made = [self._read(found)]
            del found  # the lines are held by what is handed out, and by nothing else
            yield made.pop()

    def _objects(self, lines: list[tuple[int, bytes]]) -> Iterator[Numbered | Reject]:
        for number, line in lines:
            yield from self.objects.of_line(number, line)

    def _read(self, found: list[tuple[int, Object, bool] | Reject]) -> Columns:
        lines = [one for one in found if not isinstance(one, Reject)]
        rows, scored = [row for _, row, _ in lines], [is_scored for _, _, is_scored in lines]
        return Columns(
            rows=[(number, row) for number, row, _ in lines],
            rejects=[one for one in found if isinstance(one, Reject)],
            bytes_done=self.objects.bytes_done,
            unit=self.objects.unit,
            columns=Reading(self, rows, scored).read() if rows else {},
            whole=lambda at: self.row(rows[at], is_scored=scored[at]),
        )

    def _lines(
        self, objects: Iterable[Numbered | Reject]
    ) -> Iterator[tuple[int, Object, bool] | Reject]:
        """Yield the lines that are rows, and whether they are of the filter of the score."""
        filters, others = self._filters, self.others
        for one in objects:
            if isinstance(one, Reject):
                yield one
                continue
            number, row = one
            place = filters.place(row)
            if place is None or (place and others is None):
                yield self._reject(number, row, "filter", "a filter that was not met before")
            elif place == 0 or others is None:
                yield number, row, True
            elif others.stands_alone(number, row):
                yield number, row, False
            elif others.is_repeat(number, row, place):
                text = f"repeats an earlier line of doc {row.get('doc_id')} behind this filter"
                yield self._reject(number, row, "doc_id", text)

    def row(self, row: Object, *, is_scored: bool = True) -> Object:
        """Return a samples line as a record row: itself, the run, and what is read out of it."""
        task = self.task
        requests = requests_of(row)
        likelihoods = pairs_of(row, requests)
        prompt = requests[0][0] if requests else None
        asked = input_of(table(row.get("doc")), task) or prompt
        read = EMPTY | {"read.input": asked}
        if prompt and prompt != asked:
            read["read.messages"] = [{"role": "user", "content": prompt}]
        numbers = numbers_of(row, task.metrics, task.aggregations) if is_scored else {}
        for name, value in numbers.items():
            read[self.keys.get(name, f"{MEASURES}{name}")] = value
        for name, other in self.others.columns([row]).items() if self.others else ():
            read[name] = other[0]
        if likelihoods:
            self._choose(read, row, requests, likelihoods)
        else:
            read["read.reference"] = row.get("target")
            read["read.output"], read["read.answer"] = generated(row)
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
        read["read.reference"] = reference_of(row, texts, choices, chosen)
        if shares:
            read["read.probs"], read["read.confidence"] = shares, shares[chosen]
        if lengths and all(lengths):
            normal = [one / length for one, length in zip(likelihoods, lengths, strict=True)]
            shares = softmax(normal)
            read["read.answer_norm"] = choices[best(normal)]
            read[self.NORM] = max(shares) if shares else None

    def _reject(self, number: int, row: Object, field: str, reason: str) -> Reject:
        excerpt = (as_json({"doc_id": row.get("doc_id"), **row}) or "")[:EXCERPT]
        return Reject(f"{self.objects.unit} {number}", field, reason, excerpt)


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
