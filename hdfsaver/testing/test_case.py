"""``tf.test.TestCase``: tests of graphs, with sessions and comparisons of arrays."""

from __future__ import annotations

import os
import random
import re
import tempfile
import threading
import unittest
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np

from hdfsaver.errors import OpError
from hdfsaver.graph.default import get_default_graph, reset_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.messages import message_classes
from hdfsaver.session.session import Session
from hdfsaver.testing.more_assertions import MoreAssertions

SEED = 87654321
"""The seed of each test: of Python's and NumPy's global generators and of the graph."""

_EACH = 1e-6
_HALF = 1e-3


class TestCase(MoreAssertions):
    """A test whose default graph is new, with seeds that are the same in each run."""

    def setUp(self) -> None:
        """Begin with a new graph."""
        self._clear()
        random.seed(SEED)
        np.random.seed(SEED)  # noqa: NPY002, programs draw from it
        reset_default_graph()
        get_default_graph().seed = SEED

    def tearDown(self) -> None:
        """Close the session of the test."""
        self._clear()

    def _clear(self) -> None:
        session: Session | None = self.__dict__.pop("_cached", None)
        if session is not None:
            session.close()

    def get_temp_dir(self) -> str:
        """A folder of this test, which stays after it."""
        if "_folder" not in self.__dict__:
            self._folder = tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))
        return self._folder

    # -- sessions ------------------------------------------------------------------------------------------------------

    @contextmanager
    def session(
        self, graph: Graph | None = None, config: Any = None, use_gpu: bool = True, force_gpu: bool = False
    ) -> Iterator[Session]:
        """A new session, which is the default one inside a ``with`` block, as is its graph.

        Parameters
        ----------
        graph : Graph, optional
            The default graph by default.
        config : ConfigProto, optional
        use_gpu, force_gpu : bool
            Accepted for programs that give them.

        Yields
        ------
        Session
        """
        with Session(graph=graph, config=config) as sess:
            yield sess

    @contextmanager
    def cached_session(
        self, graph: Graph | None = None, config: Any = None, use_gpu: bool = True, force_gpu: bool = False
    ) -> Iterator[Session]:
        """The session of the test, with the same values in each ``with`` block.

        Parameters
        ----------
        graph : Graph, optional
            The default graph by default.
        config : ConfigProto, optional
        use_gpu, force_gpu : bool
            Accepted for programs that give them.

        Yields
        ------
        Session

        Raises
        ------
        ValueError
            It has another graph.
        """
        found: Session | None = self.__dict__.get("_cached")
        if found is None:
            found = self._cached = Session(graph=graph, config=config)
        elif graph is not None and graph is not found.graph:
            raise ValueError("The graph used to get the cached session is different than the one that was used before.")
        with found.graph.as_default(), found.as_default():
            yield found

    def test_session(
        self, graph: Graph | None = None, config: Any = None, use_gpu: bool = True, force_gpu: bool = False
    ) -> AbstractContextManager[Session]:
        """The session of the test; a new one where a graph is given.

        Parameters
        ----------
        graph : Graph, optional
        config : ConfigProto, optional
        use_gpu, force_gpu : bool
            Accepted for programs that give them.

        Returns
        -------
        context manager of Session
        """
        if self.id().endswith(".test_session"):
            self.skipTest("Not a test.")  # unittest takes it for one, by its name
        return self.cached_session(config=config) if graph is None else self.session(graph, config)

    # -- comparisons ---------------------------------------------------------------------------------------------------

    def assertAllClose(self, a: Any, b: Any, rtol: float = _EACH, atol: float = _EACH, msg: str | None = None) -> None:
        """Fail unless all numbers of two structures of arrays are close.

        Parameters
        ----------
        a, b : array_like, or nested lists, tuples and dicts of them
        rtol, atol : float
            The relative and the absolute difference that is allowed.
        msg : str, optional
        """
        if isinstance(a, Mapping):
            self.assertEqual(set(a), set(b), msg)
            for key in a:
                self.assertAllClose(a[key], b[key], rtol, atol, f"{msg or ''} at {key!r}")
            return
        if isinstance(a, list | tuple) and _is_ragged(a):
            self.assertEqual(len(a), len(b), msg)
            for one, two in zip(a, b, strict=True):
                self.assertAllClose(one, two, rtol, atol, msg)
            return
        first, second = self._array(a), self._array(b)
        self.assertEqual(first.shape, second.shape, f"Shape mismatch: {first.shape} and {second.shape}. {msg or ''}")
        if not np.allclose(first, second, rtol, atol, equal_nan=True):
            np.testing.assert_allclose(first, second, rtol, atol, err_msg=msg or "")

    def assertNotAllClose(self, a: Any, b: Any, **kwargs: Any) -> None:
        """Fail if all numbers are close; see `assertAllClose`."""
        try:
            self.assertAllClose(a, b, **kwargs)
        except AssertionError:
            return
        raise AssertionError("The two values are close at all elements.")

    def assertAllCloseAccordingToType(
        self,
        a: Any,
        b: Any,
        rtol: float = _EACH,
        atol: float = _EACH,
        float_rtol: float = _EACH,
        float_atol: float = _EACH,
        half_rtol: float = _HALF,
        half_atol: float = _HALF,
        bfloat16_rtol: float = 1e-2,
        bfloat16_atol: float = 1e-2,
        msg: str | None = None,
    ) -> None:
        """As `assertAllClose`, with larger differences for dtypes of fewer bits.

        Parameters
        ----------
        a, b : array_like
        rtol, atol, float_rtol, float_atol, half_rtol, half_atol, bfloat16_rtol, bfloat16_atol : float
        msg : str, optional
        """
        first, second = self._array(a), self._array(b)
        allowed = {
            "float32": (float_rtol, float_atol),
            "complex64": (float_rtol, float_atol),
            "float16": (half_rtol, half_atol),
            "bfloat16": (bfloat16_rtol, bfloat16_atol),
        }
        for name in (first.dtype.name, second.dtype.name):
            more = allowed.get(name, (0.0, 0.0))
            rtol, atol = max(rtol, more[0]), max(atol, more[1])
        self.assertAllClose(first, second, rtol, atol, msg)

    def assertAllEqual(self, a: Any, b: Any, msg: str | None = None) -> None:
        """Fail unless two arrays are equal; NaN equals NaN.

        Parameters
        ----------
        a, b : array_like
        msg : str, optional

        Raises
        ------
        AssertionError
            Shapes or elements differ.
        """
        first, second = self._array(a), self._array(b)
        self.assertEqual(first.shape, second.shape, f"Shape mismatch: {first.shape} and {second.shape}. {msg or ''}")
        same = first == second
        if first.dtype.kind in "fc" and second.dtype.kind in "fc":
            same = np.logical_or(same, np.logical_and(np.isnan(first), np.isnan(second)))
        if not np.all(same):
            raise AssertionError(f"Arrays are not equal. {msg or ''}\n{first!r}\n{second!r}")

    def assertNotAllEqual(self, a: Any, b: Any, msg: str | None = None) -> None:
        """Fail if two arrays are equal.

        Parameters
        ----------
        a, b : array_like
        msg : str, optional

        Raises
        ------
        AssertionError
            All elements are equal.
        """
        try:
            self.assertAllEqual(a, b)
        except AssertionError:
            return
        raise AssertionError(f"The two values are equal at all elements. {msg or ''}")

    def assertNear(self, f1: float, f2: float, err: float, msg: str | None = None) -> None:
        """Fail unless two numbers differ by ``err`` at most.

        Parameters
        ----------
        f1, f2, err : float
        msg : str, optional
        """
        self.assertTrue(f1 == f2 or abs(f1 - f2) <= err, f"{f1!r} != {f2!r} +/- {err!r}. {msg or ''}")

    def assertArrayNear(self, farray1: Any, farray2: Any, err: float, msg: str | None = None) -> None:
        """Fail unless the numbers of two sequences differ by ``err`` at most.

        Parameters
        ----------
        farray1, farray2 : sequence of float
        err : float
        msg : str, optional
        """
        self.assertEqual(len(farray1), len(farray2), msg)
        for one, two in zip(farray1, farray2, strict=True):
            self.assertNear(float(one), float(two), err, msg)

    def assertShapeEqual(self, np_array: Any, tf_tensor: Any, msg: str | None = None) -> None:
        """Fail unless an array has the static shape of a tensor.

        Parameters
        ----------
        np_array : array_like
        tf_tensor : Tensor
            Of a known shape.
        msg : str, optional
        """
        self.assertAllEqual(np.shape(np_array), tf_tensor.shape.as_list(), msg)

    def assertDTypeEqual(self, target: Any, expected_dtype: Any) -> None:
        """Fail unless an array has a dtype."""
        self.assertEqual(self._array(target).dtype, np.dtype(expected_dtype))

    def assertProtoEquals(
        self, expected_message_maybe_ascii: Any, message: message_classes.Message, msg: str | None = None
    ) -> None:
        """Fail unless a message equals another, or the one that a text describes.

        Parameters
        ----------
        expected_message_maybe_ascii : message or str
        message : message
        msg : str, optional
        """
        expected = expected_message_maybe_ascii
        if isinstance(expected, str):
            expected = message_classes.parse_text(expected, type(message)())
        self.assertEqual(expected, message, msg)

    # -- errors --------------------------------------------------------------------------------------------------------

    @contextmanager
    def assertRaisesWithPredicateMatch(
        self, exception_type: type[Exception], expected_err_re_or_predicate: str | Callable[[Exception], bool]
    ) -> Iterator[None]:
        """Fail unless a ``with`` block raises an error of a class, whose message a pattern or a function accepts.

        Parameters
        ----------
        exception_type : type
        expected_err_re_or_predicate : str or callable

        Yields
        ------
        None
        """
        wanted = expected_err_re_or_predicate
        try:
            yield
        except exception_type as error:
            text = error.message if isinstance(error, OpError) else str(error)
            accepted = wanted(error) if callable(wanted) else re.search(wanted, text)
            if not accepted:
                raise AssertionError(f"Exception of type {type(error)}: {error}") from error
        else:
            self.fail(f"{exception_type.__name__} not raised")

    def assertRaisesOpError(self, expected_err_re_or_predicate: Any) -> AbstractContextManager[None]:
        """Fail unless a ``with`` block raises an `OpError` whose message is accepted."""
        return self.assertRaisesWithPredicateMatch(OpError, expected_err_re_or_predicate)

    def checkedThread(
        self, target: Callable[..., Any], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> CheckedThread:
        """A thread whose ``join`` fails where its function has raised an error.

        Parameters
        ----------
        target : callable
        args : tuple
        kwargs : dict, optional

        Returns
        -------
        CheckedThread
        """
        return CheckedThread(self, target, args, kwargs or {})


class CheckedThread:
    """A thread whose ``join`` fails where its function has raised an error.

    Parameters
    ----------
    test : TestCase
    target : callable
    args : tuple
    kwargs : dict
    """

    def __init__(
        self, test: TestCase, target: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        self._test = test
        self._call = (target, args, kwargs)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        target, args, kwargs = self._call
        try:
            target(*args, **kwargs)
        except Exception as error:  # noqa: BLE001, join tells it
            self._error = error

    def start(self) -> None:
        """Start it."""
        self._thread.start()

    def join(self) -> None:
        """Wait until it has ended, and fail where it has failed."""
        self._thread.join()
        if self._error is not None:
            self._test.fail(f"Error in checkedThread: {self._error}")

    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._thread.is_alive()


def _is_ragged(values: Any) -> bool:
    """Whether a list holds dicts, or arrays of several shapes."""
    if any(isinstance(value, Mapping) for value in values):
        return True
    try:
        return len({np.shape(value) for value in values if not hasattr(value, "eval")}) > 1
    except ValueError:
        return True


def main(argv: list[str] | None = None) -> None:
    """Run the tests of the program that calls it."""
    unittest.main(argv=argv)
