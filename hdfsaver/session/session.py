"""Session: runs parts of a graph and keeps the values of its variables."""

from __future__ import annotations

import itertools
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any

from hdfsaver import errors
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.default_stack import default_sessions
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.messages import message_classes
from hdfsaver.session.callable_options import check_apart, named_parts
from hdfsaver.session.engine import Engine, Executable, Observer, StepError
from hdfsaver.session.feeds import are_single, fed_parts, feed_of, feed_value, plain_feeds
from hdfsaver.session.fetches import flatten
from hdfsaver.session.function_runs import FunctionRuns
from hdfsaver.session.kept_tensors import TensorHandle
from hdfsaver.session.numpy_engine import numpy_engine
from hdfsaver.session.partial_runs import PartialRun
from hdfsaver.session.plan import ExecutionPlan, make_plan
from hdfsaver.session.prepared_runs import PreparedRun, PreparedRuns
from hdfsaver.session.run_errors import public_error
from hdfsaver.session.run_traces import RunTrace, wanted_parts
from hdfsaver.session.session_options import (
    Device,
    check_config,
    check_run_options,
    check_target,
    devices_of,
    graph_options_of,
)
from hdfsaver.session.session_state import SessionState
from hdfsaver.tensor_info import Array


class Session:
    """Runs parts of a graph. Values of variables belong to the session: another one begins without any.

    Parameters
    ----------
    target : str
        ``""``; the address of a server, ``grpc://...``, is accepted, and means this process.
    graph : Graph, optional
        The default graph where none is given.
    config : ConfigProto, optional
        Of it ``graph_options.infer_shapes`` and the ``device_count`` of ``"CPU"`` are looked at.
    engine : Engine, str or sequence of str, optional
        The engine that computes; NumPy by default. ``"onnxruntime"`` lets ONNX Runtime compute the largest parts that
        it can, and NumPy the rest (``pip install "hdfsaver[onnxruntime]"``). ``"numba"`` computes as NumPy does, but
        what is computed element by element in compiled loops (``pip install "hdfsaver[numba]"``). With
        ``("onnxruntime", "numba")`` the loops are in the rest.
    """

    def __init__(
        self,
        target: str | bytes | None = "",
        graph: Graph | None = None,
        config: object = None,
        *,
        engine: Engine | str | Sequence[str] = numpy_engine,
    ) -> None:
        if graph is not None and not isinstance(graph, Graph):
            raise TypeError(f'Argument `graph` must be a tf.Graph, but got "{type(graph).__name__}"')
        self._target = check_target(target)
        self._config = check_config(config)
        self._graph = graph if graph is not None else get_default_graph()
        if not callable(engine):
            from hdfsaver.session.engine_names import engine_of

            engine = engine_of(engine, self._config)
        self._engine = engine
        self._state = SessionState()
        self._state.functions = FunctionRuns(self._graph, self._state)
        self._closed = False
        self._prepared = PreparedRuns()
        self._partial_runs: dict[str, PartialRun] = {}
        # Of use here only to a session that builds a cost model, which counts its runs.
        self._graph_options = graph_options_of(self._config)
        self._state.timeout = getattr(self._config, "operation_timeout_in_ms", 0) / 1000
        self._counts: Counter[Any] = Counter()
        self._entered: ExitStack | None = None
        _open_sessions.add(self)

    def __repr__(self) -> str:
        values = "closed" if self._closed else f"{len(self._state.variables):,} variables with values"
        return f"<{type(self).__name__}: {values}, {self._graph!r}>"

    @property
    def graph(self) -> Graph:
        """The graph that is run."""
        return self._graph

    @property
    def graph_def(self) -> message_classes.GraphDef:
        """The definition of the graph that is run; with shapes where the configuration says ``infer_shapes``."""
        infer_shapes = self._config is not None and self._config.graph_options.infer_shapes
        return self._graph.as_graph_def(add_shapes=infer_shapes)

    @property
    def sess_str(self) -> bytes | None:
        """The target."""
        return self._target

    def list_devices(self) -> list[Device]:
        """The devices of the session, each with ``name``, ``device_type`` and ``memory_limit_bytes``: processors.

        Raises
        ------
        CancelledError
            The session is closed.
        """
        self._check_can_be_called()
        return devices_of(self._config)

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
            An operation is run and gives None. Also SparseTensor, IndexedSlices, and objects of classes that
            `register_session_run_conversion_functions` knows.
        feed_dict : dict, optional
            Values for tensors (any tensor, not only placeholders), which are then not computed. They are never written
            on, and nothing keeps them after the run. The value of a tuple of tensors is a tuple of values.
        options : RunOptions, optional
            With a ``trace_level`` the steps of the run are traced, with ``output_partition_graphs`` the graph that was
            run is given; other options are accepted for programs that give them.
        run_metadata : RunMetadata, optional
            Gets what the options ask for, in place of what it held; a run that fails leaves it unchanged.

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
        self._check_open()
        leaves, rebuild = flatten(fetches)
        if options is not None or run_metadata is not None or self._graph_options is not None:
            return rebuild(iter(self._run_described(leaves, feed_dict or {}, options, run_metadata)))
        return rebuild(iter(self._execute(*self._prepare(leaves, feed_dict or {}))))

    def make_callable(
        self, fetches: Any, feed_list: Sequence[Any] | None = None, accept_options: bool = False
    ) -> Callable[..., Any]:
        """A function that runs the fetches; its arguments are the values of the tensors in ``feed_list``.

        Parameters
        ----------
        fetches : Tensor, Operation, Variable, str, or nested lists, tuples and dicts of them
        feed_list : list or tuple of Tensor, optional
            Anything that may be a key of a ``feed_dict``.
        accept_options : bool
            Whether the function takes ``options`` and ``run_metadata`` without a ``feed_list`` too.

        Returns
        -------
        callable
            It returns the result of `run`.

        Raises
        ------
        TypeError
            None is fetched, or the ``feed_list`` is not one; by the returned function: the number of its arguments is
            wrong, or it takes no options.
        """
        if feed_list is not None and not isinstance(feed_list, list | tuple):
            raise TypeError(f"Argument `feed_list` must be a list or tuple. Received: feed_list={feed_list}")
        leaves, rebuild = flatten(fetches)
        feeds = list(feed_list or ())
        single = are_single(feeds)
        takes_options = accept_options or feed_list is not None
        own: PreparedRun | None = None  # kept here, however many other runs there are

        def call(*values: Any, **options: Any) -> Any:
            nonlocal own
            if len(values) != len(feeds):
                raise TypeError(f"Expected {len(feeds)} arguments, one for each feed, but got {len(values)}.")
            if options:
                _check_call_options(options, takes_options)
            self._check_open()
            given: Mapping[Any, Any] = dict(zip(feeds, values, strict=True))
            if not single:
                given = plain_feeds(given)
            if options or self._graph_options is not None:
                return rebuild(iter(self._run_described(leaves, given, **_EACH_OPTION | options)))
            prepared = own
            if prepared is None or prepared.version != self._graph.version:
                prepared, given = self._prepare(leaves, given)
                own = prepared
            return rebuild(iter(self._execute(prepared, given)))

        if not takes_options:
            for leaf in leaves:
                self._fetch(leaf)
        return call

    def _make_callable_from_options(self, callable_options: Any) -> Callable[..., list[Any]]:
        """As `make_callable`, where a ``CallableOptions`` names what is fed, fetched and run.

        TensorFlow's programs use it under this name.
        """
        self._check_can_be_called()
        asked = type(callable_options).FromString(callable_options.SerializeToString())
        named = named_parts(asked, self._graph)
        run = self.make_callable([named.fetches, named.targets], named.feeds, accept_options=True)
        options = asked.run_options if asked.HasField("run_options") else None

        def call(*values: Any, run_metadata: Any = None) -> list[Any]:
            self._check_can_be_called()
            if len(values) != len(named.feeds):
                raise _invalid(f"Expected {len(named.feeds)} feed tensors, but got {len(values)}")
            fetched: list[Any] = run(*values, options=options, run_metadata=run_metadata)[0]
            return fetched

        return call

    def _check_can_be_called(self) -> None:
        if self._closed:
            raise errors.CancelledError(None, None, "Session has been closed.")

    def partial_run_setup(self, fetches: Any, feeds: Any = None) -> str:
        """Prepare a run in several parts, which `partial_run` continues.

        Parameters
        ----------
        fetches : Tensor, str, or nested lists, tuples and dicts of them
            All that the parts will fetch. An operation among them runs as soon as it can.
        feeds : Tensor or str, or a list of them, optional
            All that the parts will feed.

        Returns
        -------
        str
            The handle of the run.

        Raises
        ------
        RuntimeError
            The session is closed or the graph is empty.
        TypeError, ValueError
            A fetch or a feed is not part of the graph.
        InvalidArgumentError
            Nothing is fetched, or a tensor is both fed and fetched, or fed twice.
        """
        self._check_open()
        self._check_not_empty()
        named = [part for feed in (feeds if isinstance(feeds, list | tuple) else [feeds]) for part in fed_parts(feed)]
        fed = [self._fed_tensor(item) for item in named if item is not None]
        fetched = list(dict.fromkeys(self._fetch(leaf) for leaf in flatten(fetches)[0]))
        check_apart(fed, fetched)
        handle = f"run;{next(_handles)};{len(fed)};{len(fetched)}"
        self._partial_runs[handle] = PartialRun(self._plan(fetched, fed), fetched, fed)
        return handle

    def partial_run(self, handle: str, fetches: Any, feed_dict: Mapping[Any, Any] | None = None) -> Any:
        """Continue a run with more feeds and fetches; each tensor is fed and fetched once.

        Parameters
        ----------
        handle : str
            From `partial_run_setup`.
        fetches : Tensor, str, or nested lists, tuples and dicts of them
            Tensors that can be computed from what was fed so far.
        feed_dict : dict, optional
            Values for further tensors.

        Returns
        -------
        The fetched values in the structure of ``fetches``.

        Raises
        ------
        RuntimeError
            The session is closed, or an operation is fetched.
        InvalidArgumentError
            The run was not set up so, has ended or failed; a fetch needs feeds that are missing.
        OpError
            An operation failed.
        """
        self._check_open()
        given = {self._fed_tensor(key): value for key, value in plain_feeds(feed_dict or {}).items()}
        leaves, rebuild = flatten(fetches)
        fetched = [self._fetch(leaf) for leaf in leaves]
        tensors = [element for element in fetched if isinstance(element, Tensor)]
        if len(tensors) < len(fetched):
            raise RuntimeError("partial_run() cannot run operations: fetch tensors, or nothing.")
        run = self._partial_runs.get(handle)
        if run is None:
            raise _invalid("Must run 'setup' before performing partial runs!")
        wanted = list(dict.fromkeys(tensors))
        run.check(wanted, list(given))
        try:
            values = run.go_on(wanted, given, self._engine, self._state)
        except StepError as failure:
            del self._partial_runs[handle]
            raise public_error(self._graph, failure) from failure.cause
        if run.is_over:
            del self._partial_runs[handle]
        by_tensor = dict(zip(wanted, values, strict=True))
        return rebuild(iter([by_tensor[tensor] for tensor in tensors]))

    def _run_described(
        self, leaves: list[Any], feed_dict: Mapping[Any, Any], options: object, run_metadata: Any
    ) -> list[Any]:
        """Run with options; what the metadata is to say is written into it."""
        check_run_options(options, run_metadata)
        seconds = getattr(options, "timeout_in_ms", 0) / 1000
        with self._state.within(seconds):
            return self._run_with(leaves, feed_dict, options, run_metadata)

    def _run_with(
        self, leaves: list[Any], feed_dict: Mapping[Any, Any], options: object, run_metadata: Any
    ) -> list[Any]:
        prepared, given = self._prepare(leaves, feed_dict)
        runs = 0
        if self._graph_options is not None:
            key = (*leaves, None, *given)
            runs = self._counts[key]
            self._counts[key] += 1
        wanted = wanted_parts(options, self._graph_options, runs)
        if run_metadata is None:
            return self._execute(prepared, given)
        if not any(wanted):
            values = self._execute(prepared, given)
            run_metadata.Clear()
            return values
        trace = RunTrace(self._graph.data, self._state.variables)
        values = self._execute(self._make_run(leaves, given, trace), given)
        feeds = [feed.tensor for feed in prepared.feeds]
        run_metadata.ParseFromString(trace.metadata(self._graph, feeds, wanted).SerializeToString())
        return values

    def run_observed(self, fetches: Any, feed_dict: Mapping[Any, Any], observer: Observer) -> Any:
        """Run as `run` does, one operation after the other; the observer is shown each step.

        Parameters
        ----------
        fetches : object
            As for `run`.
        feed_dict : dict
        observer : callable
            See `hdfsaver.session.engine.Observer`.

        Returns
        -------
        The fetched values in the structure of ``fetches``.

        Raises
        ------
        RuntimeError, TypeError, ValueError, OpError
            As `run` does.
        """
        self._check_open()
        self._check_not_empty()
        leaves, rebuild = flatten(fetches)
        given = plain_feeds(feed_dict)
        return rebuild(iter(self._execute(self._make_run(leaves, given, observer), given)))

    def _prepare(self, leaves: list[Any], feed_dict: Mapping[Any, Any]) -> tuple[PreparedRun, Mapping[Any, Any]]:
        """The prepared run, and the feeds by single tensors."""
        key = None
        try:
            key = (*leaves, None, *feed_dict)
            prepared = self._prepared.get(key, self._graph.version)
        except TypeError:  # something that cannot be hashed is not part of a graph; say which
            prepared = None
        if prepared is not None:
            return prepared, feed_dict
        self._check_not_empty()
        single = plain_feeds(feed_dict)
        if single is not feed_dict:
            return self._prepare(leaves, single)
        prepared = self._make_run(leaves, feed_dict)
        self._prepared.keep(key, prepared)
        return prepared, feed_dict

    def _make_run(
        self, leaves: list[Any], feed_dict: Mapping[Any, Any], observer: Observer | None = None
    ) -> PreparedRun:
        version = self._graph.version  # read first: what is added from now on may not be in the plan
        fed = [self._fed_tensor(item) for item in feed_dict]
        fetched = [self._fetch(leaf) for leaf in leaves]
        plan = self._plan(fetched, fed)
        try:
            execute = self._engine(plan, self._state, *([observer] if observer is not None else ()))
        except StepError as failure:
            raise public_error(self._graph, failure) from failure.cause
        handles = {at: element for at, element in enumerate(fetched) if _is_handle(element)}
        if handles:
            execute = self._giving_handles(execute, handles)
        return PreparedRun(execute, tuple(feed_of(tensor) for tensor in fed), version, len(plan.steps))

    def _giving_handles(self, execute: Executable, handles: Mapping[int, Tensor | Operation]) -> Executable:
        """The same run, with a `TensorHandle` in place of each handle that it gives."""
        dtypes = {at: each.op.inputs[0].dtype.base_dtype for at, each in handles.items() if isinstance(each, Tensor)}

        def run(feeds: Sequence[Array]) -> list[Any]:
            values = execute(feeds)
            for at, dtype in dtypes.items():
                if isinstance(values[at], bytes):  # else a program has fed something else
                    values[at] = TensorHandle(values[at], dtype, self)
            return values

        return run

    def _plan(self, fetched: Sequence[Tensor | Operation], fed: Sequence[Tensor]) -> ExecutionPlan:
        try:
            return make_plan(self._graph, fetched, fed)
        except ValueError as error:
            raise _invalid(str(error)) from None

    def _check_not_empty(self) -> None:
        if not self._graph.data:
            raise RuntimeError("The Session graph is empty. Add operations to the graph before calling run().")

    def _fetch(self, leaf: Any) -> Tensor | Operation:
        try:
            element = self._graph.as_graph_element(leaf.decode() if isinstance(leaf, bytes) else leaf)
        except TypeError as error:
            raise TypeError(
                f'Argument `fetch` = {leaf} has invalid type "{type(leaf).__name__}" must be a string or Tensor. '
                f"({error})"
            ) from None
        except (ValueError, KeyError) as error:
            raise ValueError(
                f"Argument `fetch` = {leaf} cannot be interpreted as a Tensor. ({error.args[0]})"
            ) from None
        if not self._graph.is_fetchable(element):
            operation = element.op if isinstance(element, Tensor) else element
            raise ValueError(
                f"Operation {operation.name!r} has been marked as not fetchable. Fetch a result of the cond or of the "
                "loop that it is in."
            )
        return element

    def _fed_tensor(self, item: Any) -> Tensor:
        try:
            element = self._graph.as_graph_element(
                item.decode() if isinstance(item, bytes) else item, allow_operation=False
            )
        except (TypeError, ValueError, KeyError) as error:
            raise TypeError(f"Cannot interpret feed_dict key as Tensor: {error.args[0]}") from None
        assert isinstance(element, Tensor)
        if not self._graph.is_feedable(element):
            raise ValueError(f"Tensor {element.name} may not be fed.")
        return element

    def _execute(self, prepared: PreparedRun, feed_dict: Mapping[Any, Any]) -> list[Any]:
        values = [feed_value(feed, value) for feed, value in zip(prepared.feeds, feed_dict.values(), strict=True)]
        try:
            return prepared.execute(values)
        except StepError as failure:
            raise public_error(self._graph, failure) from failure.cause

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("Attempted to use a closed Session.")

    def close(self) -> None:
        """Forget the values of the variables; the session cannot be used any more."""
        self._closed = self._state.is_closed = True
        _open_sessions.discard(self)
        self._partial_runs.clear()
        self._state.clear()
        self._prepared.clear()

    @contextmanager
    def as_default(self) -> Iterator[Session]:
        """Make this the session that ``tensor.eval()`` and ``operation.run()`` use inside a ``with`` block."""
        with default_sessions.entered(self):
            yield self

    def __enter__(self) -> Session:
        if self._entered is not None:
            raise RuntimeError(
                "Session context managers are not re-entrant. Use `Session.as_default()` if you want to enter a "
                "session multiple times."
            )
        self._entered = ExitStack()
        self._entered.enter_context(self._graph.as_default())
        self._entered.enter_context(self.as_default())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._entered is not None, "it was entered"
        self._entered.close()
        self._entered = None
        self.close()

    @staticmethod
    def reset(target: str | bytes | None, containers: Sequence[str] | None = None, config: object = None) -> None:
        """Close all sessions of this process, which forgets the values of their variables.

        Parameters
        ----------
        target : str
            As for a session.
        containers : list of str, optional
            Accepted for programs that give it: a session that is closed has no values at all.
        config : ConfigProto, optional
            Accepted for programs that give it.
        """
        check_target(target)
        check_config(config)
        for session in list(_open_sessions):
            session.close()


_open_sessions: weakref.WeakSet[Session] = weakref.WeakSet()
_handles = itertools.count(1)
_EACH_OPTION = {"options": None, "run_metadata": None}


def get_default_session() -> Session | None:
    """The innermost session that was entered in this thread, or None."""
    session = default_sessions.current()
    return session if isinstance(session, Session) else None


def _is_handle(element: Tensor | Operation) -> bool:
    return isinstance(element, Tensor) and element.op.type == "GetSessionHandle"


def _check_call_options(options: dict[str, Any], takes_options: bool) -> None:
    unknown = [name for name in options if not takes_options or name not in _EACH_OPTION]
    if unknown:
        raise TypeError(f"The callable got an unexpected keyword argument {unknown[0]!r}.")


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)
