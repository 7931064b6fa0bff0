"""Partitioned variables in checkpoints: one whole in the file, whatever the parts are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hdfsaver as tf
from hdfsaver.checkpoint.saveables.partitioned_saveable import covers
from hdfsaver.files import positional_io
from hdfsaver.reading import checkpoint_names
from hdfsaver.variables.partitioning import SaveSliceInfo

THIRDS = tf.fixed_size_partitioner(3)
TABLE = np.arange(12, dtype=np.float32).reshape(6, 2)


def saved(prefix, value=TABLE, partitioner=THIRDS, dtype=tf.float32):
    """Save a variable ``w`` in parts, and ``b``, which has none."""
    with tf.Graph().as_default(), tf.Session() as sess:
        w = tf.get_variable("w", value.shape, dtype, initializer=tf.zeros_initializer(), partitioner=partitioner)
        tf.Variable(1.5, name="b")
        sess.run(tf.global_variables_initializer())
        fill(w, value, sess)
        return tf.train.Saver().save(sess, prefix)


def parts_of(variable):
    """The parts of a variable, or the one that it is."""
    return variable._get_variable_list() if hasattr(variable, "partitions") else [variable]


def fill(variable, value, sess):
    """Give a variable, or each part of one, its value."""
    for part in parts_of(variable):
        part.load(part_of(value, part), sess)


def part_of(value, variable):
    """The part of the whole value for a variable, which is a part or the whole itself."""
    info = variable._get_save_slice_info()
    return value if info is None else value[info.key]


def restored(prefix, partitioner, var_list=lambda w: [w], shape=TABLE.shape, dtype=tf.float32, **options):
    """The values of the parts of ``w`` after a restore, None for those that have none."""
    with tf.Graph().as_default(), tf.Session() as sess:
        w = tf.get_variable("w", shape, dtype, partitioner=partitioner)
        tf.train.Saver(var_list(w), **options).restore(sess, prefix)
        have = sess.run([tf.is_variable_initialized(part) for part in parts_of(w)])
        return [sess.run(part) if has else None for part, has in zip(parts_of(w), have, strict=True)]


@pytest.fixture
def prefix(tmp_path):
    """A checkpoint with `TABLE` as ``w``, saved in thirds."""
    return saved(tmp_path / "m")


def test_the_file_has_the_whole(prefix):
    """Readers see one tensor of the full name and shape, and no parts."""
    assert [("b", []), ("w", [6, 2])] == tf.train.list_variables(prefix)
    np.testing.assert_array_equal(TABLE, tf.train.load_variable(prefix, "w"))
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.Variable(TABLE, name="w")
        tf.Variable(1.5, name="b")
        sess.run(tf.global_variables_initializer())
        undivided = tf.train.Saver().save(sess, prefix + "-undivided", write_meta_graph=False)
    np.testing.assert_array_equal(TABLE, tf.train.load_variable(undivided, "w"))


@st.composite
def wholes(draw):
    """A shape, and two ways to divide it, None being not at all."""
    shape = draw(st.lists(st.integers(1, 6), min_size=1, max_size=3))
    ways = [
        draw(st.none() | st.builds(tf.fixed_size_partitioner, st.integers(1, 7), st.integers(0, len(shape) - 1)))
        for _ in range(2)
    ]
    dtype = draw(st.sampled_from([tf.float32, tf.int64, tf.bool, tf.bfloat16, tf.complex64, tf.string]))
    return shape, ways, dtype


def values_for(shape, dtype):
    """An array of distinct values, as far as the dtype has them."""
    numbers = np.arange(np.prod(shape)).reshape(shape)
    if dtype is tf.string:
        return np.vectorize(lambda number: b"text" * number, otypes=[object])(numbers)
    return numbers.astype(dtype.as_numpy_dtype)


@settings(max_examples=25)
@given(wholes())
def test_any_partitioning_into_any_other(tmp_path_factory, whole):
    """However a variable was divided when it was saved, it is restored into any other division."""
    shape, (before, after), dtype = whole
    value = values_for(shape, dtype)
    prefix = str(tmp_path_factory.getbasetemp() / "any")
    with tf.Graph().as_default(), tf.Session() as sess:
        w = tf.get_variable("w", shape, dtype, initializer=tf.zeros_initializer(), partitioner=before)
        sess.run(tf.global_variables_initializer())
        fill(w, value, sess)
        tf.train.Saver().save(sess, prefix, durable=False)
    with tf.Graph().as_default(), tf.Session() as sess:
        w = tf.get_variable("w", shape, dtype, partitioner=after, initializer=tf.zeros_initializer())
        tf.train.Saver().restore(sess, prefix)
        for part in parts_of(w):
            np.testing.assert_array_equal(part_of(value, part), sess.run(part))


@pytest.mark.parametrize(
    "var_list",
    [
        lambda w: None,
        lambda w: [w],
        list,
        lambda w: [list(w)],
        set,
        lambda w: {"w": w},
        lambda w: {"w": list(w)},
        lambda w: {"w": tuple(w)},
    ],
)
def test_forms_of_var_lists(prefix, var_list):
    """The variable, its parts in a list or a set, and either under a name."""
    np.testing.assert_array_equal(TABLE, np.concatenate(restored(prefix, THIRDS, var_list)))


def test_another_name_in_the_file(prefix):
    """A dict gives the whole another name, and so does a rule."""
    with tf.Graph().as_default(), tf.Session() as sess:
        v = tf.get_variable("v", [6, 2], partitioner=tf.fixed_size_partitioner(2))
        for saver in (tf.train.Saver({"w": v}), tf.train.Saver([v], rename={"v": "w"})):
            sess.run(tf.global_variables_initializer())
            saver.restore(sess, prefix)
            np.testing.assert_array_equal(TABLE, sess.run(tf.identity(v)))


@pytest.mark.parametrize("var_list", [lambda w: [list(w)[1]], lambda w: {"w": [list(w)[1]]}])
def test_a_lone_part(prefix, tmp_path, var_list):
    """It is restored by itself, and refuses to be saved, as a file has wholes."""
    first, second, third = restored(prefix, THIRDS, var_list)
    np.testing.assert_array_equal(TABLE[2:4], second)
    assert (None, None) == (first, third)
    w = tf.get_variable("w", [6, 2], partitioner=THIRDS)
    saver = tf.train.Saver(var_list(w))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        with pytest.raises(ValueError, match="do not cover the whole.*6 2 2,2:0,2.*Nothing was written"):
            saver.save(sess, tmp_path / "lone")
    assert not list(tmp_path.glob("lone*"))


def test_a_part_by_itself_is_a_variable_like_any_other(prefix, tmp_path):
    """In a dict, without a list, it is kept whole under the name given, beside its partitioned variable even."""
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"'w/part_1' has shape \(2, 2\), but 'w'"):
        restored(prefix, THIRDS, lambda w: {"w": list(w)[1]})
    w = tf.get_variable("w", [6, 2], partitioner=THIRDS, initializer=TABLE)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = tf.train.Saver({"all": w, "one": w._get_variable_list()[1]}).save(sess, tmp_path / "both")
    assert [("all", [6, 2]), ("one", [2, 2])] == tf.train.list_variables(path)


def test_var_lists_without_meaning():
    """Variables that are not parts, parts of two variables, and one part twice are ValueErrors, as in TensorFlow."""
    w, x = (tf.get_variable(name, [6, 2], partitioner=THIRDS) for name in "wx")
    plain, part = tf.Variable(1.0), w._get_variable_list()[0]
    for var_list, message in [
        ({"w": [part, x._get_variable_list()[1]]}, "Slices must all be from the same tensor: w != x"),
        ({"w": [plain]}, "Slices must all be slices: .*'Variable:0'"),
        ({"w": [3]}, "Slices must all be Variables: 3"),
        ({"w": []}, "The list for 'w' is empty"),
        ({"w": w, "v": w}, "restored with two names: w and v"),
        ([part, part], "restored with two names"),
        ([w, w], "At least two variables have the same name: w"),
        ([w, part], "Mixing slices and non-slices with the same name: w"),
        ([tf.Variable(1.0, name="w"), part], "Mixing slices and non-slices with the same name: w"),
    ]:
        with pytest.raises(ValueError, match=message):
            tf.train.Saver(var_list)
    with pytest.raises(TypeError, match="not PartitionedVariable"):
        tf.train.Saver(w)


def test_parts_that_contradict_each_other():
    """Parts of wholes of two shapes, and a part of another shape than its variable, are refused."""
    first, second = tf.Variable([1.0]), tf.Variable([2.0])
    first._set_save_slice_info(SaveSliceInfo("w", [2], [0], [1]))
    second._set_save_slice_info(SaveSliceInfo("w", [3], [1], [1]))
    with pytest.raises(ValueError, match=r"disagree: .* of shape \[2\], .* of shape \[3\]"):
        tf.train.Saver([first, second])
    second._set_save_slice_info(SaveSliceInfo("w", [2], [0], [2]))
    with pytest.raises(ValueError, match=r"has shape \(1,\), but as a part of 'w' it must have \[2\]"):
        tf.train.Saver([first, second])


def test_a_value_of_another_shape_than_its_part(tmp_path):
    """A variable of unknown shape may hold one; it is not stretched to fill the part."""
    part = tf.Variable([1.0], validate_shape=False)
    other = tf.Variable([2.0])
    part._set_save_slice_info(SaveSliceInfo("w", [3], [0], [2]))
    other._set_save_slice_info(SaveSliceInfo("w", [3], [2], [1]))
    saver = tf.train.Saver([part, other])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        with pytest.raises(ValueError, match=r"has shape \(1,\), but as a part of 'w' it must have \[2\]. Nothing was"):
            saver.save(sess, tmp_path / "m")


@pytest.mark.parametrize("reshape", [False, True])
@pytest.mark.parametrize("shape", [(6, 3), (4, 3), (12, 1)])
def test_another_shape(prefix, shape, reshape):
    """The whole must have the shape of the file's; parts are never reshaped, as in TensorFlow."""
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"partitioned variable 'w' has shape .* has \(6, 2\)"):
        restored(prefix, THIRDS, shape=shape, reshape=reshape)


def test_reshape_leaves_parts_alone(prefix):
    """A Saver that reshapes restores parts of the right shape."""
    halves = restored(prefix, tf.fixed_size_partitioner(2), reshape=True)
    np.testing.assert_array_equal(TABLE, np.concatenate(halves))


def test_errors_name_the_whole(prefix, tmp_path):
    """Another dtype, a name that is not there, and a part without a value."""
    with pytest.raises(tf.errors.InvalidArgumentError, match="partitioned variable 'w' has dtype int32"):
        restored(prefix, THIRDS, dtype=tf.int32)
    with pytest.raises(tf.errors.NotFoundError, match="Key x not found"):
        restored(prefix, THIRDS, lambda w: {"x": w})
    w = tf.get_variable("w", [6, 2], partitioner=THIRDS)
    saver = tf.train.Saver([w])
    with tf.Session() as sess:
        sess.run(w._get_variable_list()[0].initializer)
        with pytest.raises(tf.errors.FailedPreconditionError, match="value w/part_1: it cannot"):
            saver.save(sess, tmp_path / "u")
    with tf.Graph().as_default(), tf.Session() as sess:
        with pytest.raises(RuntimeError, match="The Session graph is empty"):
            saver.restore(sess, prefix)
        tf.constant(1.0)
        with pytest.raises(ValueError, match="not an element of the graph"):
            saver.restore(sess, prefix)


def test_what_matches_is_loaded(prefix):
    """A restore that is not strict reports the whole as it reports any variable."""
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.get_variable("w", [6, 2], partitioner=THIRDS)
        tf.get_variable("x", [6, 2], partitioner=THIRDS)
        report = tf.train.Saver().restore(sess, prefix, strict=False)
    assert (("w",), ("x",), ("b",)) == (report.restored, report.missing, report.unused)


# -- what is read, and what is checked ---------------------------------------------------------------------------


LARGE = np.arange(1 << 20, dtype=np.float32).reshape(1024, 1024)
SIXTEEN = tf.fixed_size_partitioner(16)
STRUCTURE = 160 << 10  # more than all that is neither this value nor the other


@pytest.fixture
def bytes_read(monkeypatch):
    """A list to which every read of a file adds how many bytes it got."""
    read, original = [], positional_io._read_some

    def read_some(fd, view, offset):
        read.append(original(fd, view, offset))
        return read[-1]

    monkeypatch.setattr(positional_io, "_read_some", read_some)
    return read


@pytest.mark.parametrize(("shape", "axis"), [((1024, 1024), 0), ((16, 1 << 16), 1)])
def test_a_lone_part_reads_its_slice_alone(tmp_path, bytes_read, shape, axis):
    """Of 4 MB, the sixteenth that is wanted is read, and no more than the file's own structure beside it."""
    value = LARGE.reshape(shape)
    prefix = saved(tmp_path / "m", value, SIXTEEN)
    bytes_read.clear()
    parts = restored(prefix, tf.fixed_size_partitioner(16, axis), lambda w: [list(w)[3]], shape)
    np.testing.assert_array_equal(np.split(value, 16, axis)[3], parts[3])
    assert value.nbytes // 16 <= sum(bytes_read) <= value.nbytes // 16 + STRUCTURE


def test_all_parts_read_the_whole_once(tmp_path, bytes_read):
    """Nothing is read twice, however many parts there are, and they share the memory of the whole."""
    prefix = saved(tmp_path / "m", LARGE, None)
    bytes_read.clear()
    with tf.Graph().as_default(), tf.Session() as sess:
        w = tf.get_variable("w", LARGE.shape, partitioner=SIXTEEN)
        saver = tf.train.Saver()
        saver.restore(sess, prefix)
        assert LARGE.nbytes <= sum(bytes_read) <= LARGE.nbytes + STRUCTURE
        held = sess.state.snapshot([part.key for part in w]).values()
    assert 1 == len({id(value.base if value.base is not None else value) for value in held})


def test_an_initial_value_reads_its_slice_alone(tmp_path, bytes_read):
    """So does the operation that `init_from_checkpoint` adds for each part."""
    prefix = saved(tmp_path / "m", LARGE, None)
    w = tf.get_variable("w", LARGE.shape, partitioner=SIXTEEN)
    tf.train.init_from_checkpoint(prefix, {"w": w})
    part = w._get_variable_list()[3]
    with tf.Session() as sess:
        bytes_read.clear()
        sess.run(part.initializer)
        assert LARGE.nbytes // 16 <= sum(bytes_read) <= LARGE.nbytes // 16 + STRUCTURE
        np.testing.assert_array_equal(LARGE[192:256], sess.run(part))


def test_damage_is_found_where_the_whole_is_read(prefix):
    """The digest is that of the whole: all parts together are checked, a lone one is not."""
    path = Path(checkpoint_names.file_of(prefix))
    data = bytearray(path.read_bytes())
    place = data.index(TABLE.tobytes())
    data[place + TABLE.nbytes - 1] ^= 1
    path.write_bytes(data)
    with pytest.raises(tf.errors.DataLossError, match="'w'"):
        restored(prefix, tf.fixed_size_partitioner(2))
    first, *_ = restored(prefix, THIRDS, lambda w: w._get_variable_list()[:1])
    np.testing.assert_array_equal(TABLE[:2], first)


@pytest.mark.parametrize("mode", ["r", "c"])
def test_mapped_parts(tmp_path, mode):
    """Parts of a mapped value are views of it, lone ones too."""
    prefix = saved(tmp_path / "m", LARGE, SIXTEEN)
    with tf.Graph().as_default(), tf.Session() as sess:
        w = tf.get_variable("w", LARGE.shape, partitioner=SIXTEEN)
        for var_list in ([w], w._get_variable_list()[2:3]):
            sess.run(tf.global_variables_initializer())
            tf.train.Saver(var_list).restore(sess, prefix, mmap_mode=mode)
            np.testing.assert_array_equal(LARGE[128:192], sess.run(w._get_variable_list()[2]))


def test_saving_in_the_background(tmp_path):
    """The values of the moment are saved, and the bytes are those of a save that waits."""
    w = tf.get_variable("w", LARGE.shape, initializer=tf.constant_initializer(1.0), partitioner=SIXTEEN)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        saver = tf.train.Saver()
        first = saver.save(sess, tmp_path / "a", write_meta_graph=False)
        second = saver.save(sess, tmp_path / "b", wait=False, write_meta_graph=False)
        sess.run(w.assign(LARGE))
        saver.wait()
    assert Path(checkpoint_names.file_of(first)).read_bytes() == Path(checkpoint_names.file_of(second)).read_bytes()


def test_the_file_is_the_same_in_whatever_order_the_parts_come(tmp_path):
    """A set of parts gives the bytes that a list gives."""
    w = tf.get_variable("w", [6, 2], initializer=TABLE, partitioner=THIRDS)
    parts = w._get_variable_list()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        ways = {"list": parts, "reversed": parts[::-1], "set": set(parts)}
        paths = [tf.train.Saver(var_list).save(sess, tmp_path / way) for way, var_list in ways.items()]
        images = {Path(checkpoint_names.file_of(path)).read_bytes() for path in paths}
    assert 1 == len(images)


# -- graphs that come from files ---------------------------------------------------------------------------------


def specs(variables):
    """The slice information of variables."""
    infos = [variable._get_save_slice_info() for variable in variables]
    return [info and (info.full_name, info.spec) for info in infos]


@pytest.mark.parametrize("scope", [None, "imp"])
def test_an_imported_saver_knows_the_parts(prefix, tmp_path, scope):
    """Without the code that defined it, a graph restores and saves the whole, in a scope too."""
    above = f"{scope}/" if scope else ""
    with tf.Graph().as_default(), tf.Session() as sess:
        saver = tf.train.import_meta_graph(prefix, import_scope=scope)
        saver.restore(sess, prefix)
        parts = tf.global_variables()[:3]
        expected = [(f"{above}w", f"6 2 {start},2:0,2") for start in (0, 2, 4)]
        assert expected == specs(parts)
        np.testing.assert_array_equal(TABLE, np.concatenate(sess.run(parts)))
        again = saver.save(sess, tmp_path / "again")
    assert [("b", []), ("w", [6, 2])] == tf.train.list_variables(again)
    np.testing.assert_array_equal(TABLE, tf.train.load_variable(again, "w"))


def test_parts_in_no_collection_are_known_too(tmp_path):
    """The parts in a Saver are recorded in the file, together with the collections."""
    with tf.Graph().as_default(), tf.Session() as sess:
        w = tf.get_variable("w", [6, 2], initializer=TABLE, collections=[], trainable=False, partitioner=THIRDS)
        sess.run([part.initializer for part in w])
        prefix = tf.train.Saver({"name": w}).save(sess, tmp_path / "m")
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.train.import_meta_graph(prefix).restore(sess, prefix)
        np.testing.assert_array_equal(TABLE[2:4], sess.run("w/part_1:0"))


@pytest.mark.parametrize("scope", [None, "imp"])
def test_a_graph_without_a_saver(prefix, tmp_path, scope):
    """The Saver made for the imported variables keeps the whole under its old name."""
    with tf.Graph().as_default():
        tf.get_variable("w", [6, 2], partitioner=THIRDS)
        tf.get_variable("b", [])
        tf.train.export_meta_graph(tmp_path / "graph")
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.train.import_meta_graph(tmp_path / "graph", import_scope=scope).restore(sess, prefix)
        np.testing.assert_array_equal(TABLE, np.concatenate(sess.run(tf.global_variables()[:3])))


def test_a_scope_of_a_graph(prefix):
    """A Saver exports and takes back the part of a graph in a scope; wholes lose the scope as parts do."""
    with tf.Graph().as_default():
        with tf.variable_scope("s"):
            tf.get_variable("w", [6, 2], partitioner=THIRDS)
        definition = tf.train.Saver({"w": tf.global_variables()}).export_meta_graph(export_scope="s")
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.train.import_meta_graph(definition).restore(sess, prefix)
        assert [("w", f"6 2 {start},2:0,2") for start in (0, 2, 4)] == specs(tf.global_variables())
        np.testing.assert_array_equal(TABLE, np.concatenate(sess.run(tf.global_variables())))


def test_initial_values_of_a_partitioned_variable(prefix):
    """The variable itself, its name, the list of its parts and its scope all find it."""
    with tf.variable_scope("s"):
        w = tf.get_variable("w", [6, 2], partitioner=tf.fixed_size_partitioner(4))
    for assignment_map in ({"w": w}, {"w": "s/w"}, {"w": list(w)}, {"/": "s/"}):
        with tf.Session() as sess:
            tf.train.init_from_checkpoint(prefix, assignment_map)
            sess.run([part.initializer for part in w])
            np.testing.assert_array_equal(TABLE, sess.run(tf.identity(w)))


def test_covering():
    """Parts cover a whole when each element is in exactly one; cuts may go on inside of cuts."""

    def keys(*bounds):
        return [tuple(slice(*pair) for pair in part) for part in bounds]

    whole = [4, 2]
    assert covers(keys([(0, 4), (0, 2)]), whole)
    assert covers(keys([(2, 4), (0, 2)], [(0, 2), (0, 1)], [(0, 2), (1, 2)]), whole)
    assert not covers(keys([(0, 2), (0, 2)]), whole)
    assert not covers(keys([(0, 3), (0, 2)], [(2, 4), (0, 2)]), whole)
    assert not covers(keys([(0, 4), (0, 2)], [(0, 4), (0, 2)]), whole)
    assert not covers(keys([(0, 1), (0, 2)], [(2, 4), (0, 2)]), whole)
