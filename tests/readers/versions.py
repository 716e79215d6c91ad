"""What every reader makes of its fixtures, as one digest beside its version.

``python -m tests.readers.versions`` notes the digests anew in VERSIONS.txt.
"""

import hashlib
import json
import tempfile
from collections import defaultdict
from pathlib import Path

from stresslab.readers import readers
from tests.fuzz.fixtures import Fixture, fixtures

NOTED = Path(__file__).with_name("VERSIONS.txt")

HEAD = """\
# Reader, its version, and a digest of the tables it makes of its fixtures. A reader of which the
# digest changes must get a new version, for the version is part of what an import is known by: a
# file that was imported would else count as read already. Then: python -m tests.readers.versions
"""


def noted() -> dict[str, tuple[str, str]]:
    """Return version and digest of each reader as they were noted."""
    lines = (one for one in NOTED.read_text().splitlines() if not one.startswith("#"))
    return {name: (version, digest) for name, version, digest in map(str.split, lines)}


def by_reader(folder: Path) -> dict[str, list[Fixture]]:
    """Return the fixtures of each reader, written into a folder."""
    found = defaultdict(list)
    for one in fixtures(folder):
        found[one.reader].append(one)
    return found


def digest(sources: list[Fixture]) -> str:
    """Return a digest of all rows and measures a reader makes of some fixtures, in any order."""
    said = []
    for fixture in sources:
        reader = readers.get(fixture.reader)
        for batch in reader.read(fixture.source, reader.propose(fixture.source)):
            about = [fixture.name, str(batch.run), batch.table]
            measures = {name: dict(one) for name, one in batch.measures.items()}
            rows = [*batch.rows.to_pylist(), {"measures": measures}]
            said += [json.dumps([*about, row], sort_keys=True, default=str) for row in rows]
    return hashlib.sha256("\n".join(sorted(set(said))).encode()).hexdigest()[:16]


def main() -> None:
    """Note the digests of all readers."""
    with tempfile.TemporaryDirectory() as folder:
        found = by_reader(Path(folder))
        lines = [
            f"{name} {readers.get(name).version} {digest(found[name])}" for name in sorted(found)
        ]
    NOTED.write_text(HEAD + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
