"""Small files of every reader, with the units of the one file that is mutated."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stresslab.readers import readers
from tests.fuzz import units
from tests.fuzz.units import Units
from tests.readers import (
    helm_files,
    inspect_files,
    lighteval_files,
    lm_eval_files,
    opencompass_files,
)

N = 8
"""Records of a fixture."""

VOTERS = 40
"""Records where the reader goes by what nine of ten have, or reads more than a few as columns."""

FIRST = 7001
"""Ids are this number and the next ones: long enough to stand nowhere by chance."""

BY_SUFFIX: dict[str, Callable[[bytes], Units]] = {
    ".csv": units.records,
    ".jsonl": units.lines,
}


@dataclass(frozen=True)
class Fixture:
    """A source, of which one file is mutated.

    Parameters
    ----------
    name, reader : str
        What it is, and which reader reads it.
    source : Path
        What is given to the reader.
    target : Path
        The file that is mutated.
    cut : callable
        Returns the units of it.
    """

    name: str
    reader: str
    source: Path
    target: Path
    cut: Callable[[], Units]

    @property
    def by_vote(self) -> bool:
        """Return whether the reader goes by what nine of ten records have."""
        return self.reader == "lm_eval"


def fixtures(folder: Path) -> list[Fixture]:
    """Write every fixture into its own folder and return them all, in a fixed order."""
    made = []
    for name, reader, write in _all():
        place = folder / name.replace(" ", "_")
        place.mkdir()
        source, target, cut = write(place)
        made.append(Fixture(name, reader, source, target, cut))
    return made


def _all() -> Iterator[tuple[str, str, Callable]]:
    for reader, piece in readers:
        if piece.example:
            yield f"{reader} example", reader, lambda place, one=piece: _example(place, one)
    yield from (
        ("alpaca_eval outputs", "alpaca_eval", _alpaca),
        ("bbq", "bbq", _bbq),
        ("domainbed", "domainbed", _domainbed),
        ("every_eval_ever samples", "every_eval_ever", _samples),
        ("exported", "exported", _exported),
        (
            "helm answers",
            "helm",
            lambda place: _helm(place, "scenario_state.json", "request_states"),
        ),
        ("helm scores", "helm", lambda place: _helm(place, "per_instance_stats.json", "")),
        ("helm spec", "helm", lambda place: _helm(place, "run_spec.json", None)),
        ("huggingface", "huggingface", _huggingface),
        ("inspect json", "inspect", _inspect_json),
        ("inspect deflated", "inspect", lambda place: _inspect(place, 8)),
        ("inspect zstd", "inspect", lambda place: _inspect(place, 93)),
        ("inspect frames", "inspect", lambda place: _inspect(place, [93, 64])),
        ("inspect stored", "inspect", lambda place: _inspect(place, 0)),
        (
            "inspect unfinished",
            "inspect",
            lambda place: _inspect(place, 8, ("header", "summaries")),
        ),
        ("lighteval details", "lighteval", _lighteval),
        ("livecodebench", "livecodebench", _livecodebench),
        ("llm_comparator", "llm_comparator", _comparator),
        ("lm_eval choices", "lm_eval", lambda place: _lm_eval(place, lm_eval_files.choice)),
        ("lm_eval texts", "lm_eval", lambda place: _lm_eval(place, lm_eval_files.text)),
        ("lm_eval old", "lm_eval", _lm_eval_old),
        ("lm_eval results", "lm_eval", _lm_eval_results),
        ("model_vs_human", "model_vs_human", _model_vs_human),
        ("opencompass", "opencompass", _opencompass),
        ("openood", "openood", _openood),
        ("promptfoo lines", "promptfoo", _promptfoo_lines),
        ("promptfoo json", "promptfoo", _promptfoo),
        ("published", "published", _published),
        ("table csv", "table", lambda place: _table(place, ".csv")),
        ("table jsonl", "table", lambda place: _table(place, ".jsonl")),
        ("table parquet", "table", lambda place: _table(place, ".parquet")),
        ("table arrow", "table", lambda place: _table(place, ".arrow")),
        ("table gzip", "table", lambda place: _table(place, ".jsonl.gz")),
        ("table list", "table", lambda place: _listed(place, "")),
        ("table member", "table", lambda place: _listed(place, "results")),
        ("table columns", "table", _columns),
        ("tofu", "tofu", _tofu),
        ("wilds", "wilds", _wilds),
    )


def _written(path: Path, content: bytes, cut: Callable[[bytes], Units]):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path, path, lambda: cut(content)


def _example(place: Path, piece):
    """Return the example of a reader, line by line where its name says that it has lines."""
    cut = BY_SUFFIX.get(piece.suffix[piece.suffix.rfind(".") :], units.whole)
    if piece.example.startswith(","):
        return _written(
            place / "example.csv", piece.example.encode(), lambda c: units.records(c, 2)
        )
    return _written(place / f"example{piece.suffix}", piece.example.encode(), cut)


def _ids() -> range:
    return range(FIRST, FIRST + N)


def _lines(rows) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in rows).encode()


def _alpaca(place: Path):
    rows = [
        {"instruction": f"Say {n}.", "output": f"It is {n}", "generator": "org/m", "dataset": "d"}
        for n in _ids()
    ]
    return _written(place / "model_outputs.json", json.dumps(rows, indent=2).encode(), units.array)


def _bbq(place: Path):
    example = json.loads(readers.get("bbq").example)
    rows = [example | {"example_id": n, "m_pred_arc": "the dog"} for n in _ids()]
    return _written(place / "pets.jsonl", _lines(rows), units.lines)


def _samples(place: Path):
    example = json.loads(readers.get("every_eval_ever").example)
    rows = [
        example | {"sample_id": f"q{n}", "input": {"raw": f"{n}?", "reference": ["4"]}}
        for n in _ids()
    ]
    return _written(place / "a_samples.jsonl", _lines(rows), units.lines)


def _domainbed(place: Path):
    example = json.loads(readers.get("domainbed").example.split("\n")[1])
    return _written(
        place / "results.jsonl", _lines(example | {"step": n} for n in _ids()), units.lines
    )


def _exported(place: Path):
    head, first, _ = readers.get("exported").example.split("\n")[:3]
    rows = [first.replace("reviews,1,", f"reviews,{n},") for n in _ids()]
    rows[2] = rows[2].replace("A fine day", '"A ""fine"", long\nday"')
    content = "\n".join([head, *rows, ""]).encode()
    return _written(place / "rows.csv", content, units.records)


def _helm(place: Path, target: str, name: str | None):
    folder = helm_files.joint(place / "suite", right=(1, 0) * (N // 2), kinds=helm_files.KINDS[:1])
    path = folder / target
    content = path.read_bytes()
    cut = units.whole if name is None else lambda c: units.array(c, name)
    return folder, path, lambda: cut(content)


def _huggingface(place: Path):
    import pyarrow as pa

    folder = place / "votes"
    folder.mkdir()
    rows = [{"id": f"t{n}", "text": f"What {n}", "label": 1, "prediction": n % 2} for n in _ids()]
    table, path = pa.Table.from_pylist(rows), folder / "data-00000-of-00001.arrow"
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table)
    state = {"_data_files": [{"filename": path.name}], "_split": "test"}
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text(json.dumps({"features": {}}))
    content = path.read_bytes()
    return folder, path, lambda: units.whole(content)


def _questions() -> list[dict]:
    return [inspect_files.sample(f"q{n}", "CI"[n % 2]) for n in _ids()]


def _inspect_json(place: Path):
    path = inspect_files.write_json(place / "log.json", _questions(), accuracy=0.5)
    content = path.read_bytes()
    return path, path, lambda: units.array(content, "samples")


def _inspect(place: Path, method, without=()):
    path = inspect_files.write_eval(
        place / "log.eval", _questions(), method=method, without=without, accuracy=0.5
    )
    found = units.entries(path)
    return path, path, lambda: found


def _lighteval(place: Path):
    lighteval_files.write(
        place, {lighteval_files.CHOICE: [lighteval_files.choice(n) for n in _ids()]}
    )
    path = next(place.rglob("*.parquet"))
    content = path.read_bytes()
    return path, path, lambda: units.whole(content)


def _livecodebench(place: Path):
    rows = [
        {"question_id": f"p{n}", "model": "A", "date": 1692576000000, "difficulty": "easy",
         "pass@1": 90, "platform": "x"} for n in _ids()
    ]  # fmt: skip
    content = json.dumps({"performances": rows, "models": []}).encode()
    return _written(place / "performances.json", content, lambda c: units.array(c, "performances"))


def _comparator(place: Path):
    whole = json.loads(readers.get("llm_comparator").example)
    whole["examples"] = [whole["examples"][0] | {"input_text": f"{n}?"} for n in _ids()]
    content = json.dumps(whole, indent=1).encode()
    return _written(place / "run.json", content, lambda c: units.array(c, "examples"))


def _lm_eval(place: Path, make):
    rows = [make(n) for n in range(FIRST, FIRST + VOTERS)]
    main = lm_eval_files.write(
        place / "org__tiny", {"sums": rows}, lm_eval_files.results({"sums": {"acc,none": 1.0}})
    )
    path = next(main.parent.glob("samples_*.jsonl"))
    content = path.read_bytes()
    return main, path, lambda: units.lines(content)


def _lm_eval_old(place: Path):
    rows = [lm_eval_files.old(lm_eval_files.choice(n)) for n in range(FIRST, FIRST + VOTERS)]
    content = json.dumps(rows, indent=4).encode()
    return _written(place / "pretrained__org__tiny_sums.jsonl", content, units.array)


def _lm_eval_results(place: Path):
    main, *_ = _lm_eval(place, lm_eval_files.choice)
    content = main.read_bytes()
    return main, main, lambda: units.whole(content)


def _model_vs_human(place: Path):
    head, first, _ = readers.get("model_vs_human").example.split("\n")[:3]
    rows = [first.replace("n01_1", f"n01_{n}") for n in _ids()]
    content = "\n".join([head, *rows, ""]).encode()
    return _written(place / "edge_subject-01_session_1.csv", content, units.records)


def _opencompass(place: Path):
    made = [opencompass_files.written(n) for n in _ids()]
    path = opencompass_files.write(place, "sums", made)
    content = path.read_bytes()
    return path, path, lambda: units.whole(content)


def _openood(place: Path):
    import numpy as np

    path = place / "net" / "scores" / "cifar10.npz"
    path.parent.mkdir(parents=True)
    labels = np.arange(N) % 3
    np.savez(path, pred=labels, conf=labels / 4, label=labels[::-1])
    (place / "net" / "ood.csv").write_text(readers.get("openood").example)
    content = path.read_bytes()
    return place / "net", path, lambda: units.whole(content)


def _result(n: int) -> dict:
    example = json.loads(readers.get("promptfoo").example.split("\n")[0])
    said = {"testIdx": n, "vars": {"q": f"{n}?"}, "prompt": {"raw": f"{n}?", "label": "{{q}}"}}
    return example | said


def _promptfoo_lines(place: Path):
    return _written(place / "evals.jsonl", _lines(map(_result, _ids())), units.lines)


def _promptfoo(place: Path):
    told = {"version": 3, "prompts": [], "results": [_result(n) for n in _ids()], "stats": {}}
    whole = {"evalId": "e1", "results": told, "config": {}, "shareableUrl": None}
    content = json.dumps(whole).encode()
    # the outer member of that name is an object, the inner one the array
    return _written(place / "evals.json", content, lambda c: units.array(c, "results"))


def _published(place: Path):
    rows = [f"net{n},0.9,0.8,0.7" for n in _ids()]
    content = "\n".join([",fog,fog,snow", ",1,2,1", *rows, ""]).encode()
    return _written(place / "robust.csv", content, lambda c: units.records(c, 2))


def _answers(ids: range) -> list[dict]:
    return [
        {"id": f"t{n}", "model": "bert", "domain": "news", "perturbation": "typos", "tier": n % 3,
         "text": f"A fine day, {n}", "label": "pos", "prediction": "neg", "correct": n % 2,
         "confidence": 0.5 + n % 4 / 8} for n in ids
    ]  # fmt: skip


def _csv(rows: list[dict]) -> bytes:
    cells = [
        ",".join(f'"{one}"' if "," in str(one) else str(one) for one in row.values())
        for row in rows
    ]
    return "\n".join([",".join(rows[0]), *cells, ""]).encode()


def _columns(place: Path):
    """Return a CSV file of so many rows that they are read as columns, some over two lines."""
    content = _csv(_answers(range(FIRST, FIRST + VOTERS))).replace(b"day, 700", b"day,\n700")
    return _written(place / "answers.csv", content, units.records)


def _listed(place: Path, member: str):
    rows = _answers(_ids())
    content = json.dumps({member: rows} if member else rows, indent=1).encode()
    return _written(place / "answers.json", content, lambda c: units.array(c, member))


def _table(place: Path, suffix: str):
    import gzip

    import pyarrow as pa
    import pyarrow.parquet as pq

    rows, path = _answers(_ids()), place / f"answers{suffix}"
    if suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    if suffix == ".arrow":
        with pa.ipc.new_file(path, pa.Table.from_pylist(rows).schema) as writer:
            writer.write_table(pa.Table.from_pylist(rows))
    if path.exists():
        content = path.read_bytes()
        return path, path, lambda: units.whole(content)
    if suffix == ".csv":
        return _written(path, _csv(rows), units.records)
    if suffix.endswith(".gz"):
        return _written(path, gzip.compress(_lines(rows), mtime=0), units.whole)
    return _written(path, _lines(rows), units.lines)


def _tofu(place: Path):
    ids = [str(n) for n in _ids()]
    log = {
        "avg_gt_loss": dict.fromkeys(ids, 0.5), "rougeL_recall": dict.fromkeys(ids, 0.25),
        "generated_text": {n: [f"Question: Who is {n}?\nAnswer: ", "a", "b"] for n in ids},
        "truth_ratio": dict.fromkeys(ids, 0.5),
    }  # fmt: skip
    return _written(place / "eval_log_forget.json", json.dumps(log).encode(), units.whole)


def _wilds(place: Path):
    rows = [f"t{n},test,{n % 2},h{n % 3}" for n in _ids()]
    (place / "metadata.csv").write_text("\n".join(["image_id,split,y,hospital", *rows, ""]))
    name = "camelyon17_split:test_seed:0_epoch:best_pred.csv"
    # which line is which example only their order says, so all of them or none are read
    return _written(place / name, b"".join(b"%d\n" % (n % 2) for n in _ids()), units.whole)
