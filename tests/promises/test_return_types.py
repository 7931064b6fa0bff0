"""Promise: public functions and methods say what they return; `Any` is for the few that can return anything.

Checked are all functions, methods and properties that users reach from the modules they import.
"""

from __future__ import annotations

import ast
import inspect
import sys
import threading
import typing
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

import hdfsaver
from tests.promises.test_public_names import front_modules

ANYTHING = {
    "Benchmark.evaluate": "as `Session.run`",
    "CheckpointReader.get_tensor": "an array, a scalar or bytes",
    "DType.max": "a number of the dtype",
    "DType.min": "a number of the dtype",
    "Dataset.get_single_element": "the structure of an element",
    "Dataset.output_classes": "the structure of an element, with dtypes, shapes or classes",
    "Dataset.output_shapes": "the structure of an element, with dtypes, shapes or classes",
    "Dataset.output_types": "the structure of an element, with dtypes, shapes or classes",
    "Dataset.reduce": "the structure of an element",
    "FinalOpsHook.final_ops_values": "as `Session.run`",
    "Iterator.element_spec": "the structure of an element",
    "Iterator.get_next": "the structure of an element",
    "Iterator.get_next_as_optional": "the structure of an element",
    "Iterator.output_classes": "the structure of an element, with dtypes, shapes or classes",
    "Iterator.output_shapes": "the structure of an element, with dtypes, shapes or classes",
    "Iterator.output_types": "the structure of an element, with dtypes, shapes or classes",
    "Layer.apply": "as `Layer.call`",
    "Layer.call": "a tensor or a structure of tensors",
    "LookupInterface.lookup": "a tensor, or a sparse one, as the keys",
    "MoreAssertions.assertRaisesWithLiteralMatch": "a context manager of unittest",
    "MoreAssertions.evaluate": "as `Session.run`",
    "OpError.node_def": "what the program gave",
    "OpError.op": "what the program gave",
    "Operation.get_attr": "the type depends on the attribute",
    "QueueBase.dequeue": "a tensor, a list or a dict",
    "QueueBase.dequeue_many": "a tensor, a list or a dict",
    "QueueBase.dequeue_up_to": "a tensor, a list or a dict",
    "QueueRunner.cancel_op": "the operation, of any class",
    "QueueRunner.close_op": "the operation, of any class",
    "QueueRunner.queue": "the queue, or its handle",
    "Session.partial_run": "as `Session.run`",
    "Session.run": "the structure of the fetches",
    "Session.run_observed": "as `Session.run`",
    "Tensor.eval": "an array, a scalar or bytes, as `Session.run`",
    "Variable.eval": "an array, a scalar or bytes, as `Session.run`",
    "_MonitoredBase.run": "as `Session.run`",
    "batch": "the structure of the tensors",
    "batch_join": "the structure of the tensors",
    "case": "the structure of the results",
    "cond": "the structure of the results",
    "foldl": "the structure of the results",
    "foldr": "the structure of the results",
    "get_output_classes": "the structure of an element",
    "get_output_shapes": "the structure of an element",
    "get_output_types": "the structure of an element",
    "get_static_value": "an array, or the argument itself where it is not a tensor",
    "load_variable": "an array, a scalar or bytes",
    "map_fn": "the structure of the results",
    "map_structure": "the structure of the results",
    "maybe_batch": "the structure of the tensors",
    "maybe_batch_join": "the structure of the tensors",
    "maybe_shuffle_batch": "the structure of the tensors",
    "maybe_shuffle_batch_join": "the structure of the tensors",
    "pack_sequence_as": "the structure that was given",
    "scan": "the structure of the results",
    "shuffle_batch": "the structure of the tensors",
    "shuffle_batch_join": "the structure of the tensors",
    "while_loop": "the structure of the loop variables",
}
"""The functions that may return anything, and what it is."""


def functions_of(value: Any) -> Iterator[Callable[..., Any]]:
    """A function itself; the public methods of a class, its properties among them, where they are the package's own."""
    if inspect.isclass(value):
        public = (name for name in dir(value) if not name.startswith("_"))
        members = [inspect.getattr_static(value, name) for name in public]
    else:
        members = [value]
    for member in members:
        function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
        if inspect.isfunction(function) and function.__module__.split(".")[0] == value.__module__.split(".")[0]:
            yield function


def is_anything(function: Callable[..., Any]) -> bool:
    """Whether a function says nothing of what it returns, or `Any`, by itself, among others or by another name."""
    written = function.__annotations__.get("return", "Any")
    tree = ast.parse(written if isinstance(written, str) else getattr(written, "__name__", repr(written)), mode="eval")
    return any(part == "Any" or named(function.__module__, part) is Any for part in union(tree.body))


def union(annotation: ast.expr) -> list[str]:
    """The members of a union; an annotation that is none is its only member."""
    if isinstance(annotation, ast.BinOp):
        return [*union(annotation.left), *union(annotation.right)]
    return [ast.unparse(annotation)]


def named(module: str, dotted: str) -> Any:
    """What a dotted name means in a module; None where it means nothing at run time."""
    found: Any = sys.modules[module]
    for name in dotted.split("."):
        found = getattr(found, name, None)
    return found


def untyped(values: Iterable[Any]) -> set[str]:
    """The names of the functions, and of methods of the classes, that may return anything."""
    functions = (function for value in values for function in functions_of(value))
    return {function.__qualname__ for function in functions if is_anything(function)}


def exported() -> list[Any]:
    """Every function and class of the package itself that the modules for users export."""
    values = [getattr(module, name) for module in front_modules() for name in module.__all__]
    own = [value for value in values if inspect.isfunction(value) or inspect.isclass(value)]
    return [value for value in own if value.__module__.partition(".")[0] == hdfsaver.__name__]


def test_public_functions_say_what_they_return() -> None:
    """Those that return `Any` are the named ones, and each of these does."""
    assert len(exported()) > 400
    assert set(ANYTHING) == untyped(exported())


def test_the_names_are_sorted() -> None:
    """So that a name is found."""
    assert sorted(ANYTHING) == list(ANYTHING)


Value = Any


class Typed:
    """Methods of every kind; a dict of anything is not anything."""

    def f(self) -> dict[str, Any]:
        return {}

    @property
    def g(self) -> int | None: ...

    @classmethod
    def h(cls) -> Typed:
        return cls()

    def _i(self) -> Any: ...


class Untyped(threading.Thread):
    """The same, untyped; what is inherited from elsewhere does not count."""

    def a(self) -> Any: ...

    def b(self): ...

    def c(self) -> int | Any: ...

    def d(self) -> Value | None: ...

    def dd(self) -> typing.Any: ...

    @property
    def e(self) -> Any: ...

    @classmethod
    def f(cls) -> Any: ...

    @staticmethod
    def g() -> Any: ...


@pytest.mark.parametrize(
    ("value", "expected"),
    [(Typed, set()), (Untyped, {*"abcdefg", "dd"}), (lambda: 1, {"<lambda>"}), (hdfsaver.constant, set())],
)
def test_the_checker_finds_each_kind(value: Any, expected: set[str]) -> None:
    """A method, a property, a function; `Any` written, meant by another name, or nothing written."""
    assert expected == {name.rpartition(".")[2] for name in untyped([value])}
