"""What other programs see in a file: ``python -m tests.other_programs.make_page [--check]`` makes the page's tables.

It is outside the suite, as it needs these programs: the tools of HDF5, Octave and R in the `PATH`; a Python with h5py,
PyTables, pandas, h5netcdf, xarray and pyfive, in the environment variable `OTHER_PYTHON`; and a folder with the npm
packages h5wasm and jsfive in `NODE_PATH`. A program that is not there is left out, with a line that says so. With
``--check``, nothing is written; the exit code is 1 if ``docs/other-programs.md`` has other tables.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import hdfsaver
from hdfsaver import dtypes
from hdfsaver.storage.hdf5 import narrow_numbers
from hdfsaver.storage.writing import write_file

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "other-programs.md"
BEGIN, END = "<!-- tables -->\n", "<!-- end of tables -->\n"

SECONDS = 120

RIGHT, CODES, PARTS, WRONG, REFUSED = "right", "codes", "parts", "**wrong**", "refused"


class Kind(NamedTuple):
    """One kind of value: its name in the page, the variable, the value and its dtype; ``None`` is NumPy's."""

    shown: str
    name: str
    value: Any
    dtype: str | None = None


def _numbers(row: dtypes.Row) -> Any:
    if row.name == "bool":
        return np.array([True, False, True])
    if row.name.startswith("complex"):
        return np.array([1 + 2j, -3 + 0.5j, 2]).astype(row.numpy)
    if row.name == "float8_e8m0fnu":
        return np.array([1, 2, 4]).astype(row.numpy)
    if "float" in row.name:
        return np.array([1.5, -3, 0.5]).astype(row.numpy)
    signed = [1, -2, 0] if row.name == "int2" else [1, -3, 2]
    return np.array([1, 3, 2] if row.name.lstrip("q").startswith("u") else signed).astype(row.numpy)


def kinds() -> list[Kind]:
    """A value of every dtype, and of every form in which a value is stored."""
    rows = [row for row in dtypes.TABLE if row.hdf5 is not None and row.name != "string"]
    found = [
        Kind(f"`{row.name}`", row.name, _numbers(row), row.name if row.name.lstrip("u").startswith("q") else None)
        for row in sorted(rows, key=lambda row: row.name)
    ]
    return [
        *found,
        Kind("`float32`, scalar", "scalar", np.float32(1.5)),
        Kind("`complex64`, scalar", "complex_scalar", np.complex64(1 + 2j)),
        Kind("`string`", "string", np.array([b"yes", b"no"], object)),
        Kind("`string`, scalar", "string_scalar", np.array(b"yes", object)),
        Kind("`string`, two dimensions", "string_matrix", np.array([[b"a", b"b"], [b"c", b"d"]], object)),
        Kind("`string` with a NUL", "string_nul", np.array([b"a\0b", b"c"], object)),
        Kind("`string`, joined", "string_joined", np.array([b"x"] * 300 + [b"y" * 9000], object)),
        Kind("a link with an escape", "w/Adam", np.array([1.5, 2.5], np.float32)),
    ]


def path_of(kind: Kind) -> str:
    """The path of the kind's dataset."""
    return "variables/" + kind.name.replace("w/Adam", "w%2FAdam")


def flat(value: Any) -> list[Any]:
    """All numbers and strings of nested lists, in order."""
    if isinstance(value, list):
        return [item for inner in value for item in flat(inner)]
    return [float(value) if isinstance(value, (bool, int, float)) else value]


def judged(kind: Kind, found: Any) -> str:
    """What a program has read, in a word."""
    if found is None or (isinstance(found, dict) and "error" in found):
        return REFUSED
    got, value = flat(found), np.asarray(kind.value)
    if value.dtype == object:
        return _judged_text(got, value)
    if value.dtype.kind == "c":
        parts = [part for number in value.reshape(-1).tolist() for part in (number.real, number.imag)]
        apart = [*value.real.reshape(-1).tolist(), *value.imag.reshape(-1).tolist()]
        return RIGHT if got == parts else PARTS if got == apart else WRONG
    wanted = [float(number) for number in value.reshape(-1)]
    if got in (wanted, [{0.0: "FALSE", 1.0: "TRUE"}.get(number) for number in wanted]):
        return RIGHT
    return CODES if got == _codes(kind) else WRONG


def _codes(kind: Kind) -> list[float]:
    value = np.ascontiguousarray(kind.value).reshape(-1)
    if str(value.dtype) in narrow_numbers.BITS:
        stored = narrow_numbers.to_bytes(value, str(value.dtype))
    else:
        stored = value.view(f"u{value.dtype.itemsize}")
    return [float(code) for code in stored]


def _judged_text(got: list[Any], value: Any) -> str:
    items = [item.decode() for item in value.reshape(-1).tolist()]
    texts = [re.sub(r"(\\000|\0)+$", "", item).replace("\\000", "\0") for item in got if isinstance(item, str)]
    if texts == items:
        return RIGHT
    if not texts and len(got) > len(items):
        return CODES
    return WRONG


# --- programs -------------------------------------------------------------------------------------------------------


def _run(command: list[str], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=SECONDS,
        env={**os.environ, "PYTHONPATH": "", **(environment or {})}, check=False,
    )  # fmt: skip
    return done.stdout


def _result(command: list[str]) -> dict[str, Any] | None:
    lines = [line for line in _run(command).splitlines() if line.startswith("RESULT ")]
    found: dict[str, Any] | None = json.loads(lines[-1].removeprefix("RESULT "), strict=False) if lines else None
    return found


def _h5dump(path: str, keys: list[str]) -> dict[str, Any] | None:
    if shutil.which("h5dump") is None:
        return None
    found: dict[str, Any] = {"version": _run(["h5dump", "--version"]).split()[-1]}
    for key in keys:
        text = _run(["h5dump", "-y", "-w", "0", "-d", f"/{key}", path]).partition("DATA {")[2].partition("ATTRIBUTE")[0]
        items = re.findall(r'"((?:[^"\\]|\\.)*)"|(-?[0-9.]+(?:e[-+]?[0-9]+)?|TRUE|FALSE)', text)
        found[key] = [text if not number else number if number.isalpha() else float(number) for text, number in items]
    return found


def programs(path: str, keys: list[str]) -> dict[str, dict[str, Any] | None]:
    """What each program reads; None for one that is not there."""
    python, node = os.environ.get("OTHER_PYTHON"), os.environ.get("NODE_PATH")
    found: dict[str, dict[str, Any] | None] = {"h5dump": _h5dump(path, keys)}
    for shown, name in (
        ("h5py", "h5py"), ("PyTables", "tables"), ("pandas", "pandas"), ("h5netcdf", "h5netcdf"), ("xarray", "xarray"),
        ("pyfive", "pyfive"),
    ):  # fmt: skip
        found[shown] = _result([python, str(HERE / "readers.py"), name, path, *keys]) if python else None
    for name in ("h5wasm", "jsfive"):
        found[name] = _result(["node", str(HERE / "readers.js"), name, path, *keys]) if node else None
    octave = shutil.which("octave")
    found["Octave"] = _result([octave, "--no-gui", "-q", str(HERE / "readers.m"), path, *keys]) if octave else None
    for name in ("rhdf5", "hdf5r"):
        script = str(HERE / "readers.R")
        found[name] = _result(["Rscript", script, name, path, *keys]) if shutil.which("Rscript") else None
    return found


def tools(path: str, folder: str) -> list[str]:
    """Lines about the tools that do not show values."""
    if shutil.which("h5repack") is None:
        return ["h5ls, h5diff and h5repack were not tried."]
    copy = f"{folder}/copy.h5"
    listed = _run(["h5ls", "-r", path])
    copied = not subprocess.run(["h5repack", path, copy], capture_output=True, check=False).returncode
    same = not subprocess.run(["h5diff", path, copy], capture_output=True, check=False).returncode
    result = "copies the file" if copied else "fails"
    difference = "no difference" if same else "differences"
    return [
        f"* `h5ls -r` lists {listed.count('Dataset')} datasets, all of the file.",
        f"* `h5repack` {result}; the copy has no valid seal until `hdfsaver reseal`.",
        f"* `h5diff` finds {difference} between the file and the copy.",
    ]


# --- the page -------------------------------------------------------------------------------------------------------


def tables() -> str:
    """The tables of the page."""
    listed = kinds()
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/all.h5"
        values = {kind.name: kind.value for kind in listed} | {"w": np.zeros(1, np.float32)}
        named = {kind.name: kind.dtype for kind in listed if kind.dtype}
        write_file(path, variables=values, structure=None, dtypes=named)
        found = programs(path, [*map(path_of, listed), "about"])
        lines = tools(path, folder)
    there = {name: result for name, result in found.items() if result is not None}
    heads = [f"{name} {result['version']}" for name, result in there.items()]
    rows = [f"| stored by hdfsaver {hdfsaver.__version__} | " + " | ".join(heads) + " |"]
    rows.append("| --- |" + " --- |" * len(heads))
    for kind in listed:
        cells = [judged(kind, result.get(path_of(kind))) for result in there.values()]
        rows.append(f"| {kind.shown} | " + " | ".join(cells) + " |")
    shown = [_about(result.get("about")) for result in there.values()]
    rows.append("| `/about` | " + " | ".join(shown) + " |")
    absent = [name for name, result in found.items() if result is None]
    return "\n".join([*rows, "", *lines, *([f"\nNot tried: {', '.join(absent)}."] if absent else []), ""])


def _about(found: Any) -> str:
    is_text = isinstance(found, list) and found and str(flat(found)[0]).startswith("This file is a checkpoint")
    return RIGHT if is_text else REFUSED if found is None or isinstance(found, dict) else WRONG


def main(arguments: list[str]) -> int:
    """Make or check the page; return the exit code."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    old, _, after = rest.partition(END)
    new = tables()
    if arguments == ["--check"]:
        return int(new != old)
    PAGE.write_text(before + BEGIN + new + END + after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
