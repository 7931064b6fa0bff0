"""Assignment maps: every form of them, and what each refuses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.checkpoint.assignment_map import Shared
from tests.growing import TOO_MUCH, growth


def scoped(scope, *shapes):
    """Variables ``var1``, ``var2`` ... of the given shapes in a scope."""
    with tf.variable_scope(scope):
        return [
            tf.get_variable(f"var{number}", shape, initializer=tf.zeros_initializer())
            for number, shape in enumerate(shapes, 1)
        ]


def single(name, shape=(), dtype=tf.float32):
    return tf.get_variable(name, shape, dtype, initializer=tf.zeros_initializer())


def initialized(checkpoint, assignment_map):
    """The values of all variables, once they are initialized."""
    tf.train.init_from_checkpoint(checkpoint, assignment_map)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return {variable.op.name: sess.run(variable).tolist() for variable in tf.global_variables()}


BOTH = {"new/var1": [[1.0, 2.0]], "new/var2": [3.0, 4.0]}


@pytest.mark.parametrize(
    "assignment_map",
    [
        {"old/": "new/"},
        {"old/var1": "new/var1", "old/var2": "new/var2"},
        [("old/var1", "new/var1"), ["old/var2", "new/var2"]],
        {"old/": "new/", "old/var1": "new/var1"},
    ],
)
def test_scopes_and_names(checkpoint, assignment_map):
    """A scope stands for its variables, a name for one; pairs may come in lists instead of dicts."""
    scoped("new", (1, 2), (2,))
    assert initialized(checkpoint, assignment_map) == BOTH


def test_variables(checkpoint):
    """A variable stands for itself, however it was made; what is not in the map keeps its initializer."""
    first, second = scoped("new", (1, 2), (2,))
    plain = tf.Variable(0.0, name="plain")
    expected = {"new/var1": [[0.0, 0.0]], "new/var2": [3.0, 4.0], "plain": 9.0}
    assert expected == initialized(checkpoint, {"old/var2": second, "root": plain})


@pytest.mark.parametrize("as_what", [list, tuple, iter])
def test_one_tensor_for_several(checkpoint, as_what):
    """With pairs one tensor can go to several variables; a generator will do."""
    first, _ = single("x", (2,)), single("y", (2,))
    pairs = [("old/var2", first), ("old/var2", "y")]
    assert {"x": [3.0, 4.0], "y": [3.0, 4.0]} == initialized(checkpoint, as_what(pairs))


def test_the_last_one_counts(checkpoint):
    """Where a variable comes twice, the last one in the order of names in the checkpoint counts."""
    variable = single("x")
    assert {"x": 1.5} == initialized(checkpoint, [("old/deep/v", variable)])
    assert {"x": 9.0} == initialized(checkpoint, [("root", variable), ("old/deep/v", variable)])


@pytest.mark.parametrize(
    ("scope", "names", "assignment_map", "expected"),
    [
        ("q", ["root"], {"/": "q/"}, {"q/root": 9.0}),
        ("", ["root"], {"/": "/"}, {"root": 9.0}),
        ("", ["deep/v"], {"old/": "/"}, {"deep/v": 1.5}),
        ("new", ["deep/v"], {"old/": "new/"}, {"new/deep/v": 1.5}),
        ("new/deep", ["v"], {"old/deep/": "new/deep/"}, {"new/deep/v": 1.5}),
        ("a/b/c", ["v"], {"old/deep/": "a/b/c/"}, {"a/b/c/v": 1.5}),
    ],
)
def test_roots_and_depths(checkpoint, scope, names, assignment_map, expected):
    """A slash alone is the root, on either side; scopes have everything below them."""
    for name in names:
        single(f"{scope}/{name}" if scope else name)
    assert expected == initialized(checkpoint, assignment_map)


def test_scopes_end_at_a_slash(checkpoint):
    """A scope whose name begins as another's is another scope."""
    single("new/root"), single("newer/nothing")
    assert {"new/root": 9.0, "newer/nothing": 0.0} == initialized(checkpoint, {"/": "new/"})


@pytest.mark.parametrize("nothing", [{}, [], ()])
def test_an_empty_map(checkpoint, nothing):
    """An empty map changes nothing."""
    single("x")
    assert {"x": 0.0} == initialized(checkpoint, nothing)


def test_an_empty_scope_is_a_warning(checkpoint):
    """A scope without variables changes nothing, as in TensorFlow, but is said, at the place of the call."""
    tf.Variable(0.0, name="w/root")
    with pytest.warns(UserWarning, match="in scope 'w/': nothing is loaded") as caught:
        tf.train.init_from_checkpoint(checkpoint, {"/": "w/"})
    assert [__file__] == [warning.filename for warning in caught]


@pytest.mark.parametrize(
    ("assignment_map", "message"),
    [
        ({"old/nope": "new/var1"}, "Tensor old/nope .*is not found in .* which has 'count', 'old/deep/v'"),
        ({"root:0": "new/var1"}, "Tensor root:0 .*is not found"),
        ({3: "new/var1"}, "Tensor 3 .*is not found"),
        ({b"root": "new/var1"}, "is not found"),
        ({"table/": "new/"}, r"Tensor table/var1 \(new/var1 in table/\) is not found"),
        ({"old/": "new"}, "new should map to scope only old/"),
        ({"old": "new/"}, "new/ should map to scope only old"),
        ({"old": "new"}, "should map to scope only"),
        ({"old/": ""}, "should map to scope only"),
        ({"old/var1": "zz/var1"}, "Only variables of get_variable are found by their names"),
        ({"old/var1": "new/var1:0"}, "new/var1:0 should map"),
        ({"root": "plain"}, "Only variables of get_variable are found by their names"),
        ({"old/var2": "new/var1"}, r"Shape of variable new/var1:0 \(\(1, 2\)\) doesn't match .* old/var2 \(\[2\]\)"),
        ("root", "'r' is not a pair"),
        (["root"], "'root' is not a pair"),
        ([("root", "new/var1", 3)], "is not a pair"),
    ],
)
def test_wrong_maps(checkpoint, assignment_map, message):
    """A missing, mismatched or malformed entry is a ValueError, and no variable is changed."""
    variables = [*scoped("new", (1, 2), (2,)), tf.Variable(0.0, name="plain")]
    before = [variable.initializer for variable in variables], len(tf.get_default_graph().get_operations())
    with pytest.raises(ValueError, match=message):
        tf.train.init_from_checkpoint(checkpoint, assignment_map)
    assert before == ([variable.initializer for variable in variables], len(tf.get_default_graph().get_operations()))


def test_the_first_error_stops_all(checkpoint):
    """A map of which a part is wrong changes nothing at all."""
    first, second = scoped("new", (1, 2), (2,))
    with pytest.raises(ValueError, match="root/nope"):
        tf.train.init_from_checkpoint(checkpoint, [("old/var1", first), ("root/nope", second)])
    assert "new/var1/Assign" == first.initializer.name


@pytest.mark.parametrize("target", [3, None, b"new/var1", ("new/var1",), ["new/var1"], 1.5])
def test_not_a_target(checkpoint, target):
    """A target that is neither a variable nor a name, such as a tensor, is a TypeError."""
    (variable,) = scoped("new", (1, 2))
    for wrong in (target, variable.value()):
        with pytest.raises(TypeError, match="An assignment map is a dict, or a list of pairs"):
            tf.train.init_from_checkpoint(checkpoint, {"old/var1": wrong})


def test_not_a_map(checkpoint):
    """Without a map there is a TypeError."""
    with pytest.raises(TypeError):
        tf.train.init_from_checkpoint(checkpoint, None)


class Part(NamedTuple):
    """The `_save_slice_info` of a part of a partitioned variable."""

    full_name: str
    spec: str


def parted(name, specs):
    """Variables that are parts of one."""
    variables = []
    for number, (shape, spec) in enumerate(specs):
        variable = single(f"{name}/part_{number}", shape)
        variable._save_slice_info = Part(name, spec)
        variables.append(variable)
    return variables


ROWS = [((2, 2), "4 2 0,2:-"), ((2, 2), "4 2 2,2:-")]
COLUMNS = [((4, 1), "4 2 -:0,1"), ((4, 1), "4 2 -:1,1")]


@pytest.mark.parametrize(("specs", "axis"), [(ROWS, 0), (COLUMNS, 1)])
@pytest.mark.parametrize("form", ["parts", "name", "scope"])
def test_parts(checkpoint, specs, axis, form):
    """A list of parts, their common name, and a scope that they are in, each give every part its slice."""
    parts = parted("s/table", specs)
    assignment_map = {"parts": {"table": parts}, "name": {"table": "s/table"}, "scope": {"/": "s/"}}[form]
    found = initialized(checkpoint, assignment_map)
    halves = np.split(np.arange(8.0).reshape(4, 2), 2, axis)
    assert {f"s/table/part_{number}": half.tolist() for number, half in enumerate(halves)} == found


def test_some_parts_alone(checkpoint):
    """A list need not have all parts."""
    parts = parted("table", ROWS)
    assert [[0.0, 0.0], [0.0, 0.0]] == initialized(checkpoint, {"table": parts[1:]})["table/part_0"]


def test_wrong_parts(checkpoint):
    """Parts of two variables, and other variables, are ValueErrors; another full shape fails at run time."""
    parts, others = parted("table", ROWS), parted("other", [((3, 2), "6 2 0,3:-")])
    with pytest.raises(ValueError, match="Slices must all be from the same tensor: table != other"):
        tf.train.init_from_checkpoint(checkpoint, {"table": [parts[0], others[0]]})
    with pytest.raises(ValueError, match="Slices must all be slices: .*x:0"):
        tf.train.init_from_checkpoint(checkpoint, {"table": [single("x")]})
    with pytest.raises(ValueError, match="Shape of variable table/part_0:0"):
        tf.train.init_from_checkpoint(checkpoint, {"table": "table/part_0"})
    tf.train.init_from_checkpoint(checkpoint, {"table": "other"})
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="does not match the shape stored"):
        sess.run(others[0].initializer)


def test_a_scope_for_each_layer():
    """The variables of a scope are found without a look at those of all other scopes."""

    def shared(count):
        with tf.Graph().as_default():
            variable = tf.get_variable("w", [1])
        return Shared({f"layer_{number}/w": variable for number in range(count)}), count

    def within(made):
        found, count = made
        for number in range(count):
            assert [f"layer_{number}/w"] == found.within(f"layer_{number}/")

    assert growth(shared, within, 1000) < TOO_MUCH
