"""Full texts a workspace may not ship, kept in the user's cache folder by content hash."""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

from stresslab.places import cache_folder


class TextStore:
    """A small file of texts that many processes may read and fill at once."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or cache_folder() / "texts.sqlite"

    def put(self, texts: Mapping[str, str]) -> None:
        """Keep full inputs by content hash."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, timeout=30)) as con, con:
            con.execute("CREATE TABLE IF NOT EXISTS texts (hash TEXT PRIMARY KEY, input TEXT)")
            con.executemany("INSERT OR REPLACE INTO texts VALUES (?, ?)", texts.items())

    def get(self, hashes: Iterable[str]) -> dict[str, str]:
        """Return the texts that are there, by content hash."""
        if not self.path.exists():
            return {}
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=30)) as con:
            found = {}
            for one in set(hashes):
                try:
                    row = con.execute("SELECT input FROM texts WHERE hash = ?", [one]).fetchone()
                except sqlite3.OperationalError:  # made by another process this moment
                    return {}
                if row:
                    found[one] = row[0]
        return found
