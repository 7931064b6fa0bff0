"""The libraries that only TensorFlow's files need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hdfsaver.interop.extras import library

BLOCKED = ("crc32c", "google.protobuf", "cramjam", "tensorflow")


def test_the_core_does_without() -> None:
    """Neither the package nor the search for checkpoints loads one of them."""
    code = "import sys, hdfsaver, hdfsaver.interop.locating; print([name for name in {} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code.format(BLOCKED)], check=True, capture_output=True, text=True)
    assert "[]\n" == done.stdout


def test_a_missing_library_says_what_to_install() -> None:
    """The error is an ImportError that names the library and the extra."""
    with pytest.raises(ImportError, match=r"'no_such_library', .* `pip install 'hdfsaver\[tensorflow\]'`"):
        library("no_such_library")


@pytest.mark.parametrize("module", ["opening", "bundle_writing"])
def test_without_the_extra_the_room_says_so(module: str) -> None:
    """Importing what needs them, where they are not installed, is that error."""
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({BLOCKED}))\n"
        f"try: import hdfsaver.interop.{module}\nexcept ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "hdfsaver[tensorflow]" in done.stdout


def test_the_names_of_tensorflow_stay_free() -> None:
    """The messages are in a pool of their own: nothing is registered where TensorFlow registers its own."""
    code = (
        "import hdfsaver.interop.messages\n"
        "from google.protobuf import descriptor_pool\n"
        "try: descriptor_pool.Default().FindFileByName('hdfsaver.proto')\nexcept KeyError: print('free')"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "free\n" == done.stdout
