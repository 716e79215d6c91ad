"""Full texts a workspace may not ship, kept in the user's cache folder by content hash."""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

from stresslab.errors import WorkspaceError
from stresslab.places import cache_folder
from stresslab.store import durable

HASHES_A_QUERY = 500


class TextStore:
    """A small file of texts that many processes may read and fill at once."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or cache_folder() / "texts.sqlite"

    def put(self, texts: Mapping[str, str]) -> None:
        """Keep full inputs by content hash.

        Raises
        ------
        WorkspaceError
            If the cache folder cannot be written, or the file there is damaged.
        """
        with durable.writing(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with closing(sqlite3.connect(self.path, timeout=30)) as con, con:
                con.execute("CREATE TABLE IF NOT EXISTS texts (hash TEXT PRIMARY KEY, input TEXT)")
                con.executemany("INSERT OR REPLACE INTO texts VALUES (?, ?)", texts.items())
        except sqlite3.DatabaseError as error:
            raise WorkspaceError(
                f"{self.path} must be writable: {error}. "
                "Delete the file; it is a cache and is filled again."
            ) from error

    def get(self, hashes: Iterable[str]) -> dict[str, str]:
        """Return the texts that are there, by content hash; a damaged cache holds none."""
        if not self.path.exists():
            return {}
        wanted = sorted(set(hashes))
        found: dict[str, str] = {}
        address = f"{self.path.absolute().as_uri()}?mode=ro"
        try:
            with closing(sqlite3.connect(address, uri=True, timeout=30)) as con:
                for at in range(0, len(wanted), HASHES_A_QUERY):
                    some = wanted[at : at + HASHES_A_QUERY]
                    marks = ", ".join("?" * len(some))
                    query = f"SELECT hash, input FROM texts WHERE hash IN ({marks})"
                    found.update(con.execute(query, some))
        except sqlite3.DatabaseError:  # also: being made by another process this moment
            return found
        return found
