"""Run Streamlit, and load what the first page needs while the browser is on its way to it.

``python -m stresslab.commands._app ARGUMENTS`` is ``streamlit run ARGUMENTS`` otherwise.
"""

import os
import runpy
import sys
import threading
from contextlib import suppress
from importlib import import_module
from pathlib import Path

MODULES = (
    "pandas", "streamlit.elements.arrow", "streamlit.elements.plotly_chart",
    "plotly.graph_objects", "plotly.tools", "scipy.special", "stresslab.figures",
    "stresslab.analyses.overview", "stresslab.store.query",
)  # fmt: skip
"""What the overview imports, most of the seconds of a first page."""


def main() -> None:
    """Run Streamlit with the arguments of this process."""
    import_module("streamlit.web.bootstrap")  # first: the two threads would wait for each other
    folders = os.environ.get("STRESSLAB_WORKSPACES", "").split(os.pathsep)
    threading.Thread(target=warm, args=(Path(folders[0]),), daemon=True).start()
    sys.argv = ["streamlit", "run", *sys.argv[1:]]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)


def warm(folder: Path) -> None:
    """Import what the overview of a workspace needs, and ask its question once."""
    for name in MODULES:
        import_module(name)
    with suppress(Exception):  # what fails here fails again on the page, which says so
        from stresslab import Workspace, analyses

        overview = analyses.get("overview")
        overview.run(Workspace.open(folder), overview.params())


if __name__ == "__main__":
    main()
