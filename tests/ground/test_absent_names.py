"""Names that the package lacks: the error says whether TensorFlow has them, and names others."""

from __future__ import annotations

import operator
import traceback

import pytest

import hdfsaver
import hdfsaver.compat.v1
from hdfsaver import absent_names
from tests import forks


def said(name: str, module: object = hdfsaver) -> str:
    """The message about a name."""
    with pytest.raises(AttributeError) as caught:
        operator.attrgetter(name)(module)
    return str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["contrib.tpu", "train.SyncReplicasOptimizer", "estimator", "linalg.lu", "compat.v2"],
)
def test_a_name_of_tensorflow(name: str) -> None:
    """A function, a class or a module that TensorFlow has at any level: the message has its whole name and a page."""
    page = "docs/tensorflow.md" if name.startswith("train.") else "docs/operations.md"
    for module in (hdfsaver, hdfsaver.compat.v1):
        assert said(name, module).startswith(f"tf.{name} is not in hdfsaver; {page} lists what is.")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "Varible",
            "'hdfsaver' has no attribute 'Varible', which is not a name of TensorFlow 1 either. Names like it: ",
        ),
        ("Varible", "tf.Variable"),
        ("nn.matmul", "Names like it: tf.matmul"),
        ("train.Savr", "Names like it: tf.train.Saver."),
        ("errors.NotFoundErr", "tf.errors.NotFoundError"),
        ("dtypes.float31", "tf.dtypes.float32"),
        ("contrib", ""),
        ("qqqqqq", "TensorFlow 1 either."),
    ],
)
def test_names_like_it(name: str, expected: str) -> None:
    """A misspelt name, or one that is in another module, leads to the right one; nothing is proposed without reason."""
    if name == "contrib":
        assert "hdfsaver.contrib" == operator.attrgetter(name)(hdfsaver).__name__
    else:
        assert expected in said(name)
        assert ("Names like it" in said(name)) == (name != "qqqqqq")


@pytest.mark.parametrize("module", ["nn", "math", "random", "initializers", "bitwise", "linalg", "graph_util", "io",
                                    "logging", "train", "errors", "dtypes", "version", "compat", "app",
                                    "flags", "python_io", "summary"])  # fmt: skip
def test_every_module_says_so(module: str) -> None:
    """No module of the public ones leaves a missing name to Python."""
    assert "is not a name of TensorFlow 1 either" in said(f"{module}.no_such_name")


def test_python_adds_no_proposal_of_its_own() -> None:
    """The traceback of the error ends with the message."""
    with pytest.raises(AttributeError) as caught:
        operator.attrgetter("Varible")(hdfsaver)
    assert traceback.format_exception(caught.value)[-1].rstrip().endswith(str(caught.value))


def test_private_names_are_pythons() -> None:
    """What Python itself asks modules for loads nothing, and is answered shortly."""
    code = "import hdfsaver as tf, sys; assert not hasattr(tf, '__wrapped__'); assert not hasattr(tf.nn, '_x')\n"
    code += "from hdfsaver import absent_names; assert not absent_names._recorded.cache_info().currsize"
    forks.run("-c", code)


@pytest.mark.parametrize(
    ("name", "known", "part"),
    [
        ("train.Saver.save", True, "train.Saver"),
        ("layers.dense.x.y", True, "layers.dense"),
        ("contrib.a.b", True, "contrib.a.b"),
        ("train.NoSuchClass", False, "train.NoSuchClass"),
        ("no_such.name", False, "no_such"),
    ],
)
def test_the_record_of_names(name: str, known: bool, part: str) -> None:
    """A name's attributes are told from the name."""
    assert part == absent_names.known_part(name)
    assert known == absent_names.in_tensorflow(part)
