"""The whole way of an import: what is sealed and indexed is what the reader gave."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from stresslab.errors import StresslabError
from stresslab.jobs._walk import surest
from stresslab.jobs.import_logs import import_logs
from stresslab.readers import readers
from stresslab.store.workspace import Workspace
from tests.fuzz.oracle import Oracle

COUNTED = ("outcomes", "published", "ratings", "rejects")


def problems_of_import(oracle: Oracle, folder: Path) -> Iterator[str]:
    """Yield where an import of the mutated file that now lies there differs from its reader."""
    place, source = folder / "workspace", oracle.fixture.source
    shutil.rmtree(place, ignore_errors=True)
    workspace = Workspace.create(place)
    try:
        list(import_logs(workspace, [source]))
    except StresslabError:
        return
    read = dict.fromkeys(COUNTED, 0)
    reader = readers.get(surest(source) or oracle.fixture.reader)
    for batch in reader.read(source, reader.propose(source)):
        if batch.table in read:
            read[batch.table] += batch.rows.num_rows
    sealed = dict.fromkeys(COUNTED, 0)
    for run in workspace.runs():
        counts = json.loads((run.path / "manifest.json").read_text())["counts"]
        for table in COUNTED:
            sealed[table] += counts.get(table, 0)
    if sealed != read:
        yield f"told: read {read}, sealed {sealed}"
    damaged = workspace.verify()
    if damaged:
        yield f"kept: verify says {damaged}"
