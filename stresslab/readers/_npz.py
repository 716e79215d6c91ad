"""Read arrays of numbers from .npz files without ever unpickling."""

import io
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stresslab.errors import ReadError
from stresslab.readers._zip import Zip

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

HEAD = 512
OBJECTS = "holds Python objects, which are pickles; save plain numbers or texts"


def arrays(path: Path, names: tuple[str, ...]) -> dict[str, "Array | str"]:
    """Return the arrays of some names in a .npz file; in place of one what is wrong with it.

    Raises
    ------
    ReadError
        If it is no zip file.
    """
    found: dict[str, Array | str] = {}
    with Zip(path) as file:
        for name in names:
            entry = f"{name}.npy"
            try:
                found[name] = array(file.read(entry)) if entry in file.names else "is missing"
            except ReadError as error:
                found[name] = str(error).removeprefix(f"{path}, ")
    return found


def array(content: bytes) -> "Array":
    """Return the numbers in a .npy file, checked against its size before memory is taken.

    Raises
    ------
    ReadError
        If it holds objects, texts or fewer numbers than it says, or is no such file.
    """
    import numpy as np
    from numpy.lib import format as npy

    file = io.BytesIO(content)
    try:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, is_fortran, kind = read(file)
    except (
        ValueError,
        TypeError,
        SyntaxError,
        EOFError,
        RecursionError,
        tokenize.TokenError,
    ) as error:
        raise ReadError(f"must be an array of NumPy: {error}") from error
    if kind.hasobject:
        raise ReadError(OBJECTS)
    if kind.kind not in "biuf":
        raise ReadError(f"must hold numbers; it holds {kind}")
    n = 1
    for size in shape:
        n *= size
    if n * kind.itemsize != len(content) - file.tell():
        raise ReadError(f"must hold {n:,} numbers as it says; it has {len(content):,} bytes")
    made = np.frombuffer(content, kind, n, file.tell())
    return made.reshape(shape, order="F" if is_fortran else "C")


def names_in(path: Path) -> set[str]:
    """Return the names of the arrays in a .npz file; none if it is no zip file."""
    try:
        with Zip(path) as file:
            return {one.removesuffix(".npy") for one in file.names if one.endswith(".npy")}
    except (ReadError, OSError):
        return set()


def has_objects(path: Path) -> bool:
    """Return whether a .npy or .npz file holds objects, by the heads of its arrays."""
    if path.suffix.lower() == ".npy":
        try:
            with path.open("rb") as file:
                return _names_objects(file.read(HEAD))
        except OSError:
            return False
    try:
        with Zip(path) as file:
            heads = (file.stream(name).read(HEAD) for name in file.names if name.endswith(".npy"))
            return any(map(_names_objects, heads))
    except (ReadError, OSError):
        return False


def _names_objects(head: bytes) -> bool:
    return b"|O" in head.partition(b"}")[0]
