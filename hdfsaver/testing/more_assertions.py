"""Assertions of ``tf.test.TestCase`` about all elements of an array, about containers, strings and devices."""

from __future__ import annotations

import re
import unittest
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from hdfsaver.graph.device_spec import canonical_name
from hdfsaver.session.session import get_default_session
from hdfsaver.tensor_info import Array


class MoreAssertions(unittest.TestCase):
    """A test that compares values of tensors."""

    def evaluate(self, tensors: Any) -> Any:
        """The values of tensors, in their structure, by the default session."""
        session = get_default_session()
        if session is None:
            raise ValueError("There is no default session. Use `with self.session():`.")
        return session.run(tensors)

    def _array(self, value: Any) -> Array:
        if hasattr(value, "graph") or hasattr(value, "eval"):
            value = self.evaluate(value)
        return np.asarray(value)

    def assertNDArrayNear(self, ndarray1: Any, ndarray2: Any, err: float, msg: str | None = None) -> None:
        """Fail unless the norm of the difference of two arrays is below ``err``.

        Parameters
        ----------
        ndarray1, ndarray2 : array_like
        err : float
        msg : str, optional
        """
        distance = np.linalg.norm(self._array(ndarray1) - self._array(ndarray2))
        self.assertTrue(distance < err, f"{ndarray1} != {ndarray2}. {msg or ''}")

    def assertAllGreater(self, a: Any, comparison_target: Any) -> None:
        """Fail unless all numbers are greater than another."""
        self._check_all(self._array(a) > comparison_target, f"greater than {comparison_target}")

    def assertAllGreaterEqual(self, a: Any, comparison_target: Any) -> None:
        """Fail unless all numbers are another at least."""
        self._check_all(self._array(a) >= comparison_target, f"at least {comparison_target}")

    def assertAllLess(self, a: Any, comparison_target: Any) -> None:
        """Fail unless all numbers are less than another."""
        self._check_all(self._array(a) < comparison_target, f"less than {comparison_target}")

    def assertAllLessEqual(self, a: Any, comparison_target: Any) -> None:
        """Fail unless all numbers are another at most."""
        self._check_all(self._array(a) <= comparison_target, f"at most {comparison_target}")

    def assertAllInRange(
        self,
        target: Any,
        lower_bound: float,
        upper_bound: float,
        open_lower_bound: bool = False,
        open_upper_bound: bool = False,
    ) -> None:
        """Fail unless all numbers are between two others.

        Parameters
        ----------
        target : array_like
        lower_bound, upper_bound : float
        open_lower_bound, open_upper_bound : bool
            Whether the bound itself is outside.
        """
        array = self._array(target)
        above = array > lower_bound if open_lower_bound else array >= lower_bound
        below = array < upper_bound if open_upper_bound else array <= upper_bound
        self._check_all(above & below, f"between {lower_bound} and {upper_bound}")

    def assertAllInSet(self, target: Any, expected_set: Any) -> None:
        """Fail unless each element is one of a set."""
        self._check_all(np.isin(self._array(target), list(expected_set)), f"in {expected_set}")

    def _check_all(self, are_right: Any, wanted: str) -> None:
        wrong = np.argwhere(~np.asarray(are_right)).tolist()
        self.assertEqual([], wrong, f"The elements at these places are not {wanted}.")

    def assertDeviceEqual(self, device1: Any, device2: Any, msg: str | None = None) -> None:
        """Fail unless two devices are the same in their full form.

        Parameters
        ----------
        device1, device2 : str, DeviceSpec or None
        msg : str, optional
        """
        first, second = (canonical_name(each) for each in (device1, device2))
        self.assertEqual(first, second, f"Devices {first} and {second} are not equal. {msg or ''}")

    # -- as absl's tests have them ---------------------------------------------------------------------------------

    def assertLen(self, container: Any, expected_len: int, msg: str | None = None) -> None:
        """Fail unless a container has that many elements.

        Parameters
        ----------
        container : sized
        expected_len : int
        msg : str, optional
        """
        self.assertEqual(expected_len, len(container), f"{container!r} has another length. {msg or ''}")

    def assertEmpty(self, container: Any, msg: str | None = None) -> None:
        """Fail unless a container has no element.

        Parameters
        ----------
        container : sized
        msg : str, optional
        """
        self.assertLen(container, 0, msg)

    def assertNotEmpty(self, container: Any, msg: str | None = None) -> None:
        """Fail if a container has no element.

        Parameters
        ----------
        container : sized
        msg : str, optional
        """
        self.assertTrue(len(container), f"{container!r} has no element. {msg or ''}")

    def assertBetween(self, value: Any, minv: Any, maxv: Any, msg: str | None = None) -> None:
        """Fail unless a value is between two others, or one of them.

        Parameters
        ----------
        value, minv, maxv : comparable
        msg : str, optional
        """
        self.assertTrue(minv <= value <= maxv, f"{value!r} is not between {minv!r} and {maxv!r}. {msg or ''}")

    def assertSameElements(self, expected_seq: Any, actual_seq: Any, msg: str | None = None) -> None:
        """Fail unless two iterables have the same elements, however often and in any order.

        Parameters
        ----------
        expected_seq, actual_seq : iterable
        msg : str, optional
        """
        self.assertEqual(set(expected_seq), set(actual_seq), msg)

    def assertItemsEqual(self, expected_seq: Any, actual_seq: Any, msg: str | None = None) -> None:
        """Fail unless two iterables have the same elements equally often, in any order.

        Parameters
        ----------
        expected_seq, actual_seq : iterable
        msg : str, optional
        """
        self.assertCountEqual(list(expected_seq), list(actual_seq), msg)

    def assertStartsWith(self, actual: str, expected_start: str, msg: str | None = None) -> None:
        """Fail unless a string begins with another.

        Parameters
        ----------
        actual, expected_start : str
        msg : str, optional
        """
        self.assertTrue(actual.startswith(expected_start), f"{actual!r} does not start with {expected_start!r}. {msg}")

    def assertEndsWith(self, actual: str, expected_end: str, msg: str | None = None) -> None:
        """Fail unless a string ends with another.

        Parameters
        ----------
        actual, expected_end : str
        msg : str, optional
        """
        self.assertTrue(actual.endswith(expected_end), f"{actual!r} does not end with {expected_end!r}. {msg or ''}")

    def assertContainsSubset(self, expected_subset: Iterable[Any], actual_set: Iterable[Any], msg: Any = None) -> None:
        """Every expected item is there.

        Parameters
        ----------
        expected_subset, actual_set : iterable
        msg : object, optional
            A further sentence of the error.
        """
        missing = set(expected_subset) - set(actual_set)
        if missing:
            self.fail(self._formatMessage(msg, f"Missing elements {missing}"))

    def assertNoCommonElements(self, expected_seq: Iterable[Any], actual_seq: Iterable[Any], msg: Any = None) -> None:
        """No item is in both.

        Parameters
        ----------
        expected_seq, actual_seq : iterable
        msg : object, optional
            A further sentence of the error.
        """
        common = set(expected_seq) & set(actual_seq)
        if common:
            self.fail(self._formatMessage(msg, f"Common elements {common}"))

    def assertSequenceAlmostEqual(
        self,
        expected_seq: Sequence[float],
        actual_seq: Sequence[float],
        places: int | None = None,
        msg: Any = None,
        delta: Any = None,
    ) -> None:
        """Two lists of numbers have the same length and nearly the same numbers.

        Parameters
        ----------
        expected_seq, actual_seq : sequence of float
        places, msg, delta : object, optional
            As for `assertAlmostEqual`.
        """
        self.assertEqual(len(expected_seq), len(actual_seq), msg)
        for expected, actual in zip(expected_seq, actual_seq, strict=True):
            self.assertAlmostEqual(expected, actual, places=places, msg=msg, delta=delta)

    def assertRaisesWithLiteralMatch(self, expected_exception: Any, expected_exception_message: str) -> Any:
        """A block, or the code in a ``with`` block, fails with exactly that message.

        Parameters
        ----------
        expected_exception : class or tuple of classes
        expected_exception_message : str

        Returns
        -------
        context manager
        """
        pattern = f"^{re.escape(expected_exception_message)}$"
        return self.assertRaisesRegex(expected_exception, pattern)  # noqa: PT027, this is a class of unittest
