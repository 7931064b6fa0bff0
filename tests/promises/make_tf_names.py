"""List the public names of TensorFlow 1, from the record that its sources keep of them.

    python tests/promises/make_tf_names.py FOLDER > hdfsaver/tensorflow_names.txt

FOLDER is ``tensorflow/tools/api/golden/v1`` of TensorFlow's sources. A line has a module and the names in it; names of
classes' members are not listed, nor are those of ``tf.raw_ops``, which has a function per type of operation.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

UNLISTED = ("raw_ops",)
"""Modules whose names are not listed."""

UNRECORDED = {"compat": ("v1", "v2")}
"""Names that are not in TensorFlow's record."""


def modules(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Each module, with the names in it; TensorFlow's own name is left out of that of the module."""
    for file in sorted(folder.glob("*.pbtxt")):
        text = file.read_text(encoding="utf-8")
        path = re.match(r'path: "tensorflow\.?(.*)"\ntf_module \{', text)
        if path and path[1] not in UNLISTED:
            names = re.findall(r'^  member(?:_method)? \{\n    name: "([^_]\w*)"', text, re.MULTILINE)
            yield path[1], sorted([*names, *UNRECORDED.get(path[1], ())])


def main() -> None:
    """Print the list."""
    for module, names in sorted(modules(Path(sys.argv[1]))):
        sys.stdout.write(f"{module}: {' '.join(names)}\n")


if __name__ == "__main__":
    main()
