"""Functions whose derivative a program gives itself: `custom_gradient`."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Sequence
from typing import Any, overload

from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.structures import filled_with, leaves_of, mapped
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.constants import identity_n
from hdfsaver.training.gradient_registry import RegisterGradient, gradient_function
from hdfsaver.training.gradient_walk import is_smooth

_Function = Callable[..., Any]

_numbers = itertools.count()

_leaves = functools.partial(leaves_of, whole=True)
"""The values that a function takes or gives: slices and sparse tensors are one value each."""

_VARIABLES = frozenset({"Variable", "VariableV2", "VarHandleOp"})


class _CustomGradient:
    """A function with a derivative of its own; in a class it is a method like any other function."""

    def __init__(self, function: _Function) -> None:
        functools.update_wrapper(self, function)
        self._function = function

    def __get__(self, instance: object, owner: type | None = None) -> _CustomGradient:
        return self if instance is None else _CustomGradient(self._function.__get__(instance, owner))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function, and give its results the derivative that it returned with them."""
        if kwargs:
            raise ValueError(
                "The custom_gradient decorator currently supports keyword arguments only when eager execution is "
                f"enabled, as in TensorFlow: give {', '.join(kwargs)} by position."
            )
        return _applied(self._function, args)


@overload
def custom_gradient(f: None = None) -> Callable[[_Function], _Function]: ...
@overload
def custom_gradient(f: _Function) -> _Function: ...
def custom_gradient(f: _Function | None = None) -> _Function:
    """Decorator: a function returns, with its result, the function that is its derivative.

    Parameters
    ----------
    f : callable
        Takes tensors, or nested sequences and dicts of them, and returns its result together with a function. That
        takes the derivatives by all tensors of the result, and gives those by all tensors of the arguments. Where ``f``
        uses variables, it takes them as the keyword argument ``variables``, sorted by name, and gives two lists: the
        derivatives by the arguments, and those by the variables.

    Returns
    -------
    callable
        Takes the same arguments, and gives the result alone.

    Raises
    ------
    ValueError
        In the call: there are keyword arguments, or the results belong to different graphs.
    TypeError
        In the call: ``f`` uses variables, and the derivative does not take them.
    """
    return custom_gradient if f is None else _CustomGradient(f)


def grad_pass_through(f: _Function) -> _Function:
    """A function that gives the same results, and whose derivative is that of the identity."""

    @custom_gradient
    def passing(*args: Any) -> Any:
        def grad(*by_results: Any, variables: Sequence[Any] | None = None) -> Any:
            return by_results if variables is None else (by_results, [None] * len(variables))

        return f(*args), grad

    return functools.wraps(f)(passing)


def _applied(function: _Function, args: Sequence[Any]) -> Any:
    graph = get_default_graph()
    arguments = mapped(convert_to_tensor, args, whole=True)
    result, derivative = function(*arguments)
    given, made = list(_leaves(arguments)), [convert_to_tensor(leaf) for leaf in _leaves(result)]
    if len({id(tensor.graph) for tensor in made}) > 1:
        raise ValueError("All custom_gradient outputs should be from the same graph.")
    variables = dependent_variables(graph, given, made)
    _check_takes_variables(derivative, variables)

    def by_all(_: Any, *grads: Any) -> list[Any]:
        if not variables:
            by_given = list(_leaves(derivative(*grads[: len(made)])))
            return [None] * len(made) + by_given
        by_given, by_variables = derivative(*grads[: len(made)], variables=variables)
        if len(by_variables) != len(variables):
            raise ValueError("Must return gradient for each variable from @custom_gradient grad_fn.")
        return [None] * len(made) + list(_leaves(by_given)) + list(by_variables)

    name = f"CustomGradient-{next(_numbers)}"
    RegisterGradient(name)(by_all)
    with graph.gradient_override_map({"IdentityN": name}):
        passed = identity_n([*made, *given, *variables])
    return filled_with(result, passed, whole=True)


def _check_takes_variables(derivative: _Function, variables: Sequence[Any]) -> None:
    parameters = inspect.signature(derivative).parameters
    takes = "variables" in parameters or any(
        parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()
    )
    if variables and not takes:
        names = ", ".join(variable.name for variable in variables)
        raise TypeError(
            "@tf.custom_gradient grad_fn must accept keyword argument 'variables', since function uses variables: "
            f"{names}."
        )


def dependent_variables(graph: Graph, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> list[Any]:
    """The trainable variables that outputs depend on, other than through the inputs, sorted by name.

    Parameters
    ----------
    graph : Graph
    inputs, outputs : sequence of Tensor

    Returns
    -------
    list of Variable

    Raises
    ------
    ValueError
        One of them is not among the graph's global variables.
    """
    known = {(tensor.op.name, tensor.value_index) for tensor in inputs}
    nodes = graph.data.nodes
    waiting = [tensor.op.name for tensor in outputs if (tensor.op.name, tensor.value_index) not in known]
    found: dict[str, None] = {}
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = None
        for source, output in nodes[name]["inputs"]:
            if (
                (source, output) not in known
                and is_smooth(nodes[source]["outputs"][output][0])
                and _passes(graph, name)
            ):
                waiting.append(source)
    names = [name for name in found if nodes[name]["op"] in _VARIABLES]
    variables = [variable_named(graph, name) for name in names]
    return sorted((variable for variable in variables if variable is not None), key=lambda variable: variable.name)


def _passes(graph: Graph, name: str) -> bool:
    """Whether a derivative passes through an operation."""
    try:
        return gradient_function(graph.get_operation_by_name(name)) is not None
    except LookupError:
        return False


def variable_named(graph: Graph, name: str) -> Any | None:
    """The trainable variable of an operation of that name; None where it is not trainable.

    Raises
    ------
    ValueError
        There is no such variable, or there are several.
    """
    found = [variable for variable in graph.get_collection(GraphKeys.GLOBAL_VARIABLES) if variable.op.name == name]
    if not found:
        raise ValueError(f"Unsuccessful at finding variable {name}.")
    trainable = [variable for variable in found if variable.trainable]
    if len(trainable) > 1:
        raise ValueError(f"Unsuccessful at finding trainable variable {name}: there are {len(trainable)}.")
    return trainable[0] if trainable else None
