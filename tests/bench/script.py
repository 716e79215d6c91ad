"""How long does the script behind a page take after a control changed, without a browser?"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from unittest import mock

from stresslab.errors import WorkspaceError
from stresslab.places import app_folder, demo_workspace
from stresslab.store import recent
from stresslab.store.index import ensure
from stresslab.store.workspace import Workspace
from tests.bench import _synthetic
from tests.bench._kind import Asked, Bench, Row, once

WHERES = ("tier > 1", "tier > 2", 'status = "answered"')
"""Each is asked once, so that nothing is answered from a cache."""


def run(asked: Asked) -> Iterator[Row]:
    """Yield the run of every page after another condition, on the demo and on 10 M outcomes."""
    made = _synthetic.workspace(asked.n(10e6))
    ensure(made)
    places = {"synthetic": (made.path, "< 1 s")}
    with suppress(WorkspaceError):
        places = {"demo": (demo_workspace(), "< 500 ms")} | places
    for name, (path, wanted) in places.items():
        n = sum(one.n_outcomes for one in Workspace.open(path).runs())
        for page in sorted((app_folder() / "pages").glob("2*.py")):
            yield from _changes(f"{name}: {page.stem[4:]}", path, page, n, wanted)


def _changes(what: str, path: Path, page: Path, n: int, wanted: str) -> Iterator[Row]:
    from streamlit.testing.v1 import AppTest

    with mock.patch.dict(os.environ, {"STRESSLAB_WORKSPACES": str(path)}):
        app = AppTest.from_file(str(app_folder() / "app.py"), default_timeout=600).run()
        app.switch_page(f"pages/{page.name}").run()
        for where in WHERES:
            recent.forget()  # what another page has asked
            app.text_input(key="where").set_value(where)
            took = once(app.run)
            if app.exception:
                raise RuntimeError(f"{what} fails where {where}: {app.exception[0].message}")
            yield Row(f"{what}, {where}", n, took, wanted=wanted)


PIECE = Bench("the script of a page after another condition", run)
