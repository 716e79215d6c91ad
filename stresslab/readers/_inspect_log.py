"""Open an Inspect log that is one JSON text, or whichever of the two a file is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stresslab import lenient
from stresslab.errors import ReadError
from stresslab.lenient import Broken
from stresslab.readers._inspect_eval import EvalLog, Found
from stresslab.readers._inspect_scores import JsonObject
from stresslab.readers._records import broken, tidy
from stresslab.store.scan import EXCERPT, Reject


class JsonLog:
    """A log that is one JSON text; the same attributes as an `EvalLog`."""

    def __init__(self, path: Path) -> None:
        self.path, self.is_partial = path, False
        self.rejects: list[Reject] = []
        self.header: JsonObject = {}
        for name, value in self._walk():
            if name in ("samples", "reductions", ""):
                if {"eval", "results"} <= self.header.keys():
                    break
            elif not isinstance(value, Broken):
                try:
                    self.header[name] = tidy(value)
                except lenient.JsonProblem as problem:
                    self.rejects.append(Reject(name, "", str(problem), ""))
        if not isinstance(self.header.get("eval"), dict):
            raise ReadError(f"{path} must say model and task under `eval`; it does not.")

    def __enter__(self) -> "JsonLog":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing stays open."""

    n_samples = n_bytes = 0
    """Whole samples are read in any case."""

    def samples(self, *, whole: bool) -> Iterator[Found | Reject]:
        """Yield every sample, one held at a time."""
        n = 0
        for name, value in self._walk():
            n += name == "samples"
            place = f"sample {n}" if name == "samples" else name or "file"
            if isinstance(value, Broken):
                yield broken(place, value)
            elif name == "samples" and not isinstance(value, dict):
                yield Reject(place, "", "must be an object", lenient.clean(str(value)[:EXCERPT]))
            elif name == "samples":
                try:
                    yield tidy(value), self._share
                except lenient.JsonProblem as problem:
                    yield Reject(place, "", str(problem), "")

    def sample(self, item: str, epoch: int) -> JsonObject:
        """Return one whole sample.

        Raises
        ------
        ReadError
            If there is none of this id and epoch.
        """
        for found in self.samples(whole=True):
            if isinstance(found, tuple):
                sample = found[0]
                if str(sample.get("id")) == item and sample.get("epoch", 1) == epoch:
                    return sample
        raise ReadError(f"{self.path} must hold sample {item!r} of epoch {epoch}; it does not.")

    def _walk(self) -> Iterator[tuple[str, Any]]:
        size, self._share = max(self.path.stat().st_size, 1), 0.0
        with self.path.open("rb") as file:
            for one in lenient.walk(file, ("samples", "reductions")):
                self._share = file.tell() / size
                yield one


def opened(path: Path) -> EvalLog | JsonLog:
    """Return the log in a file, by its first bytes.

    Raises
    ------
    ReadError
        If it cannot be opened, or nothing in it says model and task.
    """
    try:
        with path.open("rb") as file:
            is_zip = file.read(4) == b"PK\x03\x04"
        return EvalLog(path) if is_zip else JsonLog(path)
    except OSError as error:
        raise ReadError(f"{path} must be a readable file: {error}.") from error
