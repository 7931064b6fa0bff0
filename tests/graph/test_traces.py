"""Where operations were made, and how errors show it."""

import inspect
import pickle

import pytest

import hdfsaver as tf


def here():
    return inspect.currentframe().f_back.f_lineno


def make(x):
    return tf.reshape(x, [2, 2], name="y")


def test_an_operation_knows_the_line_that_made_it(graph):
    """The frames are those of the program, in Python's own form, the innermost last; none of the package."""
    x, line = tf.placeholder(tf.float32), here()
    y, outer = make(x), here()
    assert (__file__, line) == (x.op.traceback[-1].filename, x.op.traceback[-1].lineno)
    assert ["make", outer, "y, outer = make(x), here()"] == [
        y.op.traceback[-1].name,
        y.op.traceback[-2].lineno,
        y.op.traceback[-2].line,
    ]
    assert not [frame for frame in y.op.traceback if "/hdfsaver/hdfsaver/graph/" in frame.filename]


def test_imported_operations_know_the_import(graph):
    """The line of the import stands for all its operations; an operation from a file has none."""
    tf.constant(1.0, name="a")
    definition = graph.as_graph_def()
    tf.import_graph_def(definition, name="i")
    line = here() - 1
    tf.constant(1.0, name="b")
    assert line == graph.get_operation_by_name("i/a").traceback[-1].lineno
    assert [] == tf.Graph.from_digraph(graph.digraph.copy()).get_operation_by_name("b").traceback
    tf.train.import_meta_graph(tf.MetaGraphDef(graph_def=definition), import_scope="m")
    found = graph.get_operation_by_name("m/a").traceback[-1]
    assert (__file__, here() - 2) == (found.filename, found.lineno)


def test_errors_of_runs_show_the_line(graph):
    """The message names file and line, and the error as text has the lines that led there."""
    x = tf.placeholder(tf.float32)
    y = make(x)
    with tf.Session() as sess, pytest.raises(tf.OpError) as caught:
        sess.run(y, {x: [1.0, 2.0, 3.0]})
    made = make.__code__.co_firstlineno + 1
    assert f"defined at {__file__}:{made})" in caught.value.message
    text = str(caught.value)
    assert "Original stack trace for 'y':" in text
    assert f'File "{__file__}", line {made}, in make\n    return tf.reshape(x, [2, 2], name="y")' in text
    assert ("Reshape", caught.value.message) == (
        caught.value.node_def.op,
        str(pickle.loads(pickle.dumps(caught.value))),
    )


def test_codes_of_errors():
    """Codes and classes lead to each other; a class without a code is a warning."""
    for kind in tf.OpError.__subclasses__()[0].__subclasses__():
        code = tf.errors.error_code_from_exception_type(kind)
        assert tf.errors.exception_type_from_error_code(code) is kind
    with pytest.raises(KeyError):
        tf.errors.exception_type_from_error_code(77)
    with pytest.warns(UserWarning, match="Unknown class"):
        assert isinstance(tf.errors.error_code_from_exception_type(ValueError), tf.errors.UnknownError)
    assert {} == tf.errors.NotFoundError(None, None, "m").experimental_payloads
