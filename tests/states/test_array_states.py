"""Files of arrays beside dicts, and files of digraphs beside digraphs: written, replaced, opened, read in parts.

See `test_saver_states` for a longer run.
"""

from __future__ import annotations

import copy
import math
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import networkx as nx
import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

import hdfsaver as tf
from hdfsaver import dtypes
from hdfsaver.storage.hdf5 import narrow_numbers
from tests.states.drawn import MAYBE_FAULTS, examples
from tests.states.faults import Fault, attempt
from tests.states.folder import descriptors

DTYPES = [row.name for row in dtypes.TABLE if row.hdf5 is not None and not dtypes.as_dtype(row.name).is_quantized]

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
NAMES = st.one_of(
    st.sampled_from(["", "/", "a", "a/b", "a/b/c", "/a", "a/", "a//b", ".", "..", "a/../b", "%", "%2F", "a%2Fb", "\0"]),
    TEXTS,
)
SHAPES = st.one_of(
    st.lists(st.integers(0, 4), max_size=4).map(tuple), st.sampled_from([(300, 250), (9, 8, 1000), (70_000,)])
)
LAYOUTS = st.sampled_from(["C", "F", "strided", "reversed", "swapped"])


def array_of(dtype: str, shape: tuple[int, ...], seed: int) -> Any:
    """An array of arbitrary values; of floats every pattern of bits, NaN with payloads among them."""
    generator = np.random.default_rng(seed)
    if dtype == "string":
        found = np.empty(shape, object)
        for place in np.ndindex(shape):
            found[place] = generator.bytes(int(generator.integers(0, 4)))
        return found
    kind = np.dtype(dtypes.numpy_dtype(dtype))
    size = math.prod(shape)
    if dtype == "bool" or dtype in narrow_numbers.BITS:
        codes = 2 if dtype == "bool" else 1 << narrow_numbers.BITS[dtype]
        return generator.integers(0, codes, shape, dtype=np.uint8).view(kind)
    return np.frombuffer(generator.bytes(size * kind.itemsize), kind).reshape(shape).copy()


def laid_out(array: Any, layout: str) -> Any:
    """The same values with other strides, or in the other byte order."""
    if layout == "F":
        return np.array(array, order="F")
    if layout == "swapped" and array.dtype.kind in "iufc":
        return array.astype(array.dtype.newbyteorder())
    if layout in ("strided", "reversed") and array.ndim:
        step = 2 if layout == "strided" else -1
        wide = np.repeat(array, 2, axis=0) if step == 2 else array[::-1].copy()
        return wide[::step]
    return array


def assert_same(expected: Any, found: Any) -> None:
    """Dtype, shape and every bit."""
    expected, found = np.asarray(expected), np.asarray(found)
    assert (expected.dtype, expected.shape) == (found.dtype, found.shape)
    if expected.dtype == object:
        assert expected.tolist() == found.tolist()
    else:
        assert expected.tobytes() == found.tobytes()


class FileStates(RuleBasedStateMachine):
    """Two files of a folder, each beside what it should be now."""

    def __init__(self) -> None:
        super().__init__()
        self.path = Path(tempfile.mkdtemp())

    def teardown(self) -> None:
        shutil.rmtree(self.path)

    def write(self, action: Any, fault: Fault | None) -> bool:
        """Write, and say whether it came to its end; nothing half-made is left, but by who is killed."""
        before = descriptors()
        raised = attempt([action], fault)
        assert before == descriptors()
        is_fired = fault is not None and fault.fired
        assert is_fired or not raised
        drafts = [name for name in os.listdir(self.path) if name.endswith(".tmp")]
        allowed = fault is not None and is_fired and (fault.kind == "kill" or fault.operation == "unlink")
        assert allowed or not raised or len(drafts) <= self.drafts
        assert is_fired or not drafts
        self.drafts = len(drafts)
        return not raised

    drafts = 0


class ArrayStates(FileStates):
    """Arrays in a dict, which are saved as a whole, and looked at in all ways."""

    def __init__(self) -> None:
        super().__init__()
        self.arrays: dict[str, Any] = {}
        self.given: dict[str, Any] = {}
        self.saved: tuple[dict[str, Any], dict[str, str]] | None = None
        self.opened: list[tuple[Any, dict[str, Any], dict[str, str]]] = []

    def teardown(self) -> None:
        for file, _arrays, _metadata in self.opened:
            file.close()
        super().teardown()

    @rule(
        items=st.dictionaries(
            NAMES, st.tuples(st.sampled_from(DTYPES), SHAPES, st.integers(0, 99), LAYOUTS), min_size=1, max_size=4
        )
    )
    def put(self, items: dict[str, Any]) -> None:
        for name, (dtype, shape, seed, layout) in items.items():
            self.arrays[name] = array_of(dtype, shape, seed)
            self.given[name] = laid_out(self.arrays[name], layout)

    @precondition(lambda self: self.arrays)
    @rule(which=st.integers(0, 99))
    def drop(self, which: int) -> None:
        name = list(self.arrays)[which % len(self.arrays)]
        del self.arrays[name], self.given[name]

    @rule(
        metadata=st.dictionaries(TEXTS, TEXTS, max_size=2),
        compression=st.sampled_from([None, None, "gzip"]),
        durable=st.booleans(),
        fault=MAYBE_FAULTS,
    )
    def save(self, metadata: dict[str, str], compression: str | None, durable: bool, fault: Fault | None) -> None:
        """The file is what was saved; where that fails, what it was, or what it should have become."""

        def action() -> None:
            tf.save_file(self.given, self.path / "x.h5", metadata, compression=compression, durable=durable)

        is_done = self.write(action, None if fault is None else replace(fault))
        new = (dict(self.arrays), metadata)
        if is_done or self.holds(new):
            self.saved = new
        assert self.saved is None or self.holds(self.saved)

    @precondition(lambda self: self.saved)
    @rule(text=TEXTS, fault=MAYBE_FAULTS)
    def reseal(self, text: str, fault: Fault | None) -> None:
        """Another program replaces the file by one with content of its own; where resealing fails, nothing changes."""
        path, changed = self.path / "x.h5", self.path / "changed.h5"
        shutil.copy(path, changed)
        with h5py.File(changed, "a") as file:
            file.attrs["note"] = text.replace("\0", "")
            file.require_group("other").attrs["text"] = ["a", "bb"]
        os.replace(changed, path)
        before = path.read_bytes()
        is_done = self.write(lambda: tf.reseal(path), None if fault is None else replace(fault))
        if not is_done and path.read_bytes() == before:
            tf.reseal(path)
        assert self.saved is None or self.holds(self.saved)
        with h5py.File(path) as file:
            assert text.replace("\0", "") == file.attrs["note"]
            assert ["a", "bb"] == list(file["other"].attrs["text"])

    def holds(self, saved: tuple[dict[str, Any], dict[str, str]]) -> bool:
        """Whether the file has those arrays, in that order."""
        if not (self.path / "x.h5").exists():
            return False
        with tf.open_file(self.path / "x.h5") as file:
            file.verify()
            found = (dict(file), file.metadata())
        try:
            assert list(saved[0]) == list(found[0])
            assert saved[1] == found[1]
            for name, array in saved[0].items():
                assert_same(array, found[0][name])
        except AssertionError:
            return False
        return True

    @precondition(lambda self: self.saved)
    @rule(mmap_mode=st.sampled_from([None, "r", "c"]))
    def load(self, mmap_mode: str | None) -> None:
        arrays = self.saved[0] if self.saved else {}
        found = tf.load_file(self.path / "x.h5", mmap_mode=mmap_mode)
        assert list(arrays) == list(found)
        for name, array in arrays.items():
            assert_same(array, found[name])
            if mmap_mode != "r" and array.dtype != object:
                found[name][...] = np.zeros((), array.dtype)  # nobody else's
        assert self.saved is None or self.holds(self.saved)

    @precondition(lambda self: self.saved and len(self.opened) < 3)
    @rule()
    def open(self) -> None:
        assert self.saved
        self.opened.append((tf.open_file(self.path / "x.h5"), *self.saved))

    @precondition(lambda self: self.opened)
    @rule()
    def close(self) -> None:
        file, arrays, _metadata = self.opened.pop(0)
        file.close()
        assert list(arrays) == list(file)
        for name in arrays:
            with pytest.raises(tf.errors.FailedPreconditionError):
                file[name]

    @precondition(lambda self: self.opened)
    @rule(which=st.integers(0, 2), data=st.data())
    def look(self, which: int, data: st.DataObject) -> None:
        """A file that is open stays what it was, whatever has replaced it; parts of it are NumPy's."""
        file, arrays, metadata = self.opened[which % len(self.opened)]
        assert (list(arrays), metadata) == (list(file), file.metadata())
        assert "no such name" not in file
        for name, array in arrays.items():
            assert_same(array, file[name])
            part = file.get_slice(name)
            assert list(array.shape) == part.get_shape()
            index = data.draw(indices(array.shape), label=name)
            assert_same(array[index], part[index])


def indices(shape: tuple[int, ...]) -> st.SearchStrategy[Any]:
    """Integers and slices, of any sign and step, for some of the dimensions, and perhaps an Ellipsis."""
    bounds = st.none() | st.integers(-6, 6)
    parts = [
        st.builds(slice, bounds, bounds, st.sampled_from([None, 1, 2, 3, -1, -2, 50]))
        | (st.integers(-size, size - 1) if size else st.just(slice(None)))
        for size in shape
    ]
    full = st.tuples(*parts)

    def shortened(index: tuple[Any, ...]) -> st.SearchStrategy[Any]:
        def with_ellipsis(places: tuple[int, int]) -> tuple[Any, ...]:
            first, last = sorted(places)
            return (*index[:first], ..., *index[last:])

        place = st.integers(0, len(index))
        return st.one_of(st.just(index), place.map(lambda end: index[:end]), st.tuples(place, place).map(with_ellipsis))

    return full.flatmap(shortened)


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), TEXTS, st.binary(max_size=5)
)
KEYS = st.one_of(st.integers(-3, 3), TEXTS, st.binary(max_size=2), st.tuples(st.integers(0, 2), TEXTS), st.none())
ARRAYS = st.builds(
    array_of,
    st.sampled_from(DTYPES),
    st.lists(st.integers(0, 3), max_size=3).map(tuple),
    st.integers(0, 99),
)
VALUES = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(KEYS, inner, max_size=3)
        | st.sets(KEYS, max_size=3)
        | st.frozensets(KEYS, max_size=3)
    ),
    max_leaves=5,
)
ATTRIBUTES = st.dictionaries(TEXTS, VALUES, max_size=2)


def frozen(value: Any) -> Any:
    """A value with all that is to come back, the types included, as something that can be compared."""
    if isinstance(value, np.ndarray):
        return "array", value.dtype, value.shape, frozen(value.tolist()) if value.dtype == object else value.tobytes()
    if isinstance(value, list | tuple):
        return type(value), [frozen(item) for item in value]
    if isinstance(value, dict):
        return dict, [(frozen(key), frozen(item)) for key, item in value.items()]
    if isinstance(value, set | frozenset):
        return type(value), sorted(repr(frozen(item)) for item in value)
    return type(value), repr(value)  # of every float, -0.0 and NaN too


def frozen_graph(graph: Any) -> Any:
    """A digraph with the order of everything."""
    return (
        frozen(graph.graph),
        [(frozen(node), frozen(attributes)) for node, attributes in graph.nodes(data=True)],
        [[(frozen(other), frozen(edge)) for other, edge in graph.succ[node].items()] for node in graph],
        [[frozen(other) for other in graph.pred[node]] for node in graph],
    )


class DigraphStates(FileStates):
    """A digraph that grows and shrinks, and is written now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.graph: Any = nx.DiGraph()
        self.saved: Any = None

    @rule(nodes=st.lists(st.tuples(KEYS, ATTRIBUTES), max_size=3), edges=st.lists(st.tuples(KEYS, KEYS), max_size=4))
    def add(self, nodes: list[Any], edges: list[Any]) -> None:
        real = [(node, attributes) for node, attributes in nodes if node is not None]  # networkx has no node None
        self.graph.add_nodes_from(real)
        self.graph.add_edges_from(edge for edge in edges if None not in edge)

    @precondition(lambda self: len(self.graph) > 0)
    @rule(which=st.integers(0, 99), attributes=ATTRIBUTES, value=VALUES)
    def change(self, which: int, attributes: dict[str, Any], value: Any) -> None:
        nodes, edges = list(self.graph), list(self.graph.edges)
        self.graph.nodes[nodes[which % len(nodes)]].update(attributes)
        self.graph.graph["x"] = value
        if edges:
            self.graph.edges[edges[which % len(edges)]].update(attributes)

    @precondition(lambda self: len(self.graph) > 0)
    @rule(which=st.integers(0, 99), also_an_edge=st.booleans())
    def remove(self, which: int, also_an_edge: bool) -> None:
        nodes, edges = list(self.graph), list(self.graph.edges)
        if edges and also_an_edge:
            self.graph.remove_edge(*edges[which % len(edges)])
        self.graph.remove_node(nodes[which % len(nodes)])

    @rule(fault=MAYBE_FAULTS)
    def write_graph(self, fault: Fault | None) -> None:
        """What is read is what was written, or what was written before where that fails."""
        path = self.path / "g.h5"
        is_done = self.write(lambda: tf.write_digraph(self.graph, path), None if fault is None else replace(fault))
        new = frozen_graph(copy.deepcopy(self.graph))
        found = frozen_graph(tf.read_digraph(path)) if path.exists() else None
        assert found == new or (not is_done and found == self.saved)
        self.saved = found


TestArrayStates = ArrayStates.TestCase
TestArrayStates.settings = examples(12, 15)

TestDigraphStates = DigraphStates.TestCase
TestDigraphStates.settings = examples(12, 15)
