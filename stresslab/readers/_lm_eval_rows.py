"""Turn samples lines of lm-evaluation-harness into record rows, one per doc."""

from array import array
from collections.abc import Iterator
from typing import Any

import numpy as np

from stresslab.readers._json_lines import Objects
from stresslab.readers._likelihoods import best, softmax
from stresslab.readers._lm_eval_files import Object, table
from stresslab.readers._lm_eval_task import Task
from stresslab.readers._lm_eval_values import numbers_of, pairs_of, requests_of
from stresslab.readers._mapping import look_up
from stresslab.readers._values import as_json
from stresslab.store.scan import EXCERPT, Numbered, Reject


class Filters:
    """Tells which filter a line is of; older files do not say it, and begin again with the docs."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._places = {name: place for place, name in enumerate(names)}
        self._first: Any = None
        self._block, self._started = 0, False

    def place(self, row: Object) -> int | None:
        """Return the place of the filter of a line; None if it is not known."""
        if "filter" in row:
            return self._places.get(row["filter"]) if isinstance(row["filter"], str) else 0
        if len(self._places) == 1:
            return 0
        doc = row.get("doc_id")
        if not self._started:
            self._started, self._first = True, doc
        elif doc == self._first and self._block < len(self._places) - 1:
            self._block += 1
        return self._block


class OtherFilters:
    """The numbers of all filters but the first, held in arrays until their doc comes.

    Memory is 16 bytes a doc and filter, and 8 for each of their numbers.
    """

    def __init__(self, objects: Objects, task: Task) -> None:
        self.rejects: list[Reject] = []
        names, filters = list(task.measures), Filters(task.filters)
        firsts = array("q")
        held = [(array("q"), array("q"), [array("d") for _ in names]) for _ in task.filters[1:]]
        for one in objects:
            place = None if isinstance(one, Reject) else filters.place(one[1])
            if isinstance(one, Reject) or place is None:
                continue
            key = _key(one[1].get("doc_id"))
            if place == 0:
                firsts.append(key)
                continue
            keys, lines, columns = held[place - 1]
            keys.append(key)
            lines.append(one[0])
            numbers = numbers_of(one[1], task.metrics, task.aggregations)
            for name, column in zip(names, columns, strict=True):
                column.append(numbers.get(name, float("nan")))
        self._firsts = np.unique(np.frombuffer(firsts, np.int64)) if firsts else np.array([])
        self._names = [
            [task.measure(name, place) for name in names] for place in range(1, len(held) + 1)
        ]
        self._held = []
        for keys, lines, columns in held:
            known = np.array(keys, np.int64)
            order = np.argsort(known, kind="stable")
            self._held.append(
                (known[order], np.array(lines)[order], [np.array(one)[order] for one in columns])
            )

    def numbers(self, row: Object) -> dict[str, float | None]:
        """Return what the other filters gave for the doc of a row, by measure."""
        found: dict[str, float | None] = {}
        key = _key(row.get("doc_id"))
        for names, (keys, _, columns) in zip(self._names, self._held, strict=True):
            at = int(np.searchsorted(keys, key))
            if at < len(keys) and keys[at] == key:
                for name, column in zip(names, columns, strict=True):
                    value = float(column[at])
                    found[name] = None if value != value else value
        return found

    def stands_alone(self, number: int, row: Object) -> bool:
        """Return whether a line is the first of a doc the first filter has no line of."""
        key = _key(row.get("doc_id"))
        if _has(self._firsts, key):
            return False
        for keys, lines, _ in self._held:
            at = int(np.searchsorted(keys, key))
            if at < len(keys) and keys[at] == key:
                return bool(lines[at] == number)
        return True

    def is_repeat(self, number: int, row: Object, place: int) -> bool:
        """Return whether a line of another filter repeats an earlier one of its doc."""
        keys, lines, _ = self._held[place - 1]
        at = int(np.searchsorted(keys, _key(row.get("doc_id"))))
        return bool(lines[at] != number)


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

    def __iter__(self) -> Iterator[Numbered | Reject]:
        """Yield a row per doc; the lines of other filters become numbers of it."""
        task, filters = self.task, Filters(self.task.filters)
        others = OtherFilters(Objects(self.objects.path), task) if len(task.filters) > 1 else None
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
        requests, likelihoods = requests_of(row), pairs_of(row)
        read: Object = {"prompt": requests[0][0] if requests else None}
        read["input"] = _input(row, task) or read["prompt"]
        if read["prompt"] and read["prompt"] != read["input"]:
            read["messages"] = [{"role": "user", "content": read["prompt"]}]
        numbers = numbers_of(row, task.metrics, task.aggregations) if is_scored else {}
        score = numbers.get(task.primary)
        measures: dict[str, float | None] = {
            task.measure(name): value for name, value in numbers.items()
        }
        measures |= others.numbers(row) if others else {}
        if likelihoods:
            read |= self._chosen(row, requests, likelihoods)
            measures["confidence_norm"] = read.get("confidence_norm")
        else:
            read |= {"reference": row.get("target")} | _generated(row)
        if score is not None:
            read["score"] = score if task.measures.get(task.primary, True) else -score
            read["correct"] = score if task.is_binary else None
        read["measures"] = measures
        row["run"], row["read"] = self.run, read
        return row

    def _chosen(
        self, row: Object, requests: list[tuple[str, Any]], likelihoods: list[float]
    ) -> Object:
        """Return what was chosen among the continuations, and how surely."""
        asked = requests[: len(likelihoods)]
        texts, lengths = _continuations(asked, self.task.delimiter)
        listed = look_up(table(row.get("doc")), self.task.choices) if self.task.choices else None
        fits = isinstance(listed, list) and len(listed) == len(texts)
        choices = [str(one) for one in listed] if fits and listed else texts
        chosen = best(likelihoods)
        shares = softmax(likelihoods)
        found: Object = {"choices": choices, "answer": choices[chosen]}
        found["reference"] = _reference(row, texts, choices, chosen)
        if shares:
            found |= {"probs": shares, "confidence": shares[chosen]}
        if lengths and all(lengths):
            normal = [one / length for one, length in zip(likelihoods, lengths, strict=True)]
            shares = softmax(normal)
            found["answer_norm"] = choices[best(normal)]
            found["confidence_norm"] = max(shares) if shares else None
        return found

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


def _generated(row: Object) -> Object:
    """Return the raw text and what the filter made of it."""
    raw, cut = row.get("resps"), row.get("filtered_resps")
    while isinstance(raw, list) and len(raw) == 1:
        raw = raw[0]
    while isinstance(cut, list) and len(cut) == 1:
        cut = cut[0]
    found: Object = {"output": raw if isinstance(raw, str) else as_json(raw)}
    is_same = cut == raw or cut is None
    return found | ({} if is_same else {"answer": cut if isinstance(cut, str) else as_json(cut)})


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


def _key(doc_id: Any) -> int:
    return doc_id if isinstance(doc_id, int) and abs(doc_id) < 2**62 else hash(str(doc_id))


def _has(keys: Any, key: int) -> bool:
    at = int(np.searchsorted(keys, key))
    return at < len(keys) and bool(keys[at] == key)
