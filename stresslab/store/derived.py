"""Derived values: projections, clusters and scores of variants, computed once and kept."""

import json
import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stresslab.errors import DamagedFileError, ShapeError, WorkspaceError
from stresslab.store import durable
from stresslab.store.runs import FORMAT, MANIFEST, PARTIAL, REPLACED, digest_of, file_entry
from stresslab.store.verify import Problem, difference

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

FILE = "values.parquet"
COLUMNS = {"projection": ("x", "y"), "clusters": ("value",), "score": ("value",)}
"""Columns that hold the value itself, by kind; more columns of numbers may stand beside them."""

KEYS = ("variant_id", "run_id")
RESULT = "result"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,149}\Z")


@dataclass(frozen=True)
class DerivedInfo:
    """One derived value.

    Parameters
    ----------
    derived_id : str
        ``<space>.<recipe>``; a condition names it ``derived.<space>.<recipe>``.
    path : Path
        Its folder.
    kind : str
        ``projection`` (x, y), ``clusters`` (whole numbers, -1 is none), ``score`` or ``result``;
        empty where the manifest cannot be read.
    manifest : dict
        ``recipe, inputs, seed, quality, n, columns, created, versions, files``.
    digest : str
        SHA-256 of the manifest.
    changed : tuple of str
        Inputs that are not what they were when it was computed.
    """

    derived_id: str
    path: Path
    kind: str
    manifest: Mapping[str, Any]
    digest: str
    changed: tuple[str, ...] = ()

    @property
    def is_stale(self) -> bool:
        """Return whether an input changed since."""
        return bool(self.changed)

    @property
    def quality(self) -> dict[str, Any]:
        """Return what was measured of it when it was made."""
        return dict(self.manifest.get("quality") or {})

    @property
    def space(self) -> str:
        """Return the space it is of, or an empty text."""
        recipe = self.manifest.get("recipe") or {}
        return str(recipe.get("space") or "")


def inputs_of(
    workspace: "Workspace",
    *,
    spaces: Iterable[str] = (),
    runs: Iterable[str] = (),
    derived: Iterable[str] = (),
    data: bool = False,
) -> dict[str, str]:
    """Return ``{"space:minilm": digest, ...}`` of what a derived value is computed from.

    Parameters
    ----------
    data : bool
        Everything that is not derived: all live runs and spaces, and what workspace.toml says.

    Raises
    ------
    WorkspaceError
        If there is no such input.
    """
    known = _digests(workspace)
    wanted = [f"space:{one}" for one in spaces] + [f"run:{one}" for one in runs]
    wanted += [f"derived:{one}" for one in derived] + (["data"] if data else [])
    for name in wanted:
        if name not in known:
            kind, _, one = name.partition(":")
            there = [other.partition(":")[2] for other in known if other.startswith(f"{kind}:")]
            raise WorkspaceError(
                f"{workspace.path} has no {kind} {one!r}. There are: {', '.join(there) or 'none'}."
            )
    return {name: known[name] for name in wanted}


def seal_derived(
    workspace: "Workspace",
    derived_id: str,
    *,
    kind: str,
    recipe: Mapping[str, Any],
    inputs: Mapping[str, str],
    seed: int | None,
    table: "pd.DataFrame",
    quality: Mapping[str, Any] | None = None,
) -> DerivedInfo:
    """Keep a value of every variant; what had this id before is replaced in one step.

    Parameters
    ----------
    kind : str
        One of `COLUMNS`.
    recipe : mapping
        JSON-able: ``space``, ``name``, settings.
    inputs : mapping
        From `inputs_of`, taken before the computation began.
    quality : mapping, optional
        JSON-able measures of how good it is.
    table : DataFrame
        variant_id (each once; or each once per run_id) and the columns of the kind; more columns
        of numbers may follow. Rows whose values are not known are left out.

    Raises
    ------
    WorkspaceError
        If id, kind or columns are not as they must be, or the disk refuses.
    ShapeError
        If a variant comes twice.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = _check(derived_id, kind, table)
    arrays: dict[str, Any] = {name: table[name] for name in KEYS if name in table}
    for name in columns:
        whole = kind == "clusters" and name == "value"
        arrays[name] = table[name].astype("int32" if whole else "float64")
    rows = pa.table({name: pa.array(one, from_pandas=True) for name, one in arrays.items()})

    def write(folder: Path) -> dict[str, int | None]:
        pq.write_table(rows, folder / FILE, compression="zstd")
        return {FILE: rows.num_rows}

    head = {
        "kind": kind, "recipe": dict(recipe), "inputs": dict(inputs), "seed": seed,
        "quality": dict(quality or {}), "n": rows.num_rows, "columns": list(columns),
        "by_run": "run_id" in arrays,
    }  # fmt: skip
    return seal(workspace, derived_id, head, write)


def read_derived(info: DerivedInfo) -> "pd.DataFrame":
    """Return the values of a derived value: variant_id, run_id where it has one, its columns.

    Raises
    ------
    DamagedFileError
        If the file is not what was sealed.
    """
    import pandas as pd

    path = info.path / FILE
    try:
        found: pd.DataFrame = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DamagedFileError(
            f"{path} must be a whole Parquet file: {error}. "
            f"Delete {info.path} and compute it again."
        ) from error
    return found


def derived_of(workspace: "Workspace") -> list[DerivedInfo]:
    """Return the derived values of a workspace by id, and what of their inputs changed."""
    known = _Lazy(lambda: _digests(workspace))
    return [
        replace(
            info,
            changed=tuple(
                name
                for name, one in info.manifest.get("inputs", {}).items()
                if known.get().get(name) != one
            ),
        )
        for info in seen_in(workspace.path / "derived")
    ]


def seen_in(folder: Path) -> list[DerivedInfo]:
    """Return the derived values under a folder by id, whatever became of their inputs."""
    return [_info(path, digest_of(path)) for path in sorted(folder.glob(f"[!.]*/{MANIFEST}"))]


@lru_cache(maxsize=1024)
def _info(path: Path, digest: str) -> DerivedInfo:
    try:
        manifest = json.loads(path.read_bytes())
        kind = str(manifest["kind"]) if isinstance(manifest["files"], dict) else ""
        manifest["inputs"] = dict(manifest["inputs"])
    except (OSError, ValueError, KeyError, TypeError):
        manifest, kind = {}, ""
    return DerivedInfo(path.parent.name, path.parent, kind, manifest, digest)


def is_whole(info: DerivedInfo) -> bool:
    """Tell whether the files of a derived value are what was sealed."""
    return bool(info.kind) and not check_derived(info)


def check_derived(info: DerivedInfo) -> list[Problem]:
    """Return what is wrong with a derived value, hashing its files."""
    again = f"Delete {info.path} and compute it again."
    if not info.kind:
        rule = "a derived value has a readable manifest"
        return [Problem(info.path / MANIFEST, rule, "no JSON, or not of a derived value", again)]
    rule = "a sealed file has the checksum of its manifest"
    return [
        Problem(info.path / name, rule, seen, again)
        for name, file in info.manifest["files"].items()
        if (seen := difference(info.path / name, file))
    ]


class _Lazy:
    """Digests are looked up when the first derived value asks for them."""

    def __init__(self, ask: Callable[[], dict[str, str]]) -> None:
        self._ask = ask
        self._known: dict[str, str] | None = None

    def get(self) -> dict[str, str]:
        if self._known is None:
            self._known = self._ask()
        return self._known


def _digests(workspace: "Workspace") -> dict[str, str]:
    found = {f"run:{run.run_id}": run.digest for run in workspace.runs()}
    found |= {f"space:{space.space_id}": space.digest for space in workspace.spaces()}
    found |= {
        f"derived:{one.derived_id}": one.digest for one in seen_in(workspace.path / "derived")
    }
    return found | {"data": workspace.source_version}


def _check(derived_id: str, kind: str, table: "pd.DataFrame") -> list[str]:
    """Return the value columns of a table that is as it must be."""
    if kind not in COLUMNS:
        raise WorkspaceError(f"Derived values are {', '.join(COLUMNS)}; got {kind!r}.")
    wanted = COLUMNS[kind]
    columns = [str(name) for name in table.columns if name not in KEYS]
    numbers = all(table[name].dtype.kind in "fiu" for name in columns)
    if tuple(columns[: len(wanted)]) != wanted or "variant_id" not in table or not numbers:
        raise WorkspaceError(
            f"A derived value of kind {kind} has the columns variant_id, {', '.join(wanted)} and "
            f"more numbers; got {', '.join(map(str, table.columns))}."
        )
    keys = [name for name in KEYS if name in table]
    twice = table[keys].duplicated()
    if twice.any():
        one = table.loc[twice, "variant_id"].iloc[0]
        raise ShapeError(f"A variant has one derived value; {one!r} comes twice. Keep one row.")
    return columns


def seal(
    workspace: "Workspace",
    derived_id: str,
    head: Mapping[str, Any],
    write: Callable[[Path], Mapping[str, int | None]],
) -> DerivedInfo:
    """Write the files of a derived value and its manifest; `write` says how many rows each has."""
    if not _ID.match(derived_id):
        raise WorkspaceError(
            "The name of a derived value is made of letters, digits, dots, - and _, and begins "
            f"with a letter or digit; got {derived_id!r}."
        )
    folder = workspace.path / "derived"
    target = folder / derived_id
    partial = folder / f"{PARTIAL}{derived_id}-{uuid.uuid4().hex[:8]}"
    try:
        with durable.writing(partial):
            partial.mkdir(parents=True)
            rows = write(partial)
            for name in rows:
                durable.sync(partial / name)
            files = {name: file_entry(partial / name, n) for name, n in rows.items()}
            made = {"created": datetime.now(UTC).isoformat(timespec="seconds")}
            manifest = {"format": FORMAT, **head, **made, "versions": versions(()), "files": files}
            text = json.dumps(manifest, indent=1, ensure_ascii=False, sort_keys=True, default=str)
            durable.write_bytes(partial / MANIFEST, text.encode())
            durable.sync(partial)
            _replace(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    [info] = [one for one in derived_of(workspace) if one.derived_id == derived_id]
    return info


def _replace(partial: Path, target: Path) -> None:
    aside = target.with_name(f"{REPLACED}{target.name}-{uuid.uuid4().hex[:8]}")
    if target.exists():
        durable.replace(target, aside)
    durable.replace(partial, target)
    shutil.rmtree(aside, ignore_errors=True)


def versions(packages: Sequence[str] = ("numpy", "scikit-learn", "umap-learn")) -> dict[str, str]:
    """Return the versions of what computes."""
    from importlib.metadata import PackageNotFoundError, version

    from stresslab import __version__

    found = {"stresslab": __version__}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
