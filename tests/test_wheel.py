"""The wheel carries app, pages and demo, and `stresslab demo` works from any folder."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
import zipfile
from pathlib import Path
from urllib.error import URLError

import pytest

ROOT = Path(__file__).parents[1]
SHIPPED = (
    "stresslab", "pages", "data", ".streamlit", "app.py", "pyproject.toml", "README.md", "LICENSE",
    "CHANGELOG.md", "constraints.txt",
)  # fmt: skip

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Return a wheel built from a copy of the tree."""
    copy = tmp_path_factory.mktemp("source")
    skip = shutil.ignore_patterns("__pycache__", ".index", "_app")
    for name in SHIPPED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=skip)
        else:
            shutil.copy(source, copy / name)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist", "."]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return next((copy / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Return the environment the wheel was installed in, its packages made read-only.

    What the wheel depends on comes from the environment of the tests, so that nothing is fetched.
    """
    folder = tmp_path_factory.mktemp("fresh") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    site = next(folder.glob("lib/python*/site-packages"))
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index"]
    subprocess.run([*command, "--target", str(site), str(wheel)], check=True)
    ours = site / "zz_dependencies.pth"
    ours.write_text(sysconfig.get_path("purelib") + "\n")
    script = folder / "bin" / "stresslab"
    script.write_text(
        f"#!{folder}/bin/python\nimport sys\nfrom stresslab.cli import main\nsys.exit(main())\n"
    )
    script.chmod(0o755)
    subprocess.run(["chmod", "-R", "a-w", str(site)], check=True)
    yield folder
    subprocess.run(["chmod", "-R", "u+w", str(site)], check=True)


def test_the_wheel_carries_app_pages_theme_and_demo(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in ("app.py", "pages/ui/", ".streamlit/config.toml", "data/demo/workspace.toml"):
        assert [name for name in names if name.startswith(f"stresslab/_app/{wanted}")], wanted
    assert [name for name in names if re.search(r"_app/data/demo/runs/.*\.parquet$", name)]


def test_the_wheel_carries_no_index_and_no_tests(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert not [name for name in names if ".index" in name or name.startswith("tests")]


def test_the_wheel_is_under_20_megabytes(wheel):
    assert wheel.stat().st_size < 20e6


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def served(installed, tmp_path):
    """Return the address of `stresslab demo` started from another folder."""
    port = free_port()
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "STRESSLAB", "STREAMLIT"))
    }
    (tmp_path / "elsewhere").mkdir()
    before = files_of(installed)
    process = subprocess.Popen(
        [installed / "bin" / "stresslab", "demo", "--no-browser", "--port", str(port)],
        cwd=tmp_path / "elsewhere",
        env=environment | {"STRESSLAB_CACHE": str(tmp_path / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "is open at" in line:
            break
    assert process.poll() is None, "".join(lines)
    yield f"http://127.0.0.1:{port}", lines, process, before
    process.terminate()
    process.wait(20)
    process.stdout.close()


def fetch(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.status, answer.read().decode()


def files_of(environment):
    """Return every file of ours in an environment, but for what Python compiles by itself."""
    return {path for path in environment.rglob("stresslab/**/*") if "__pycache__" not in path.parts}


def test_the_environment_runs_the_wheel_and_not_this_tree(installed):
    code = "import stresslab, streamlit; print(stresslab.__file__)"
    command = [installed / "bin" / "python", "-c", code]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/")
    assert Path(printed.stdout.strip()).is_relative_to(installed)


def test_the_installed_demo_opens_from_a_folder_that_is_not_ours(served, installed, tmp_path):
    url, lines, process, before = served
    assert url in lines[-1]
    assert fetch(f"{url}/_stcore/health") == (200, "ok")
    status, page = fetch(url)
    assert (status, "<html" in page.lower()) == (200, True)
    assert not list((tmp_path / "elsewhere").iterdir())
    assert files_of(installed) == before
    where = str(installed).replace("\\", "/")
    running = Path(f"/proc/{process.pid}/cmdline")
    if running.exists():
        assert where in running.read_text().replace("\0", " ")


def test_stopping_the_demo_stops_its_server(served):
    url, _, process, _ = served
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    time.sleep(0.2)
    with pytest.raises(URLError):
        fetch(f"{url}/_stcore/health")
