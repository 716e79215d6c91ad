"""Start Streamlit on app.py with our settings as flags, and wait for it."""

import ipaddress
import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from stresslab.errors import ParamError, StresslabError
from stresslab.places import app_folder

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

FIRST_PORT = 8501
START_LIMIT = 60.0
"""Seconds the app may take to answer for the first time."""


def serve(
    folders: Sequence[Path], *, host: str, port: int | None, browser: bool, insecure: bool
) -> None:
    """Serve the app on `folders` until it is stopped.

    Raises
    ------
    ParamError
        If `host` can be reached from outside and `insecure` is not set, or `port` is taken.
    """
    check_host(host, insecure=insecure)
    chosen = free_port(host, port)
    environment = os.environ | {"STRESSLAB_WORKSPACES": os.pathsep.join(map(str, folders))}
    process = subprocess.Popen(command(host, chosen), env=environment)

    def stop(number: int, frame: FrameType | None) -> None:
        process.terminate()

    signal.signal(signal.SIGTERM, stop)
    try:
        prepare(folders)  # beside the start of the app
        url = f"http://{_shown(host)}:{chosen}"
        wait_until_ready(url, process)
        print(f"stresslab is open at {url} (Ctrl-C stops it)", flush=True)
        if browser:
            open_browser(url)
        process.wait()
    except KeyboardInterrupt:
        pass
    finally:
        process.terminate()
        process.wait(timeout=10)


def command(host: str, port: int) -> list[str]:
    """Return the command line that starts Streamlit."""
    folder = app_folder()
    flags = settings_as_flags(_settings(folder)) | {
        "--server.address": [host],
        "--server.port": [str(port)],
        "--server.headless": ["true"],
        "--browser.gatherUsageStats": ["false"],
        "--logger.hideWelcomeMessage": ["true"],
        "--logger.level": ["warning"],
    }
    pairs = [part for flag, values in flags.items() for value in values for part in (flag, value)]
    return [sys.executable, "-m", "stresslab.commands._app", str(folder / "app.py"), *pairs]


def settings_as_flags(settings: Mapping[str, Any], prefix: str = "--") -> dict[str, list[str]]:
    """Return Streamlit's settings file as command-line flags, the one form that works anywhere.

    Streamlit reads `.streamlit/config.toml` from the current folder only, and a user of the
    installed package is in another one. Lists of tables (font files) have no flag and are left out.
    """
    flags: dict[str, list[str]] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            flags |= settings_as_flags(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            if not any(isinstance(one, Mapping) for one in value):
                flags[prefix + key] = [_flag_text(one) for one in value]
        else:
            flags[prefix + key] = [_flag_text(value)]
    return flags


def check_host(host: str, *, insecure: bool) -> None:
    """Raise ParamError if other machines could reach `host` and that was not asked for."""
    if insecure or host == "localhost":
        return
    try:
        is_local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_local = False
    if not is_local:
        raise ParamError(
            f"The app has no sign-in yet, so it listens on this machine only; got --host {host}. "
            "Add --insecure if everyone who can reach that address may read the workspaces and "
            "import files into them."
        )


def free_port(host: str, port: int | None) -> int:
    """Return `port` if it is free, or the first free one from 8501 if none was asked for."""
    candidates = [port] if port is not None else list(range(FIRST_PORT, FIRST_PORT + 50))
    for candidate in candidates:
        if _is_free(host, candidate):
            return candidate
    if port is None:
        raise ParamError(f"No port from {FIRST_PORT} to {candidates[-1]} is free. Give --port.")
    raise ParamError(f"Port {port} of {host} is taken or not allowed. Give another --port.")


def prepare(folders: Sequence[Path]) -> None:
    """Open every workspace and build its index where the data are newer, showing how far it is."""
    from rich.console import Console
    from rich.progress import Progress

    from stresslab import Workspace
    from stresslab.store.index import ensure

    for folder in folders:
        workspace = Workspace.open(folder)
        console = Console(stderr=True)
        with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task(f"Preparing {workspace.name}", total=None)

            ensure(workspace, partial(_show, bar, task))


def wait_until_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Return when the app answers its health check.

    Raises
    ------
    StresslabError
        If it ends, or does not answer within a minute.
    """
    end = time.monotonic() + START_LIMIT
    while time.monotonic() < end:
        if process.poll() is not None:
            raise StresslabError(f"Streamlit ended with code {process.returncode} before it began.")
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise StresslabError(f"The app did not answer at {url} within {START_LIMIT:.0f} s.")


def open_browser(url: str) -> None:
    """Open `url` in the user's browser if there is one."""
    import webbrowser

    webbrowser.open(url)


def _show(bar: "Progress", task: "TaskID", done: int, total: int, message: str) -> None:
    bar.update(task, completed=done, total=total, description=message)


def _settings(folder: Path) -> dict[str, Any]:
    path = folder / ".streamlit" / "config.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _flag_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
