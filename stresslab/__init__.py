"""stresslab shows where a model breaks under stress, and whether the difference is real."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Workspace", "analyses"]

if TYPE_CHECKING:
    from stresslab import analyses
    from stresslab.store.workspace import Workspace


def __getattr__(name: str) -> Any:
    """Import the two public names on first use, so that `import stresslab` stays instant."""
    if name == "Workspace":
        return import_module("stresslab.store.workspace").Workspace
    if name == "analyses":
        return import_module("stresslab.analyses")
    raise AttributeError(f"module 'stresslab' has no attribute {name!r}")
