"""``tf.test.Benchmark``: how long operations of a program take; and whether two graphs are the same."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from hdfsaver.messages import message_classes
from hdfsaver.messages.graph_comparison import graph_defs_equal
from hdfsaver.session import Session


def assert_equal_graph_def(
    actual: message_classes.GraphDef,
    expected: message_classes.GraphDef,
    checkpoint_v2: bool = False,
    hash_table_shared_name: bool = False,
) -> None:
    """Refuse a graph that has other operations than another one, in any order.

    Parameters
    ----------
    actual, expected : GraphDef
        The graphs; their versions are not compared.
    checkpoint_v2, hash_table_shared_name : bool
        Accepted: nothing in a graph here depends on chance.

    Raises
    ------
    TypeError
        One of them is another object.
    AssertionError
        An operation is missing, or differs; the message names it.
    """
    for name, graph in (("actual", actual), ("expected", expected)):
        if not isinstance(graph, message_classes.GraphDef):
            raise TypeError(f"Expected tf.GraphDef for {name}, got {type(graph).__name__}")
    found, wanted = ({node.name: node for node in graph.node} for graph in (actual, expected))
    if found.keys() != wanted.keys():
        raise AssertionError(f"Only in one of the graphs: {', '.join(sorted(found.keys() ^ wanted.keys()))}")
    for name, node in wanted.items():
        if node != found[name]:
            raise AssertionError(f"Operation {name!r} differs: expected {node}, found {found[name]}")
    same = [type(graph)(node=graph.node, library=graph.library) for graph in (actual, expected)]
    if not graph_defs_equal(same[0], same[1], treat_nan_as_equal=True):
        raise AssertionError("The functions of the graphs differ.")


class Benchmark:
    """Measures operations, and prints what it has found; a program calls its methods itself.

    TensorFlow's test runner finds the methods of subclasses that begin with ``benchmark``; here a program calls them.
    """

    def report_benchmark(
        self,
        iters: int | None = None,
        cpu_time: float | None = None,
        wall_time: float | None = None,
        throughput: float | None = None,
        extras: Mapping[str, object] | None = None,
        name: str | None = None,
        metrics: list[dict[str, object]] | None = None,
    ) -> None:
        """Print a line with what was measured.

        Parameters
        ----------
        iters : int, optional
            The number of runs.
        cpu_time, wall_time : float, optional
            Seconds of a run.
        throughput : float, optional
            Megabytes in a second.
        extras : dict, optional
            Other names and values.
        name : str, optional
            The name of the measurement; by default that of the class.
        metrics : list of dict, optional
            Further values, each with a ``name`` and a ``value``.
        """
        said: dict[str, object] = {
            "iters": iters,
            "cpu_time": cpu_time,
            "wall_time": wall_time,
            "throughput": throughput,
        }
        said |= {"extras": dict(extras) if extras else None, "metrics": metrics}
        values = ", ".join(f"{key}: {value}" for key, value in said.items() if value is not None)
        print(f"{name or type(self).__name__}: {values}")  # noqa: T201, asked for

    def evaluate(self, tensors: Any) -> Any:
        """The values of tensors, in a session of its own."""
        with Session() as session:
            return session.run(tensors)

    def run_op_benchmark(
        self,
        sess: Session,
        op_or_tensor: Any,
        feed_dict: Mapping[Any, Any] | None = None,
        burn_iters: int = 2,
        min_iters: int = 10,
        store_trace: bool = False,
        store_memory_usage: bool = True,
        name: str | None = None,
        extras: Mapping[str, object] | None = None,
        mbs: float = 0,
    ) -> dict[str, Any]:
        """Run something several times, and report the median of its times.

        Parameters
        ----------
        sess : Session
        op_or_tensor : object
            The fetches of ``Session.run``.
        feed_dict : dict, optional
        burn_iters, min_iters : int
            Runs that are not counted, and those that are.
        store_trace, store_memory_usage : bool
            Accepted.
        name, extras : object, optional
            As for `report_benchmark`.
        mbs : float
            The megabytes that a run moves.

        Returns
        -------
        dict
            ``iters``, ``wall_time`` and ``extras``, and ``throughput`` where megabytes are given.

        Raises
        ------
        ValueError
            No run is to be counted.
        """
        if min_iters < 1:
            raise ValueError(f"min_iters is {min_iters}; at least one run has to be counted.")
        times = []
        for number in range(burn_iters + min_iters):
            begun = time.perf_counter()
            sess.run(op_or_tensor, feed_dict=feed_dict)
            if number >= burn_iters:
                times.append(time.perf_counter() - begun)
        median = float(np.median(times))
        found: dict[str, Any] = {
            "iters": len(times),
            "wall_time": median,
            "extras": {
                **(extras or {}),
                "wall_time_mean": np.mean(times).item(),
                "wall_time_stdev": np.std(times).item(),
            },
        }
        if mbs and median:
            found["throughput"] = mbs / median
        self.report_benchmark(name=name, **found)
        return found
