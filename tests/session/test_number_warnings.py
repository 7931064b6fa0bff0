"""NumPy's warnings and errors about numbers are off in a run, and as before behind it."""

from __future__ import annotations

import contextvars
import warnings
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.session import number_warnings, numpy_engine


def infinite() -> Any:
    """The result of a division by 0 in a run."""
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [1])
        return session.run(x / 0.0, {x: [1]})


@pytest.mark.parametrize("kind", ["raise", "warn", "ignore"])
def test_settings_are_those_of_the_run_and_then_the_callers(kind: Any) -> None:
    """Infinities are values in a run, whatever the caller has set, and the caller's settings come back."""
    with warnings.catch_warnings(), np.errstate(all=kind):
        warnings.simplefilter("error")
        assert [np.inf] == infinite()
        assert set(np.geterr().values()) == {kind}


def test_settings_come_back_after_an_error() -> None:
    """An operation that fails leaves them as they were."""
    with tf.Graph().as_default(), tf.Session() as session, np.errstate(all="raise"):
        with pytest.raises(tf.errors.InvalidArgumentError):
            session.run(tf.check_numerics(tf.constant([1.0]) / tf.placeholder_with_default([0.0], [1]), "no"))
        with pytest.raises(FloatingPointError):
            np.float32(1) / np.float32(0)


def test_the_settings_are_found_in_one_variable() -> None:
    """This NumPy keeps them so; if another one does not, its own functions change them."""
    assert isinstance(number_warnings.warning_settings, contextvars.ContextVar)


def test_settings_by_numpys_own_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    """They do the same without the variable."""
    monkeypatch.setattr(number_warnings, "copy_context", dict)
    settings, without = number_warnings._found()
    assert isinstance(settings, number_warnings._Settings)
    monkeypatch.setattr(numpy_engine, "warning_settings", settings)
    monkeypatch.setattr(numpy_engine, "NO_WARNINGS", without)
    with np.errstate(all="raise"):
        assert [np.inf] == infinite()
        assert set(np.geterr().values()) == {"raise"}
