"""The names of `hdfsaver`, each imported when it is first used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import hdfsaver
from hdfsaver.public_names import MODULES, NAMES, PLACES
from tests.ground.make_public_stub import PATH, stub


def test_the_stub_is_up_to_date():
    """Type checkers are told of the same names; if not, run `python -m tests.ground.make_public_stub`."""
    assert stub() == PATH.read_text()


def test_every_name_is_where_the_table_says():
    """Each name can be had, no two places have the same one, and the tables are in order."""
    for name in hdfsaver.__all__:
        getattr(hdfsaver, name)
    assert len(hdfsaver.__all__) == len(set(hdfsaver.__all__)) == 1 + len(MODULES) + sum(map(len, NAMES.values()))
    assert list(MODULES) == sorted(MODULES)
    assert list(NAMES) == sorted(NAMES)


PROGRAM = """
import sys
import hdfsaver
{}
print(*sorted({{name.partition(".")[0] for name in sys.modules}} & {{"h5py", "networkx", "numpy"}}))
"""


@pytest.mark.parametrize(
    ("use", "loaded"),
    [
        ("", ""),
        ("hdfsaver.float32", "numpy"),
        ("hdfsaver.load_file", "h5py numpy"),
        ("hdfsaver.Graph()", "networkx numpy"),
    ],
)
def test_what_an_import_imports(use, loaded):
    """The import of the package imports no library; arrays need no networkx, which comes with the first graph."""
    found = subprocess.run([sys.executable, "-c", PROGRAM.format(use)], check=True, capture_output=True, text=True)
    assert set(loaded.split()) <= set(found.stdout.split())
    assert ("networkx" in loaded) == ("networkx" in found.stdout)
    assert use or not found.stdout.strip()


def test_a_name_stays():
    """A name is looked up once."""
    assert PLACES["zeta"] == ("hdfsaver.ops.gamma_functions", "zeta")
    assert hdfsaver.zeta is vars(hdfsaver)["zeta"]
