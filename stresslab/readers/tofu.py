"""Evaluation logs of TOFU, the unlearning benchmark: losses, ROUGE and truth ratio per question."""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stresslab.readers import _values as values
from stresslab.readers._files import ManyFiles
from stresslab.readers._kind import About, Batch, Reader
from stresslab.readers._mapping import Mapping, Source
from stresslab.readers._records import head_of, small_object
from stresslab.readers._rows import LongTable
from stresslab.store.scan import EXCERPT, Chunk, Numbered, Reject

TASK = "tofu"
SETS = {
    "eval_log": "retain", "eval_log_forget": "forget", "eval_real_author": "real authors",
    "eval_real_world": "world facts",
}  # fmt: skip
"""The item set a file is about, by the name TOFU gives it."""

BESIDE = re.compile(r"eval_log_aggregated\.json|.*\.(csv|txt|md|ya?ml|log)")
"""What stands beside the logs and holds nothing but means of them, or settings."""

SCORE, TEXTS = "rougeL_recall", "generated_text"
PROBABILITY, TRUE_LOSS, WRONG_LOSS = "probability", "avg_gt_loss", "average_perturb_loss"
LISTS = (TEXTS, WRONG_LOSS, "perturb_loss", "num_token_perturb")
SHARES = ("rouge1_recall", "rougeL_recall", PROBABILITY)
PLACES = re.compile(r"eval_results.*|ds_size\d+|checkpoint-.+")
"""Folders below the one that is named after the model."""

BEFORE, BEHIND = ("[INST]", "Question:"), ("[/INST]", "Answer:")
"""What the templates of models put around a question."""

START = re.compile(rb'\s*\{\s*"(avg_gt_loss|gt_loss)"\s*:\s*\{')

ROLES = {
    "model": "read.model", "item": "read.item", "domain": "read.set", "input": "read.question",
    "reference": "read.truth", "output": "read.output", "revision": "read.revision",
}  # fmt: skip


def sniff(path: Path) -> float:
    """Return how sure it is that a path is an evaluation log of TOFU, or a folder of them."""
    if path.is_dir():
        return 0.9 if _logs(path) else 0.0
    return 0.9 if path.name.endswith(".json") and START.match(head_of(path, 1 << 10)) else 0.0


def parts(path: Path) -> tuple[Path, ...]:
    """Return the logs of the folder that is evaluated together, or the one log."""
    return tuple(_logs(path)) if path.is_dir() else (path,)


def propose(path: Path) -> Mapping:
    """Return the mapping: retain, forget, real authors and world facts are the domains of one task.

    The score is the ROUGE-L recall; ``probability`` is that of the true answer, a token's geometric
    mean; ``truth_ratio`` is how probable wrong answers are beside the paraphrased right one.
    """
    names: dict[str, None] = {}
    for one in parts(path):
        columns, _ = small_object(one)
        names |= dict.fromkeys(name for name, said in columns.items() if _is_measure(name, said))
        names |= {PROBABILITY: None} if TRUE_LOSS in columns else {}
    sources = {role: Source(fields=(name,)) for role, name in ROLES.items()}
    sources |= {name: Source(const=TASK) for name in ("task", "items")}
    score = SCORE if SCORE in names or PROBABILITY not in names else PROBABILITY
    sources["score"] = Source(fields=(f"read.{score}",))
    measures: dict[str, dict[str, Any]] = {"score": _kind(score)}
    for name in names:
        if name != score:
            measures[name] = {"from": Source(fields=(f"read.{name}",)), **_kind(name)}
    return Mapping(sources=sources, measures=measures, reader="tofu")


def read(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """Yield a row per question of every log; a log is held as a whole.

    Raises
    ------
    ReadError
        If nothing could be read.
    """
    files = ManyFiles(LongTable(mapping, path.name, lambda key: About({"tool": "TOFU"})))
    for one in parts(path):
        files.open(one.name)
        columns, rejects = small_object(one)
        chunk = Chunk(rejects=rejects, bytes_done=one.stat().st_size, unit="question")
        for found in _rows(one, columns):
            if isinstance(found, Reject):
                chunk.rejects.append(found)
            else:
                chunk.rows.append(found)
        yield from files.add(chunk)
    yield from files.finish()


def _rows(path: Path, columns: dict[str, Any]) -> Iterator[Numbered | Reject]:
    """Yield a record row per question; a log is a table of columns by question number."""
    for name, said in columns.items():
        if not isinstance(said, dict):
            why = "must be an object of values by question"
            yield Reject(name, "", why, (values.as_json(said) or "")[:EXCERPT])
    tables = {name: said for name, said in columns.items() if isinstance(said, dict)}
    model, revision = _named(path)
    about = {"model": model, "revision": revision, "set": _set_of(path)}
    for n, question in enumerate(dict.fromkeys(one for said in tables.values() for one in said), 1):
        said = {name: column.get(question) for name, column in tables.items()}
        loss, wrong = said.get(TRUE_LOSS), said.get(WRONG_LOSS)
        measures = {name: one for name, one in said.items() if name not in LISTS}
        if isinstance(loss, int | float) and loss >= 0:
            measures[PROBABILITY] = math.exp(-loss)
        if isinstance(wrong, list) and wrong and all(map(_is_number, wrong)):
            measures[WRONG_LOSS] = math.fsum(wrong) / len(wrong)
        item = {"item": f"{about['set']}/{question}", **_texts(said.get(TEXTS))}
        yield n, {"read": measures | about | item}


def _texts(said: Any) -> dict[str, Any]:
    """Return question, output and right answer; the question without the model's template."""
    texts = said if isinstance(said, list) else []
    asked, output, truth = (*texts[:3], None, None, None)[:3]
    question = _question(asked) if isinstance(asked, str) else asked
    return {"question": question, "output": output, "truth": truth}


def _question(asked: str) -> str:
    text = asked.strip()
    before = next((one for one in BEFORE if text.startswith(one)), "")
    text = text.removeprefix(before).strip()
    behind = next((one for one in BEHIND if text.endswith(one)), "")
    return text.removesuffix(behind).strip()


def _is_measure(name: str, said: Any) -> bool:
    """Return whether a column is numbers; of lists only the losses of wrong answers count."""
    if not isinstance(said, dict) or name.startswith("num_token"):
        return False
    if name == WRONG_LOSS:
        return True
    known = [one for one in list(said.values())[:50] if not values.is_null(one)]
    return name not in LISTS and 0 < len(known) <= 2 * sum(map(_is_number, known))


def _is_number(value: Any) -> bool:
    is_plain = isinstance(value, int | float) and not isinstance(value, bool)
    return is_plain and math.isfinite(value)


def _kind(name: str) -> dict[str, Any]:
    if name in SHARES:
        return {"low": 0.0, "high": 1.0}
    is_smaller = name == "truth_ratio" or (name.endswith("_loss") and name != WRONG_LOSS)
    return {"low": 0.0, "higher_is_better": not is_smaller} if is_smaller else {}


def _named(path: Path) -> tuple[str, str | None]:
    """Return the model the folders above a log name, and its checkpoint."""
    above = path.resolve().parents
    model = next((one.name for one in above if one.name and not PLACES.fullmatch(one.name)), "tofu")
    checkpoint = next((one.name for one in above if one.name.startswith("checkpoint-")), None)
    return model, checkpoint


def _set_of(path: Path) -> str:
    stem = path.name.removesuffix(".json").removesuffix("_wo_options")
    return SETS.get(stem, stem)


def _logs(folder: Path) -> list[Path]:
    """Return the logs of a folder that holds nothing else."""
    try:
        inside = sorted(one for one in folder.iterdir() if not one.name.startswith("."))
    except OSError:
        return []
    logs = [one for one in inside if one.is_file() and not one.is_symlink() and sniff(one)]
    rest = [one for one in inside if one not in logs]
    return logs if all(one.is_file() and BESIDE.fullmatch(one.name) for one in rest) else []


PIECE = Reader(
    title="Evaluation logs of TOFU (unlearning)",
    sniff=sniff,
    propose=propose,
    read=read,
    parts=parts,
    version="1",
    suffix=".json",
    example=(
        '{"avg_gt_loss": {"0": 0.1, "1": 2.5}, "rougeL_recall": {"0": 1.0, "1": 0.25}, '
        '"generated_text": {"0": ["Question: Who?\\nAnswer: ", "Ann", "Ann"], '
        '"1": ["Question: Where?\\nAnswer: ", "here", "there and back"]}, '
        '"truth_ratio": {"0": 0.3, "1": 0.8}}'
    ),
    source="locuslab/tofu, evaluate_util.py",
)
