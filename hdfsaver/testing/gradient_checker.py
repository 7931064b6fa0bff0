"""The matrix of all derivatives of a tensor by another: as `gradients` computes it, and by finite differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from hdfsaver import dtypes
from hdfsaver.graph.composite_tensors import IndexedSlices
from hdfsaver.graph.definition import COMPLEX, FLOATS
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.constants import constant, identity, placeholder
from hdfsaver.session.session import Session, get_default_session
from hdfsaver.shapes import ShapeLike, as_shape
from hdfsaver.tensor_info import Array
from hdfsaver.training.gradients import gradients

Feeds = Mapping[Any, Any]

Function: TypeAlias = "Callable[..., TensorLike]"
"""Takes a tensor for each argument, and gives one."""

JacobiansByArgument: TypeAlias = tuple[tuple[Array, ...], tuple[Array, ...]]
"""Those of each argument of a function, as `gradients` has them, and by finite differences."""

Jacobians = tuple[Array, Array]
"""The derivatives as `gradients` has them, and by finite differences."""


@overload
def compute_gradient(
    x: Function, x_shape: Sequence[TensorLike], y: float | None = None, *, delta: float | None = None
) -> JacobiansByArgument: ...
@overload
def compute_gradient(
    x: list[Tensor],
    x_shape: Sequence[ShapeLike],
    y: Tensor,
    y_shape: ShapeLike,
    x_init_value: Sequence[npt.ArrayLike | None] | None = None,
    delta: float = 1e-3,
    init_targets: Sequence[Operation] | None = None,
    extra_feed_dict: Feeds | None = None,
) -> list[Jacobians]: ...
@overload
def compute_gradient(
    x: Tensor,
    x_shape: ShapeLike,
    y: Tensor,
    y_shape: ShapeLike,
    x_init_value: npt.ArrayLike | None = None,
    delta: float = 1e-3,
    init_targets: Sequence[Operation] | None = None,
    extra_feed_dict: Feeds | None = None,
) -> Jacobians: ...
def compute_gradient(
    x: Any,
    x_shape: Any,
    y: Tensor | float | None = None,
    y_shape: ShapeLike | None = None,
    x_init_value: Any = None,
    delta: float | None = None,
    init_targets: Sequence[Operation] | None = None,
    extra_feed_dict: Feeds | None = None,
) -> Jacobians | list[Jacobians] | JacobiansByArgument:
    """The derivatives of a tensor by another in the default session, computed in two ways.

    Called with a function and a list of values, they are those of the function by its arguments, as TensorFlow 2 has
    it: ``compute_gradient(function, [value])``.

    Parameters
    ----------
    x : Tensor or list of Tensor
        Floating or complex; it is fed. Or a function, which takes tensors and gives one.
    x_shape : shape, or list of shapes
        Or the values of the arguments of a function.
    y : Tensor
    y_shape : shape
    x_init_value : array_like, or list of array_like, optional
        The point at which they are taken; a random one by default.
    delta : float, optional
        The step of the finite differences: 1/1000 by default, of a function 1/1024.
    init_targets : sequence of Operation, optional
        Operations to run before.
    extra_feed_dict : dict, optional
        Values of other tensors.

    Returns
    -------
    tuple of ndarray, or list of such tuples
        Two matrices with a row for each number of ``x`` and a column for each of ``y``: the derivatives as `gradients`
        has them, and by finite differences. Complex numbers are two numbers. For a list a tuple for each ``x``. For a
        function two tuples of matrices, one matrix for each argument, with a row for each number of the result.

    Raises
    ------
    TypeError
        A tensor is neither floating nor complex.
    ValueError
        There is no default session, ``y`` does not depend on ``x``, ``x_init_value`` has another shape, or the values
        of a function's arguments are not a list.
    """
    if callable(x):
        step = y if isinstance(y, float | int) else delta  # the third argument, by position
        return _of_function(x, x_shape, 1 / 1024 if step is None else step)
    if y is None or isinstance(y, float | int) or y_shape is None:
        raise TypeError("compute_gradient() needs `y` and `y_shape` where `x` is not a function.")
    xs, x_shapes = (list(x), list(x_shape)) if isinstance(x, list) else ([x], [x_shape])
    values = x_init_value if isinstance(x, list) and x_init_value is not None else [x_init_value] * len(xs)
    for tensor in (*xs, y):
        _check_dtype(tensor)
    session = _default_session()
    backward = [_backward(one, y, y_shape) for one in xs]
    for target in init_targets or ():
        session.run(target)
    checks = [
        _Check(session, one, _point(one, shape, value), y, _sizes(y_shape), dict(extra_feed_dict or {}))
        for one, shape, value in zip(xs, x_shapes, values, strict=True)
    ]
    step = 1e-3 if delta is None else delta
    found = [(check.analytic(*pair), check.numeric(step)) for check, pair in zip(checks, backward, strict=True)]
    return found if isinstance(x, list) else found[0]


def _default_session() -> Session:
    session = get_default_session()
    if session is None:
        raise ValueError(
            "Derivatives are computed in the default session, but no session is entered; use `with tf.Session()`."
        )
    return session


def _of_function(function: Function, values: Sequence[TensorLike], delta: float) -> JacobiansByArgument:
    if not isinstance(values, list | tuple):
        raise ValueError(
            "`x` must be a list or tuple of values convertible to a Tensor (arguments to `f`), not a "
            f"{type(values).__name__}."
        )
    session = _default_session()
    with session.graph.as_default():
        given = [convert_to_tensor(value) for value in values]
        xs = [placeholder(tensor.dtype, tensor.shape) for tensor in given]
        y = convert_to_tensor(function(*xs))
    for tensor in (*xs, y):
        _check_dtype(tensor)
    points = [np.asarray(point) for point in session.run(given)]
    feeds = dict(zip(xs, points, strict=True))
    sizes = np.shape(session.run(y, feeds))
    analytic, numeric = [], []
    for x, point in zip(xs, points, strict=True):
        check = _Check(session, x, point, y, sizes, feeds)
        start, by_x = _derivative(x, y, sizes)
        by_differences = check.numeric(delta)
        found = np.zeros_like(by_differences) if by_x is None else check.analytic(start, by_x)
        analytic.append(found.T)
        numeric.append(by_differences.T)
    return tuple(analytic), tuple(numeric)


def max_error(grad1: Sequence[Array], grad2: Sequence[Array]) -> float:
    """The greatest difference between the matrices of two lists; 0 where there are no numbers."""
    pairs = zip(grad1, grad2, strict=True)
    return max((float(np.abs(first - second).max()) for first, second in pairs if first.size), default=0.0)


def compute_gradient_error(
    x: Tensor | list[Tensor],
    x_shape: Any,
    y: Tensor,
    y_shape: ShapeLike,
    x_init_value: Any = None,
    delta: float = 1e-3,
    init_targets: Sequence[Operation] | None = None,
    extra_feed_dict: Feeds | None = None,
) -> float:
    """The greatest difference between the derivatives that `gradients` computes and finite differences.

    Parameters
    ----------
    x : Tensor or list of Tensor
        Floating or complex; it is fed.
    x_shape : shape, or list of shapes
    y : Tensor
    y_shape : shape
    x_init_value, delta, init_targets, extra_feed_dict
        See `compute_gradient`.

    Returns
    -------
    float
        0 where there are no numbers.

    Raises
    ------
    TypeError
        A tensor is neither floating nor complex.
    ValueError
        There is no default session, ``y`` does not depend on ``x``, or ``x_init_value`` has another shape.
    """
    found = compute_gradient(x, x_shape, y, y_shape, x_init_value, delta, init_targets, extra_feed_dict)
    pairs = found if isinstance(found, list) else [found]
    return max((float(np.abs(first - second).max()) for first, second in pairs if first.size), default=0.0)


def _sizes(shape: ShapeLike) -> tuple[int, ...]:
    known = as_shape(shape)
    if known is None or None in known:
        raise ValueError(f"The shape must be known, not {shape!r}.")
    return tuple(size for size in known if size is not None)


def _point(x: Tensor, shape: ShapeLike, value: Any) -> Array:
    dtype = dtypes.numpy_dtype(x.dtype.base_dtype.name)
    sizes = _sizes(shape)
    if value is not None:
        given = np.asarray(value, dtype)
        if given.shape != sizes:
            raise ValueError(f"x_shape = {sizes}, but x_init_value has shape {given.shape}.")
        return given
    generator = np.random.default_rng()
    drawn: Array = generator.random(sizes)
    return np.asarray(drawn + 1j * generator.random(sizes) if dtype.kind == "c" else drawn).astype(dtype)


def _check_dtype(tensor: Tensor) -> None:
    name = tensor.dtype.base_dtype.name
    if name not in FLOATS | COMPLEX:
        raise TypeError(f"{tensor.name!r} must be floating or complex, not {name}.")


def _backward(x: Tensor, y: Tensor, y_shape: ShapeLike) -> tuple[Tensor, Tensor | IndexedSlices]:
    given, by_x = _derivative(x, y, y_shape)
    if by_x is None:
        raise ValueError(f"{y.name!r} does not depend on {x.name!r}.")
    return given, by_x


def _derivative(x: Tensor, y: Tensor, y_shape: ShapeLike) -> tuple[Tensor, Tensor | IndexedSlices | None]:
    """A tensor to feed the derivative by ``y`` into, and the derivative by ``x`` that follows from it."""
    with x.graph.as_default():
        # The tensor itself may also be the derivative by x: what is fed is behind it.
        given = constant(np.ones(_sizes(y_shape), dtypes.numpy_dtype(y.dtype.base_dtype.name)))
        by_y = identity(given)
    (by_x,) = gradients(y, x, by_y)
    return given, by_x


class _Check:
    def __init__(
        self, session: Session, x: Tensor, point: Array, y: Tensor, y_sizes: tuple[int, ...], feeds: dict[Any, Any]
    ) -> None:
        self.session, self.x, self.point, self.y, self.y_sizes, self.feeds = session, x, point, y, y_sizes, feeds

    def analytic(self, given: Tensor, by_x: Tensor | IndexedSlices) -> Array:
        """The derivatives by ``x``, a column for each number of ``y``."""
        direction = np.zeros(self.y_sizes, dtypes.numpy_dtype(self.y.dtype.base_dtype.name))
        numbers = _numbers(direction)
        columns = []
        for place in range(numbers.size):
            numbers[place] = 1
            columns.append(self._column(by_x, {given: direction}))
            numbers[place] = 0
        if not columns:
            self._column(by_x, {given: direction})  # it must be possible to compute it
        real = _numbers(self.point)
        return np.stack(columns, axis=1) if columns else np.zeros((real.size, 0), real.dtype)

    def _column(self, by_x: Tensor | IndexedSlices, direction: dict[Any, Any]) -> Array:
        feeds = {**self.feeds, self.x: self.point, **direction}
        if isinstance(by_x, IndexedSlices):
            whole = np.zeros_like(self.point)
            values, indices = self.session.run([by_x.values, by_x.indices], feeds)
            np.add.at(whole, indices, values)
        else:
            whole = np.asarray(self.session.run(by_x, feeds))
        if whole.shape != self.point.shape:
            raise ValueError(f"The derivative by {self.x.name!r} has shape {whole.shape}, not {self.point.shape}.")
        return _numbers(np.ascontiguousarray(whole)).copy()

    def numeric(self, delta: float) -> Array:
        """The same by finite differences, a row for each number of ``x``."""
        real = _numbers(self.point).size
        made = [self._difference(place, delta) for place in range(real)]
        dtype = _numbers(self.point).dtype
        width = _numbers(np.zeros(self.y_sizes, dtypes.numpy_dtype(self.y.dtype.base_dtype.name))).size
        return np.stack(made).astype(dtype) if made else np.zeros((0, width), dtype)

    def _difference(self, place: int, delta: float) -> Array:
        ends = []
        for sign in (1, -1):
            moved = self.point.copy()
            _numbers(moved)[place] += sign * delta
            ends.append(np.asarray(self.session.run(self.y, {**self.feeds, self.x: moved})))
        wide = [np.asarray(end, np.complex128 if np.iscomplexobj(end) else np.float64) for end in ends]
        return _numbers(np.ascontiguousarray((wide[0] - wide[1]) / (2 * delta)))


def _numbers(array: Array) -> Array:
    """The numbers of an array as a vector, of a complex one its real and imaginary parts; it shares the memory."""
    flat = array.reshape(-1)
    return flat.view(flat.real.dtype) if np.iscomplexobj(flat) else flat
