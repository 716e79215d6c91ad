"""Starting is quick: heavy packages are loaded only when they are used."""

import subprocess
import sys

import pytest

HEAVY = (
    "torch",
    "transformers",
    "streamlit",
    "umap",
    "plotly",
    "scipy.stats",
    "statsmodels",
    "sklearn",
)

TIMED = """
import sys, time
begin = time.process_time()
{code}
seconds = time.process_time() - begin
print(seconds, *[name for name in {heavy!r} if name in sys.modules])
"""


def timed(code, tries=3):
    """Return the best time of `tries` fresh processes and what heavy was loaded.

    CPU seconds: what a person waits for on an idle machine, and alike on a busy one.
    """
    runs = []
    for _ in range(tries):
        script = TIMED.format(code=code, heavy=HEAVY)
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        )
        seconds, *loaded = done.stdout.split("\n")[-2].split()
        runs.append((float(seconds), loaded))
    return min(seconds for seconds, _ in runs), runs[0][1]


def test_the_python_door_opens_in_half_a_second():
    seconds, loaded = timed("from stresslab import Workspace, analyses")
    assert loaded == []
    assert seconds < 0.5


def test_help_is_there_in_eight_tenths_of_a_second():
    seconds, loaded = timed("from stresslab.cli import main; main(['--help'])")
    assert loaded == []
    assert seconds < 0.8


@pytest.mark.parametrize("kind", ["analyses", "metrics", "perturbations", "readers", "runners"])
def test_listing_names_imports_no_piece(kind):
    _, loaded = timed(f"from stresslab.{kind} import names; names()", tries=1)
    assert loaded == []
