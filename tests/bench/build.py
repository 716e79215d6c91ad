"""How fast is an index built, and how large is it?"""

import shutil
from collections.abc import Iterator

from stresslab.store.index import ensure
from tests.bench import _synthetic
from tests.bench._kind import Asked, Bench, Row, once


def run(asked: Asked) -> Iterator[Row]:
    """Yield rows per second of a whole build and of adding one model, and bytes per outcome."""
    n = asked.n(10e6)
    made = _synthetic.workspace(n)
    last = made.runs()[-1]
    made.retire(last.run_id)
    try:
        shutil.rmtree(made.index_folder, ignore_errors=True)
        whole = once(lambda: ensure(made))
        folder = ensure(made).folder
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        rows = n - last.n_outcomes
        yield Row("build from nothing", rows, whole, note=f"{size / rows:.0f} bytes per outcome")
    finally:
        made.restore(last.run_id)
    yield Row("add one model's run", last.n_outcomes, once(lambda: ensure(made)))


PIECE = Bench("building the index", run)
