"""Branches of which a run takes one: ``tf.cond`` and ``tf.case``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from hdfsaver.graph.apply import apply, apply_list, apply_op
from hdfsaver.graph.contexts import CondContext
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.structures import check_same, filled_with, leaves_of
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, graph_of, is_tensor
from hdfsaver.ops.constants import no_op
from hdfsaver.ops.control_flow import merge
from hdfsaver.ops.reduction import reduce_sum

Result: TypeAlias = Any
"""The results of a branch: tensors and operations, or nested lists, tuples and dicts of them."""


def cond(
    pred: TensorLike,
    true_fn: Callable[[], Result] | None = None,
    false_fn: Callable[[], Result] | None = None,
    strict: bool = False,
    name: str | None = None,
    fn1: Callable[[], Result] | None = None,
    fn2: Callable[[], Result] | None = None,
) -> Result:
    """Take one of two branches, depending on a value that is known only when the graph runs.

    Operations that a function makes run only if its branch is taken. Those outside that a branch uses run always.

    Parameters
    ----------
    pred : Tensor
        A bool, of shape ``()``.
    true_fn, false_fn : callable
        Called once each, without arguments, to make the operations of a branch. They give tensors or operations, or
        nested lists, tuples and dicts of them, both of the same structure and dtypes.
    strict : bool
        Keep a list or a tuple of one item unchanged; it is the item alone otherwise.
    name : str, optional
        The name scope, ``cond`` by default.
    fn1, fn2 : callable, optional
        Older names of ``true_fn`` and ``false_fn``.

    Returns
    -------
    Tensor, or nested lists, tuples and dicts of them
        The results of the branch that is taken; for an operation a bool that is there once it has run.

    Raises
    ------
    TypeError
        ``pred`` is a bool of Python or of another dtype, or a branch is not a function.
    ValueError
        ``pred`` is not of shape ``()``, a branch gives nothing, or the two give different structures or dtypes.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> x = tf.placeholder(tf.float32, shape=[])
    >>> y = tf.cond(x > 0.0, lambda: tf.sqrt(x), lambda: -x)
    >>> with tf.Session() as session:
    ...     session.run(y, {x: 9.0}), session.run(y, {x: -2.0})
    (np.float32(3.0), np.float32(2.0))
    """
    on_true = _branch("true_fn", true_fn, "fn1", fn1)
    on_false = _branch("false_fn", false_fn, "fn2", fn2)
    graph = graph_of([pred])
    with graph.as_default(), graph.name_scope(name or "cond"):
        if isinstance(pred, bool):
            raise TypeError("'pred' must not be a Python bool.")
        _check_bool(pred)
        off, on = apply_list("Switch", pred, pred)
        pivots = [apply("Identity", on, name="switch_t"), apply("Identity", off, name="switch_f")]
        chosen = apply("Identity", pred, name="pred_id")
        for tensor in (on, *pivots, chosen):
            graph.prevent_fetching(tensor.op)
        branches = [
            _Branch(graph, CondContext(chosen, pivots[1 - number], number), function, label)
            for number, function, label in ((1, on_true, "true_fn"), (0, on_false, "false_fn"))
        ]
        return _merged(graph, branches, strict)


def _branch(label: str, function: Any, old_label: str, old: Any) -> Callable[[], Result]:
    if old is not None:
        if function is not None:
            raise TypeError(f"cond(): '{label}' and '{old_label}' may not be set simultaneously.")
        function = old
    if function is None:
        raise TypeError(f"cond(): '{label}' argument required")
    if not callable(function):
        raise TypeError(f"'{label}' must be callable.")
    found: Callable[[], Result] = function
    return found


def _check_bool(pred: Any) -> None:
    kind = pred.dtype.base_dtype.name if is_tensor(pred) else None
    if kind not in (None, "bool"):
        raise TypeError(f"Input 'pred' of 'Switch' Op has type {kind} that does not match expected type of bool.")


class _Branch:
    """The results of one function, made in its context."""

    def __init__(self, graph: Graph, context: CondContext, function: Callable[[], Result], label: str) -> None:
        self.context = context
        with context.entered():
            self.original = function()
            if self.original is None:
                raise ValueError(f"'{label}' must have a return value.")
            self.tensors = [self._result(leaf) for leaf in leaves_of(self.original)]
            context.add_result(self.tensors)

    def _result(self, leaf: Any) -> Tensor:
        context = self.context
        if isinstance(leaf, Operation):
            with context.graph.control_dependencies([leaf]), context.graph.colocate_with(context.pivot.op):
                return apply("Identity", context.pivot, name="control_dependency")
        if leaf is None:
            raise ValueError("None values not supported.")
        return context.result(convert_to_tensor(leaf))


def _merged(graph: Graph, branches: Sequence[_Branch], strict: bool) -> Result:
    structures = [branch.original if strict else _alone(branch.original) for branch in branches]
    check_same(structures[0], structures[1], "Incompatible return types of true_fn and false_fn")
    on, off = (branch.tensors for branch in branches)
    if not on:
        raise ValueError("'true_fn' and 'false_fn' must return at least one result.")
    for one, other in zip(on, off, strict=True):
        if one.dtype.base_dtype is not other.dtype.base_dtype:
            raise ValueError(
                "Outputs of 'true_fn' and 'false_fn' must have the same type(s). Received "
                f"{one.dtype.name} from 'true_fn' and {other.dtype.name} from 'false_fn'."
            )
    merges = [merge([other, one])[0] for one, other in zip(on, off, strict=True)]
    if branches[0].context.outer_context is None:
        for branch in branches:
            graph.add_to_collection(GraphKeys.COND_CONTEXT, branch.context)
    packed = filled_with(structures[0], merges)
    return packed if strict else _alone(packed)


def _alone(value: Any) -> Any:
    """The only item of a list or a tuple; anything else is unchanged."""
    return value[0] if isinstance(value, list | tuple) and len(value) == 1 else value


Pairs: TypeAlias = "Sequence[tuple[TensorLike, Callable[[], Result]]] | Mapping[Any, Callable[[], Result]]"


def case(
    pred_fn_pairs: Pairs,
    default: Callable[[], Result] | None = None,
    exclusive: bool = False,
    strict: bool = False,
    name: str = "case",
) -> Result:
    """Take the branch of the first condition that is true.

    Parameters
    ----------
    pred_fn_pairs : list of (Tensor, callable), or dict
        Conditions, bools of shape ``()``, with functions that make the operations of branches; see `cond`.
    default : callable, optional
        The branch where no condition is true. Without it the run stops there.
    exclusive : bool
        Stop the run where several conditions are true.
    strict : bool
        Keep a list or a tuple of one item unchanged; it is the item alone otherwise.
    name : str
        The name scope.

    Returns
    -------
    Tensor, or nested lists, tuples and dicts of them
        The results of the branch that is taken.

    Raises
    ------
    TypeError
        A condition is not a tensor of bool, or a branch is not a function.
    ValueError
        There is no pair; or as `cond` raises it.
    InvalidArgumentError
        When run: several conditions are true, or none.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> x = tf.placeholder(tf.int32, shape=[])
    >>> y = tf.case([(x < 0, lambda: -1), (x > 0, lambda: 1)], default=lambda: 0)
    >>> tf.Session().run(y, {x: -7})
    np.int32(-1)
    """
    pairs = _checked_pairs(pred_fn_pairs)
    graph = graph_of([pred for pred, _ in pairs])
    with graph.as_default(), graph.name_scope(name):
        if default is None:
            pairs, chosen = pairs[:-1], partial(_last_resort, pairs)
        elif not callable(default):
            raise TypeError("'false_fn' must be callable.")
        else:
            chosen = partial(default)
        preds = [pred for pred, _ in pairs]
        for pred, function in reversed(pairs):
            chosen = partial(cond, pred, function, chosen, strict)
        if not exclusive:
            return chosen()
        with graph.control_dependencies([_at_most(preds, 1, "Input error: exclusive=True")]):
            return chosen()


def _checked_pairs(given: Any) -> list[tuple[Tensor, Callable[[], Result]]]:
    if not isinstance(given, list | tuple | Mapping):
        raise TypeError(f"'pred_fn_pairs' must be a list, tuple, or dict. Received: {type(given)}")
    pairs = sorted(given.items(), key=lambda pair: pair[0].name) if isinstance(given, Mapping) else list(given)
    if not pairs:
        raise ValueError("'pred_fn_pairs' must have at least one pair of a condition and a function.")
    for pair in pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError(f"Each entry in 'pred_fn_pairs' must be a 2-tuple. Received {pair}.")
        pred, function = pair
        if not is_tensor(pred):
            raise TypeError(f"pred must be a Tensor, got: {pred}")
        if pred.dtype.base_dtype.name != "bool":
            raise TypeError(f"pred must be Tensor of type bool: {pred.name}")
        if not callable(function):
            raise TypeError(f"fn for pred {pred.name} must be callable.")
    return pairs


def _last_resort(pairs: Sequence[tuple[Tensor, Callable[[], Result]]]) -> Result:
    """The last branch as the default one: its condition must be true, and no other one."""
    others, (pred, function) = [pred for pred, _ in pairs[:-1]], pairs[-1]
    message = (
        f"Implementation error: selected default action #{len(others)} was called, but some of other predicates are "
        "True: "
    )
    of_all = apply("Pack", [pred for pred, _ in pairs], name="preds_c")
    checks = [
        _at_most(others, 0, message),
        Assert_(pred, ["Input error: None of conditions evaluated as True:", of_all]),
    ]
    with get_default_graph().control_dependencies(checks):
        return function()


def _at_most(preds: Sequence[Tensor], most: int, message: str) -> Operation:
    # Of no conditions TensorFlow makes an empty constant of floats.
    packed = apply("Pack", list(preds), name="preds_c") if preds else convert_to_tensor([], name="preds_c")
    numbers = apply("Cast", packed, DstT="int32")
    count = reduce_sum(numbers, name="num_true_conds")
    limit = convert_to_tensor(most, name="n_true_conds")
    fits = apply("LessEqual", count, limit)
    names = ", ".join(pred.name for pred in preds)
    said = f"{message}: more than {most} conditions ({names}) evaluated as True:"
    return Assert_(fits, [said, packed], summarize=len(preds))


def Assert_(
    condition: TensorLike, data: Sequence[TensorLike], summarize: int | None = None, name: str | None = None
) -> Operation:
    """Make an operation that stops the run unless a condition is true (``tf.Assert``).

    Parameters
    ----------
    condition : Tensor or array_like
        A bool, of shape ``()``.
    data : sequence of Tensor or array_like
        Values of any dtypes for the message. Where they are not strings and int32 alone, the check is in a `cond`.
    summarize : int, optional
        How many values of each tensor the message shows: 3 by default, all for -1.
    name : str, optional
        The name scope, ``Assert`` by default.

    Returns
    -------
    Operation
        To be run, or given to `control_dependencies`; nothing happens otherwise.

    Raises
    ------
    TypeError
        The condition is not of bool, or ``data`` is a tensor instead of a list.
    ValueError
        The condition is not of shape ``()``.
    InvalidArgumentError
        When run: the condition is false.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> x = tf.constant([1.0, 4.0])
    >>> with tf.control_dependencies([tf.Assert(tf.reduce_all(tf.greater(x, 0.0)), [x])]):
    ...     root = tf.sqrt(x)
    >>> tf.Session().run(root)
    array([1., 2.], dtype=float32)
    """
    if not isinstance(data, list | tuple):
        raise TypeError(f"The data of an assertion is a list of tensors, not {data!r}.")
    graph = graph_of([condition, *data])
    shown = 3 if summarize is None else summarize
    with graph.as_default(), graph.name_scope(name or "Assert"):
        kinds = {convert_to_tensor(item).dtype.base_dtype.name for item in data}
        check = partial(apply_op, "Assert", name="Assert", summarize=shown)
        if kinds <= {"string", "int32"}:
            return check(condition, list(data))
        tensor = convert_to_tensor(condition, name="Condition")
        guarded: Tensor = cond(tensor, no_op, lambda: check(tensor, list(data)), name="AssertGuard")
        return graph.get_operation_by_name(guarded.op.name)
