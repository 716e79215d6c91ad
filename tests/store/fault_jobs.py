"""What the fault tests run in processes of their own, and how they are stopped."""

import os
import random
import time
from pathlib import Path

from stresslab.store import durable, index
from stresslab.store.workspace import Workspace

ROWS = 30
SOURCE = {"format": "x", "path": "f", "sha256": "a", "version": "1"}


def write_run(path: Path, model: str = "m", rows: int = ROWS, pause: float = 0.0) -> None:
    """Write one run of `rows` outcomes in parts, going on where an earlier try stopped."""
    workspace = Workspace.open(path)
    with workspace.add_run(model=model, task="t", source=SOURCE, part_rows=10) as run:
        if run.state == "identical":
            return
        for table in ("items", "variants"):
            there = run.done(table)
            ids = [f"s/{i}" for i in range(rows) if f"s/{i}" not in there]
            more = {"item_id": None} if table == "variants" else {}
            key = "item_id" if table == "items" else "variant_id"
            run.write(table, [{**dict.fromkeys(more), key: one, "item_id": one} for one in ids])
        there = run.done()
        for i in range(rows):
            if (f"s/{i}", 0) not in there:
                row = {
                    "variant_id": f"s/{i}",
                    "status": "answered",
                    "score": i % 2,
                    "correct": i % 2,
                }
                run.write("outcomes", [row])
                time.sleep(pause * random.random())


def build_index(path: Path) -> None:
    """Build the index of the workspace."""
    index.ensure(Workspace.open(path))


def write_space(path: Path) -> None:
    """Write a space of three vectors."""
    import numpy as np

    settings = {"encoder": "e", "dimension": 2, "kind": "features"}
    with Workspace.open(path).add_space("s", **settings) as space:
        space.write(["a", "b", "c"], np.ones((3, 2)))


def keep_house(path: Path) -> None:
    """Retire and restore a run, purge another, describe a model, find damage and repair it."""
    workspace = Workspace.open(path)
    [first, second] = workspace.runs()
    workspace.retire(first.run_id)
    workspace.restore(first.run_id)
    workspace.set_config("models", "m", {"family": "bert"})
    workspace.purge(second.run_id)
    workspace.verify()
    file = first.path / "outcomes.parquet"
    content = file.read_bytes()
    file.write_bytes(content[:20] + bytes(8) + content[28:])
    workspace.verify()
    write_run(path, first.model, rows=3)


def stop_at(point: int, job, *args) -> None:
    """Run a job and end the process, without any clean-up, at its `point`-th checkpoint."""
    seen = 0

    def hook(label: str) -> None:
        nonlocal seen
        seen += 1
        if seen == point:
            os._exit(7)

    durable.set_hook(hook)
    job(*args)
    os._exit(0)


def write_several(path: Path, name: str) -> None:
    """Write four runs, one after the other."""
    for number in range(4):
        write_run(path, f"{name}{number}", rows=20)
