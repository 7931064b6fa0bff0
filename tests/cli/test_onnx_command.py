"""`hdfsaver convert` with a target in .onnx: names of tensors, fixed values, and the report."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import hdfsaver as tf
from hdfsaver.cli import app

onnx = pytest.importorskip("onnx")


def run(*arguments: object) -> tuple[int, str]:
    """The exit status of the command, and what it prints."""
    result = CliRunner().invoke(app, ["convert", *map(str, arguments)], env={"COLUMNS": "300", "NO_COLOR": "1"})
    return result.exit_code, result.output.strip()


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """A graph whose branch depends on a placeholder."""
    x, flag = tf.placeholder(tf.float32, [2], "x"), tf.placeholder(tf.bool, [], "flag")
    tf.cond(flag, lambda: tf.random.uniform([2]), lambda: x * 2, name="y")
    tf.train.write_graph(tf.get_default_graph(), tmp_path, "g.pb", as_text=False)
    return tmp_path / "g.pb"


def test_names_and_fixed_values(graph: Path) -> None:
    """`NEW=TENSOR` gives another name, `--fix` takes true, false, numbers and lists."""
    target = graph.with_name("g.onnx")
    status, said = run(graph, target, "--outputs", "double=y/Merge", "--inputs", "x", "--fix", "flag=False")
    assert (0, ["g.onnx: the graph.", "ONNX with opset 18. Inputs: x:0 float32 [2]. Outputs: double float32 [2]."]) == (
        status,
        [said.splitlines()[0][-18:], *said.splitlines()[1:]],
    )
    assert ["Mul"] == [node.op_type for node in onnx.load(target).graph.node]
    assert 0 == run(graph, target, "--outputs", "y/Merge", "--fix", "flag=false", "--fix", "x=[1, 2.5]")[0]
    assert [] == list(onnx.load(target).graph.input)


def test_shapes(tmp_path: Path) -> None:
    """`--shape` gives one to an input that has none, and so to what follows from it."""
    y = tf.transpose(tf.placeholder(tf.float32, None, "x"), [0, 2, 1], name="y")
    tf.train.write_graph(y.graph, tmp_path, "g.pb", as_text=False)
    status, said = run(tmp_path / "g.pb", tmp_path / "g.onnx", "--shape", "x=?, 3,4")
    assert (0, True) == (status, said.endswith("Inputs: x:0 float32 [?, 3, 4]. Outputs: y:0 float32 [?, 4, 3]."))
    for wrong in ("x", "x=2,three"):
        status, said = run(tmp_path / "g.pb", tmp_path / "h.onnx", "--shape", wrong)
        assert (2, f"--shape needs TENSOR=SIZES, with sizes such as 1,224,224,3 or ?,10, not {wrong!r}.") == (
            status,
            said,
        )


def test_errors(graph: Path) -> None:
    """They say what to do, and nothing is written."""
    target = graph.with_name("g.onnx")
    status, said = run(graph, target, "--outputs", "y/Merge")
    assert (4, True) == (status, "RandomUniform (operation 'y/random_uniform/RandomUniform')" in said)
    assert "which a fixed value of its condition may leave out (--fix): flag:0" in said
    assert (2, "--fix needs TENSOR=VALUE, with a number, true, false or a list, not 'flag'.") == run(
        graph, target, "--fix", "flag"
    )
    assert not target.exists()
