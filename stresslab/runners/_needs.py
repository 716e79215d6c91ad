"""Import what only some runners need, or say how to install it."""

import importlib
from typing import Any

from stresslab.errors import MissingPackageError


def needed(module: str) -> Any:
    """Return the imported `module`.

    Raises
    ------
    MissingPackageError
        If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingPackageError(
            f"Running this model needs {module.split('.')[0]}, which is not installed ({error}). "
            "Install it with: pip install 'stresslab[models]'"
        ) from error
