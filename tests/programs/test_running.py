"""`hdfsaver run`: a program finds, prints and returns what it does under Python."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import zipfile

import pytest

from hdfsaver.programs import python_2
from hdfsaver.programs.name_check import check
from hdfsaver.programs.notebooks import cells_of

SEEN = """
import os, sys
import {tensorflow} as tf, beside
main = sys.modules["__main__"]
print(sys.argv, sys.path[0], __name__, __file__, __package__, __spec__ and __spec__.name, main.tf is tf, beside.x)
"""


@pytest.fixture
def program(tmp_path):
    """A script and a module in a folder, and the same in a package and an archive."""
    folder = tmp_path / "scripts"
    for place in (folder, tmp_path / "package"):
        place.mkdir()
        (place / "__main__.py").write_text(SEEN.format(tensorflow="json"))
        (place / "script.py").write_text(SEEN.format(tensorflow="json"))
        (place / "beside.py").write_text("x = 'beside'")
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "beside.py").write_text("x = 'in the current folder'")
    (tmp_path / "link.py").symlink_to(folder / "script.py")
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        for file in folder.iterdir():
            archive.write(file, file.name)


@pytest.mark.slow  # each starts Python
@pytest.mark.parametrize(
    "arguments",
    [
        ("scripts/script.py", "a", "--check", "-m"),
        ("link.py", "-c"),
        ("./scripts/../scripts/script.py",),
        ("./scripts/",),
        ("scripts", "--json"),
        ("archive.zip", "a"),
        ("-m", "package", "--help"),
        ("-mpackage.script", "a"),
        ("-c", "import sys; print(sys.argv, sys.path[0] == '', __name__)", "a", "-b"),
        ("-", "a"),
    ],
    ids=lambda arguments: arguments[0],
)
@pytest.mark.usefixtures("program")
def test_a_program_finds_what_python_gives_it(run, arguments):
    """Arguments, folder, file and module are the same, options of the program's own among them."""
    given = "import sys; print(sys.argv, sys.path[0] == '', __name__)"
    expected = run(*arguments, given=given, prefix=())
    found = run(*arguments, given=given)
    assert (0, expected.stdout) == (found.returncode, found.stdout), found.stderr
    assert 0 == expected.returncode


def test_tensorflow_stands_for_hdfsaver(run, tmp_path):
    """Under each of its names; a real one is not imported, even from the program's own folder."""
    (tmp_path / "tensorflow.py").write_text("1 / 0")
    (tmp_path / "a.py").write_text(
        "import tensorflow as tf, tensorflow.compat.v1 as tf1, hdfsaver\n"
        "print(tf is tf1, tf.Session is hdfsaver.Session, tf.__version__, tf.contrib.__name__)\n"
    )
    assert "True True 1.15.5 tensorflow.contrib\n" == run("a.py").stdout


ENDS = """
import sys, tensorflow as tf
class Own(Exception): pass
def f():
    {ending}
f()
"""


@pytest.mark.slow  # each starts Python
@pytest.mark.parametrize(
    "ending",
    [
        "pass",
        "sys.exit(5)",
        "sys.exit('the reason')",
        "sys.exit()",
        "raise Own('x')",
        "raise KeyboardInterrupt",
        "import os; os._exit(3)",
        "sys.excepthook = lambda *a: print(a[0].__name__, a[2].tb_lineno); raise Own",
        "import atexit; atexit.register(print, 'late'); raise KeyboardInterrupt",
        "x = (",
    ],
)
def test_a_program_ends_as_under_python(run, tmp_path, ending):
    """The exit status, and what is printed, to the letter: a traceback has the program's frames and no others."""
    (tmp_path / "a.py").write_text(ENDS.format(ending=ending))
    (tmp_path / "b.py").write_text(ENDS.format(ending=ending).replace(", tensorflow as tf", ""))
    expected, found = run("b.py", prefix=()), run("a.py")
    assert expected.returncode == found.returncode
    assert expected.stdout == found.stdout
    ours = [line for line in found.stderr.replace("a.py", "b.py").splitlines() if "import sys" not in line]
    assert [line for line in expected.stderr.splitlines() if "import sys" not in line] == ours


def test_a_missing_name_in_a_program(run, tmp_path):
    """The traceback has the program's lines alone, and its last line is about TensorFlow's name."""
    (tmp_path / "a.py").write_text("import tensorflow as tf\nx = 1\ntf.train.SyncReplicasOptimizer(0.1)\n")
    lines = run("a.py").stderr.splitlines()
    files = [line for line in lines if line.startswith("  File ")]
    assert [f'  File "{tmp_path / "a.py"}", line 3, in <module>'] == files
    said = "AttributeError: tf.train.SyncReplicasOptimizer is not in hdfsaver; docs/tensorflow.md lists"
    assert lines[-1].startswith(said)


@pytest.mark.slow  # it starts Python
def test_the_trace_of_an_operation(run, tmp_path):
    """An error of a run shows the program's lines that made the operation, and none of those that started it."""
    (tmp_path / "a.py").write_text(
        "import tensorflow as tf\ndef f():\n    return tf.reshape(tf.placeholder('float'), [2])\n"
        "x = f()\nprint([(frame.name, frame.lineno) for frame in x.op.traceback])\n"
    )
    assert "[('<module>', 4), ('f', 3)]\n" == run("a.py").stdout


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_an_interrupted_program_ends_by_the_signal(run, tmp_path):
    """So that the shell that started it knows."""
    (tmp_path / "a.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGINT)")
    assert -signal.SIGINT == run("a.py").returncode


@pytest.mark.slow  # each starts Python
@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("no.py",), 2, "hdfsaver run: can't open file"),
        ((".",), 1, "hdfsaver run: can't find '__main__' module in"),
        (("-m", "no_such_module"), 1, "hdfsaver run: No module named no_such_module"),
        (("-m", "no.such"), 1, "hdfsaver run: Error while finding module specification for 'no.such'"),
        (("-m",), 2, "hdfsaver run: argument expected for the -m option"),
        (("--chek", "no.py"), 2, "There is no option --chek"),
        (("--json", "no.py"), 2, "There is no option --json without --check"),
        ((), 2, "Missing argument"),
    ],
)
def test_no_program(run, arguments, status, said):
    """The sentence and the exit status are those of Python where it has some."""
    done = run(*arguments)
    assert status == done.returncode
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def cell(*lines: str, kind: str = "code") -> dict[str, object]:
    """A cell of a notebook."""
    return {"cell_type": kind, "source": [f"{line}\n" for line in lines]}


def test_a_notebook(run, tmp_path):
    """Cells run in order, show the value of their last line, and leave out what is IPython's; errors name the cell."""
    cells = [
        cell("# Title", kind="markdown"),
        cell("%matplotlib inline", "import tensorflow as tf", "x = 7 \\", " % 4", "if x:", "    !ls", "x"),
        cell("%%bash", "ls"),
        cell("%%time", "x = x + 1"),
        cell("x;", "None"),
        cell("%time y = 5", "?tf", "tf.Session??", "y"),
        cell("tf.no_such_name"),
    ]
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}))
    done = run("a.ipynb")
    assert (1, "3\n5\n") == (done.returncode, done.stdout)
    assert f'  File "{tmp_path / "a.ipynb"}, cell 7", line 1, in <module>\n    tf.no_such_name\n' in done.stderr
    (found,) = check([str(tmp_path / "a.ipynb")]).missing
    assert (f"{tmp_path / 'a.ipynb'}, cell 7", 1, "tf.no_such_name") == (found.file, found.line, found.name)


@pytest.mark.slow  # it starts Python
def test_a_cell_that_is_not_python(run, tmp_path):
    """The traceback has the cell alone."""
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": [cell("x = 1"), cell("x = !ls")], "nbformat": 4}))
    lines = run("a.ipynb").stderr.splitlines()
    assert f'  File "{tmp_path / "a.ipynb"}, cell 2", line 1' == lines[0], lines
    assert "SyntaxError: invalid syntax" == lines[-1]


@pytest.mark.slow  # it starts Python
def test_a_program_for_python_2(run, tmp_path):
    """The error and the check have the same advice, which works where Python still has 2to3."""
    file = tmp_path / "a.py"
    file.write_text("import tensorflow as tf\nprint tf.VERSION\n")
    assert python_2.ADVICE in run("a.py").stderr
    (said,) = check([str(file)]).unread.values()
    assert said.startswith("line 2 is not Python 3: Missing parentheses in call to 'print'. ")
    assert said.endswith(f"? {python_2.ADVICE}")
    if importlib.util.find_spec("lib2to3") is not None:
        subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "lib2to3", "-w", "-n", str(file)], check=True, capture_output=True
        )
        assert "1.15.5\n" == run("a.py").stdout


@pytest.mark.parametrize(
    ("code", "is_old"), [("except", False), ("x = 0777", True), ("try: pass\nexcept A, B: pass", True)]
)
def test_signs_of_python_2(code, is_old):
    """Other errors have no advice."""
    with pytest.raises(SyntaxError) as caught:
        compile(code, "a.py", "exec")
    assert is_old == bool(python_2.advice_on(caught.value))
    assert "" == python_2.advice_on(ValueError("print"))


def test_an_old_notebook_and_no_notebook():
    """Version 3 has its cells elsewhere; JSON of another kind is an error that says so."""
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": "print(5)"}]}]}
    assert [(1, "print(5)")] == cells_of(json.dumps(old))
    with pytest.raises(ValueError, match="It is JSON, but not a notebook"):
        cells_of("[1]")
