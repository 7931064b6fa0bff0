"""The errors of runs: the class that TensorFlow raises, the operation that failed, its inputs' dtypes and shapes."""

from __future__ import annotations

from collections.abc import Sequence

from hdfsaver import errors
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.traces import place
from hdfsaver.session.engine import StepError
from hdfsaver.shapes import TensorShape

_LONGEST = 4000
"""From how many characters on a message does not name the operations around."""

_MOST_INPUTS = 8
"""The number of inputs whose dtypes and shapes a message has."""


def public_error(graph: Graph, failure: StepError, is_body: bool = False) -> Exception:
    """The error that a program sees, for one of an engine.

    Parameters
    ----------
    graph : Graph
        The graph that was run.
    failure : StepError
        The operation's name, the exception, and the shapes of the inputs that are known.
    is_body : bool
        Whether the graph is the body of a function, whose operations no line of the program has made.

    Returns
    -------
    Exception
    """
    operation = graph.get_operation_by_name(failure.node)
    cause = failure.cause
    if isinstance(cause, StepError):  # in a dataset, which is not an operation of this run
        cause = _of_dataset(graph, cause)
    made = "" if is_body else place(operation.traceback)
    where = f"operation {operation.name!r} ({operation.type}{made and f', defined at {made}'})"
    shapes = _shapes(operation, failure.shapes)
    given = _given(operation, shapes)
    if isinstance(cause, errors.OpError):
        text = cause.message
        if len(text) < _LONGEST:  # of functions that call each other deeply, the innermost are named
            text += f" In {where}{given and f', {given}'}."
        return type(cause)(operation.node_def, operation, text, cause.error_code)
    if isinstance(cause, MemoryError):
        return errors.ResourceExhaustedError(operation.node_def, operation, f"Out of memory in {where}.")
    said = _said(operation.type, cause, shapes)
    message = f"{where[0].upper()}{where[1:]} failed{given and f' {given}'}: {said}"
    return errors.InvalidArgumentError(operation.node_def, operation, message)


def _given(operation: Operation, shapes: Sequence[TensorShape]) -> str:
    """The dtypes and shapes of the first inputs; nothing where there are no inputs."""
    if not shapes:
        return ""
    first = operation.inputs[:_MOST_INPUTS]
    rest = ", ..." if len(shapes) > len(first) else ""
    dtypes = ", ".join(tensor.dtype.base_dtype.name for tensor in first)
    return f"on inputs of dtypes {dtypes}{rest} and shapes {', '.join(map(str, shapes[: len(first)]))}{rest}"


def _of_dataset(graph: Graph, failure: StepError) -> Exception:
    """The error of a dataset, which names the operation that made it."""
    cause = failure.cause
    name = failure.node if failure.node in graph.data else failure.node.partition("/")[2]  # made by a function
    where = f"dataset operation {name!r}"
    if name in graph.data:
        operation = graph.get_operation_by_name(name)
        made = place(operation.traceback)
        where += f" ({operation.type}{made and f', defined at {made}'})"
    if isinstance(cause, errors.OpError):
        return type(cause)(None, None, f"{cause.message} In {where}.", cause.error_code)
    return errors.InvalidArgumentError(None, None, f"{cause} In {where}.")


def _shapes(operation: Operation, found: Sequence[tuple[int, ...] | None]) -> list[TensorShape]:
    """The shapes of the values; that of the graph for an input whose value is not known."""
    static = [tensor.shape for tensor in operation.inputs]
    if len(found) != len(static):
        return static
    return [known if shape is None else TensorShape(shape) for known, shape in zip(static, found, strict=True)]


def _said(op_type: str, cause: Exception, shapes: Sequence[TensorShape]) -> str:
    """The message; in TensorFlow's words where NumPy's are about dimensions that do not fit."""
    text = str(cause)
    if len(shapes) == 2 and all(shape.is_fully_defined() for shape in shapes):
        first, second = (str(shape.as_list()).replace(" ", "") for shape in shapes)
        if "could not be broadcast together" in text:
            return f"Incompatible shapes: {first} vs. {second}"
        if op_type == "MatMul" and "mismatch in its core dimension" in text:
            return f"Matrix size-incompatible: In[0]: {first}, In[1]: {second}"
    return text
