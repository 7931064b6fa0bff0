"""The values of one run, all of them: what every operation has computed, in the order in which they ran."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from hdfsaver import dtypes
from hdfsaver.html_tables import ROWS, Table, html_of
from hdfsaver.schema import DiGraph
from hdfsaver.session.session import Session, get_default_session
from hdfsaver.tensor_info import Array


class TracedValue(NamedTuple):
    """A tensor of a run.

    Attributes
    ----------
    name : str
        ``"dense/MatMul:0"``.
    type : str
        The type of the operation.
    values : list of ndarray
        One for each time it was computed: several within a loop, in the order of the iterations.
    """

    name: str
    type: str
    values: list[Array]


class RunValues(Mapping[str, Array]):
    """The values of a run by the names of tensors, in the order in which they were computed first.

    A tensor of a loop has its last value here; `iterations` gives all.

    Attributes
    ----------
    result : object
        The values of the fetches, as `Session.run` gives them.
    """

    def __init__(self, result: Any, traced: Mapping[str, TracedValue]) -> None:
        self.result = result
        self._traced = traced

    def __getitem__(self, name: Any) -> Array:
        """The value of a tensor, by its name or as a tensor; read-only. `KeyError` for one that was not computed."""
        return self._of(name).values[-1]

    def iterations(self, name: Any) -> list[Array]:
        """The values of a tensor, one for each time it was computed.

        Parameters
        ----------
        name : str or Tensor

        Returns
        -------
        list of ndarray
            One, but for tensors within a loop.

        Raises
        ------
        KeyError
            The run has not computed it.
        """
        return list(self._of(name).values)

    def _of(self, name: Any) -> TracedValue:
        key = name if isinstance(name, str) else getattr(name, "name", name)
        found = self._traced.get(key) or self._traced.get(f"{key}:0")
        if found is None:
            raise KeyError(
                f"The run has not computed {key!r}: no fetch needs it, it was fed, or it is on a branch not taken."
            )
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._traced)

    def __len__(self) -> int:
        return len(self._traced)

    # A value is an array, of which no truth is known.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __contains__(self, name: object) -> bool:
        try:
            self._of(name)
        except (KeyError, TypeError):
            return False
        return True

    def __repr__(self) -> str:
        lines = [f"<{type(self).__name__}: {len(self)} tensors>"]
        lines += ["  " + " ".join(row[:4]) for row, _ in zip(self._rows(), range(ROWS), strict=False)]
        left = len(self) - ROWS
        return "\n".join([*lines, *([f"  and {left:,} more"] if left > 0 else [])])

    def _repr_html_(self) -> str:
        columns = ("tensor", "type", "dtype", "shape", "min", "max", "times")
        return html_of("Values of a run", {}, [Table("In the order of the run", columns, self._rows(), len(self))])

    def _rows(self) -> Iterator[list[str]]:
        for traced in self._traced.values():
            value = traced.values[-1]
            least, most = _range(value)
            times = len(traced.values)
            yield [traced.name, traced.type, value.dtype.name, str(value.shape), least, most, str(times)]


def trace_run(fetches: Any, feed_dict: Mapping[Any, Any] | None = None, session: Session | None = None) -> RunValues:
    """Run once, and keep every value that is computed on the way: to look at, to learn from, to find a NaN.

    Parameters
    ----------
    fetches : Tensor, Operation, Variable, str, or nested lists, tuples and dicts of them
        As for `Session.run`. Variables change as they do in any run.
    feed_dict : dict, optional
        Values for tensors.
    session : Session, optional
        The default session where none is given.

    Returns
    -------
    RunValues
        A mapping from names of tensors to read-only arrays. Tensors of branches that were not taken, tensors that
        were fed, and those inside of functions are missing. A variable has the value at the end of its step.

    Raises
    ------
    ValueError
        There is no session.
    OpError
        An operation failed.

    Notes
    -----
    Nothing is freed before the result is: of a large model or a long loop this takes much more memory than a run. The
    operations run one by one, so the last digits may differ from those of a run that computes several at once.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> x = tf.placeholder(tf.float32, [2], name="x")
    >>> y = tf.reduce_sum(tf.square(x, name="squares"), name="y")
    >>> with tf.Session() as session:
    ...     values = tf.trace_run(y, {x: [1.0, 2.0]})
    >>> [name for name in values]
    ['squares:0', 'Const:0', 'y:0']
    >>> float(values["y"])
    5.0
    """
    session = session or get_default_session()
    if session is None:
        raise ValueError("There is no default session: use `with session.as_default()`, or give `session=`.")
    keeper = ValueKeeper(session.graph.data, session.state.variables)
    result = session.run_observed(fetches, feed_dict or {}, keeper)
    return RunValues(result, keeper.traced)


class ValueKeeper:
    """Keeps the values of the steps of a run: an observer for an engine.

    Parameters
    ----------
    digraph : networkx.DiGraph
    variables : mapping of str to ndarray
    """

    def __init__(self, digraph: DiGraph, variables: Mapping[str, Array]) -> None:
        self._digraph = digraph
        self._variables = variables
        self.traced: dict[str, TracedValue] = {}

    def __call__(self, node: str, _started: int, _ended: int, values: Sequence[Any]) -> None:
        """Keep the values of a step."""
        data = self._digraph.nodes[node]
        for number, ((dtype, _), value) in enumerate(zip(data["outputs"], values, strict=False)):
            if dtypes.is_ref(dtype):
                value = self._variables.get(value)
            if isinstance(value, np.ndarray | np.generic):
                name = f"{node}:{number}"
                kept = self.traced.setdefault(name, TracedValue(name, data["op"], []))
                kept.values.append(_own(value))


def _own(value: Any) -> Array:
    """A read-only array that nothing else changes: what is fed, and what a later step may write on, is copied."""
    kept = np.array(value)
    kept.flags.writeable = False
    return kept


def _range(value: Array) -> tuple[str, str]:
    """The least and the largest number, as text; empty without numbers."""
    if not value.size or value.dtype.kind not in "biuf":
        return "", ""
    return f"{value.min():.6g}", f"{value.max():.6g}"
