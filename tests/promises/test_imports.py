"""Promise: imports point down, no two files import each other in a cycle, and `graph` and `storage` are independent.

Every import counts: absolute or relative, inside functions, under ``TYPE_CHECKING``, and by a literal name given to
``import_module``. Stub files (``.pyi``) are read by type checkers alone and may refer to each other.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

import networkx as nx
import pytest

import hdfsaver

PACKAGE = "hdfsaver"

# Lowest first. A package, or a single module below hdfsaver, imports from lower layers, and from its own layer as
# long as that makes no cycle. Modules below hdfsaver that are not in the table are public modules: they are above
# everything and hold nothing but re-exports.
LAYERS = (
    (
        "errors",
        "dtypes",
        "shapes",
        "schema",
        "annotations",
        "limits",
        "version",
        "absent_names",
        "public_names",
        "escaping",
        "html_tables",
    ),
    ("tensor_info", "library_arrays", "optimizer_slots"),
    ("files", "random_numbers"),
    ("messages",),
    ("graph", "storage"),
    ("ops", "reading", "interop"),
    ("control_flow",),
    ("formats", "signing"),
    ("arrays", "element_loops", "onnx_graphs"),
    ("datasets", "session", "training", "variables"),
    ("assertions", "optimizers"),
    ("checkpoint", "distributions", "image", "layers", "lookup", "losses", "queues", "strings"),
    ("recurrent", "summaries"),
    ("monitoring", "conversion", "saved_model", "metrics"),
    ("contrib", "editing", "inspection"),
    ("page", "plots"),
    ("cli", "testing", "programs"),
    ("examples",),
)
HEIGHTS = {room: height for height, rooms in enumerate(LAYERS) for room in rooms} | {"__main__": len(LAYERS)}

INDEPENDENT = (
    {"graph", "storage"},  # both know the DiGraph from the schema, and nothing of each other
    {"ops", "storage"},
    {"graph", "files"},
    {"ops", "files"},
    {"graph", "reading"},
    {"ops", "reading"},
    {"graph", "arrays"},
    {"ops", "arrays"},
    {"graph", "formats"},
    {"ops", "formats"},
    {"graph", "interop"},
    {"ops", "interop"},
    {"interop", "storage"},  # TensorFlow's files are read without HDF5
    {"messages", "storage"},
    {"monitoring", "conversion"},
    {"contrib", "editing"},
    {"cli", "testing"},
)

# Within a package: what each of its parts may import from the others. A part is a subpackage, or "" for the files
# beside the subpackages, which may import all of them. The specification of the format is below everything in storage.
SPECIFICATION = "hdfsaver.storage.layout"
PARTS: dict[str, dict[str, set[str]]] = {
    "storage": {"hdf5": set(), "graph": {"hdf5"}, "chunks": {"hdf5"}},
    "interop": {"table": set(), "bundle": {"table", "graphs"}, "graphs": set(), "records": {"table"}},
    "checkpoint": {"saveables": set()},
}

# The files that the families of `ops` may import.
SHARED_BY_FAMILIES = {
    "base",
    "gamma_values",
    "example_values",
    "indexed_slices",
    "integer_division",
    "loop_derivatives",
    "memory",
    "named_results",
    "products",
    "quantized_values",
    "queue_objects",
    "random_draws",
    "resources",
    "segment_reductions",
    "sliding_windows",
    "sparse_places",
    "tensor_array_values",
    "tensor_list_values",
    "text_patterns",
    "update_rules",
    "value_texts",
    "variable_values",
    "window_rules",
}
COMPOSED_OF_FAMILIES = {  # they define no operation, and combine those of other families
    "angles",
    "polynomials",
    "random_distributions",
    "dropout",
    "general_convolutions",
    "grids",
    "example_features",
    "init_ops",
    "parsing_functions",
    "sampling",
    "signals",
    "spectra",
    "sequence_functions",
    "stateless_sampling",
    "variances",
}


def module_name(path: str) -> str:
    """The dotted name of the module at a path below the package: ``graph/walks.py`` -> ``hdfsaver.graph.walks``."""
    parts = PurePosixPath(path).with_suffix("").parts
    return ".".join((PACKAGE, *(part for part in parts if part != "__init__")))


def package_of(module: str) -> str:
    """The package or public module below hdfsaver that a module belongs to; hdfsaver itself for its own module."""
    return module.split(".")[1] if "." in module else module


def family(module: str) -> str:
    """The file of `ops` that a module of it is, or empty for `ops` itself, which collects all."""
    return ".".join(module.split(".")[2:3])


def called_name(call: ast.Call) -> str:
    """The name of the function that is called, without what has it."""
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


_BY_NAME = re.compile(r"\b(?:import_module|__import__)\b")


def statements(tree: ast.AST) -> Iterator[ast.AST]:
    """All statements, those inside others among them; expressions, which nearly all nodes are, are not looked at."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, part, ())
            waiting.extend(inner if isinstance(inner, list) else ())


def imported_names(path: str, source: str) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything that a module imports, of this package or another."""
    package = [PACKAGE, *PurePosixPath(path).parent.parts]
    tree = ast.parse(source)
    for node in ast.walk(tree) if _BY_NAME.search(source) else statements(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and called_name(node) in {"import_module", "__import__"}:
            literals = (argument.value for argument in node.args[:1] if isinstance(argument, ast.Constant))
            yield from ((node.lineno, str(name)) for name in literals)


def stub_modules() -> tuple[str, ...]:
    """The modules that are stub files alone: of type checkers, not of programs."""
    root = Path(hdfsaver.__file__).parent
    stubs = (path for path in root.rglob("*.pyi") if not path.with_suffix(".py").exists())
    return tuple(module_name(path.relative_to(root).as_posix()) for path in stubs)


def imports(sources: Mapping[str, str]) -> Iterator[tuple[str, int, str, str]]:
    """Path, line, importing and imported module of each import of one module of the package by another."""
    modules, stubs = {module_name(path) for path in sources}, stub_modules()
    for path, source in sources.items():
        for line, name in imported_names(path, source):
            if name.rpartition(".")[0] in stubs:
                continue
            while name and name not in modules:  # the last part may be what is imported from the module
                name = name.rpartition(".")[0]
            if name and name != module_name(path):
                yield path, line, module_name(path), name


def complaint(importer: str, imported: str) -> str | None:
    """What is wrong with one import, or None."""
    above, below = package_of(importer), package_of(imported)
    top = len(LAYERS) + 1  # the public modules
    if HEIGHTS.get(above, top) < HEIGHTS.get(below, top):
        return "points up"
    if {above, below} in INDEPENDENT:
        return "joins packages that are independent"
    is_family = above == "ops" and family(importer) not in {"", *COMPOSED_OF_FAMILIES}
    if is_family and below == "ops" and family(imported) not in SHARED_BY_FAMILIES:
        return "joins families of operations"
    if above == below and above in PARTS and imported != SPECIFICATION:
        allowed = PARTS[above].get(part_of(importer), {"", *PARTS[above]})
        if part_of(imported) not in {part_of(importer), *allowed}:
            return f"points up within {above}"
    return None


def part_of(module: str) -> str:
    """The subpackage that a module is in, or empty."""
    names = module.split(".")
    return names[2] if len(names) > 2 and names[2] in PARTS.get(names[1], {}) else ""


def cycles(pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Packages, and files, that import each other in a cycle, of imports that are right one by one."""
    packages: nx.DiGraph[str] = nx.DiGraph((package_of(above), package_of(below)) for above, below in pairs)
    files: nx.DiGraph[str] = nx.DiGraph(pairs)
    found = [sorted(names) for graph in (packages, files) for names in nx.strongly_connected_components(graph)]
    for names in found:
        if len(names) > 1:
            yield f"{', '.join(names)}: import each other in a cycle"


def is_type_checking(test: ast.expr) -> bool:
    """Whether a condition is ``TYPE_CHECKING``."""
    return ast.unparse(test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def is_reexport(statement: ast.stmt) -> bool:
    """Whether a public module may hold it: an import, a docstring, a plain assignment, a lazy ``__getattr__``."""
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
            return True
        case ast.FunctionDef(name="__getattr__" | "__dir__"):
            return True
        case ast.If(test=ast.UnaryOp(op=ast.Not(), operand=test)) | ast.If(test=test) if is_type_checking(test):
            return all(is_reexport(inner) for inner in statement.body)
        case ast.Assign() | ast.AnnAssign():
            return not any(isinstance(node, ast.Call | ast.Lambda) for node in ast.walk(statement))
    return False


def more_than_reexports(sources: Mapping[str, str]) -> Iterator[str]:
    """What public modules hold beyond re-exports, and public modules without a list."""
    for path, source in sources.items():
        if package_of(module_name(path)) in HEIGHTS:
            continue
        statements = ast.parse(source).body
        for statement in statements:
            if not is_reexport(statement):
                yield f"{path}:{statement.lineno}: a public module holds re-exports only"
        if not any("__all__" in ast.unparse(s) for s in statements if isinstance(s, ast.Assign | ast.AnnAssign)):
            yield f"{path}: a public module has an `__all__`"


def violations(sources: Mapping[str, str]) -> list[str]:
    """Everything that breaks the promise, as sentences that name the place.

    Parameters
    ----------
    sources : mapping of str to str
        The source of each module of the package by its path below the package.
    """
    found = [(*found, complaint(*found[2:])) for found in imports(sources)]
    directions = [f"{path}:{line}: the import of {name} {what}" for path, line, _, name, what in found if what]
    right = [(importer, name) for _, _, importer, name, what in found if not what]
    return [*directions, *cycles(right), *more_than_reexports(sources)]


def package_sources() -> dict[str, str]:
    """The sources of hdfsaver."""
    root = Path(hdfsaver.__file__).parent
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in sorted(root.rglob("*.py"))}


def test_imports_of_the_package_point_down() -> None:
    """No module of hdfsaver imports upward, across or in a cycle, and its public modules hold re-exports only."""
    assert [] == violations(package_sources())


def test_the_tables_name_packages_that_exist() -> None:
    """Every package and subpackage of the tables exists, so that no promise is about nothing."""
    modules = [module_name(path) for path in package_sources()]
    assert set() == {name for layer in LAYERS for name in layer} - set(map(package_of, modules))
    assert {(name, part) for name, parts in PARTS.items() for part in parts} == {
        (package_of(module), part_of(module)) for module in modules if part_of(module)
    }


def test_a_file_name_occurs_once() -> None:
    """No two files of the package have one name, so that a name leads to one file; `__init__` and `__main__` aside."""
    counted = Counter(PurePosixPath(path).name for path in package_sources() if not path.endswith("__.py"))
    assert [] == [name for name, count in counted.items() if count > 1]


def test_arrays_are_named_in_one_place() -> None:
    """The alias `Array` is defined in `tensor_info` alone."""
    definition = re.compile(r"^Array\b[^\n]*=", re.MULTILINE)
    found = [path for path, source in package_sources().items() if definition.search(source)]
    assert ["tensor_info.py"] == found


PACKAGE_THAT_KEEPS_IT = {
    "__init__.py": '"""The package."""\nfrom hdfsaver.graph import Graph\n__version__ = "1"\n__all__ = ["Graph"]\n',
    "train.py": 'from hdfsaver.checkpoint.saver import Saver\n__all__ = ["Saver"]\n',
    "errors.py": "import os\n",
    "schema.py": "from hdfsaver import errors\n",
    "graph/__init__.py": "from .graph import Graph\n",
    "graph/graph.py": "from typing import TYPE_CHECKING\nfrom .. import schema\nclass Graph: ...\n",
    "graph/walks.py": "import networkx\nfrom hdfsaver.schema import validate\n",
    "storage/__init__.py": "",
    "storage/layout.py": "import hdfsaver.errors\n",
    "storage/index.py": "",
    "ops/__init__.py": "from hdfsaver.ops import array, random\n",
    "ops/base.py": "from hdfsaver.graph.graph import Graph\n",
    "ops/array.py": "from hdfsaver.ops.base import Unary\nfrom hdfsaver.ops import base\n",
    "ops/random_ops.py": "import random\n",
    "ops/sliding_windows.py": "if TYPE_CHECKING:\n    from hdfsaver.ops.base import Unary\n",
    "storage/graph/b.py": "",
    "session/__init__.py": "from hdfsaver.ops.array import x\n",
    "variables.py": "from hdfsaver.session import Session\n",
    "checkpoint/__init__.py": "",
    "checkpoint/saver.py": "from hdfsaver.variables import Variable\nfrom hdfsaver.storage import layout\n",
    "cli/__init__.py": "import hdfsaver.checkpoint.saver as saver\n",
}


def test_a_package_that_keeps_the_promise_passes() -> None:
    """The checker has nothing to say about a package that keeps the promise."""
    assert [] == violations(PACKAGE_THAT_KEEPS_IT)


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("graph/a.py", "from hdfsaver.session import Session\n", "the import of hdfsaver.session points up"),
        ("errors.py", "import hdfsaver.graph.walks\n", "the import of hdfsaver.graph.walks points up"),
        ("checkpoint/a.py", "from hdfsaver import Graph\n", "the import of hdfsaver points up"),
        ("checkpoint/a.py", "import hdfsaver as tf\n", "the import of hdfsaver points up"),
        ("cli/a.py", "from hdfsaver import train\n", "the import of hdfsaver.train points up"),
        ("session/a.py", "from hdfsaver.checkpoint.saver import Saver\n", "hdfsaver.checkpoint.saver points up"),
        ("graph/a.py", "from hdfsaver.storage.layout import NODES\n", "joins packages that are independent"),
        ("storage/a.py", "from hdfsaver import graph\n", "joins packages that are independent"),
        ("storage/a.py", "from ..graph import Graph\n", "joins packages that are independent"),
        ("storage/a.py", "from .. import graph\n", "joins packages that are independent"),
        ("storage/sub/a.py", "from ...graph.walks import ancestors\n", "joins packages that are independent"),
        ("storage/a.py", "def f():\n    import hdfsaver.graph\n", "storage/a.py:2"),
        ("storage/a.py", "if TYPE_CHECKING:\n    from hdfsaver.graph import Graph\n", "storage/a.py:2"),
        ("storage/a.py", "importlib.import_module('hdfsaver.graph.graph')\n", "hdfsaver.graph.graph joins packages"),
        ("ops/a.py", "from hdfsaver.storage import layout\n", "joins packages that are independent"),
        ("ops/a.py", "from hdfsaver.ops.array import Reshape\n", "joins families of operations"),
        ("ops/a.py", "from . import array\n", "joins families of operations"),
        ("ops/a.py", "import hdfsaver.ops\n", "joins families of operations"),
        ("ops/base.py", "from hdfsaver.ops.array import Reshape\n", "joins families of operations"),
        ("session/a.py", "from hdfsaver.variables import Variable\n", "session, variables: import each other"),
        ("graph/walks.py", "from hdfsaver.graph.graph import Graph\n", None),
        ("graph/graph.py", "def f():\n    from hdfsaver.graph.walks import x\n", None),
        (
            "ops/base.py",
            "from hdfsaver.ops.sliding_windows import x\n",
            "hdfsaver.ops.base, hdfsaver.ops.sliding_windows: import",
        ),
        ("storage/hdf5/a.py", "from hdfsaver.storage.index import shape_of\n", "points up within storage"),
        ("storage/hdf5/a.py", "from hdfsaver.storage.graph import b\n", "points up within storage"),
        ("schema.py", "import hdfsaver.errors, hdfsaver.shapes\n", None),
        ("utilities.py", "__all__ = []\ndef help(): ...\n", "utilities.py:2: a public module holds re-exports only"),
        ("nn.py", "__all__ = sorted(['a'])\n", "nn.py:1: a public module holds re-exports only"),
        ("nn.py", "from hdfsaver.ops.array import relu\n", "nn.py: a public module has an `__all__`"),
        ("nn.py", "__all__ = []\nif not TYPE_CHECKING:\n    def __getattr__(name): ...\n", None),
        (
            "nn.py",
            "__all__ = []\nif not TYPE_CHECKING:\n    def relu(): ...\n",
            "nn.py:2: a public module holds re-exports",
        ),
        ("nn.py", "__all__ = []\nif later:\n    import os\n", "nn.py:2: a public module holds re-exports only"),
    ],
)
def test_the_checker_finds_each_violation(path: str, source: str, expected: str | None) -> None:
    """A bad module in a package that keeps the promise gives one complaint, at its place; a good one none."""
    found = violations(PACKAGE_THAT_KEEPS_IT | {path: source, "shapes.py": ""})
    assert (0 if expected is None else 1) == len(found), found
    assert expected is None or expected in found[0]
