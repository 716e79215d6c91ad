"""Read lines of lm-evaluation-harness that have one shape, as `Rows.row` reads each of them."""

from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.readers._likelihoods import softmaxes
from stresslab.readers._lm_eval_values import (
    GREEDY,
    LIKELIHOOD,
    NOTHING,
    SHORT,
    places,
    reference_of,
)
from stresslab.readers._part import OddError
from stresslab.readers._regular import Lines, listed

if TYPE_CHECKING:
    import pyarrow as pa

    from stresslab.readers._lm_eval_rows import Rows
    from stresslab.readers._shape import Path

Floats = np.ndarray[Any, np.dtype[np.float64]]


class RegularReading:
    """The columns that are read out of lines of one shape.

    Lines of which something is odd are marked in `lines`.

    Parameters
    ----------
    maker : Rows
        Knows the task.
    lines : Lines
        What is read.

    Raises
    ------
    OddError
        If the shape is none that is read by columns.
    """

    def __init__(self, maker: "Rows", lines: Lines) -> None:
        self.maker, self.task, self.lines = maker, maker.task, lines
        self.shape = lines.shape
        self.columns: dict[str, pa.Array] = {}

    def read(self) -> "dict[str, pa.Array]":
        """Return the values of all lines by the name of a field."""
        import pyarrow as pa

        self._filter()
        pairs = self._pairs()
        prompts = self._prompt([one for one, _ in pairs])
        self._ask(prompts, pairs[0][0])
        if len(pairs) == 1:
            self._written()
        else:
            self._choose([text for _, text in pairs])
        self._numbers()
        nulls = pa.nulls(self.lines.n)
        return dict.fromkeys((*self.maker.names, WRITTEN), nulls) | self.columns

    def _filter(self) -> None:
        """Leave out lines of other filters than the first, which are no rows."""
        import pyarrow as pa

        task, lines, others, path = self.task, self.lines, self.maker.others, ("filter",)
        if path not in self.shape.at and path not in self.shape.members and others is None:
            return
        names = lines.column(path)
        if names.type != pa.string():
            raise OddError
        known = {name: place for place, name in enumerate(task.filters)}
        encoded = names.dictionary_encode()
        told = np.array([known.get(one, -1) for one in encoded.dictionary.to_pylist()])
        places = told[encoded.indices.to_numpy()]
        if others is None:
            lines.mark(places != 0)
            return
        docs = lines.column(("doc_id",))
        if docs.type != pa.int64():
            raise OddError
        keys = docs.to_numpy()
        is_plain = others.are_repeated(keys, lines.block.number + lines.rows, places)
        lines.left_out = is_plain & (places > 0)
        lines.mark(~is_plain & (places != 0))
        self.columns |= others.columns_of(keys)

    def _pairs(self) -> "list[tuple[Path, Path]]":
        """Return where prompt and continuation of every request stand."""
        shape, top = self.shape, ("arguments",)
        requests = shape.members.get(top, [])
        is_object = {top in shape.objects, *(one in shape.objects for one in requests)}
        pairs = [tuple(shape.members.get(one, ())) for one in requests]
        if not pairs or len(is_object) > 1 or {len(one) for one in pairs} != {2}:
            raise OddError
        return [(prompt, text) for prompt, text in pairs]

    def _prompt(self, paths: "list[Path]") -> "pa.Array":
        """Return the prompts as they are written; lines in which they differ are odd."""
        import pyarrow.compute as pc

        if not all(map(self.lines.is_text, paths)):
            raise OddError
        first, *others = (self.lines.raw(self.shape.at[path]) for path in paths)
        for other in others:
            same = pc.equal(first, other)
            if same.false_count:
                self.lines.mark(~same.to_numpy(zero_copy_only=False))
        return first

    def _ask(self, prompts: "pa.Array", path: "Path") -> None:
        """Note what is asked."""
        import pyarrow.compute as pc

        lines, doc = self.lines, ("doc",)
        where = [self.shape.look_up(one, doc) for one in self.task.texts]
        if not where or doc not in self.shape.objects or not all(map(lines.is_text, where)):
            raise OddError
        texts = [lines.text(one) for one in where if one is not None]
        asked = texts[0] if len(texts) == 1 else pc.binary_join_element_wise(*texts, "\n")
        is_empty = pc.or_(pc.equal(asked, ""), pc.equal(prompts, ""))
        if is_empty.true_count:
            lines.mark(is_empty.to_numpy(zero_copy_only=False))
        self.columns["read.input"] = asked
        prompt = lines.text(path) if len(lines.block.escapes) else prompts
        written = pc.binary_join_element_wise(
            '[{"role": "user", "content": ', lines.quoted(path), "}]", ""
        )
        differs = pc.not_equal(prompt, asked)
        whole = pc.if_else(differs, written, None) if differs.false_count else written
        self.columns[WRITTEN] = whole

    def _written(self) -> None:
        import pyarrow.compute as pc

        raw, cut = (self._inner(name) for name in ("resps", "filtered_resps"))
        output = self.lines.text(raw)
        answer = self.lines.text(cut)
        differs = pc.not_equal(output, answer)
        self.columns["read.output"] = output
        self.columns["read.answer"] = pc.if_else(differs, answer, None)
        target = self.shape.look_up("target")
        if target is not None:
            self.columns["read.reference"] = self.lines.column(target)

    def _inner(self, name: str) -> "Path":
        """Return where the text stands that is all of a list of one, or of lists of one."""
        path: Path = (name,)
        while len(self.shape.members.get(path, ())) == 1 and path not in self.shape.objects:
            (path,) = self.shape.members[path]
        if not self.lines.is_text(path):
            raise OddError
        return path

    def _choose(self, paths: "list[Path]") -> None:
        """Fill in what was chosen among the continuations, and how surely."""
        import pyarrow as pa
        import pyarrow.compute as pc

        likelihoods = self._likelihoods(len(paths))
        cut = [self._cut(path) for path in paths]
        texts = [_stripped(one) for one in cut]
        choices = self._listed(len(paths)) or texts
        n, rows = self.lines.n, np.arange(self.lines.n)
        every = pa.concat_arrays(choices)

        def chosen(place: Any) -> pa.Array:
            return every.take(pa.array(place * n + rows))

        best = likelihoods.argmax(axis=1)
        shares = softmaxes(likelihoods)
        self.columns |= {
            "read.choices": listed(choices),
            "read.answer": chosen(best),
            "read.probs": pa.ListArray.from_arrays(
                np.arange(0, shares.size + 1, len(paths), dtype=np.int32), shares.ravel()
            ),
            "read.confidence": pa.array(shares[rows, best]),
            "read.reference": self._reference(texts, choices, best),
        }
        lengths = np.column_stack([pc.utf8_length(one).to_numpy() for one in cut])
        has_lengths = np.all(lengths, axis=1)
        normal = likelihoods / np.where(has_lengths[:, None], lengths, 1)
        best = normal.argmax(axis=1)
        sure = softmaxes(normal).max(axis=1)
        lacks = None if has_lengths.all() else ~has_lengths
        self.columns["read.answer_norm"] = _without(chosen(best), lacks)
        self.columns[self.maker.NORM] = pa.array(sure, mask=lacks)

    def _likelihoods(self, n: int) -> Floats:
        import pyarrow as pa
        import pyarrow.compute as pc

        lines, members, top = self.lines, self.shape.members, ("filtered_resps",)
        pairs = members.get(top, [])
        if len(pairs) != n or any(one in self.shape.objects for one in (top, *pairs)):
            raise OddError
        found = []
        for pair in pairs:
            inside = members.get(pair, [])
            if len(inside) != 2 or not all(map(lines.is_text, inside)):
                raise OddError
            value, greedy = inside
            known = pc.is_in(lines.raw(self.shape.at[greedy]), pa.array(sorted(GREEDY)))
            if known.false_count:
                lines.mark(~known.to_numpy(zero_copy_only=False))
            try:
                numbers = lines.raw(self.shape.at[value]).cast(pa.float64()).to_numpy()
            except pa.ArrowException:
                raise OddError from None
            found.append(numbers)
        values = np.column_stack(found)
        is_fine = np.isfinite(values).all(axis=1)
        lines.mark(~is_fine)
        values[~is_fine] = 0.0
        return values

    def _cut(self, path: "Path") -> "pa.Array":
        """Return continuations without what stands between them and the prompt."""
        import pyarrow.compute as pc

        text, before = self.lines.text(path), self.task.delimiter
        if not before:
            return text
        starts = pc.starts_with(text, before)
        cut = pc.utf8_slice_codeunits(text, len(before))
        return pc.if_else(starts, cut, text) if starts.false_count else cut

    def _listed(self, n: int) -> "list[pa.Array] | None":
        """Return the choices that a doc lists; None where only the requests do."""
        path = self.shape.look_up(self.task.choices, ("doc",)) if self.task.choices else None
        if path is None or path in self.shape.objects or path not in self.shape.members:
            return None
        inside = self.shape.members[path]
        if not all(map(self.lines.is_text, inside)):
            raise OddError
        if len(inside) != n:
            return None
        return [self.lines.text(one) for one in inside]

    def _reference(self, texts: "list[pa.Array]", choices: "list[pa.Array]", best: Any) -> Any:
        """Return the texts of the right choices, as `reference_of` finds each."""
        import pyarrow as pa
        import pyarrow.compute as pc

        path = self.shape.look_up("target")
        if path is None:
            raise OddError
        target = self.lines.text(path)
        encoded = target.dictionary_encode()
        known = [one.strip() for one in encoded.dictionary.to_pylist()]
        told = [places(one) if len(one) <= SHORT else places.__wrapped__(one) for one in known]
        if any(len(one) > 1 for one in told) or ("acc",) in self.shape.members:
            raise OddError
        n, width = self.lines.n, len(choices)
        at = np.array([min(*one, width) if one else width for one in told])[
            encoded.indices.to_numpy()
        ]
        is_place = at < width
        named = np.full(n, width)
        text = pa.array(known).take(encoded.indices)
        for place in reversed(range(width)):
            same = pc.equal(texts[place], text)
            if same.true_count:
                named[same.to_numpy(zero_copy_only=False)] = place
        every = pa.concat_arrays([*choices, target])
        right = np.where(is_place, np.minimum(at, width), named)
        found = every.take(pa.array(right * n + np.arange(n)))
        both = is_place & (named < width) & (named != at)
        if ("acc",) in self.shape.at and both.any():
            return self._of_both(found, np.flatnonzero(both), texts, choices, best, target)
        return found

    def _of_both(
        self, found: "pa.Array", rows: Any, texts: Any, choices: Any, best: Any, target: "pa.Array"
    ) -> "pa.Array":
        """Return the right texts of lines whose target may be a place and a text."""
        import pyarrow as pa
        import pyarrow.compute as pc

        at, mask = pa.array(rows), np.zeros(len(found), bool)
        mask[rows] = True
        acc = self.lines.column(("acc",)).take(at).to_pylist()
        lists = [listed([one.take(at) for one in some]).to_pylist() for some in (texts, choices)]
        told = zip(target.take(at).to_pylist(), acc, *lists, best[rows].tolist(), strict=True)
        made = [
            reference_of({"target": text, "acc": right}, some, named, chosen)
            for text, right, some, named, chosen in told
        ]
        return pc.replace_with_mask(found, pa.array(mask), pa.array(made, pa.string()))

    def _numbers(self) -> None:
        """Fill in the numbers of all metrics, and the score."""
        import pyarrow.compute as pc

        task, keys = self.task, self.maker.keys
        for name in task.metrics:
            path = (name,)
            if name in NOTHING or path not in (*self.shape.at, *self.shape.members):
                continue
            is_plain = path in self.shape.at and not self.lines.is_text(path)
            if not is_plain or name not in keys or LIKELIHOOD in task.metrics:
                raise OddError
            if task.aggregations.get(name, "") == "perplexity":
                raise OddError
            self.columns[keys[name]] = self.lines.numbers(path)
        score = self.columns.get(keys.get(task.primary, ""))
        if score is not None:
            is_larger = task.measures.get(task.primary, True)
            self.columns["read.score"] = score if is_larger else pc.negate(score)
            if task.is_binary:
                self.columns["read.correct"] = score


WRITTEN = "read.messages.written"


def _stripped(texts: "pa.Array") -> "pa.Array":
    """Return texts without white space around them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pc.all(pc.string_is_ascii(texts), min_count=0).as_py():
        return pc.ascii_trim(texts, " \t\n\r\v\f\x1c\x1d\x1e\x1f")
    return pa.array([one.strip() for one in texts.to_pylist()], pa.string())


def _without(column: "pa.Array", lacks: Any) -> "pa.Array":
    import pyarrow as pa
    import pyarrow.compute as pc

    return column if lacks is None else pc.if_else(pa.array(lacks), None, column)
