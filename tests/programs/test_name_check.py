"""The static check: names of TensorFlow that a program uses."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import hdfsaver
from hdfsaver.cli import app
from hdfsaver.programs.name_check import check, uses_in


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import tensorflow as tf\ntf.nn.relu(tf.zeros([1]))", {"nn.relu", "zeros"}),
        ("import tensorflow\ntensorflow.train.Saver().save", {"train.Saver"}),
        ("import tensorflow.compat.v1 as tf\ntf.train.Saver.save", {"train.Saver.save"}),
        ("import tensorflow as tf\ntf.compat.v1.train.Saver", {"train.Saver"}),
        ("import tensorflow.contrib.slim\ntensorflow.contrib.slim.x", {"contrib.slim", "contrib.slim.x"}),
        ("from tensorflow import nn as n, train\nn.relu", {"nn", "train", "nn.relu"}),
        ("from tensorflow.python.x import y\ny.z", {"python.x.y", "python.x.y.z"}),
        ("from tensorflow.nn import *", {"nn"}),
        ("import tensorflow as tf\nL = tf.layers\nM = L\nM.dense()", {"layers", "layers.dense"}),
        ("try:\n    import tensorflow.compat.v1 as tf\nexcept ImportError:\n    import tensorflow as tf\ntf.a", {"a"}),
        ("def f():\n    return tf.a\nimport tensorflow as tf", {"a"}),
        ("def f():\n    import tensorflow as tf\n    return tf.a\ntf.b", {"a"}),
        ("import tensorflow as tf\nclass A(tf.x):\n    y = tf.z\n    def f(self, a=tf.w) -> tf.v: return tf.u",
         {"x", "z", "w", "v", "u"}),
        ("import tensorflow as tf\nasync def f():\n    async with tf.a: pass", {"a"}),
        ("import tensorflow as tf\ngetattr(tf.nn, 'crelu')", {"nn.crelu", "nn"}),
        ("import tensorflow as tf\ngetattr(tf.nn, 'crelu', None), hasattr(tf, 'x')", {"nn"}),
        ("import tensorflow as tf\ndef f(tf): return tf.a\nlambda tf: tf.b\nlambda: tf.c", {"c"}),
        ("from tensorflow import nn\ndef f():\n    for nn in []: nn.a\ndef g(): nn.b", {"nn", "nn.b"}),
        ("import tensorflow as tf\ndef f():\n    global tf\n    tf = tf.x\n    tf.y", {"x", "y"}),
        ("import tensorflow_hub as tf\nfrom .tensorflow import a\nimport numpy\nnumpy.a, a.b", set()),
    ],
)  # fmt: skip
def test_uses(source, expected):
    """By every kind of import and alias, in every scope; parameters and variables of the same name are hidden."""
    assert expected == {use.name for use in uses_in({"x.py": source})}


PROGRAM = """import tensorflow as tf
from tensorflow.contrib import tpu
x = tf.placeholder(tf.float32)
y = tf.train.SyncReplicasOptimizer(0.1).minimize(x)
tpu.rewrite(3, 4); tf.reduse_sum(x)
tf.train.Saver.sav, tf.flags.FLAGS.batch_size, tf.estimator.Estimator.__name__
"""


def test_missing_names_with_their_places(tmp_path):
    """Line and column of each; whether TensorFlow has it; what is like it. What follows a name does not count."""
    (tmp_path / "a.py").write_text(PROGRAM)
    report = check([str(tmp_path / "a.py")])
    assert [
        (2, 1, "tf.contrib.tpu", True),
        (4, 5, "tf.train.SyncReplicasOptimizer", True),
        (5, 1, "tf.contrib.tpu.rewrite", True),
        (5, 20, "tf.reduse_sum", False),
        (6, 1, "tf.train.Saver.sav", False),
        (6, 48, "tf.estimator.Estimator", True),
    ] == [it[1:5] for it in report.missing]
    assert "tf.reduce_sum" == report.missing[3].nearest[0]
    assert ["tf.flags.FLAGS.batch_size", "tf.float32", "tf.placeholder"] == report.present


@pytest.mark.parametrize("option", ["-m", "--chek"])
def test_options_are_not_files(option):
    """Only files and folders can be checked."""
    done = run_check(option, "json")
    assert 2 == done.exit_code
    assert f"folders; {option} is" in " ".join(done.output.replace("│", "").split())


@pytest.mark.slow  # it starts Python
def test_options_of_python(tmp_path):
    """The error shows the command that has them, which runs."""
    done = CliRunner().invoke(app, ["run", "-u", "a.py"])
    assert "`python -u -m hdfsaver run SCRIPT`" in " ".join(done.output.replace("│", "").split())
    (tmp_path / "a.py").write_text("import sys; print(sys.stdout.write_through)")
    command = [sys.executable, "-u", "-m", "hdfsaver", "run", str(tmp_path / "a.py")]
    assert "True\n" == subprocess.run(command, capture_output=True, text=True, check=True).stdout


def run_check(*arguments: str):
    """The command, in this process: a program is only read."""
    return CliRunner().invoke(app, ["run", "--check", *arguments])


def test_names_that_need_a_library_or_are_pythons(tmp_path, monkeypatch):
    """They count as present, as the name is right: flags without absl, the version."""
    monkeypatch.setitem(sys.modules, "absl.flags", None)
    monkeypatch.delitem(vars(hdfsaver.flags), "DEFINE_float", raising=False)
    (tmp_path / "a.py").write_text(
        "import tensorflow as tf\ntf.flags.DEFINE_float\ntf.__version__\ntf.estimator.__name__\n"
    )
    report = check([str(tmp_path / "a.py")])
    assert ["tf.estimator"] == [it.name for it in report.missing]
    assert ["tf.__version__", "tf.flags.DEFINE_float"] == report.present


def test_the_command(tmp_path, monkeypatch):
    """Folders are searched; the exit status is 1 where a name is missing or a file cannot be parsed; nothing runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "good.py").write_text("import tensorflow as tf\ntf.zeros([1])\n1 / 0\n")
    done = run_check("a")
    assert (0, "0 names of TensorFlow missing, 1 name here, in 1 file.\n") == (done.exit_code, done.output)
    (tmp_path / "a" / "bad.py").write_text(PROGRAM)
    (tmp_path / "a" / "old.py").write_text("print 1\n")
    done = run_check("a", "no.py")
    lines = done.output.splitlines()
    assert 1 == done.exit_code
    assert "a/bad.py:2: tf.contrib.tpu is not in hdfsaver." in lines[0]
    assert "a/bad.py:5: tf.reduse_sum is not a name of TensorFlow 1. Names like it: tf.reduce_sum" in done.output
    assert "a/old.py cannot be read: line 1 is not Python 3: " in done.output
    assert "no.py cannot be read: No such file or directory." in lines
    assert "6 names of TensorFlow missing, 4 names here, in 4 files." == lines[-1]
    for arguments in (("--json", "a"), ("a", "--json")):
        found = json.loads(run_check(*arguments).output)
        assert ["a/bad.py", 2, "tf.contrib.tpu"] == [found["missing"][0][key] for key in ("file", "line", "name")]
