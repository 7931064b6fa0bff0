"""A Saver for a dict of arrays: no graph, no session."""

from __future__ import annotations

import threading
from types import MappingProxyType

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.files.atomic_write import atomic_write


def test_arrays_are_saved_and_restored_in_place(tmp_path):
    """The values at the time of the save are restored into the same arrays."""
    arrays = {"w": np.arange(3.0), "step": np.array(7)}
    saver = tf.train.Saver(arrays)
    path = saver.save(None, tmp_path / "m", global_step=1)
    w = arrays["w"]
    w[:] = 0
    arrays["step"][...] = 0
    report = saver.restore(None, path)
    assert (w is arrays["w"], [0.0, 1.0, 2.0], 7) == (True, w.tolist(), arrays["step"].item())
    assert ("w", "step") == report.restored
    assert path == tf.train.latest_checkpoint(tmp_path)
    with pytest.raises(OSError, match="no graph"):
        tf.train.import_meta_graph(path)


class Guarded(np.ndarray):
    """An array that is neither written on nor copied in the usual way."""

    def __setitem__(self, key, value):
        raise AssertionError

    def copy(self, order="C"):
        raise AssertionError


@pytest.mark.parametrize("wait", [True, False])
@pytest.mark.parametrize(
    "make",
    [
        lambda values: np.ma.MaskedArray(values, [[True, False], [False, False]], hard_mask=True),
        lambda values: values.view(np.matrix),
        lambda values: values.view(np.recarray),
        lambda values: values.view(Guarded),
        lambda values: values.astype(">f8"),
        lambda values: values.T,
    ],
)
def test_the_values_of_a_subclass(tmp_path, make, wait):
    """Of any subclass the plain values are saved, and restored in place: of a masked array also what is masked."""
    held = make(np.array([[1.0, 2.0], [3.0, 4.0]]))
    plain = np.asarray(held)
    arrays, expected = {"x": held}, plain.tolist()
    saver = tf.train.Saver(arrays)
    path = saver.save(None, tmp_path / "m", wait=wait)
    plain[...] = 9.0  # what a background save writes is a copy
    saver.restore(None, path)
    assert held is arrays["x"]
    assert expected == plain.tolist() == tf.train.load_variable(path, "x").tolist()


def test_what_cannot_be_written_on_is_replaced(tmp_path):
    """Scalars and read-only arrays are replaced in the dict, and others look up the new ones."""
    arrays = {"scalar": np.float32(1.5), "frozen": np.ones(2)}
    arrays["frozen"].flags.writeable = False
    saver = tf.train.Saver(arrays)
    path = saver.save(None, tmp_path / "m")
    arrays["scalar"] = np.float32(0)
    saver.restore(None, path)
    assert isinstance(arrays["scalar"], np.float32)
    assert 1.5 == arrays["scalar"]
    frozen = tf.train.Saver(MappingProxyType({"frozen": arrays["frozen"], "scalar": np.float32(0)}))
    with pytest.raises(TypeError, match=r"array 'scalar' cannot be restored.*hdfsaver\.load_file"):
        frozen.restore(None, path)


def test_items_are_looked_up_when_they_are_saved(tmp_path):
    """A program that replaces the arrays of its dict saves the new ones, of whatever shape."""
    arrays = {"w": np.zeros(3)}
    saver = tf.train.Saver(arrays)
    arrays["w"] = np.ones((2, 2), np.float32)
    saver.save(None, tmp_path / "m")
    assert (2, 2) == tf.train.load_variable(tmp_path / "m", "w").shape


def test_nothing_is_written_before_everything_fits(tmp_path):
    """If one array does not match, all others stay unchanged."""
    arrays = {"a": np.ones(2), "b": np.ones(2)}
    path = tf.train.Saver(arrays).save(None, tmp_path / "m")
    other = {"a": np.zeros(2), "b": np.zeros(3)}
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"array 'b' has shape \(3,\)"):
        tf.train.Saver(other).restore(None, path)
    assert [0.0, 0.0] == other["a"].tolist()
    assert ("a",) == tf.train.Saver(other).restore(None, path, strict=False).restored


def test_arrays_beside_variables(tmp_path):
    """A dict may have both; then there is a session, and the graph is saved with them."""
    w = tf.get_variable("w", initializer=1.0)
    history = np.arange(4)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        saver = tf.train.Saver({"w": w, "history": history})
        path = saver.save(sess, tmp_path / "m")
        sess.run(w.assign(5.0))
        history[:] = 0
        saver.restore(sess, path)
        assert (1.0, [0, 1, 2, 3]) == (sess.run(w), history.tolist())
        with pytest.raises(TypeError, match="must be a Session"):
            saver.save(None, tmp_path / "n")
    tf.reset_default_graph()
    assert tf.train.import_meta_graph(path) is not None


def test_a_save_in_the_background_copies_arrays(tmp_path, monkeypatch):
    """Arrays of the program's may change at any moment, so that the values of this one are copied."""
    event = threading.Event()

    def waiting(*args, **options):
        event.wait(30)
        return atomic_write(*args, **options)

    monkeypatch.setattr("hdfsaver.storage.writing.atomic_write", waiting)
    arrays = {"w": np.zeros(3)}
    saver = tf.train.Saver(arrays)
    path = saver.save(None, tmp_path / "m", wait=False)
    arrays["w"][:] = 9
    event.set()
    saver.wait()
    assert [0.0, 0.0, 0.0] == tf.train.load_variable(path, "w").tolist()


@pytest.mark.parametrize("value", [[1, 2], "text", None, {"a": np.ones(1)}])
def test_not_an_array(value):
    """Lists, strings and dicts are not arrays."""
    with pytest.raises((TypeError, ValueError)):
        tf.train.Saver({"x": value})


def change(arrays, how):
    if how == "renamed":
        arrays["c"] = arrays.pop("b")
    else:
        arrays["b"] = how


@pytest.mark.parametrize(
    ("how", "error", "text"),
    [
        ("renamed", tf.errors.FailedPreconditionError, "There is no array 'b' any more in the dict"),
        ([1, 2], TypeError, "array 'b' was replaced in the dict .* an object of type builtins.list"),
        ("text", TypeError, "an object of type builtins.str, which is not an array"),
        (None, TypeError, "an object of type builtins.NoneType"),
    ],
)
def test_a_dict_that_the_program_has_changed(tmp_path, how, error, text):
    """A key that is gone, or has something that is not an array, is named; what was saved and what is held stays."""
    arrays = {"a": np.zeros(2), "b": np.ones(3)}
    saver = tf.train.Saver(arrays)
    path = saver.save(None, tmp_path / "m")
    change(arrays, how)
    arrays["a"][:] = 7
    for wait in (True, False):
        with pytest.raises(error, match=f"{text}.*Nothing was saved"):
            saver.save(None, tmp_path / "m", wait=wait)
    with pytest.raises(error, match=f"{text}.*make another Saver"):
        saver.restore(None, path)
    assert [7.0, 7.0] == arrays["a"].tolist()
    assert [0.0, 0.0] == tf.train.load_variable(path, "a").tolist()
    # Both remedies of the message.
    arrays.pop("c", None)
    tf.train.Saver({"a": arrays["a"]}).save(None, tmp_path / "n")
    arrays["b"] = np.full(5, 2.0)
    assert tf.train.list_variables(saver.save(None, path)) == [("a", [2]), ("b", [5])]


def test_a_step_needs_a_session(tmp_path):
    """Without a session a step is a number."""
    saver = tf.train.Saver({"w": np.ones(2)})
    with pytest.raises(TypeError, match="global_step must be an integer"):
        saver.save(None, tmp_path / "m", global_step="step:0")
