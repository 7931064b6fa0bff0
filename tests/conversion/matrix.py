"""Each kind of source converted into each target, and what comes of each aspect: the table in docs/converting.md.

    python -m tests.conversion.matrix docs/converting.md

writes the table into the page, between its two marks. PyTorch must be installed for that; `rows` leaves out its rows
where it is not. An aspect that is neither kept, nor reported, nor refused is an error here: nothing is lost in silence.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import ml_dtypes
import numpy as np

import hdfsaver
from hdfsaver.conversion.report import Conversion
from hdfsaver.conversion.targets import TARGETS, Target
from hdfsaver.errors import OpError
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.formats.open_source import open_source
from hdfsaver.interop.bundle.bundle_writing import write_bundle
from hdfsaver.interop.bundle.object_graph import OBJECT_GRAPH as OBJECTS
from hdfsaver.interop.graphs.graph_files import read_meta_graph
from hdfsaver.storage.writing import Model, write_models

TESTS = Path(__file__).parents[1]
GRAPHS = TESTS / "interop" / "golden_graphs"

BEGIN = "<!-- written by: python -m tests.conversion.matrix docs/converting.md -->\n"
END = "<!-- end of the table -->\n"
COLUMNS = ("from", "to", "kept", "left out, as the report says", "an error", "sorted")

ORDERED = {"z": np.ones(2, np.float32), "a": np.arange(6, dtype=np.int32).reshape(2, 3), "m/k": np.zeros(1, np.int32)}
ARRAYS = {
    "arrays": {**ORDERED, "flag": np.array([True, False]), "wide": np.array([1e300, np.nan]), "step": np.array(7)},
    "order": ORDERED,
    "strings": {"z": np.array([b"a", b"\xff"], object)},
    "bfloat16": {"z": np.ones(3, ml_dtypes.bfloat16)},
    "objects": {"z": np.ones(2, np.float32), OBJECTS: np.array(b"\n\x02\x12\x01", object)},
}
NUMBERS = {"float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"}
ASPECTS = ("arrays", "order", "strings", "bfloat16", "graph", "collections", "objects", "metadata", "groups")
METADATA = {"author": "me"}

WRITTEN = tuple(target for target in TARGETS if target.write is not None and not target.layers)
"""The targets of the table: ONNX models and Keras files need graphs, see `test_onnx` and `test_keras_files`."""

Maker = Callable[[Path, str], Path | None]


class Kind(NamedTuple):
    """A kind of source: its name on the page, and a function that makes a file with an aspect, or gives None."""

    title: str
    make: Maker
    needs: str = ""


def _hdfsaver(folder: Path, aspect: str) -> Path | None:
    structure = read_meta_graph(GRAPHS / "resource.ckpt.meta") if aspect in ("graph", "collections") else None
    others = {"other": Model({"x": np.ones(1)}, None, {})} if aspect == "groups" else {}
    model = Model(ARRAYS.get(aspect, ORDERED), structure, {})
    write_models(folder / "a.h5", {"": model, **others}, metadata=METADATA if aspect == "metadata" else None)
    return folder / "a.h5"


def _h5py(folder: Path, aspect: str) -> Path | None:
    if aspect not in ("arrays", "order", "strings"):
        return None
    with h5py.File(folder / "a.h5", "w") as file:
        for name, value in ARRAYS[aspect].items():
            file[name] = value.astype("S1") if value.dtype == object else value
    return folder / "a.h5"


def _keras(folder: Path, aspect: str) -> Path | None:
    return TESTS / "formats" / "golden" / "archive.keras" if aspect in ("arrays", "order") else None


def _bundle(folder: Path, aspect: str) -> Path | None:
    if aspect in ("graph", "collections"):
        return GRAPHS / "resource.ckpt"
    if aspect not in ARRAYS:
        return None
    write_bundle(folder / "a.ckpt", ARRAYS[aspect], sort=False, durable=False)
    return folder / "a.ckpt"


def _v1(folder: Path, aspect: str) -> Path | None:
    return TESTS / "interop" / "golden" / "v1" if aspect in ("arrays", "order") else None


def _saved_model(folder: Path, aspect: str) -> Path | None:
    return GRAPHS / "saved" if aspect in ("arrays", "order", "graph", "collections") else None


def _graph(folder: Path, aspect: str) -> Path | None:
    if aspect in ("arrays", "order"):
        return GRAPHS / "frozen.pb"
    return GRAPHS / "small.ckpt.meta" if aspect in ("graph", "collections") else None


def _npz(folder: Path, aspect: str) -> Path | None:
    if aspect not in ("arrays", "order", "strings"):
        return None
    values = {name: value.astype("S1") if value.dtype == object else value for name, value in ARRAYS[aspect].items()}
    np.savez(folder / "a.npz", **values)
    return folder / "a.npz"


def _converted(ending: str, aspects: tuple[str, ...]) -> Maker:
    """A source that is itself a target."""

    def make(folder: Path, aspect: str) -> Path | None:
        if aspect not in aspects:
            return None
        before = _hdfsaver(folder, aspect)
        assert before is not None
        hdfsaver.convert(before, folder / f"a{ending}", durable=False)
        return folder / f"a{ending}"

    return make


KINDS = (
    Kind("an hdfsaver checkpoint", _hdfsaver),
    Kind("HDF5 of another program", _h5py),
    Kind("a Keras file", _keras),
    Kind("a TensorFlow checkpoint", _bundle),
    Kind("a TensorFlow checkpoint, first format", _v1),
    Kind("a SavedModel", _saved_model),
    Kind("a TensorFlow graph", _graph),
    Kind("a NumPy archive", _npz),
    Kind("a safetensors file", _converted(".safetensors", ("arrays", "order", "bfloat16", "metadata"))),
    Kind("a PyTorch file", _converted(".pt", ("arrays", "order", "bfloat16")), "torch"),
)


def has_torch() -> bool:
    """Whether PyTorch is installed."""
    return importlib.util.find_spec("torch") is not None


def rows() -> Iterator[tuple[str, ...]]:
    """The rows of the table, as far as the libraries that they need are installed."""
    for kind in KINDS:
        for target in WRITTEN:
            if "torch" not in (kind.needs, target.name) or has_torch():
                yield row(kind, target)


def row(kind: Kind, target: Target) -> tuple[str, ...]:
    """The row of a source and a target."""
    found: dict[str, list[str]] = {outcome: [] for outcome in ("kept", "said", "refused", "sorted")}
    for aspect, made in _aspects(kind, target).items():
        with tempfile.TemporaryDirectory() as folder:
            source = kind.make(Path(folder), made)
            outcome = None if source is None else _outcome(aspect, source, Path(folder), target)
        if outcome is not None:
            found[outcome].append("one array" if target.name == "npy" and aspect == "arrays" else aspect)
    return (kind.title, f"`{target.name}`", *(", ".join(aspects) for aspects in found.values()))


def _aspects(kind: Kind, target: Target) -> dict[str, str]:
    """The aspects to try, each with that of the file that is made."""
    if target.most_arrays != 0:
        return dict(zip(ASPECTS, ASPECTS, strict=True))
    with tempfile.TemporaryDirectory() as folder:
        if kind.make(Path(folder), "graph") is None:
            return {"arrays": "arrays"}
    return {"graph": "graph", "collections": "graph", "arrays": "graph"}


def _outcome(aspect: str, source: Path, folder: Path, target: Target) -> str | None:
    path = folder / f"b{'' if target.name == 'tensorflow' else target.endings[0]}"
    with open_source(source) as before:
        options = _options(aspect, before, target)
        if options is None or (aspect in ("arrays", "order") and not before):
            return None
        try:
            done = hdfsaver.convert(source, path, durable=False, **options)
        except (OpError, TypeError) as error:
            return _refused(error, before)
        if target.name == "npy":
            return _of_one(aspect, before, path, done)
        with open_source(path) as after:
            return _found(aspect, before, after, done)


def _refused(error: Exception, before: TensorFile) -> str:
    assert any(text in str(error) for text in [*before, "has no graph", "no arrays"]), error
    return "refused"


def _options(aspect: str, before: TensorFile, target: Target) -> dict[str, Any] | None:
    """The arguments of a conversion; None where the aspect does not concern the target."""
    if target.most_arrays == 0:
        return {}
    if target.name == "npy":
        first = next(iter(before), "")
        return None if aspect == "order" else {"include": [first] if first else []}
    if aspect in ("arrays", "order") or (before.are_constants and not target.has_graph):
        return {"include": [name for name, entry in before.variables.items() if entry.dtype in NUMBERS]}
    return {}


def _of_one(aspect: str, before: TensorFile, path: Path, done: Conversion) -> str:
    (name,) = done.names.values()
    if aspect in ("arrays", "strings", "bfloat16"):
        np.testing.assert_array_equal(before[name], np.load(path).astype(before[name].dtype))
        return "kept"
    return _said(aspect, done)


def _found(aspect: str, before: TensorFile, after: TensorFile, done: Conversion) -> str:
    """The outcome of a conversion that was made."""
    kept = {
        "graph": lambda: _same_graph(before, after),
        "collections": lambda: _collections(before) == _collections(after),
        "metadata": lambda: before.metadata() == after.metadata(),
        "groups": lambda: before.groups() == after.groups(),
        "order": lambda: list(done.names.values()) == list(after),
        "objects": lambda: OBJECTS in after,
    }.get(aspect, lambda: bool(done.names))
    for name, old in done.names.items():
        assert (before[old].dtype, before[old].shape) == (after[name].dtype, after[name].shape)
        assert before[old].tolist() == after[name].tolist() or before[old].tobytes() == after[name].tobytes()
    if kept():
        return "kept"
    if aspect in ("arrays", "order") and before.are_constants and done.has_graph:
        assert _same_graph(before, after)
        return "kept"
    if aspect == "order":
        assert set(done.names) == set(after)
        return "sorted"
    return _said(aspect, done)


def _collections(file: TensorFile) -> Any:
    structure = file.structure()
    return None if structure is None else {name: each.value for name, each in structure.collections.items()}


def _same_graph(before: TensorFile, after: TensorFile) -> bool:
    old, new = before.structure(), after.structure()
    if old is None or new is None:
        return False
    nodes = [{name: data["op"] for name, data in each.digraph.nodes(data=True)} for each in (old, new)]
    return nodes[0] == nodes[1] and set(old.digraph.edges) == set(new.digraph.edges)


def _said(aspect: str, done: Conversion) -> str:
    starts = {
        "graph": "The graph is left out",
        "collections": "beside the operations: collections" if done.has_graph else "The graph is left out",
        "metadata": "Metadata are left out",
        "groups": "The models of other groups are left out",
    }
    is_said = (
        OBJECTS in done.left_out
        if aspect == "objects"
        else any(starts.get(aspect, "Arrays that are left out") in remark for remark in done.remarks)
    )
    assert is_said, f"{aspect}: lost in silence, {done}"
    return "said"


def table() -> str:
    """The whole table."""
    return "\n".join(line(cells) for cells in [COLUMNS, ("---",) * len(COLUMNS), *rows()]) + "\n"


def line(cells: tuple[str, ...]) -> str:
    """A row as the page has it."""
    return f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")


def main(page: Path) -> None:
    """Write the table into the page."""
    assert has_torch(), "the table has rows for PyTorch, which must be installed"
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
