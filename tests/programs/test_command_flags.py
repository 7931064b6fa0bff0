"""``tf.flags`` and ``tf.app.run``: absl's flags, used as TensorFlow 1's programs use them."""

from __future__ import annotations

import subprocess
import sys

import pytest

import hdfsaver as tf
from hdfsaver.programs import command_flags
from tests import forks

PROGRAM = """
import hdfsaver as tf
FLAGS = tf.app.flags.FLAGS
tf.app.flags.DEFINE_string("data", "d", "where the data is")
tf.flags.DEFINE_integer("n", default_value=3, docstring="a number")
tf.flags.DEFINE_bool(flag_name="fast", default_value=False, docstring="whether")
if EARLY:
    print("early", FLAGS.data, FLAGS.n, FLAGS.fast, "data" in FLAGS)
    FLAGS.n = 7
tf.flags.DEFINE_float("late", 1.5, "defined when others were read already")
def main(argv):
    print(argv[1:], FLAGS.data, FLAGS.n, FLAGS.fast, FLAGS.late)
    return 3
if __name__ == "__main__":
    tf.app.run()
"""


def run(*arguments: str, early: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the program with a command line."""
    code = f"EARLY = {early}\n{PROGRAM}"
    return forks.run("-c", code, *arguments, check=False)


def test_the_main_function_is_called():
    """With the arguments that are not flags, unknown flags among them; its result is the exit status."""
    done = run("--data=q", "--unknown=1", "--fast", "pos")
    assert (3, "['--unknown=1', 'pos'] q 3 True 1.5\n") == (done.returncode, done.stdout), done.stderr


def test_flags_are_parsed_when_the_first_is_read():
    """Before ``tf.app.run``, or without it; they can be assigned, and others be defined afterwards."""
    done = run("--data=q", "--n=5", "--nofast", early=True)
    assert ["early q 5 False True", "[] q 5 False 1.5"] == done.stdout.splitlines(), done.stderr


def test_old_programs_parse_flags_themselves():
    """Under the name of TensorFlow's early releases; arguments that are not flags are left out."""
    code = "from hdfsaver import flags as f; f.DEFINE_integer('n', 3, ''); f.FLAGS._parse_flags(); print(f.FLAGS.n)"
    done = forks.run("-c", code, "--n=5", "--x=1", check=False)
    assert "5\n" == done.stdout, done.stderr


@pytest.mark.slow
def test_help_lists_the_flags_of_the_program():
    """They belong to the program, not to the module that makes them for it."""
    done = run("--help")
    assert "--data: where the data is" in done.stdout
    assert "command_flags" not in done.stdout


def test_a_flag_that_is_defined_twice():
    """The error of absl names the flag."""
    tf.flags.DEFINE_string("defined_twice", "", "once")
    with pytest.raises(tf.flags.DuplicateFlagError, match="defined_twice"):
        tf.flags.DEFINE_string("defined_twice", "", "twice")


def test_without_absl(monkeypatch):
    """The error names the package and the command that installs it."""
    monkeypatch.setitem(sys.modules, "absl.flags", None)
    said = r"tf\.flags needs the library 'absl-py', which is not installed.*pip install 'hdfsaver\[tensorflow\]'"
    with pytest.raises(ImportError, match=said):
        command_flags.flag_function("DEFINE_list")
