"""Promise: the page of all operations says what their definitions say, and its words for shapes are true."""

from __future__ import annotations

from itertools import cycle, islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hdfsaver.graph.definition import FLOATS, INTEGERS, OpDef, lookup, registered
from hdfsaver.shapes import Shape
from tests.promises.make_operations import derivative, first_line, grouped, onnx_twin, page, row

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"

# The words that an operation has for the shape of its output: shapes of inputs, in turn, and the shape that results.
RULES: dict[str, tuple[list[Shape], Shape]] = {
    "The shape of the input.": ([(2, None, 3)], (2, None, 3)),
    "The shape that the inputs share.": ([(2, None), (None, 3)], (2, 3)),
    "The broadcast shape of the inputs.": ([(2, 1, None), (4, 1)], (2, 4, None)),
    "().": ([(2, None, 3), None], ()),
}


def test_the_page_is_that_of_the_definitions() -> None:
    """The page is what the generator writes."""
    assert page() == PAGE.read_text(encoding="utf-8"), (
        "run `python -m tests.promises.make_operations > docs/operations.md`"
    )


def with_words() -> list[str]:
    """The operations whose words for shapes are among the rules."""
    return [op_type for op_type in registered() if first_line(lookup(op_type).shapes) in RULES]


@pytest.mark.parametrize("op_type", with_words())
def test_words_for_shapes_are_true(op_type: str) -> None:
    """An operation gives the shape that its row says, for inputs that are known in part."""
    definition = lookup(op_type)
    given, expected = RULES[first_line(definition.shapes)]
    arguments = definition.parsed.inputs
    count = len(given) if any(argument.is_list for argument in arguments) else len(arguments)
    node: Any = SimpleNamespace(input_shapes=list(islice(cycle(given), count)), attrs=definition.attrs)
    assert [expected] * len(definition.parsed.outputs) == list(definition.shapes(node))


def test_many_operations_have_such_words() -> None:
    """The rules cover the large families, so that the test before this one is about many operations."""
    assert len(with_words()) > len(registered()) // 4


@pytest.mark.parametrize(
    ("op_type", "expected"),
    [("Relu", "yes"), ("While", "yes"), ("TensorArrayReadV3", "yes"), ("ReluGrad", "where known"), ("Assign", "no")],
)
def test_the_page_tells_what_onnx_has(op_type: str, expected: str) -> None:
    """Operations with rules, calls and arrays of elements; those whose value may be known; changes of variables."""
    assert expected == onnx_twin(lookup(op_type))


class Undocumented(OpDef):
    """A type without words for its shape."""

    type = "Undocumented"
    signature = "x: T -> y: T"


def test_operations_without_words_are_refused() -> None:
    """The docstring that all definitions inherit does not pass for the words of one."""
    with pytest.raises(ValueError, match="no docstring of its own"):
        first_line(Undocumented().shapes)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (FLOATS | INTEGERS, "floats, integers"),
        (INTEGERS - {"uint8", "int16"} | {"string"}, "integers (not int16, uint8), string"),
        ({"int64", "int32"}, "int32, int64"),
        ({"bool"}, "bool"),
    ],
)
def test_dtypes_are_grouped(names: set[str], expected: str) -> None:
    """Whole groups of dtypes go by their name, nearly whole ones with what is missing."""
    assert expected == grouped(names)


@pytest.mark.parametrize(
    ("op_type", "expected"), [("Mul", "yes"), ("Less", "constant"), ("RestoreV2", "no"), ("Const", "–")]
)
def test_derivatives(op_type: str, expected: str) -> None:
    """The word for a derivative is that of the class."""
    assert expected == derivative(lookup(op_type))


def test_differences_are_of_both_sources() -> None:
    """What a class says of itself stands beside what the record of TensorFlow has beyond it."""
    assert row("Cumsum")[-1].startswith("float16 and bfloat16 are computed in float32")
    assert row("Cumsum")[-1].endswith("TensorFlow registers quantized for T as well.")
