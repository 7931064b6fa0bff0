"""Promise: public functions with three or more parameters document parameters, results and errors in NumPy style."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.promises.test_plain_english import ROOT, modules

MANY = 3
"""The number of parameters from which a function must document them."""


def functions(node: ast.AST) -> Iterator[ast.FunctionDef]:
    """The public functions and methods below a node, without those that are documented in another way."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef) and not child.name.startswith("_"):
            yield from functions(child)
        elif (
            isinstance(child, ast.FunctionDef)
            and not child.name.startswith("_")
            and not documented_elsewhere(child, node)
        ):
            yield child


def documented_elsewhere(function: ast.FunctionDef, parent: ast.AST) -> bool:
    """Whether it is a command with documented options, an overload, or a method that inherits its docstring."""
    decorators = [ast.unparse(decorator) for decorator in function.decorator_list]
    inherits = isinstance(parent, ast.ClassDef) and bool(parent.bases) and ast.get_docstring(function) is None
    return inherits or "overload" in decorators or any(decorator.startswith("command(") for decorator in decorators)


def lacking(function: ast.FunctionDef) -> list[str]:
    """The sections that the docstring of a function lacks."""
    arguments = function.args
    names = {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)} - {"self", "cls"}
    if len(names) < MANY:
        return []
    docstring = ast.get_docstring(function) or ""
    returns = ast.unparse(function.returns) if function.returns else "None"
    needed = ["Parameters"]
    if returns not in ("None", "NoReturn"):
        needed.append("Yields" if returns.startswith("Iterator") else "Returns")
    if any(isinstance(each, ast.Raise) and each.exc is not None for each in ast.walk(function)):
        needed.append("Raises")
    return [section for section in needed if f"{section}\n{'-' * len(section)}" not in docstring]


@pytest.mark.parametrize("file", modules(), ids=lambda file: file.relative_to(ROOT).as_posix())
def test_many_parameters_are_documented(file: Path) -> None:
    """Every such function of the module has all sections."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert {} == {each.name: sections for each in functions(tree) if (sections := lacking(each))}


def test_missing_sections_are_found() -> None:
    """Functions without the sections are noticed; few parameters, private ones, overloads and overrides need none."""
    source = (
        'def f(a, b, c) -> int:\n    """Do it."""\n    raise ValueError("no")\ndef g(a, b): ...\ndef _h(a, b, c): ...\n'
        "@overload\ndef f(a, b, c) -> int: ...\n"
        "class A(B):\n    def f(self, a, b, c) -> int: ...\n"
        "class C:\n    def f(self, a, b, c) -> int: ...\n"
    )
    assert [["Parameters", "Returns", "Raises"], [], ["Parameters", "Returns"]] == [
        lacking(each) for each in functions(ast.parse(source))
    ]
