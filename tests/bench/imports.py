"""How fast, and in how much memory, does a table become sealed and indexed runs?

A million rows of a CSV file are imported in a process of its own, whose memory is measured; pandas
reads the same file and writes it as Parquet, which makes no ids, hashes or index and checks
nothing. A hundred rows are imported into a workspace of ten million outcomes: what that costs is
to be in proportion to the hundred rows and to one copy of the index, not to the workspace.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from stresslab.jobs.import_logs import import_logs
from stresslab.store.index import ensure
from tests.bench import _synthetic
from tests.bench._kind import Asked, Bench, Row, Took, once

IMPORT = """
from stresslab.cli import main
if main(["import", sys.argv[1], "-w", sys.argv[2], "--json"]): sys.exit("The import failed.")
"""
PANDAS = """
import pandas as pd
pd.read_csv(sys.argv[1]).to_parquet(sys.argv[2])
"""
MEASURED = """
import resource, sys, time
from pathlib import Path
start = time.perf_counter()
{work}
wall = time.perf_counter() - start
both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
status = Path("/proc/self/status").read_text().split()
print(wall, sum(one.ru_utime + one.ru_stime for one in both), status[status.index("VmHWM:") + 1])
"""
SMALL = 100
HEAD = "id,model,task,text,label,kind,tier,domain,output,score,confidence\n"
DOMAINS = ("news", "tweets", "reviews", "legal", "code")


def run(asked: Asked) -> Iterator[Row]:
    """Yield the import of a million rows, and that of a hundred into ten million."""
    n = asked.n(1_000_000)
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder) / "long.csv", n)
        ours, peak = _measured(IMPORT, path, Path(folder) / "workspace")
        theirs, their_peak = None, 0.0
        if "pandas" in asked.opponents:
            theirs, their_peak = _measured(PANDAS, path, Path(folder) / "frame.parquet")
        note = f"peak {peak:,.0f} MB" + (f", pandas {their_peak:,.0f}" if theirs else "")
        yield Row("import, seal and index a CSV file", n, ours, "csv to parquet" if theirs else "",
                  theirs, "< 60 s" if n == 1_000_000 else "", f"{note} (< 500)")  # fmt: skip
    yield from _small(asked.n(10_000_000))


def written(path: Path, n: int) -> Path:
    """Write a long table of two models, five tiers and five domains."""
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD)
        for one in range(n):
            item, tier = one // 10, one % 5
            kind = "typos" if tier else ""
            file.write(
                f"q{item},model{one % 10 // 5},sums,what was said about the input {item} at {tier},"
                f"{'ab'[item % 2]},{kind},{tier},{DOMAINS[item % 5]},{'ab'[one * 7 % 3 % 2]},"
                f"{one * 7 % 3 % 2},{one % 97 / 97:.3f}\n"
            )
    return path


def _measured(work: str, *arguments: Path) -> tuple[Took, float]:
    """Return the seconds a process takes, and the megabytes it holds at most."""
    command = [sys.executable, "-c", MEASURED.format(work=work.strip()), *map(str, arguments)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return Took(float(said[-3]), float(said[-2])), int(said[-1]) / 1024


def _small(n: int) -> Iterator[Row]:
    """Yield the import of a hundred rows of another task, and of a model of the same task."""
    made = _synthetic.workspace(n)
    index = ensure(made).path
    for task, what in (("sums", "of another task"), ("bench", "of a new model")):
        with tempfile.TemporaryDirectory(dir=made.path.parent) as folder:
            copy = Path(folder) / "workspace"
            shutil.copytree(made.path, copy, copy_function=os.link)  # nothing there is rewritten
            copied = once(partial(shutil.copyfile, index, Path(folder) / "copy"))
            path = written(Path(folder) / f"{task}.csv", SMALL)
            text = path.read_text(encoding="utf-8").replace(",sums,", f",{task},")
            path.write_text(text, encoding="utf-8")
            took = once(lambda path=path, copy=copy: list(import_logs(copy, [path])))
            note = f"into {n:,}; a copy of the index, {index.stat().st_size / 1e6:,.0f} MB, takes "
            yield Row(
                f"import {SMALL} rows {what}", SMALL, took, note=note + f"{copied.wall:.2f} s"
            )


PIECE = Bench("importing tables", run)
