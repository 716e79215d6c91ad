"""Details of lighteval as record rows: nested columns, or the flat ones of older versions."""

import ast
import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stresslab.errors import ReadError
from stresslab.readers._json_lines import Objects
from stresslab.readers._lighteval_files import LINES
from stresslab.readers._likelihoods import best, number, softmax
from stresslab.readers._mapping import look_up
from stresslab.readers._values import as_json
from stresslab.store.scan import Numbered, Reject

Object = dict[str, Any]
NESTED = ("doc", "model_response", "metric")
COLUMNS = (
    "doc.query", "doc.choices", "doc.gold_index", "doc.id", "doc.original_query", "doc.specific",
    "doc.task_name", "doc.instruction", "doc.num_effective_few_shots", "model_response.text",
    "model_response.text_post_processed", "model_response.final_text", "model_response.logprobs",
    "model_response.input", "metric", "example", "instruction", "full_prompt",
    "num_effective_few_shots", "predictions", "gold", "choices", "gold_index", "metrics",
    "specifics",
)  # fmt: skip
"""What is read; tokens and logits can be a thousand times as large."""

COUNTED = {
    "tokens_in": ("model_response.input_tokens", "input_tokens"),
    "tokens_out": ("model_response.output_tokens", "cont_tokens"),
}
BATCH = 200
MAX_WRITTEN = 1 << 20
"""Characters of a value that was written as Python text."""


class Details:
    """The rows of one details file, a few held at a time."""

    def __init__(self, path: Path) -> None:
        self.path, self.bytes_done = path, 0
        self._repeats: Counter[str] = Counter()

    def reached(self) -> int:
        """Return how far the file was read."""
        return self.bytes_done

    def rows(self, run: Object, primary: str | None) -> Iterator[Numbered | Reject]:
        """Yield record rows; `primary` is the metric that is the score.

        Raises
        ------
        ReadError
            If it is no Parquet file.
        """
        for one in self._lines() if self.path.suffix == LINES else self._raw():
            if isinstance(one, Reject):
                yield one
                continue
            record = self._record(one[1]) | {"run": run}
            yield one[0], record if primary is None else _scored(record, primary)

    def _lines(self) -> Iterator[Numbered | Reject]:
        objects = Objects(self.path)
        for one in objects:
            self.bytes_done = objects.bytes_done
            if isinstance(one, Reject):
                yield one
                continue
            counts = {
                name: _count(look_up(one[1], column))
                for name, columns in COUNTED.items()
                for column in columns
                if look_up(one[1], column) is not None
            }
            yield one[0], one[1] | {"tokens": counts}

    def _raw(self) -> Iterator[Numbered]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with pq.ParquetFile(self.path) as file:
                size, n_rows, n = self.path.stat().st_size, file.metadata.num_rows, 0
                wanted = [*COLUMNS, *(one for names in COUNTED.values() for one in names)]
                leaves = [file.schema.column(place).path for place in range(len(file.schema))]
                there = [
                    one
                    for one in leaves
                    if any(f"{one}.".startswith(f"{name}.") for name in wanted) or one in NESTED
                ]
                for batch in file.iter_batches(BATCH, columns=there):
                    counts = _lengths(pa.Table.from_batches([batch]))
                    kept = _without_tokens(batch)
                    for place, row in enumerate(kept.to_pylist()):
                        n += 1
                        tokens = {name: one[place] for name, one in counts.items()}
                        yield n, row | {"tokens": tokens}
                    self.bytes_done = size * n // max(n_rows, 1)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise ReadError(f"{self.path} must be a readable Parquet file: {error}.") from error

    def _record(self, row: Object) -> Object:
        doc, response, metric = (_read(row.get(name)) for name in NESTED)
        if not isinstance(doc, dict):
            return self._flat(row)
        response = response if isinstance(response, dict) else {}
        query = doc.get("original_query") or doc.get("query")
        choices, golds = _list(doc.get("choices")), _places(doc.get("gold_index"))
        cut = response.get("text_post_processed") or response.get("final_text")
        read = _answered(choices, golds, _numbers(response.get("logprobs")))
        if not read.get("probs"):
            read |= {"output": _one(response.get("text"))}
            read |= {"answer": _one(cut)} if cut else {}
        return {
            "doc": {"specific": _read(doc.get("specific"))},
            "read": read | row["tokens"] | {
                "id": self._id(doc.get("id"), query, choices), "input": query,
                "prompt": _prompt(response.get("input")),
                "shots": doc.get("num_effective_few_shots"),
            },
            "metric": metric if isinstance(metric, dict) else {},
        }  # fmt: skip

    def _flat(self, row: Object) -> Object:
        """Return a row whose columns are those of versions up to 0.9."""
        given = {name: _read(one) for name, one in row.items() if name != "example"}
        choices, golds = _list(given.get("choices")), _places(given.get("gold_index"))
        texts = _list(given.get("predictions"))
        read = _answered(choices, golds, _numbers(texts))
        if not read.get("probs"):
            read |= {"output": _one(texts), "reference": _one(given.get("gold")) or
                     read.get("reference")}  # fmt: skip
        metrics = given.get("metrics")
        return {
            "doc": {"specific": given.get("specifics")},
            "read": read | row["tokens"] | {
                "id": self._id(None, row.get("example"), choices), "input": row.get("example"),
                "prompt": row.get("full_prompt"), "shots": given.get("num_effective_few_shots"),
            },
            "metric": metrics if isinstance(metrics, dict) else {},
        }  # fmt: skip

    def _id(self, given: Any, query: Any, choices: list[Any]) -> str:
        """Return the id of a doc, or a hash of what it asks with a number where it repeats."""
        if given not in (None, ""):
            return str(given)
        text = as_json([query, choices]) or ""
        name = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
        self._repeats[name] += 1
        return name if self._repeats[name] == 1 else f"{name}-{self._repeats[name]}"


def numbers_of(metric: Object) -> dict[str, float]:
    """Return the metrics of a row that are numbers."""
    found = {
        name: number(value)
        for name, value in metric.items()
        if isinstance(value, bool | int | float)
    }
    return {name: value for name, value in found.items() if value is not None}


def _scored(row: Object, primary: str) -> Object:
    score = numbers_of(row["metric"]).get(primary)
    row["read"] |= {"score": score, "measures": numbers_of(row["metric"])}
    if score in (0.0, 1.0):
        row["read"]["correct"] = score
    return row


def _answered(choices: list[Any], golds: list[int], likes: list[float]) -> Object:
    """Return what was chosen, and what is right; a list of one choice is what is right."""
    texts = [str(one).strip() for one in choices]
    right = [texts[one] for one in golds if 0 <= one < len(texts)]
    read: Object = {"reference": right[0] if len(right) == 1 else right or None}
    if len(texts) > 1 and len(likes) == len(texts):
        shares, place = softmax(likes), best(likes)
        read |= {"choices": texts, "answer": texts[place], "probs": shares}
        read["confidence"] = shares[place] if shares else None
    return read


def _numbers(value: Any) -> list[float]:
    """Return log-likelihoods, also out of pairs with a flag; nothing where one is none."""
    given = _list(value)
    firsts = [one[0] if isinstance(one, list) and one else one for one in given]
    known = [None if isinstance(one, str | bool) else number(one) for one in firsts]
    return [] if any(one is None for one in known) else [one for one in known if one is not None]


def _lengths(table: Any) -> dict[str, list[int | None]]:
    """Return how many tokens were read and written in every row."""
    found: dict[str, list[int | None]] = {}
    for name, columns in COUNTED.items():
        for column in columns:
            above, _, below = column.partition(".")
            if above not in table.column_names:
                continue
            lists: Any = table[above].combine_chunks()
            lists = lists.field(below) if below and _has_field(lists, below) else lists
            if _is_list(lists.type):
                found[name] = [_count(one) for one in lists.to_pylist()]
    return found


def _count(value: Any) -> int | None:
    if not isinstance(value, list) or not value:
        return None
    return len(value[0]) if isinstance(value[0], list) else len(value)


def _without_tokens(batch: Any) -> Any:
    import pyarrow as pa

    table = pa.Table.from_batches([batch])
    flat = [one for names in COUNTED.values() for one in names if one in table.column_names]
    table = table.drop_columns(flat)
    if "model_response" in table.column_names and pa.types.is_struct(table["model_response"].type):
        column = table["model_response"].combine_chunks()
        names = [one.name for one in column.type if not one.name.endswith("_tokens")]
        kept = pa.StructArray.from_arrays([column.field(one) for one in names], names)
        place = table.column_names.index("model_response")
        table = table.set_column(place, "model_response", kept)
    return table


def _has_field(array: Any, name: str) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_struct(array.type)) and bool(array.type.get_field_index(name) >= 0)


def _is_list(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def _read(value: Any) -> Any:
    """Return a value that was written as Python text, where it is a plain literal."""
    if not isinstance(value, str) or value[:1] not in ("{", "[") or len(value) > MAX_WRITTEN:
        return value
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return value


def _list(value: Any) -> list[Any]:
    found = _read(value)
    return found if isinstance(found, list) else [] if found is None else [found]


def _places(value: Any) -> list[int]:
    return [one for one in _list(value) if isinstance(one, int) and not isinstance(one, bool)]


def _one(value: Any) -> Any:
    """Return the only text of a list, or all of them as JSON."""
    texts = _list(value)
    while len(texts) == 1 and isinstance(texts[0], list):
        texts = texts[0]
    if len(texts) == 1:
        return texts[0] if isinstance(texts[0], str) else as_json(texts[0])
    return as_json(texts) if texts else None


def _prompt(value: Any) -> Any:
    return value if isinstance(value, str) or value is None else as_json(value)
