"""How fast are samples of lm-evaluation-harness read, beside pandas on the same file?

Two things are compared with ``pandas.read_json(lines=True)``, which makes one frame of all lines and
nothing of what is inside of them: the members a grid needs, typed (what a pass over the filters
does), and the whole reader, which makes items, variants, outcomes and scores with probabilities,
ids and hashes. The whole reader is also compared with pandas and the least that has to be done to
its frame for the same probabilities, hashes and texts. "least work" is what no reader of lines in
Python is below: parse them, hash what each asks, keep its texts. "with texts" and "with hashes" are
what no reader is below that leaves the lines to DuckDB. Memory is that of a process of its own that
reads a file and keeps nothing.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from itertools import islice
from pathlib import Path

import orjson
import pyarrow as pa

from stresslab.nouns import content_hash
from stresslab.readers import _rows, readers
from stresslab.readers._mapping import Mapping
from stresslab.store.scan import typed_lines, uncollected
from tests.bench._kind import Asked, Bench, Row, Took, best, once

CHOICES = ("73", "75", "74", "84")
SHOT = "Question: What is {} + 17?\nAnswer: {}\n\n"
GRID = {"doc_id": "BIGINT", "filter": "VARCHAR", "target": "VARCHAR", "acc": "DOUBLE",
        "acc_norm": "DOUBLE"}  # fmt: skip
ANSWERS = GRID | {"filtered_resps": "VARCHAR[][]", "doc": "STRUCT(question VARCHAR)"}
REQUEST = "STRUCT(arg_0 VARCHAR, arg_1 VARCHAR)"
WHOLE = ANSWERS | {
    "doc": "STRUCT(id VARCHAR, tier VARCHAR, domain VARCHAR, question VARCHAR, choices VARCHAR[])",
    "arguments": f"STRUCT({', '.join(f'gen_args_{place} {REQUEST}' for place in range(4))})",
}
TIDY = "trim(regexp_replace(nfc_normalize({}), '\\s+', ' ', 'g'))"
HASHES = f"""
SELECT sha256('{{"choices":' || to_json([{TIDY.format("one")} for one in doc.choices])
    || ',"input":' || to_json({TIDY.format("doc.question")})
    || ',"reference":[' || to_json(to_json({TIDY.format("target")})::VARCHAR) || ']}}')
FROM batch
"""
PEAK = """
import sys
from pathlib import Path
from stresslab.readers import readers
reader, path = readers.get("lm_eval"), Path(sys.argv[1])
n = sum(b.rows.num_rows for b in reader.read(path, reader.propose(path)) if b.table == "outcomes")
status = Path("/proc/self/status").read_text().split()
print(n, status[status.index("VmHWM:") + 1])
"""


def run(asked: Asked) -> Iterator[Row]:
    """Yield rates without and with few-shot examples, and the memory of a large file."""
    for shots, full in ((0, 100_000), (5, 20_000)):
        with tempfile.TemporaryDirectory() as folder:
            n = asked.n(full)
            path = made(Path(folder) / "org__tiny", n, shots)
            yield from _rates(asked, path, n, f"{shots}-shot")
    with tempfile.TemporaryDirectory() as folder:
        n = asked.n(500_000)
        yield _memory(made(Path(folder) / "org__tiny", n, 0), n)


def made(folder: Path, n: int, shots: int) -> Path:
    """Write a samples file like the genuine ones: four choices, the prompt with each of them."""
    folder.mkdir()
    path = folder / "samples_sums_2026-01-21T03-44-18.458309.jsonl"
    examples = "".join(SHOT.format(one, one + 17) * 4 for one in range(shots))
    with path.open("w", encoding="utf-8") as file:
        for one in range(n):
            file.write(json.dumps(_line(one, examples)) + "\n")
    return path


def _line(number: int, examples: str) -> dict[str, object]:
    question = f"What is {number} + 49?"
    prompt = f"{examples}Question: {question}\nAnswer:"
    pairs = [[str(-11.371726989746094 - (number * place) % 7), "False"] for place in range(4)]
    return {
        "doc_id": number,
        "doc": {"id": f"q{number}-clean", "tier": "clean", "domain": "arithmetic",
                "question": question, "choices": list(CHOICES), "answer": 2},
        "target": "2",
        "arguments": {f"gen_args_{place}": {"arg_0": prompt, "arg_1": f" {text}"}
                      for place, text in enumerate(CHOICES)},
        "resps": [[pair] for pair in pairs],
        "filtered_resps": pairs,
        "filter": "none",
        "metrics": ["acc", "acc_norm"],
        **{f"{name}_hash": sha256(f"{name} {number}".encode()).hexdigest()
           for name in ("doc", "prompt", "target")},
        "acc": float(number % 3 == 0), "acc_norm": float(number % 5 == 0),
    }  # fmt: skip


def _rates(asked: Asked, path: Path, n: int, kind: str) -> Iterator[Row]:
    import pandas as pd

    size = path.stat().st_size / 1e6
    reader = readers.get("lm_eval")
    mapping = reader.propose(path)
    theirs = None
    if "pandas" in asked.opponents:
        theirs = best(partial(pd.read_json, path, lines=True), times=2)
    for what, wanted, work in (
        ("grid members", "x >= 30", partial(_drain_typed, path, GRID)),
        ("and answers", "", partial(_drain_typed, path, ANSWERS)),
        ("with texts", "", partial(_drain_typed, path, WHOLE)),
        ("with hashes", "", partial(_hashed_by_columns, path)),
        ("line by line", "", partial(_by_lines, path, mapping)),
        ("whole reader", "", lambda: [None for _ in reader.read(path, mapping)]),
    ):
        took = best(work, times=2)
        note = f"{size / took.wall:,.0f} MB/s" + (
            f", pandas {size / theirs.wall:,.0f}" if theirs else ""
        )
        row = partial(Row, f"{kind}: {what}", n, took, wanted=wanted, note=note)
        yield row("pandas read_json", theirs) if theirs else row()
    if theirs:
        same = best(partial(_same_by_pandas, path), times=2)
        yield Row(f"{kind}: whole reader, like for like", n, took, "pandas + loop", same)
    for what, work in (("parse", _parsed), ("parse, hash and texts", _least)):
        yield Row(f"{kind}: least work: {what}", n, best(partial(work, path), times=2))


def _by_lines(path: Path, mapping: Mapping) -> None:
    """Read a file as if none of its lines could be read by columns."""
    by_columns, _rows.add_part = _rows.add_part, lambda table, part: False
    try:
        for _ in readers.get("lm_eval").read(path, mapping):
            pass
    finally:
        _rows.add_part = by_columns


def _same_by_pandas(path: Path) -> None:
    """Make of the frame of pandas the probabilities, hashes and texts that the reader makes."""
    import numpy as np
    import pandas as pd

    frame = pd.read_json(path, lines=True)
    likelihoods = np.array([[float(one) for one, _ in pairs] for pairs in frame["filtered_resps"]])
    powers = np.exp(likelihoods - likelihoods.max(axis=1, keepdims=True))
    frame["probs"] = list(powers / powers.sum(axis=1, keepdims=True))
    frame["chosen"] = likelihoods.argmax(axis=1)
    for name in ("question", "choices", "id", "tier", "domain"):
        frame[name] = [doc[name] for doc in frame["doc"]]
    frame["prompt"] = [asked["gen_args_0"]["arg_0"] for asked in frame["arguments"]]
    frame["texts"] = frame["choices"].map(json.dumps)
    frame["messages"] = [json.dumps([{"role": "user", "content": one}]) for one in frame["prompt"]]
    asked = zip(frame["question"], frame["choices"], frame["target"].astype(str), strict=True)
    frame["content_hash"] = [content_hash(*one) for one in asked]


def _parsed(path: Path) -> int:
    with path.open("rb") as file:
        return sum(len(orjson.loads(line)) for line in file)


def _least(path: Path) -> None:
    with uncollected(), path.open("rb") as file:
        while lines := [orjson.loads(line) for line in islice(file, 2_000)]:
            docs = [one["doc"] for one in lines]
            asked = zip(docs, lines, strict=True)
            pa.array([content_hash(a["question"], a["choices"], b["target"]) for a, b in asked])
            pa.array([one["arguments"]["gen_args_0"]["arg_0"] for one in lines])
            pa.array([one["question"] for one in docs])


def _drain_typed(path: Path, columns: dict[str, str]) -> int:
    return sum(batch.num_rows for batch in typed_lines(path, columns))


def _hashed_by_columns(path: Path) -> list[str]:
    """Return the hashes that `content_hash` makes of question, choices and target, by DuckDB."""
    import duckdb

    hashes: list[str] = []
    with duckdb.connect() as connection:
        for batch in typed_lines(path, WHOLE):
            connection.register("batch", batch)
            hashes += [one for (one,) in connection.execute(HASHES).fetchall()]
    return hashes


def _memory(path: Path, n: int) -> Row:
    took: list[str] = []

    def work() -> None:
        command = [sys.executable, "-c", PEAK, str(path)]
        took[:] = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    wall = once(work).wall
    note = f"peak {int(took[1]) / 1024:,.0f} MB of {path.stat().st_size / 1e6:,.0f} MB read"
    return Row("memory of a process that reads", n, Took(wall), wanted="< 500 MB", note=note)


PIECE = Bench("samples of lm-evaluation-harness", run)
