"""Which code a check goes through: rows of older code are not taken for rows of this one."""

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path

import stresslab

ROOT = Path(stresslab.__file__).parent


def fingerprint(name: str) -> str:
    """Return a hash of the sources of a check, of its judge and of all they import of ours."""
    seen: dict[Path, bytes] = {}
    left = [ROOT / "validity" / f"{name}.py", ROOT / "validity" / "_run.py"]
    while left:
        path = left.pop()
        if path in seen or not path.is_file():
            continue
        seen[path] = path.read_bytes()
        left += _imported(seen[path])
    whole = b"".join(path.name.encode() + seen[path] for path in sorted(seen))
    return hashlib.sha256(whole).hexdigest()[:12]


def _imported(source: bytes) -> Iterator[Path]:
    """Yield the files that a source imports, those inside functions and packages' own included."""
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
        for name in names:
            package, *rest = name.split(".")
            if package == "stresslab" and rest:
                place = ROOT.joinpath(*rest)
                yield place.with_suffix(".py")
                yield place / "__init__.py"
