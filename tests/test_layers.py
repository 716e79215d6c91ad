"""Imports go one way, heavy packages stay inside functions, files and functions stay small."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "stresslab"
FILES = sorted(PACKAGE.rglob("*.py"))
FILES = [path for path in FILES if "_app" not in path.parts]
PAGES = sorted((ROOT / "pages").glob("*.py"))
UI = sorted((ROOT / "pages" / "ui").glob("*.py"))
APP = ROOT / "app.py"

COMPUTING = {
    "slices", "gaps", "confidence", "ratings", "geometry", "detectors", "estimators", "dynamics",
    "probes", "adaptation", "unlearning", "projections",
}  # fmt: skip
EVERYTHING = COMPUTING | {
    "stats", "metrics", "perturbations", "store", "readers", "runners", "encoders", "analyses", "validity", "studies",
    "jobs",
    "figures", "reports", "commands", "cli",
}  # fmt: skip
OUTWARD = {"figures", "reports", "commands", "cli"}

MAY_IMPORT: dict[str, set[str]] = {
    "stats": set(),
    "metrics": {"stats"},
    "perturbations": {"stats"},
    **{folder: {"stats", "metrics"} for folder in COMPUTING},
    "store": set(),
    "readers": {"store.scan"},
    "runners": {"perturbations"},
    "encoders": {"runners"},
    "analyses": {"store", "stats", "metrics", "perturbations"} | COMPUTING,
    "validity": {"store", "analyses", "stats", "metrics"} | COMPUTING,
    "studies": EVERYTHING - OUTWARD - {"jobs", "validity"},
    "jobs": EVERYTHING - OUTWARD,
    "figures": set(),
    "reports": {"analyses", "figures"},
    "commands": EVERYTHING - {"cli"},
    "cli": EVERYTHING,
}
"""The table of the design: what a folder may import of ours, beside itself and the root files."""

ONLY_IN = {"streamlit": {"app.py", "pages"}, "duckdb": {"store"}}

HEAVY = ("torch", "transformers", "sentence_transformers", "umap", "streamlit", "pyspark")
"""Imported inside functions only, wherever they are used."""

HEAVY_AT_TOP = ("scipy.stats", "statsmodels", "sklearn", "plotly")
"""Imported at the top of leaf modules only: never in a folder every question passes through."""

LEAVES = {"figures", "stats", "perturbations", "runners", "reports"} | COMPUTING


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def modules(nodes):
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def at_top(path):
    """Return the imports that run when the module is imported."""
    found, todo = [], list(tree(path).body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            todo += node.orelse
            continue
        found.append(node)
        todo += ast.iter_child_nodes(node)
    return list(modules(found))


def anywhere(path):
    return list(modules(ast.walk(tree(path))))


def typing_only(path):
    """Return the imports made for the type checker alone."""
    guarded = [
        node
        for node in ast.walk(tree(path))
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    ]
    return {name for one in guarded for name in modules(ast.walk(one))}


def folder(path):
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else path.stem


def is_of(name, package):
    return name == package or name.startswith(f"{package}.")


def by_name(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=by_name)
def test_imports_of_ours_go_one_way(path):
    own = folder(path)
    allowed = MAY_IMPORT.get(own, set()) | {own}
    for name in set(anywhere(path)) - typing_only(path):
        _, _, ours = name.partition("stresslab.")
        target = ours.split(".")[0]
        if is_of(name, "stresslab") and target in EVERYTHING:
            fits = any(is_of(ours, one) for one in allowed)
            assert fits or own == "__init__", f"{own} may not import {name}"


@pytest.mark.parametrize("path", [*FILES, *PAGES, *UI, APP], ids=by_name)
def test_a_guarded_package_is_imported_in_its_own_folder_only(path):
    top = path.relative_to(ROOT).parts[0]
    here = folder(path) if top == "stresslab" else top
    for package, places in ONLY_IN.items():
        if here not in places:
            assert not [name for name in anywhere(path) if is_of(name, package)], package


@pytest.mark.parametrize("path", FILES, ids=by_name)
def test_heavy_packages_are_imported_inside_functions(path):
    heavy = HEAVY if folder(path) in LEAVES else HEAVY + HEAVY_AT_TOP
    found = [name for name in at_top(path) for package in heavy if is_of(name, package)]
    assert not found


@pytest.mark.parametrize("path", [*FILES, *PAGES, *UI, APP], ids=by_name)
def test_a_file_has_at_most_400_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", [*FILES, *UI, APP], ids=by_name)
def test_a_function_has_at_most_60_lines_of_code(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            first = body[0].lineno if body else node.lineno
            code = [line for line in lines[first - 1 : node.end_lineno] if line.strip()]
            assert len(code) <= 60, f"{node.name} has {len(code)}"


@pytest.mark.parametrize("path", PAGES, ids=by_name)
def test_a_page_is_short_and_defines_nothing(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 60
    nodes = list(ast.walk(tree(path)))
    assert not [node for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)]


@pytest.mark.parametrize("path", PAGES, ids=by_name)
def test_a_page_does_no_arithmetic_and_reads_no_files(path):
    nodes = list(ast.walk(tree(path)))
    sums = [node for node in nodes if isinstance(node, ast.BinOp) and not _is_text(node)]
    assert not sums, [ast.unparse(node) for node in sums]
    assert not [node for node in nodes if isinstance(node, ast.Name) and node.id == "open"]


@pytest.mark.parametrize(
    "path", [one for one in FILES if folder(one) in ("cli", "commands")], ids=by_name
)
def test_a_command_has_under_20_lines(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            if "_server" not in path.name and "_print" not in path.name and node.name != "main":
                assert sum(_length(one) for one in body) < 20, node.name


def _length(node):
    return node.end_lineno - node.lineno + 1


def _is_text(node):
    return any(isinstance(one, ast.JoinedStr) for one in ast.walk(node)) or any(
        isinstance(one, ast.Constant) and isinstance(one.value, str) for one in ast.walk(node)
    )
