"""Where the parts that ship beside the code are: the app, its settings and the demo workspace."""

import os
from pathlib import Path

from stresslab.errors import WorkspaceError

PACKAGE = Path(__file__).resolve().parent


def app_folder() -> Path:
    """Return the folder that holds app.py: inside an installed package, or the repository's root.

    Raises
    ------
    WorkspaceError
        If neither place has it.
    """
    for folder in (PACKAGE / "_app", PACKAGE.parent):
        if (folder / "app.py").is_file() and (folder / "pages").is_dir():
            return folder
    raise WorkspaceError(
        f"The app must lie in {PACKAGE / '_app'} or {PACKAGE.parent}; it is in neither. "
        "Install stresslab again."
    )


def demo_workspace() -> Path:
    """Return the folder of the demo workspace that ships with the package.

    Raises
    ------
    WorkspaceError
        If this copy of stresslab ships none.
    """
    for folder in (PACKAGE / "_app", PACKAGE.parent):
        if (folder / "data" / "demo" / "workspace.toml").is_file():
            return folder / "data" / "demo"
    raise WorkspaceError(
        "This copy of stresslab ships no demo workspace. "
        "Make one: `stresslab demo build --out FOLDER`, then `stresslab serve FOLDER`."
    )


def workspace_path(text: str) -> Path:
    """Return the folder meant by `text`: a path, or ``demo`` for the demo workspace."""
    return demo_workspace() if text == "demo" else Path(text).expanduser()


def cache_folder() -> Path:
    """Return the user's cache folder of stresslab (``STRESSLAB_CACHE`` overrides it)."""
    import platformdirs

    chosen = os.environ.get("STRESSLAB_CACHE")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("stresslab"))
