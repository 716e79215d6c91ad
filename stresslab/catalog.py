"""Find the pieces of one kind: the folder is the registry and the file name is the key."""

import difflib
import functools
import importlib
import pkgutil
from collections.abc import Iterator
from typing import Generic, TypeVar

from stresslab.errors import UnknownPieceError

T = TypeVar("T")


@functools.cache
def _outside(group: str) -> dict[str, str]:
    """Return the pieces other packages add; read once, because reading them takes 50 ms."""
    import importlib.metadata

    return {point.name: point.value for point in importlib.metadata.entry_points(group=group)}


class Catalog(Generic[T]):
    """The pieces of one kind, looked up by name and imported only when asked for.

    Parameters
    ----------
    package : str
        Dotted name of the folder, e.g. ``"stresslab.metrics"``.
    kind : type
        The frozen dataclass every ``PIECE`` of the folder is an instance of.

    Notes
    -----
    A package outside stresslab adds pieces with an entry point in the group named like `package`:
    ``[project.entry-points."stresslab.metrics"] my_metric = "my_package.my_metric"``.
    """

    def __init__(self, package: str, kind: type[T]) -> None:
        self.package = package
        self.kind = kind

    def names(self) -> list[str]:
        """Return the known names in alphabetical order, importing no piece."""
        return sorted(self._modules())

    def get(self, name: str) -> T:
        """Return the piece called `name`.

        Raises
        ------
        UnknownPieceError
            If there is no such piece; the message lists near names.
        """
        modules = self._modules()
        if name not in modules:
            near = difflib.get_close_matches(name, modules, n=3) or sorted(modules)
            raise UnknownPieceError(
                f"No {self.kind.__name__.lower()} is called {name!r}. "
                f"Did you mean: {', '.join(near)}?"
            )
        piece = getattr(importlib.import_module(modules[name]), "PIECE", None)
        if not isinstance(piece, self.kind):
            raise TypeError(f"{modules[name]} must define PIECE, a {self.kind.__name__}.")
        return piece

    def __iter__(self) -> Iterator[tuple[str, T]]:
        """Yield ``(name, piece)`` in alphabetical order."""
        return ((name, self.get(name)) for name in self.names())

    def _modules(self) -> dict[str, str]:
        root = importlib.import_module(self.package)
        prefix = f"{self.package}."
        found = pkgutil.walk_packages(root.__path__, prefix)
        keys = (module.name.removeprefix(prefix) for module in found if not module.ispkg)
        own = {
            key: prefix + key
            for key in keys
            if not any(part.startswith("_") for part in key.split("."))
        }
        return _outside(self.package) | own
