"""The mean of checkpoints: its numbers, its weights, and what it refuses."""

from __future__ import annotations

from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import edit, errors
from hdfsaver.editing.averaged_blocks import mean_of
from hdfsaver.editing.edited_arrays import in_blocks


def _saved(folder, values, **options):
    paths = [folder / f"{number}.h5" for number in range(len(values))]
    for path, arrays in zip(paths, values, strict=True):
        tf.save_file(arrays, path, **options)
    return paths


def test_a_run(made, tmp_path, run_network):
    """The mean of each variable, rounded once from float64; the step and the graph are those of the last."""
    runs = [tf.load_file(made.folder / f"m-{number}.h5") for number in (1, 2, 3)]
    for sources in ([made.folder / f"m-{number}.h5" for number in (1, 2, 3)], str(made.folder)):
        done = edit.average(sources, tmp_path / "new.h5")
        found = tf.load_file(tmp_path / "new.h5")
        assert list(found) == list(runs[0])
        for name, value in found.items():
            expected = np.mean([run[name].astype(np.float64) for run in runs], axis=0)
            assert (value == (runs[2][name] if name == "global_step" else expected.astype(value.dtype))).all(), name
        assert done.changed["global_step"] == "that of the last, as the sources differ"
        assert done.changed["old/w"] == "mean of 3"
        assert run_network(tmp_path / "new.h5", has_note=True).shape == (1, 200)
    with tf.open_file(tmp_path / "new.h5") as file:
        file.verify()
        assert file.variables["old/w"].filters == ("shuffle", "gzip")


def test_a_run_of_tensorflow(made, tmp_path):
    """Checkpoints of TensorFlow give the same mean, in both formats of the result."""
    edit.average([made.folder / f"m-{number}.h5" for number in (1, 2, 3)], tmp_path / "a.h5")
    sources = [made.folder / f"tf-{number}.ckpt" for number in (1, 2, 3)]
    edit.average(sources, tmp_path / "b.h5")
    edit.average(sources, tmp_path / "c.ckpt")
    expected = tf.load_file(tmp_path / "a.h5")
    for path in ("b.h5", "c.ckpt"):
        found = tf.train.load_checkpoint(str(tmp_path / path))
        for name, value in expected.items():
            np.testing.assert_array_equal(found.get_tensor(name), value)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "complex64", "complex128"])
def test_numbers(dtype):
    """They are those of exact arithmetic, but for the last place of float64."""
    rng = np.random.default_rng(2)
    kind = np.dtype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    blocks = [(rng.normal(size=50) * 10.0 ** rng.integers(-3, 4, 50)).astype(kind) for _ in range(9)]
    weights = [1.0, 2.0, 0.0, 0.5, 3.0, 1.0, 1.0, 0.25, 4.0]
    for given in ([1.0] * 9, weights):
        found = mean_of(blocks, given, kind)
        assert found.dtype == kind
        for place, value in enumerate(found.tolist()):
            parts = ("real", "imag") if kind.kind == "c" else ("real",)
            for part in parts:
                terms = [Fraction(float(getattr(block[place].item(), part))) for block in blocks]
                exact = sum(term * Fraction(w) for term, w in zip(terms, given, strict=True)) / Fraction(sum(given))
                error = abs(Fraction(float(getattr(value, part))) - exact)
                unit = 2.0 ** -{"float16": 11, "bfloat16": 8, "float32": 24, "complex64": 24}.get(dtype, 52)
                assert error <= abs(exact) * Fraction(unit) * Fraction(1001, 1000)


def test_numbers_that_cancel():
    """The order of numbers in float64 does not matter, nor does the size of those that cancel each other."""
    blocks = [np.array([value]) for value in (1e17, 1.0, -1e17, 2.0)]
    assert mean_of(blocks, [1.0] * 4, np.dtype(np.float64)) == 0.75
    assert mean_of(blocks[::-1], [1.0] * 4, np.dtype(np.float64)) == 0.75


def test_numbers_at_the_ends():
    """Neither a sum beyond float64, nor infinities and NaN, nor weights of 0 spoil a mean."""
    largest = np.finfo(np.float64).max
    found = mean_of([np.array([largest, np.inf, np.inf, np.nan, 1])] * 2 + [np.array([largest, 1, -np.inf, 1, 1])],
                    [1.0, 1.0, 1.0], np.dtype(np.float64))  # fmt: skip
    np.testing.assert_array_equal(found, [largest, np.inf, np.nan, np.nan, 1])
    assert mean_of([np.array([np.nan]), np.array([2.0])], [0.0, 3.0], np.dtype(np.float64)) == 2
    assert mean_of([np.array([3e38], np.float32)] * 3, [1.0] * 3, np.dtype(np.float32)) == np.float32(3e38)


def test_blocks():
    """Pieces of any sizes become blocks of one size."""
    pieces = np.split(np.arange(100), [0, 1, 1, 30, 31, 99])
    blocks = list(in_blocks(pieces, 16))
    assert [block.size for block in blocks] == [16] * 6 + [4]
    assert np.concatenate(blocks).tolist() == list(range(100))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 3),
        ({"last": 2}, 4),
        ({"last": 1}, 6),
        ({"weights": [1, 0, 3]}, 4.75),
        ({"decay": 0.5}, (0.25 * 1 + 0.5 * 2 + 6) / 1.75),
        ({"decay": 1}, 3),
        ({"last": 2, "weights": [3, 1]}, 3),
    ],
)
def test_weights(tmp_path, options, expected):
    """All alike, given ones, or an exponential average."""
    paths = _saved(tmp_path, [{"w": np.float64([value])} for value in (1, 2, 6)])
    edit.average(paths, tmp_path / "mean.h5", **options)
    np.testing.assert_allclose(tf.load_file(tmp_path / "mean.h5")["w"], expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"weights": [1]}, ValueError, "1 weights for 2"),
        ({"weights": [1, -1]}, ValueError, "not negative"),
        ({"weights": [0, 0]}, ValueError, "must not be 0"),
        ({"weights": [1, np.inf]}, ValueError, "finite"),
        ({"decay": 0}, ValueError, "between 0 and 1"),
        ({"decay": 0.5, "weights": [1, 1]}, ValueError, "either"),
        ({"last": 3}, ValueError, "There are 2 checkpoints"),
        ({"last": 0}, ValueError, "at least 1"),
        ({"integers": "first"}, ValueError, "integers must be"),
        ({"integers": "refuse"}, errors.InvalidArgumentError, r"'n' \(int64\) is not the same"),
    ],
)
def test_arguments_that_are_refused(tmp_path, options, error, message):
    """Nothing is written then."""
    paths = _saved(tmp_path, [{"w": np.ones(1), "n": np.int64(n)} for n in (1, 2)])
    with pytest.raises(error, match=message):
        edit.average(paths, tmp_path / "mean.h5", **options)
    assert not (tmp_path / "mean.h5").exists()


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"w": np.ones(2)}, r"1\.h5 has no 'n', but .*0\.h5 has"),
        ({"w": np.ones(2), "n": np.int64(1), "x": np.ones(1)}, r"0\.h5 has no 'x', but .*1\.h5 has"),
        ({"w": np.ones(3), "n": np.int64(1)}, r"'w' is float64\[2\] and float64\[3\]"),
        ({"w": np.float32([1, 2]), "n": np.int64(1)}, r"'w' is float64\[2\] and float32\[2\]"),
    ],
)
def test_sources_that_differ(tmp_path, other, message):
    """The error names the array."""
    paths = _saved(tmp_path, [{"w": np.ones(2), "n": np.int64(1)}, other])
    with pytest.raises(errors.InvalidArgumentError, match=message):
        edit.average(paths, tmp_path / "mean.h5")
    assert not (tmp_path / "mean.h5").exists()


def test_equal_values_without_a_mean(tmp_path):
    """Integers, truth values and strings that are the same everywhere are no difference."""
    same = {"n": np.arange(3), "s": np.array([b"a", b"bc"], object), "t": np.array([True]), "w": np.ones(2)}
    paths = _saved(tmp_path, [same, same])
    done = edit.average(paths, tmp_path / "mean.h5", integers="refuse")
    assert done.changed == {"w": "mean of 2"}


def test_a_folder_without_checkpoints(tmp_path):
    """The error says what is missing."""
    with pytest.raises(errors.NotFoundError, match="no file 'checkpoint'"):
        edit.average(tmp_path, tmp_path / "mean.h5")
    with pytest.raises(errors.NotFoundError, match="is not a folder"):
        edit.average(tmp_path / "m.h5", tmp_path / "mean.h5")


def test_damage_of_one_source(tmp_path):
    """A mean of damaged numbers is not written."""
    paths = _saved(tmp_path, [{"w": np.arange(40_000.0)} for _ in range(3)])
    data = bytearray(paths[1].read_bytes())
    data[-9] ^= 1
    paths[1].write_bytes(data)
    with pytest.raises(errors.DataLossError, match=r"1\.h5.*'w' differ"):
        edit.average(paths, tmp_path / "mean.h5")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.h5", "1.h5", "2.h5"]
