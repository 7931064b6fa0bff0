"""The process that reads damaged files: ``python -m tests.hostile.child FILE COUNT SEED FIRST``.

It says the number of each case before it begins, and the verdict behind it. The parent process knows by that which
case did not end.
"""

from __future__ import annotations

import faulthandler
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np

from hdfsaver.errors import OpError
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.salvage import salvage
from tests.hostile.corpus import changes

SECONDS = 300
"""After so long a case counts as one without an end."""

MEMORY = 3 * 2**30


def everything(path: Path) -> tuple[dict[str, object], str]:
    """All values of a file as what can be compared, and its graph."""
    with open_file(path) as file:
        values = {name: plain(value) for name, value in file.read_many(file.variables).items()}
        found = file.structure()
        file.verify()
    nodes = "" if found is None else repr([plain_node(data) for _, data in found.digraph.nodes(data=True)])
    return values, nodes + repr(found.collections if found else "")


def plain(value: np.ndarray) -> object:
    """Dtype, shape and elements."""
    return value.dtype.str, value.shape, value.tobytes() if value.dtype != object else value.tolist()


def plain_node(data: dict) -> object:
    """A node, its arrays printed in full."""
    return {
        key: {name: plain(v) if isinstance(v, np.ndarray) else v for name, v in item.items()}
        if isinstance(item, dict)
        else item
        for key, item in data.items()
    }


def verdict(path: Path, expected: tuple[dict[str, object], str]) -> str:
    """The result of a damaged file: ``error``, ``same``, ``changed``; or the fault of the error."""
    try:
        return "same" if everything(path) == expected else "changed"
    except OpError as error:
        return "error" if str(path) in error.message else f"an error that does not name the file: {error}"


def salvaged(path: Path, expected: dict[str, object]) -> str:
    """Whether salvage gave a variable another value than it had."""
    with suppress(OpError):
        found = salvage(path)
        # Where the library cannot open the file, the index alone has the names, and it says so.
        sure = not any("cannot be confirmed" in remark for remark in found.remarks)
        if sure and any(plain(value) != expected[name] for name, value in found.values.items() if name in expected):
            return " salvage changed"
    return ""


def main(source: str, count: str, seed: str, first: str) -> None:
    """Read all cases from the first one on."""
    data = Path(source).read_bytes()
    expected = everything(Path(source))
    with open_file(source) as file:
        sealed = file.sealed
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "damaged.h5"
        for number, change in enumerate(changes(data, int(count), int(seed))):
            if number < int(first) or (damaged := change.apply(data)) == data:
                continue
            path.write_bytes(damaged)
            print(number, *change[:4], end=" ", flush=True)
            faulthandler.dump_traceback_later(SECONDS, exit=True)
            honest = sealed and change.kind != "forge"
            print(verdict(path, expected) + (salvaged(path, expected[0]) if honest else ""), flush=True)
    faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    with suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    faulthandler.enable()
    main(*sys.argv[1:])
