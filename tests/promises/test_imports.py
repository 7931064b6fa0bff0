"""Promise: imports point down, and the sisters `graph` and `storage` never meet.

Every import counts: absolute or relative, inside functions, under ``TYPE_CHECKING``, and by a literal name given to
``import_module``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import networkx as nx
import pytest

import hdfsaver

PACKAGE = "hdfsaver"

# Lowest first. A room imports from lower layers, and from rooms beside it as long as no circle comes of it. Top-level
# modules that are no rooms are doors: they lie above everything and hold nothing but re-exports.
LAYERS = (
    ("errors", "dtypes", "shapes", "schema", "protos", "limits", "version", "tensor_info"),
    ("files",),
    ("messages",),
    ("graph", "storage"),
    ("ops", "reading", "arrays", "interop"),
    ("variables", "session", "training"),
    ("checkpoint",),
    ("monitoring", "conversion"),
    ("cli", "testing"),
)
HEIGHTS = {room: height for height, rooms in enumerate(LAYERS) for room in rooms} | {"__main__": len(LAYERS)}

STRANGERS = (
    {"graph", "storage"},  # they meet in the DiGraph, which both know from the schema
    {"ops", "storage"},
    {"graph", "files"},
    {"ops", "files"},
    {"graph", "reading"},
    {"ops", "reading"},
    {"graph", "arrays"},
    {"ops", "arrays"},
    {"graph", "interop"},
    {"ops", "interop"},
    {"interop", "storage"},
    {"monitoring", "conversion"},
    {"cli", "testing"},
)

SHARED_BY_FAMILIES = {"base", "sliding_windows"}  # the modules of `ops` that its families may import
COMPOSED_OF_FAMILIES = {"initializers"}  # no family: it defines no operation, and puts together those of others


def module_name(path: str) -> str:
    """The dotted name of the module at a path below the package: ``graph/walks.py`` -> ``hdfsaver.graph.walks``."""
    parts = PurePosixPath(path).with_suffix("").parts
    return ".".join((PACKAGE, *(part for part in parts if part != "__init__")))


def room(module: str) -> str:
    """The room or door that a module belongs to; the front door is the package's own name."""
    return module.split(".")[1] if "." in module else module


def family(module: str) -> str:
    """The file of `ops` that a module of it is, or empty for `ops` itself, which collects all."""
    return ".".join(module.split(".")[2:3])


def imported_names(path: str, source: str) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything that a module imports, of this package or another."""
    package = [PACKAGE, *PurePosixPath(path).parent.parts]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in {"import_module", "__import__"}:
            literals = (argument.value for argument in node.args[:1] if isinstance(argument, ast.Constant))
            yield from ((node.lineno, str(name)) for name in literals)


def imports(sources: Mapping[str, str]) -> Iterator[tuple[str, int, str, str]]:
    """Path, line, importing and imported module of each import of one module of the package by another."""
    modules = {module_name(path) for path in sources}
    for path, source in sources.items():
        for line, name in imported_names(path, source):
            while name and name not in modules:  # the last part may be what is imported from the module
                name = name.rpartition(".")[0]
            if name and name != module_name(path):
                yield path, line, module_name(path), name


def complaint(importer: str, imported: str) -> str | None:
    """What is wrong with one import, or None."""
    above, below = room(importer), room(imported)
    top = len(LAYERS) + 1  # the doors
    if HEIGHTS.get(above, top) < HEIGHTS.get(below, top):
        return "points up"
    if {above, below} in STRANGERS:
        return "joins rooms that do not know each other"
    is_family = above == "ops" and family(importer) not in {"", *COMPOSED_OF_FAMILIES}
    if is_family and below == "ops" and family(imported) not in SHARED_BY_FAMILIES:
        return "joins families of operations"
    return None


def circles(sources: Mapping[str, str]) -> Iterator[str]:
    """Rooms that import each other in a circle, of imports that are right one by one."""
    pairs = ((importer, imported) for _, _, importer, imported in imports(sources))
    rooms: nx.DiGraph[str] = nx.DiGraph()
    rooms.add_edges_from((room(above), room(below)) for above, below in pairs if not complaint(above, below))
    for component in nx.strongly_connected_components(rooms):
        if len(component) > 1:
            yield f"{', '.join(sorted(component))}: import each other in a circle"


def is_reexport(statement: ast.stmt) -> bool:
    """Whether a door may hold the statement: an import, a docstring, a plain assignment, a lazy ``__getattr__``."""
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
            return True
        case ast.FunctionDef(name="__getattr__" | "__dir__"):
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
            return all(is_reexport(inner) for inner in statement.body)
        case ast.Assign() | ast.AnnAssign():
            return not any(isinstance(node, ast.Call | ast.Lambda) for node in ast.walk(statement))
    return False


def too_thick_doors(sources: Mapping[str, str]) -> Iterator[str]:
    """What doors hold beyond re-exports, and doors that list nothing."""
    for path, source in sources.items():
        if room(module_name(path)) in HEIGHTS:
            continue
        statements = ast.parse(source).body
        for statement in statements:
            if not is_reexport(statement):
                yield f"{path}:{statement.lineno}: a door holds re-exports only; this belongs into a room"
        if not any("__all__" in ast.unparse(s) for s in statements if isinstance(s, ast.Assign | ast.AnnAssign)):
            yield f"{path}: a door has an `__all__`"


def violations(sources: Mapping[str, str]) -> list[str]:
    """Everything that breaks the promise, as sentences that name the place.

    Parameters
    ----------
    sources : mapping of str to str
        The source of each module of the package by its path below the package.
    """
    found = ((path, line, name, complaint(importer, name)) for path, line, importer, name in imports(sources))
    directions = [f"{path}:{line}: the import of {name} {what}" for path, line, name, what in found if what]
    return [*directions, *circles(sources), *too_thick_doors(sources)]


def package_sources() -> dict[str, str]:
    """The sources of hdfsaver."""
    root = Path(hdfsaver.__file__).parent
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in sorted(root.rglob("*.py"))}


def test_imports_of_the_package_point_down() -> None:
    """No module of hdfsaver imports upward, across or in a circle, and its doors are thin."""
    assert [] == violations(package_sources())


def test_the_table_names_rooms_that_exist() -> None:
    """Every room of the table is in the package, so that no promise is about nothing."""
    rooms = {room(module_name(path)) for path in package_sources()}
    assert set() == {name for layer in LAYERS for name in layer} - rooms


HOUSE = {
    "__init__.py": '"""The door."""\nfrom hdfsaver.graph import Graph\n__version__ = "1"\n__all__ = ["Graph"]\n',
    "train.py": 'from hdfsaver.checkpoint.saver import Saver\n__all__ = ["Saver"]\n',
    "errors.py": "import os\n",
    "schema.py": "from hdfsaver import errors\n",
    "graph/__init__.py": "from .graph import Graph\n",
    "graph/graph.py": "from typing import TYPE_CHECKING\nfrom .. import schema\nclass Graph: ...\n",
    "graph/walks.py": "import networkx\nfrom hdfsaver.schema import validate\n",
    "storage/__init__.py": "",
    "storage/layout.py": "import hdfsaver.errors\n",
    "ops/__init__.py": "from hdfsaver.ops import array, random\n",
    "ops/base.py": "from hdfsaver.graph.graph import Graph\n",
    "ops/array.py": "from hdfsaver.ops.base import Unary\nfrom hdfsaver.ops import base\n",
    "ops/random.py": "import random\n",
    "session/__init__.py": "from hdfsaver.ops.array import x\n",
    "variables.py": "from hdfsaver.session import Session\n",
    "checkpoint/__init__.py": "",
    "checkpoint/saver.py": "from hdfsaver.variables import Variable\nfrom hdfsaver.storage import layout\n",
    "cli/__init__.py": "import hdfsaver.checkpoint.saver as saver\n",
}


def test_a_well_built_house_passes() -> None:
    """The checker has nothing to say about a package that keeps the promise."""
    assert [] == violations(HOUSE)


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("graph/a.py", "from hdfsaver.session import Session\n", "the import of hdfsaver.session points up"),
        ("errors.py", "import hdfsaver.graph.walks\n", "the import of hdfsaver.graph.walks points up"),
        ("checkpoint/a.py", "from hdfsaver import Graph\n", "the import of hdfsaver points up"),
        ("checkpoint/a.py", "import hdfsaver as tf\n", "the import of hdfsaver points up"),
        ("cli/a.py", "from hdfsaver import train\n", "the import of hdfsaver.train points up"),
        ("session/a.py", "from hdfsaver.checkpoint.saver import Saver\n", "hdfsaver.checkpoint.saver points up"),
        ("graph/a.py", "from hdfsaver.storage.layout import NODES\n", "joins rooms that do not know each other"),
        ("storage/a.py", "from hdfsaver import graph\n", "joins rooms that do not know each other"),
        ("storage/a.py", "from ..graph import Graph\n", "joins rooms that do not know each other"),
        ("storage/a.py", "from .. import graph\n", "joins rooms that do not know each other"),
        ("storage/sub/a.py", "from ...graph.walks import ancestors\n", "joins rooms that do not know each other"),
        ("storage/a.py", "def f():\n    import hdfsaver.graph\n", "storage/a.py:2"),
        ("storage/a.py", "if TYPE_CHECKING:\n    from hdfsaver.graph import Graph\n", "storage/a.py:2"),
        ("storage/a.py", "importlib.import_module('hdfsaver.graph.graph')\n", "hdfsaver.graph.graph joins rooms"),
        ("ops/a.py", "from hdfsaver.storage import layout\n", "joins rooms that do not know each other"),
        ("ops/a.py", "from hdfsaver.ops.array import Reshape\n", "joins families of operations"),
        ("ops/a.py", "from . import array\n", "joins families of operations"),
        ("ops/a.py", "import hdfsaver.ops\n", "joins families of operations"),
        ("ops/base.py", "from hdfsaver.ops.array import Reshape\n", "joins families of operations"),
        ("session/a.py", "from hdfsaver.variables import Variable\n", "session, variables: import each other"),
        ("schema.py", "import hdfsaver.errors, hdfsaver.shapes\n", None),
        ("utilities.py", "__all__ = []\ndef help(): ...\n", "utilities.py:2: a door holds re-exports only"),
        ("nn.py", "__all__ = sorted(['a'])\n", "nn.py:1: a door holds re-exports only"),
        ("nn.py", "from hdfsaver.ops.array import relu\n", "nn.py: a door has an `__all__`"),
    ],
)
def test_the_checker_finds_each_violation(path: str, source: str, expected: str | None) -> None:
    """One bad module in the well-built house gives exactly one complaint, at its place; a good one none."""
    found = violations(HOUSE | {path: source, "shapes.py": ""})
    assert (0 if expected is None else 1) == len(found), found
    assert expected is None or expected in found[0]
