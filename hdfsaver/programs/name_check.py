"""The names of TensorFlow that programs use and hdfsaver lacks, found without running the programs."""

from __future__ import annotations

import ast
import itertools
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from hdfsaver import absent_names
from hdfsaver.programs import notebooks, python_2, standing_modules
from hdfsaver.programs.module_table import PLACES

_ENDINGS = (".py", ".ipynb")
_LATER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
"""The nodes that run later, with names of their own."""


_WITHOUT_DEFAULT = 2
"""The number of arguments of `getattr` where a missing name is an error."""


class Use(NamedTuple):
    """A name of TensorFlow's modules at a place in a program, without ``tensorflow``: ``"train.Saver.save"``."""

    file: str
    line: int
    column: int
    name: str


class Missing(NamedTuple):
    """A name that a program uses and hdfsaver lacks.

    Attributes
    ----------
    file : str
        The file, with the cell of a notebook.
    line, column : int
        Where in the file, or in the cell, the name begins; both count from 1.
    name : str
        The name, such as ``"tf.train.AdamOptimizer"``.
    of_tensorflow : bool
        Whether TensorFlow 1 has it.
    nearest : list of str
        Names like it that hdfsaver has.
    """

    file: str
    line: int
    column: int
    name: str
    of_tensorflow: bool
    nearest: list[str]


class Report(NamedTuple):
    """The result for some programs.

    Attributes
    ----------
    files : int
        The number of files.
    present : list of str
        The names of TensorFlow that are used, and that hdfsaver has.
    missing : list of Missing
        Those that it lacks, by file and line.
    unread : dict of str to str
        The files that could not be read or parsed, with the reason.
    """

    files: int
    present: list[str]
    missing: list[Missing]
    unread: dict[str, str]


def check(paths: Iterable[str]) -> Report:
    """Look for names of TensorFlow in programs.

    Parameters
    ----------
    paths : iterable of str
        Files with Python, notebooks, and folders that have such files.

    Returns
    -------
    Report
        The names that hdfsaver has, and those that it lacks.
    """
    files = [file for path in paths for file in _files(path)]
    uses: list[Use] = []
    unread: dict[str, str] = {}
    for file in files:
        try:
            uses += uses_in(_sources(file))
        except (OSError, SyntaxError, ValueError) as error:
            unread[file] = _reason(error)
    known = {name: standing_modules.has(name) for name in {use.name for use in uses}}
    missing = list(dict.fromkeys(_missing(use) for use in uses if not known[use.name]))
    present = sorted(_shown(name) for name, here in known.items() if here)
    return Report(len(files), present, [Missing(*it[:5], absent_names.nearest(it[5])) for it in missing], unread)


def _reason(error: Exception) -> str:
    if isinstance(error, SyntaxError):
        stop = "" if error.msg.endswith("?") else "."
        return f"line {error.lineno} is not Python 3: {error.msg}{stop} {python_2.advice_on(error)}".rstrip(" .")
    return str(error.strerror) if isinstance(error, OSError) else str(error)


def _files(path: str) -> list[str]:
    if os.path.isdir(path):
        return sorted(str(file) for file in Path(path).rglob("*") if file.suffix in _ENDINGS and file.is_file())
    return [path]


def _sources(file: str) -> dict[str, str | bytes]:
    """The code of each part of a file, by the name of the part."""
    data = Path(file).read_bytes()
    if not file.endswith(".ipynb"):
        return {file: data}
    return {f"{file}, cell {number}": code for number, code in notebooks.cells_of(data.decode())}


def _missing(use: Use) -> tuple[str, int, int, str, bool, str]:
    """The place, the name without the attributes behind it, whether it is TensorFlow's, and its end for proposals."""
    name = _without_attributes(use.name)
    of_tensorflow = absent_names.in_tensorflow(name)
    return use.file, use.line, use.column, _shown(name), of_tensorflow, name


def _without_attributes(name: str) -> str:
    parts = list(itertools.takewhile(lambda part: not part.startswith("__"), name.split(".")))
    name = ".".join(parts)
    places = [count for count in range(1, len(parts)) if ".".join(parts[:count]) in PLACES]
    if places:
        holds_names = places[-1] > 1 and PLACES[".".join(parts[: places[-1]])]
        return ".".join(parts[: places[-1] + 1]) if holds_names else name
    part = absent_names.known_part(name)
    return name if standing_modules.has(part) else part


def _shown(name: str) -> str:
    """A name as people write it: ``tf.train.Saver``, ``tensorflow.python.framework.ops``."""
    root = standing_modules.ROOT if name.partition(".")[0] in ("python", "core", "examples") else "tf"
    return f"{root}.{name}"


def uses_in(sources: Mapping[str, str | bytes]) -> list[Use]:
    """The names of TensorFlow in a program, by place.

    Parameters
    ----------
    sources : mapping of str to str or bytes
        The code of its file, or of the cells of a notebook, which share their names.

    Raises
    ------
    SyntaxError
        It is not Python 3.
    """
    finder = _UseFinder()
    finder.visit_program({name: ast.parse(source, name) for name, source in sources.items()})
    order = list(sources)
    return sorted(set(finder.uses), key=lambda use: (order.index(use.file), *use[1:]))


class _UseFinder(ast.NodeVisitor):
    """Follows the names that stand for TensorFlow's modules and what is in them, scope by scope."""

    def __init__(self) -> None:
        self.file = ""
        self.uses: list[Use] = []
        self.names: dict[str, str | None] = {}
        """The meaning of each name, below ``tensorflow``; None for another value."""

    def visit_program(self, trees: Mapping[str, ast.Module]) -> None:
        """Visit the parts of a program, which share their names."""
        for tree in trees.values():
            for node in _same_scope(tree.body):
                self._bind(node)
        for self.file, tree in trees.items():
            self.generic_visit(tree)

    def visit_scope(self, body: Iterable[ast.AST], own: dict[str, str | None]) -> None:
        """Visit nodes that have names of their own; the outer names are visible in it."""
        outer, self.names = self.names, {**self.names, **own}
        body = list(body)
        for node in _same_scope(body):
            self._bind(node)
        for node in body:
            self.visit(node)
        self.names = outer

    def _bind(self, node: ast.AST) -> None:
        """Note the meaning of the names that a statement sets."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                if self._is_tensorflow(alias.name):
                    self.names[alias.asname or standing_modules.ROOT] = (
                        standing_modules.below_root(alias.name) if alias.asname else ""
                    )
        elif isinstance(node, ast.ImportFrom) and not node.level and self._is_tensorflow(node.module or ""):
            for alias in node.names:
                self.names[alias.asname or alias.name] = standing_modules.below_root(f"{node.module}.{alias.name}")
        elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            stands_for = self._dotted(node.value)
            if stands_for is not None and self.names.get(node.targets[0].id) is None:
                self.names[node.targets[0].id] = stands_for

    @staticmethod
    def _is_tensorflow(module: str) -> bool:
        return module.partition(".")[0] == standing_modules.ROOT

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if self._is_tensorflow(alias.name):
                self._note(node, standing_modules.below_root(alias.name))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if not node.level and self._is_tensorflow(node.module or ""):
            for alias in node.names:
                full = str(node.module) if alias.name == "*" else f"{node.module}.{alias.name}"
                self._note(node, standing_modules.below_root(full))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        dotted = self._dotted(node)
        if dotted is None:
            self.generic_visit(node)
        else:
            self._note(node, dotted)

    def visit_Call(self, node: ast.Call) -> None:
        match node:
            case ast.Call(func=ast.Name(id="getattr"), args=[module, ast.Constant(value=str(name)), *_]):
                dotted = self._dotted(module)
                if dotted is not None and len(node.args) == _WITHOUT_DEFAULT and not node.keywords:
                    self._note(node, _joined(dotted, name))
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for outside in (*node.decorator_list, node.args, *([node.returns] if node.returns else [])):
            self.visit(outside)
        self.visit_scope(node.body, _own_names(node.args, node.body))

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit(node.args)
        self.visit_scope([node.body], _own_names(node.args, []))

    def _dotted(self, node: ast.AST) -> str | None:
        """The meaning of an expression, below ``tensorflow``; None for another value."""
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.insert(0, node.attr)
            node = node.value
        start = self.names.get(node.id) if isinstance(node, ast.Name) else None
        if start is None:
            return None
        joined = _joined(start, *names)
        return standing_modules.below_root(f"{standing_modules.ROOT}.{joined}") if joined else joined

    def _note(self, node: ast.stmt | ast.expr, dotted: str) -> None:
        if dotted:
            self.uses.append(Use(self.file, node.lineno, node.col_offset + 1, dotted))


def _joined(*parts: str) -> str:
    return ".".join(part for part in parts if part)


def _same_scope(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes that run with the names of a body, without those in functions."""
    for node in body:
        yield node
        if not isinstance(node, _LATER):
            yield from _same_scope(ast.iter_child_nodes(node))


def _own_names(arguments: ast.arguments, body: Iterable[ast.AST]) -> dict[str, str | None]:
    """The names that a function sets itself, which hide those of the same name outside."""
    nodes = list(_same_scope(body))
    outside = {name for node in nodes if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return dict.fromkeys({argument.arg for argument in every if argument} | (stored - outside))
