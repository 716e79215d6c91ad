"""Start the app for a test and open it in Chromium; nothing but the app's own origin is allowed."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGS = ["--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"]


@contextmanager
def served(
    workspaces: Sequence[Path],
    script: Path = ROOT / "app.py",
    module: Sequence[str] = ("streamlit", "run"),
) -> Iterator[str]:
    """Run Streamlit, or `module` in place of it, on a free port and yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", *module, str(script), "--server.port", str(port),
        "--server.headless", "true", "--server.address", "127.0.0.1",
        "--server.fileWatcherType", "none",
    ]  # fmt: skip
    environment = os.environ | {"STRESSLAB_WORKSPACES": os.pathsep.join(map(str, workspaces))}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(f"http://127.0.0.1:{port}/_stcore/health", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def watched(page: Any, origin: str) -> list[str]:
    """Collect console errors, page errors and requests to other origins as sentences.

    Streamlit's page asks for its health under the path of a deep link before it asks under the
    root; those two answers of 404 are its own way of finding out where it is served.
    """
    found: list[str] = []

    def told(message: Any) -> None:
        probing = "/_stcore/" in message.location.get("url", "") and "404" in message.text
        if message.type == "error" and not probing:
            found.append(f"console: {message.text} {message.location.get('url')}")

    page.on("console", told)
    page.on("pageerror", lambda error: found.append(f"page error: {error}"))
    own = (origin, origin.replace("http", "ws", 1), "data:", "blob:")
    page.on(
        "request",
        lambda r: found.append(f"outside: {r.url}") if not r.url.startswith(own) else None,
    )
    return found


def settled(page: Any, timeout: float = 120_000) -> None:
    """Wait until the script has run to its end and every element has its picture."""
    page.wait_for_selector(".stMain h1", timeout=timeout)
    page.wait_for_timeout(150)
    page.wait_for_function(
        """() => document.querySelector('[data-test-script-state="notRunning"]')
          && !document.querySelector('.stMain [data-stale="true"]')
          && [...document.querySelectorAll('.stMain [data-testid="stSkeleton"]')]
             .every((one) => !one.checkVisibility())""",
        timeout=timeout,
    )
    page.wait_for_timeout(150)


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"Streamlit ended with code {process.returncode}.")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"The app did not answer at {url}.")
