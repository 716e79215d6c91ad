"""Read many samples lines of lm-evaluation-harness at once; an odd one is read by itself."""

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stresslab.readers._column_values import Column, kinds_of
from stresslab.readers._likelihoods import softmaxes
from stresslab.readers._lm_eval_files import Object, table
from stresslab.readers._lm_eval_values import (
    GREEDY,
    LIKELIHOOD,
    NOTHING,
    generated,
    input_of,
    numbers_of,
    reference_of,
)
from stresslab.readers._mapping import look_up

if TYPE_CHECKING:
    from stresslab.readers._lm_eval_rows import Rows

LARGE = 1 << 1000
Floats = np.ndarray[Any, np.dtype[np.float64]]


class Choice(NamedTuple):
    """What one line with choices says: continuations, their lengths, names and likelihoods."""

    at: int
    texts: list[str]
    lengths: list[int]
    choices: list[str]
    likelihoods: list[float]


class Reading:
    """The columns that are read out of some lines, equal to what `Rows.row` reads out of one.

    Parameters
    ----------
    maker : Rows
        Knows the task, and reads single lines.
    rows : list of dict
        Samples lines.
    scored : list of bool
        Whether a line is of the filter that makes the score.
    """

    def __init__(self, maker: "Rows", rows: list[Object], scored: list[bool]) -> None:
        self.maker, self.task, self.rows, self.scored = maker, maker.task, rows, scored
        self.columns: dict[str, Column] = {name: [None] * len(rows) for name in maker.names}

    def read(self) -> dict[str, Column]:
        """Return the values of all lines by the name of a field."""
        odd, by_count = [], defaultdict[int, list[Choice]](list)
        docs = [table(row.get("doc")) for row in self.rows]
        for at, (row, doc) in enumerate(zip(self.rows, docs, strict=True)):
            pairs = _pairs(row)
            if pairs is None or not self._ask(at, doc, pairs):
                odd.append(at)
            elif len(pairs) == 1:
                self._written(at, row)
            else:
                choice = self._choice(at, row, doc, pairs)
                if choice is None:
                    odd.append(at)
                else:
                    by_count[len(pairs)].append(choice)
        for some in by_count.values():
            odd += self._choose(some)
        self._numbers()
        if self.maker.others:
            self.columns |= self.maker.others.columns(self.rows)
        for at in odd:
            row = self.maker.row(self.rows[at], is_scored=self.scored[at])
            for name, column in self.columns.items():
                column[at] = row.get(name)
        run = {name: [value] * len(self.rows) for name, value in self.maker.run.items()}
        return run | self.columns

    def _ask(self, at: int, doc: Object, pairs: list[tuple[Any, Any]]) -> bool:
        """Note what is asked in a line; return whether it is the same in all of its requests."""
        prompt = pairs[0][0]
        if type(prompt) is not str or not prompt:
            return False
        if len(pairs) > 1 and [one for one, _ in pairs].count(prompt) != len(pairs):
            return False
        asked = input_of(doc, self.task) or prompt
        self.columns["read.input"][at] = asked
        if prompt != asked:
            self.columns["read.messages"][at] = [{"role": "user", "content": prompt}]
        return True

    def _written(self, at: int, row: Object) -> None:
        columns = self.columns
        columns["read.reference"][at] = row.get("target")
        columns["read.output"][at], columns["read.answer"][at] = generated(row)

    def _choice(
        self, at: int, row: Object, doc: Object, pairs: list[tuple[str, Any]]
    ) -> Choice | None:
        likelihoods = _likelihoods(row)
        if likelihoods is None or len(likelihoods) != len(pairs):
            return None
        try:
            cut = [one.removeprefix(self.task.delimiter) for _, one in pairs]
        except AttributeError:
            return None
        texts = [one.strip() for one in cut]
        listed = look_up(doc, self.task.choices) if self.task.choices else None
        fits = type(listed) is list and len(listed) == len(texts)
        choices = [str(one) for one in listed] if fits and listed else texts
        return Choice(at, texts, list(map(len, cut)), choices, likelihoods)

    def _choose(self, some: list[Choice]) -> list[int]:
        """Fill in what was chosen in lines with as many choices; return places of odd lines."""
        values = np.array([one.likelihoods for one in some])
        is_fine = np.isfinite(values).all(axis=1)
        odd = [one.at for one, fine in zip(some, is_fine, strict=True) if not fine]
        some = [one for one, fine in zip(some, is_fine, strict=True) if fine]
        values = values[is_fine]
        columns = self.columns
        chosen, shares = values.argmax(axis=1), softmaxes(values)
        sure = shares[np.arange(len(some)), chosen].tolist()
        for one, place, share, all_shares in zip(
            some, chosen.tolist(), sure, shares.tolist(), strict=True
        ):
            at, _, _, choices, _ = one
            columns["read.choices"][at] = choices
            columns["read.answer"][at] = choices[place]
            columns["read.probs"][at] = all_shares
            columns["read.confidence"][at] = share
            columns["read.reference"][at] = reference_of(self.rows[at], one.texts, choices, place)
        self._normalise(some, values)
        return odd

    def _normalise(self, some: list[Choice], values: Floats) -> None:
        """Fill in what was chosen when every likelihood is divided by the length of its text."""
        lengths = np.array([one.lengths for one in some]).reshape(values.shape)
        has_lengths = np.all(lengths, axis=1)
        normal = values[has_lengths] / lengths[has_lengths]
        shares = softmaxes(normal).max(axis=1, initial=0.0).tolist()
        best = normal.argmax(axis=1).tolist()
        kept = (one for one, fine in zip(some, has_lengths.tolist(), strict=True) if fine)
        answers, sure = self.columns["read.answer_norm"], self.columns[self.maker.NORM]
        for one, place, share in zip(kept, best, shares, strict=True):
            answers[one.at], sure[one.at] = one.choices[place], share

    def _numbers(self) -> None:
        """Fill in the numbers of all metrics, and the score."""
        task, keys = self.task, self.maker.keys
        found = {name: self._plain(name) for name in task.metrics if name not in NOTHING}
        if any(one is None for one in found.values()):
            lines = [numbers_of(row, task.metrics, task.aggregations) for row in self.rows]
            found = {name: [one.get(name) for one in lines] for name in keys}
        for name, column in found.items():
            told = zip(column or (), self.scored, strict=True)
            self.columns[keys[name]] = [one if is_scored else None for one, is_scored in told]
        score = self.columns[keys[task.primary]] if task.primary in found else None
        if score is not None:
            is_larger = task.measures.get(task.primary, True)
            turned = score if is_larger else [None if one is None else -one for one in score]
            self.columns["read.score"] = turned
            if task.is_binary:
                self.columns["read.correct"] = score

    def _plain(self, metric: str) -> Column | None:
        """Return the numbers of a metric where all lines hold plain numbers."""
        aggregation = self.task.aggregations.get(metric, "")
        raw: Column = [row.get(metric) for row in self.rows]
        kinds = kinds_of(raw)
        if not kinds <= {float, int, bool} or aggregation == "perplexity":
            return None
        if metric not in self.maker.keys or LIKELIHOOD in self.task.metrics:
            return None
        if kinds == {float} and None not in raw and all(map(math.isfinite, raw)):
            return raw
        if int in kinds and any(type(one) is int and abs(one) > LARGE for one in raw):
            return None
        known = [None if one is None else float(one) for one in raw]
        return [one if one is not None and math.isfinite(one) else None for one in known]


def _pairs(row: Object) -> list[tuple[Any, Any]] | None:
    """Return prompt and continuation of every request; None where they are written otherwise."""
    given = row.get("arguments")
    try:
        if type(given) is dict:
            return [(prompt, text) for prompt, text in map(dict.values, given.values())] or None
        if type(given) is list and set(map(type, given)) == {list}:
            return [(prompt, text) for prompt, text in given]
    except (TypeError, ValueError):
        pass  # not all of them are a table of two
    return None


def _likelihoods(row: Object) -> list[float] | None:
    """Return the log-likelihoods of a line; None where they are written otherwise."""
    given = row.get("filtered_resps")
    if type(given) is not list or len(given) < 2:
        return None
    try:
        found = [float(value) for value, is_greedy in given if is_greedy in GREEDY]
    except (TypeError, ValueError, OverflowError):
        return None
    return found if len(found) == len(given) else None
