"""The derivatives of functions: bodies that compute them."""

from __future__ import annotations

from typing import Any

from hdfsaver.graph.function_bodies import Body, body_of
from hdfsaver.graph.function_library import FunctionLibrary, FunctionValue
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.constants import constant, placeholder
from hdfsaver.ops.filling import zeros_like
from hdfsaver.ops.indexed_slices import whole
from hdfsaver.training.gradient_walk import is_smooth
from hdfsaver.training.gradients import gradients


def derivative_of(library: FunctionLibrary, function: FunctionValue) -> Body:
    """The operations of an operation of type ``SymbolicGradient``.

    Parameters
    ----------
    library : FunctionLibrary
    function : mapping
        The attribute that names the function.

    Returns
    -------
    Body
        Its inputs are those of the function, and then the derivatives by its outputs; its outputs are those by the
        inputs.

    Raises
    ------
    OpError
        See `hdfsaver.graph.function_bodies.body_of`.
    LookupError
        An operation of the function has no derivative.
    """
    given = library.gradients.get(function["name"])
    if given is not None:
        return body_of(library, {**function, "name": given})
    key = "derivative", body_of(library, function)
    found: Body | None = library.bodies.get(key)
    if found is None:
        found = library.bodies[key] = _derived(library, body_of(library, function, is_new=True))
    return found


def _derived(library: FunctionLibrary, body: Body) -> Body:
    with body.graph.as_default():
        seeds = [placeholder(output.dtype.base_dtype, name="dy") for output in body.outputs]
        pairs = zip(body.outputs, seeds, strict=True)
        smooth = [(y, dy) for y, dy in pairs if is_smooth(y.dtype.name) and y.dtype.name != "resource"]
        found: list[Any] = [None] * len(body.inputs)
        if smooth:
            found = gradients([y for y, _ in smooth], list(body.inputs), [dy for _, dy in smooth])
        results = [_tensor(x, grad) for x, grad in zip(body.inputs, found, strict=True)]
    library.add(body.graph.functions)  # those that the derivatives of branches and loops call
    return Body(body.graph, (*body.inputs, *seeds), tuple(results), body.effects)


def _tensor(x: Tensor, grad: Any) -> Tensor:
    found = whole(grad)
    if found is not None:
        return found
    return constant(0.0) if x.dtype.name == "resource" else zeros_like(x)
