"""Session: runs parts of a graph and keeps the values of its variables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any

import numpy as np

from hdfsaver import dtypes, errors, shapes
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.default_stack import default_sessions
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import as_array, is_tensor
from hdfsaver.graph.traces import place
from hdfsaver.session.engine import Engine, StepError
from hdfsaver.session.fetches import flatten
from hdfsaver.session.numpy_engine import numpy_engine
from hdfsaver.session.plan import make_plan
from hdfsaver.session.prepared_runs import Feed, PreparedRun, PreparedRuns
from hdfsaver.session.session_state import SessionState
from hdfsaver.tensor_info import STRING, Array


class Session:
    """Runs parts of a graph. Values of variables belong to the session: another one begins without any.

    Parameters
    ----------
    target : str
        Accepted for programs that give it; there is nothing but this process to connect to.
    graph : Graph, optional
        The default graph where none is given.
    config : object
        Accepted for programs that give it; nothing in it applies here.
    engine : Engine, optional
        The engine that computes; NumPy by default.
    """

    def __init__(
        self, target: str = "", graph: Graph | None = None, config: object = None, *, engine: Engine = numpy_engine
    ) -> None:
        if graph is not None and not isinstance(graph, Graph):
            raise TypeError(f"Argument graph must be a tf.Graph, not {type(graph).__name__}.")
        self._graph = graph if graph is not None else get_default_graph()
        self._engine = engine
        self._state = SessionState()
        self._closed = False
        self._prepared = PreparedRuns()
        self._entered: list[ExitStack] = []

    @property
    def graph(self) -> Graph:
        """The graph that is run."""
        return self._graph

    @property
    def state(self) -> SessionState:
        """The values of the variables.

        Raises
        ------
        RuntimeError
            The session is closed.
        """
        self._check_open()
        return self._state

    def run(
        self,
        fetches: Any,
        feed_dict: Mapping[Any, Any] | None = None,
        options: object = None,
        run_metadata: object = None,
    ) -> Any:
        """Run the operations that the fetches need and give their values.

        Parameters
        ----------
        fetches : Tensor, Operation, Variable, str, or nested lists, tuples and dicts of them
            An operation is run and gives None.
        feed_dict : dict, optional
            Values for tensors (any tensor, not only placeholders), which are then not computed. They are never written
            on, and nothing keeps them after the run.
        options, run_metadata : object
            Accepted for programs that give them.

        Returns
        -------
        The fetched values in the structure of ``fetches``: NumPy arrays, NumPy scalars for rank 0, bytes for strings.
        The arrays can be written on, and share memory neither with each other nor with anything else.

        Raises
        ------
        RuntimeError
            The session is closed or the graph is empty.
        TypeError, ValueError
            A fetch or a feed is not part of the graph, or the value fed does not fit.
        OpError
            An operation failed: `FailedPreconditionError` where a variable has no value.
        """
        leaves, rebuild = flatten(fetches)
        given = feed_dict or {}
        return rebuild(iter(self._execute(self._prepare(leaves, given), given)))

    def make_callable(
        self, fetches: Any, feed_list: Sequence[Any] | None = None, accept_options: bool = False
    ) -> Callable[..., Any]:
        """A function that runs the fetches; its arguments are the values of the tensors in ``feed_list``.

        Parameters
        ----------
        fetches : Tensor, Operation, Variable, str, or nested lists, tuples and dicts of them
        feed_list : list of Tensor, optional
        accept_options : bool
            Accepted for programs that give it.

        Returns
        -------
        callable
            It returns the result of `run`.

        Raises
        ------
        TypeError
            None is fetched; by the returned function: the number of its arguments is wrong.
        """
        leaves, rebuild = flatten(fetches)
        feeds = list(feed_list or ())
        own: PreparedRun | None = None  # kept here, however many other runs there are

        def call(*values: Any) -> Any:
            nonlocal own
            if len(values) != len(feeds):
                raise TypeError(f"Expected {len(feeds)} arguments, one for each feed, but got {len(values)}.")
            self._check_open()
            given = dict(zip(feeds, values, strict=True))
            prepared = own
            if prepared is None or prepared.version != self._graph.version:
                own = prepared = self._prepare(leaves, given)
            return rebuild(iter(self._execute(prepared, given)))

        return call

    def _prepare(self, leaves: list[Any], feed_dict: Mapping[Any, Any]) -> PreparedRun:
        self._check_open()
        key = (*leaves, None, *feed_dict)
        try:
            prepared = self._prepared.get(key, self._graph.version)
        except TypeError:  # something that cannot be hashed is not part of a graph; say which
            prepared = None
        return self._prepare_anew(key, leaves, feed_dict) if prepared is None else prepared

    def _prepare_anew(self, key: Any, leaves: list[Any], feed_dict: Mapping[Any, Any]) -> PreparedRun:
        version = self._graph.version  # read first: what is added from now on may not be in the plan
        if not self._graph.digraph:
            raise RuntimeError("The Session graph is empty. Add operations to the graph before calling run().")
        fetched = [self._fetch(leaf) for leaf in leaves]
        fed = [self._fed_tensor(item) for item in feed_dict]
        try:
            plan = make_plan(self._graph, fetched, fed)
        except ValueError as error:
            raise errors.InvalidArgumentError(None, None, str(error)) from None
        try:
            execute = self._engine(plan, self._state)
        except StepError as failure:
            raise self._public_error(failure) from failure.cause
        prepared = PreparedRun(execute, tuple(_feed_of(tensor) for tensor in fed), version, len(plan.steps))
        self._prepared.keep(key, prepared)
        return prepared

    def _fetch(self, leaf: Any) -> Tensor | Operation:
        try:
            element = self._graph.as_graph_element(leaf)
        except TypeError as error:
            raise TypeError(
                f"Fetch argument {leaf!r} has invalid type {type(leaf).__name__}, must be a string or Tensor. ({error})"
            ) from None
        except (ValueError, KeyError) as error:
            raise ValueError(f"Fetch argument {leaf!r} cannot be interpreted as a Tensor. ({error.args[0]})") from None
        if not self._graph.is_fetchable(element):
            operation = element.op if isinstance(element, Tensor) else element
            raise ValueError(f"Operation {operation.name!r} has been marked as not fetchable.")
        return element

    def _fed_tensor(self, item: Any) -> Tensor:
        try:
            element = self._graph.as_graph_element(item, allow_operation=False)
        except (TypeError, ValueError, KeyError) as error:
            raise TypeError(f"Cannot interpret feed_dict key as Tensor: {error.args[0]}") from None
        assert isinstance(element, Tensor)
        if not self._graph.is_feedable(element):
            raise ValueError(f"Tensor {element.name} may not be fed.")
        return element

    def _execute(self, prepared: PreparedRun, feed_dict: Mapping[Any, Any]) -> list[Any]:
        values = [_feed_value(feed, value) for feed, value in zip(prepared.feeds, feed_dict.values(), strict=True)]
        try:
            return prepared.execute(values)
        except StepError as failure:
            raise self._public_error(failure) from failure.cause

    def _public_error(self, failure: StepError) -> Exception:
        operation = self._graph.get_operation_by_name(failure.node)
        cause = failure.cause
        made = place(operation.traceback)
        where = f"operation {operation.name!r} ({operation.type}{made and f', defined at {made}'})"
        if isinstance(cause, errors.OpError):
            return _with_op(cause, operation, f"{cause.message} In {where}.")
        if isinstance(cause, MemoryError):
            return errors.ResourceExhaustedError(operation.node_def, operation, f"Out of memory in {where}.")
        given = ", ".join(str(tensor.shape) for tensor in operation.inputs)
        message = f"{where[0].upper()}{where[1:]} failed on inputs of shapes {given or 'none'}: {cause}"
        return errors.InvalidArgumentError(operation.node_def, operation, message)

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("Attempted to use a closed Session.")

    def close(self) -> None:
        """Forget the values of the variables; the session cannot be used any more."""
        self._closed = True
        self._state.clear()
        self._prepared.clear()

    @contextmanager
    def as_default(self) -> Iterator[Session]:
        """Make this the session that ``tensor.eval()`` and ``operation.run()`` use inside a ``with`` block."""
        with default_sessions.entered(self):
            yield self

    def __enter__(self) -> Session:
        stack = ExitStack()
        stack.enter_context(self._graph.as_default())
        stack.enter_context(self.as_default())
        self._entered.append(stack)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._entered.pop().close()
        self.close()


class InteractiveSession(Session):
    """A session that is the default one until it is closed; for work at a prompt.

    Parameters
    ----------
    target : str
        Accepted for programs that give it.
    graph : Graph, optional
        The default graph where none is given.
    config : object
        Accepted for programs that give it.
    """

    def __init__(self, target: str = "", graph: Graph | None = None, config: object = None) -> None:
        super().__init__(target, graph, config)
        default_sessions.push(self)

    def close(self) -> None:
        """End the session, also as the default one."""
        if not self._closed:
            default_sessions.pop(self)
        super().close()


def get_default_session() -> Session | None:
    """The innermost session that was entered in this thread, or None."""
    session = default_sessions.current()
    return session if isinstance(session, Session) else None


def _with_op(error: errors.OpError, operation: Operation, message: str) -> errors.OpError:
    return type(error)(operation.node_def, operation, message, error.error_code)


def _feed_of(tensor: Tensor) -> Feed:
    dtype = dtypes.base_name(tensor.dtype.name)
    return Feed(tensor, dtype, dtypes.numpy_dtype(dtype), tensor.op.output_data[tensor.value_index][1])


def _feed_value(feed: Feed, value: Any) -> Array:
    """The fed value as a read-only view: code that keeps it must copy it, since the user may write on it later.

    It is a plain array, also of a subclass: with a matrix or a masked array kernels would give other results.
    """
    is_plain = type(value) is np.ndarray and value.dtype is feed.numpy_dtype
    if not is_plain or (feed.dtype == STRING and not _holds_bytes(value)):
        value = _feed_array(feed, value)
    array: Array = value
    static = feed.shape
    if static is not None and static != array.shape and not shapes.compatible(static, array.shape):
        raise ValueError(
            f"Cannot feed value of shape {shapes.text(array.shape)} for Tensor {feed.tensor.name!r}, "
            f"which has shape {shapes.text(static)}."
        )
    view = array.view()
    view.flags.writeable = False
    return view


def _feed_array(feed: Feed, value: Any) -> Array:
    if is_tensor(value):
        raise TypeError(
            "The value of a feed cannot be a tf.Tensor object. Acceptable feed values include Python scalars, "
            f"strings, lists and numpy ndarrays. For reference, the tensor object was {value!r} "
            f"which was passed to the feed with key {feed.tensor!r}."
        )
    # As in TensorFlow, numbers are converted the way NumPy does it: a fraction fed to integers is cut off.
    try:
        if feed.dtype == STRING:
            return as_array(value, feed.dtype)[0]
        return np.asarray(value, dtype=feed.numpy_dtype)
    except OverflowError as error:
        raise TypeError(f"Cannot feed {feed.tensor.name!r}: {error}.") from None
    except (TypeError, ValueError) as error:
        raise ValueError(f"Cannot feed {feed.tensor.name!r}: {error}") from None


def _holds_bytes(array: Array) -> bool:
    """Whether an array of objects has nothing but bytes; other strings are encoded first."""
    return {bytes}.issuperset(map(type, array.ravel().tolist()))
