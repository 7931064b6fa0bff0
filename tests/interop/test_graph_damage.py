"""Damaged and malicious graph files: a clean error or a graph, quickly and in little memory."""

from __future__ import annotations

import gc
import math
import random
import shutil
import time
import tracemalloc
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hdfsaver as tf
from hdfsaver import schema
from hdfsaver.errors import DataLossError, InvalidArgumentError, ResourceExhaustedError
from hdfsaver.interop.graphs import graph_files
from hdfsaver.interop.graphs.message_files import write_message
from hdfsaver.messages import message_classes
from hdfsaver.messages.attr_values import AttributeReader
from tests.interop.graphs.test_graph_files import FOLDER, assert_nothing_lost, new_graph, through_hdf5
from tests.interop.test_damage import damages

SECONDS = 1.0
"""Of the processor's time, for one case."""
MEMORY = 64 << 20

READERS: dict[str, Callable[[Path], Any]] = {
    "small.ckpt.meta": graph_files.read_meta_graph,
    "resource.ckpt.meta": graph_files.read_meta_graph,
    "frozen.pb": graph_files.read_graph_def,
    "frozen.pbtxt": graph_files.read_graph_def,
    "saved_model.pb": lambda path: graph_files.read_saved_model(path.parent),
}


def content_of(name: str) -> bytes:
    """The bytes of a golden file."""
    return next(FOLDER.rglob(name)).read_bytes()


def structures(found: Any) -> list[schema.Structure]:
    """The graphs in what a reader gave."""
    return [found] if isinstance(found, schema.Structure) else [graph.structure for graph in found.meta_graphs]


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_damage_gives_a_clean_error_or_a_graph(tmp_path: Path, name: str) -> None:
    """Hundreds of damages to each file; what is read is a graph, can be written, and fits into memory."""
    content = content_of(name)
    path = tmp_path / name
    errors = named = 0
    gc.freeze()  # what other tests have left costs no time here
    tracemalloc.start()
    try:
        for what, damaged in islice(damages(content, np.random.default_rng(len(content))), 0, None, 3):
            path.write_bytes(damaged)
            start = time.process_time()
            try:
                for structure in structures(READERS[name](path)):
                    schema.validate(structure.digraph)
            except (DataLossError, ResourceExhaustedError) as error:
                named += str(path) in str(error)
                errors += 1
            assert SECONDS > time.process_time() - start, what
        assert MEMORY > tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        gc.unfreeze()
    assert 40 < errors == named


def test_damage_is_an_oserror_of_import_meta_graph(tmp_path: Path) -> None:
    """As for HDF5, `import_meta_graph` turns what is wrong with a file into an OSError that names it."""
    path = tmp_path / "x.ckpt.meta"
    path.write_bytes(content_of("small.ckpt.meta")[:5000])
    with tf.Graph().as_default() as graph, pytest.raises(OSError, match=r"Cannot read the graph in .*x\.ckpt\.meta"):
        tf.train.import_meta_graph(path)
    assert [] == graph.get_operations()


def test_damaged_graphs_do_not_break_an_import(tmp_path: Path) -> None:
    """Whatever can be read is imported or refused with a documented error."""
    content = content_of("small.ckpt.meta")
    path = tmp_path / "x.meta"
    rng = np.random.default_rng(7)
    imported = 0
    for _ in range(150):
        changed = bytearray(content)
        changed[int(rng.integers(len(content)))] = int(rng.integers(256))
        path.write_bytes(bytes(changed))
        with tf.Graph().as_default():
            try:
                tf.train.import_meta_graph(path)
                imported += 1
            except (OSError, ValueError, KeyError, TypeError):
                pass
    assert 20 < imported


# -- claims ------------------------------------------------------------------------------------------------------------


def constant(dtype: int, *sizes: int) -> Any:
    """A graph of one constant that says to be of some size, and has no elements."""
    message = new_graph({"name": "c", "op": "Const"})
    tensor = message.graph_def.node[0].attr["value"].tensor
    tensor.dtype = dtype
    for size in sizes:
        tensor.tensor_shape.dim.add(size=size)
    return message


@pytest.mark.parametrize(
    ("dtype", "sizes"),
    [
        (1, (2**40,)),
        (1, (2**20, 2**20)),
        (1, (2**62, 2**62)),
        (7, (2**40,)),
        (9, (2**63 - 1,)),
        (1, (-5,)),
        (1, (1,) * 300),
        (1, (0, 2**62)),
        (99, (3,)),
        (20, (3,)),
    ],
)
def test_a_constant_that_claims_too_much_is_kept_as_it_is(tmp_path: Path, dtype: int, sizes: tuple[int, ...]) -> None:
    """A terabyte of nothing, sizes that no array has and dtypes without values take no memory, and are not lost."""
    tracemalloc.start()
    try:
        structure = assert_nothing_lost(constant(dtype, *sizes), tmp_path)
        assert MEMORY > tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    value = structure.digraph.nodes["c"]["attrs"].get("value")
    assert value is None or 0 == value.size


def test_constants_that_claim_much_for_little_are_refused(tmp_path: Path) -> None:
    """Two elements, the second of which stands for a million, in many nodes: refused by a limit that can be raised."""
    message = new_graph(*({"name": f"c{number}", "op": "Const"} for number in range(5)))
    for number, node in enumerate(message.graph_def.node):
        tensor = node.attr["value"].tensor
        tensor.dtype = 1
        tensor.tensor_shape.dim.add(size=10**6)
        tensor.float_val.extend([1.0, float(number)])
    write_message(tmp_path / "x.meta", message)
    with tf.limits.use(declared_bytes=10**7):
        with pytest.raises(ResourceExhaustedError, match=r"x\.meta.*limit `declared_bytes`"):
            graph_files.read_meta_graph(tmp_path / "x.meta")
        with tf.limits.use(declared_bytes=10**8):
            structure = graph_files.read_meta_graph(tmp_path / "x.meta")
    assert [1.0, 3.0, 3.0] == structure.digraph.nodes["c3"]["attrs"]["value"][[0, 1, -1]].tolist()


def test_operations_that_claim_many_outputs(tmp_path: Path) -> None:
    """Neither a definition nor an input makes a node of a trillion outputs."""
    message = new_graph({"name": "a", "op": "Many"})
    definition = message.meta_info_def.stripped_op_list.op.add(name="Many")
    definition.output_arg.add(name="out", type=1, number_attr="N")
    message.graph_def.node[0].attr["N"].i = 2**40
    assert () == assert_nothing_lost(message, tmp_path).digraph.nodes["a"]["outputs"]
    message.graph_def.node.add(name="b", op="B", input=[f"a:{2**40}"])
    write_message(tmp_path / "x.meta", message)
    with pytest.raises(DataLossError, match="'a:1099511627776', which is not there"):
        graph_files.read_meta_graph(tmp_path / "x.meta")


def test_outputs_of_all_operations_are_limited_together(tmp_path: Path) -> None:
    """Each of three operations has fewer than the limit allows; with a higher limit, the graph is read."""
    message = new_graph(*({"name": name, "op": "Many"} for name in "abc"))
    definition = message.meta_info_def.stripped_op_list.op.add(name="Many")
    definition.output_arg.add(name="out", type=1, number_attr="N")
    for node in message.graph_def.node:
        node.attr["N"].i = 10_000
    write_message(tmp_path / "x.meta", message)
    refused = r"x\.meta: the outputs of operation 'b': .*declares 20000 elements.*`elements`"
    for read in (graph_files.read_meta_graph, tf.train.import_meta_graph):
        with tf.limits.use(elements=10_000), pytest.raises(ResourceExhaustedError, match=refused):
            read(tmp_path / "x.meta")
    with tf.limits.use(elements=30_000):
        outputs = graph_files.read_meta_graph(tmp_path / "x.meta").digraph.nodes["c"]["outputs"]
    assert (("float32", None),) * 10_000 == outputs


def test_outputs_that_others_take_are_limited(tmp_path: Path) -> None:
    """The last output of an operation without a definition tells how many it has."""
    message = new_graph({"name": "a", "op": "A"}, {"name": "b", "op": "B", "input": ["a:900000"]})
    write_message(tmp_path / "x.meta", message)
    with tf.limits.use(elements=1000), pytest.raises(ResourceExhaustedError, match=r"'a': .*`elements`"):
        graph_files.read_meta_graph(tmp_path / "x.meta")
    assert 900_001 == len(graph_files.read_meta_graph(tmp_path / "x.meta").digraph.nodes["a"]["outputs"])


@pytest.mark.parametrize("field", ["tensor", "list", "func", "functions"])
def test_repeated_elements_are_not_written_out(field: str) -> None:
    """To see whether an attribute is written as it was read, its tensors are not written with all their elements."""
    attribute = message_classes.AttrValue()
    inner = attribute.list.func.add() if field == "functions" else attribute.func
    tensor = {
        "tensor": lambda: attribute.tensor,
        "list": attribute.list.tensor.add,
        "func": lambda: inner.attr["x"].tensor,
        "functions": lambda: inner.attr["x"].tensor,
    }[field]()
    tensor.dtype = 1
    tensor.tensor_shape.dim.add(size=2**20)
    tensor.float_val.extend([1.0, 2.0])
    tracemalloc.start()
    try:
        found = AttributeReader().read(attribute)
        assert tracemalloc.get_traced_memory()[1] < 6 << 20
    finally:
        tracemalloc.stop()
    assert found is not None
    assert not found.is_exact
    with tf.limits.use(declared_bytes=2**20), pytest.raises(ResourceExhaustedError, match="`declared_bytes`"):
        AttributeReader().read(attribute)


def program(*nodes: dict[str, Any]) -> message_classes.GraphDef:
    """A graph with the constant ``a``, and nodes: of each the attributes that are numbers are of the kind ``i``."""
    graph = message_classes.GraphDef()
    first = graph.node.add(name="a", op="Const")
    first.attr["dtype"].type = first.attr["value"].tensor.dtype = 3
    for fields in nodes:
        numbers = fields.pop("numbers", {})
        node = graph.node.add(**fields)
        node.attr["T"].type = 3
        for key, number in numbers.items():
            node.attr[key].i = number
    return graph


INPUTS = pytest.raises(InvalidArgumentError, match=r"expected \d+ inputs do not match .* node 'x'")
OUTPUTS = pytest.raises(ResourceExhaustedError, match="Node 'x': .*`elements`")


@pytest.mark.parametrize(
    ("node", "refused"),
    [
        ({"op": "Pack", "input": ["a", "a"], "numbers": {"N": 10**8, "axis": 0}}, INPUTS),
        ({"op": "Split", "input": ["a", "a"], "numbers": {"num_split": 10**8}}, OUTPUTS),
        ({"op": "Unpack", "input": ["a"], "numbers": {"num": 10**8, "axis": 0}}, OUTPUTS),
        ({"op": "AddN", "input": ["a"], "numbers": {"N": 2**62}}, INPUTS),
    ],
    ids=["Pack", "Split", "Unpack", "AddN"],
)
def test_numbers_of_inputs_and_outputs_are_limited(node: dict[str, Any], refused: pytest.RaisesExc[Exception]) -> None:
    """A hundred million of them are refused before a list of them is made, and the graph is unchanged."""
    definition = program({"name": "x", **node})
    tracemalloc.start()
    try:
        with tf.Graph().as_default() as graph, refused:
            tf.import_graph_def(definition, name="")
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
    assert [] == graph.get_operations()


def test_outputs_of_many_operations_are_limited() -> None:
    """What each of them may have, not all may; with a higher limit, the graph is imported."""
    definition = program(*({"name": f"x{i}", "op": "Split", "input": ["a", "a"]} for i in range(3)))
    for node in definition.node[1:]:
        node.attr["num_split"].i = 3000
    definition.node[0].attr["value"].tensor.tensor_shape.SetInParent()
    unknown = definition.node.add(name="p", op="Placeholder")
    unknown.attr["dtype"].type = 3
    for node in definition.node[1:4]:
        node.input[1] = "p"
    refused = pytest.raises(ResourceExhaustedError, match=r"Node 'x1': its outputs: .*`elements`")
    with tf.limits.use(elements=3000), tf.Graph().as_default(), refused:
        tf.import_graph_def(definition, name="")
    with tf.limits.use(elements=9000), tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
        assert 3000 == len(graph.get_operation_by_name("x2").outputs)


@pytest.mark.parametrize("scope", ["", "s"])
def test_outputs_are_limited_where_shapes_do_not_fit(tmp_path: Path, scope: str) -> None:
    """A `.meta` whose shapes contradict its operations is imported all the same, with as many outputs as is allowed."""
    definition = program(*({"name": f"x{i}", "op": "Split", "input": ["d", "a"]} for i in range(3)))
    for node in definition.node[1:]:
        node.attr["num_split"].i = 3000
    axis = definition.node.add(name="d", op="Const")
    axis.attr["dtype"].type = axis.attr["value"].tensor.dtype = 3
    axis.attr["value"].tensor.tensor_shape.SetInParent()
    write_message(tmp_path / "x.meta", message_classes.MetaGraphDef(graph_def=definition))
    refused = pytest.raises(ResourceExhaustedError, match=r"Node 'x1': its outputs: .*`elements`")
    with tf.limits.use(elements=3000), tf.Graph().as_default() as graph, refused:
        tf.train.import_meta_graph(tmp_path / "x.meta", import_scope=scope)
    assert [] == graph.get_operations()
    with tf.limits.use(elements=9000), tf.Graph().as_default() as graph:
        tf.train.import_meta_graph(tmp_path / "x.meta", import_scope=scope)
        assert 3000 == len(graph.get_operations()[1].outputs)


@pytest.mark.parametrize("scope", ["", "s"])
def test_inputs_are_checked_where_shapes_do_not_fit(tmp_path: Path, scope: str) -> None:
    """Nor does an input that its source does not have come into the graph then."""
    definition = program(
        {"name": "x", "op": "Split", "input": ["a", "a"], "numbers": {"num_split": 3}},
        {"name": "y", "op": "Neg", "input": ["a:7"]},
    )
    write_message(tmp_path / "x.meta", message_classes.MetaGraphDef(graph_def=definition))
    refused = pytest.raises(InvalidArgumentError, match="Node 'y': Connecting to invalid output 7 of source node a")
    with tf.Graph().as_default() as graph, refused:
        tf.train.import_meta_graph(tmp_path / "x.meta", import_scope=scope)
    assert [] == graph.get_operations()


def test_a_vector_of_sizes_without_an_end() -> None:
    """A shape of a trillion dimensions is not known, and takes no memory."""
    definition = program({"name": "f", "op": "Fill", "input": ["p", "a"]})
    definition.node[1].attr["index_type"].type = 3
    vector = definition.node.add(name="p", op="Placeholder")
    vector.attr["dtype"].type = 3
    vector.attr["shape"].shape.dim.add(size=2**40)
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
        assert graph.get_tensor_by_name("f:0").shape.ndims is None


def test_a_message_names_few_of_many_inputs() -> None:
    """A list of a million dtypes does not become a sentence of megabytes."""
    definition = program({"name": "x", "op": "Assert", "input": ["a"]})
    definition.node[1].attr["T"].list.type.extend([3] * 10**5)
    with tf.Graph().as_default(), pytest.raises(ValueError, match="and 99993 more do not match 1 inputs") as caught:
        tf.import_graph_def(definition, name="")
    assert len(str(caught.value)) < 2000


def test_ranks_of_millions(tmp_path: Path) -> None:
    """The product of a hundred thousand dimensions, a number of millions of digits, is not computed."""
    graph = message_classes.GraphDef()
    node = graph.node.add(name="a", op="Const")
    node.attr["dtype"].type = node.attr["value"].tensor.dtype = 1
    node.attr["value"].tensor.float_val.extend([1.0, 2.0])
    for _ in range(100_000):
        node.attr["value"].tensor.tensor_shape.dim.add(size=2**62)
    write_message(tmp_path / "x.pb", graph)
    start = time.process_time()
    graph_files.read_graph_def(tmp_path / "x.pb")
    with tf.open_file(tmp_path / "x.pb") as file, pytest.raises(InvalidArgumentError, match="100000 dimensions"):
        file["a"]
    assert time.process_time() - start < SECONDS


def test_functions_that_call_themselves_are_kept(tmp_path: Path) -> None:
    """Functions are never followed, be it in a circle."""
    message = new_graph({"name": "a", "op": "f"})
    for name, called in (("f", "g"), ("g", "f"), ("h", "h")):
        function = message.graph_def.library.function.add()
        function.signature.name = name
        function.node_def.add(name="call", op=called)
    assert_nothing_lost(message, tmp_path)


def test_deep_nesting_is_a_clean_error(tmp_path: Path) -> None:
    """Functions in attributes of functions: some levels are kept, thousands refused, as binary and as text."""
    message = new_graph({"name": "a", "op": "A"})
    inner = message.graph_def.node[0].attr["f"]
    for _ in range(25):
        inner.func.name = "g"
        inner = inner.func.attr["f"]
    inner.b = True
    assert_nothing_lost(message, tmp_path)
    (tmp_path / "x.pbtxt").write_text("node { attr { key: 'f' value { " + "list { func { attr { value { " * 5000)
    with pytest.raises(DataLossError, match=r"x\.pbtxt"):
        graph_files.read_graph_def(tmp_path / "x.pbtxt")


@pytest.mark.parametrize(
    ("inputs", "match"),
    [
        (["nobody"], "'nobody', which is not there"),
        (["^nobody"], "'nobody', which is not there"),
        (["a:x"], "'a:x', which is not there"),
        (["a:-1"], "'a:-1', which is not there"),
        ([""], "which is not there"),
    ],
)
def test_inputs_that_cannot_be(tmp_path: Path, inputs: list[str], match: str) -> None:
    """The error names file, node and input."""
    write_message(tmp_path / "x.meta", new_graph({"name": "a", "op": "A", "input": inputs}))
    with pytest.raises(DataLossError, match=f"(?s)x.meta.*node 'a'.*{match}"):
        graph_files.read_meta_graph(tmp_path / "x.meta")


def test_two_nodes_of_one_name(tmp_path: Path) -> None:
    """A DiGraph would have one of them."""
    write_message(tmp_path / "x.meta", new_graph({"name": "a", "op": "A"}, {"name": "a", "op": "B"}))
    with pytest.raises(DataLossError, match="two nodes have the name 'a'"):
        graph_files.read_meta_graph(tmp_path / "x.meta")


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, b"nodes { }", b"n\xf6de { }", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_graph(tmp_path: Path, content: bytes) -> None:
    """Nothing, noise, text of another kind: each is an error that names the file."""
    (tmp_path / "x.pb").write_bytes(content)
    error = InvalidArgumentError if content.startswith(b"\x89PNG") else DataLossError
    with pytest.raises(error, match=r"x\.pb"):
        graph_files.read_graph_def(tmp_path / "x.pb")


def test_a_failed_write_leaves_the_file(tmp_path: Path) -> None:
    """What was there is as it was when a graph cannot be written."""
    shutil.copy(FOLDER / "frozen.pb", tmp_path / "x.meta")
    structure = graph_files.read_meta_graph(FOLDER / "small.ckpt.meta")
    structure.tensorflow["library"] = b"\xff\xff"
    with pytest.raises(DataLossError, match="/graph/tensorflow"):
        graph_files.write_meta_graph(structure, tmp_path / "x.meta")
    assert (FOLDER / "frozen.pb").read_bytes() == (tmp_path / "x.meta").read_bytes()
    assert [tmp_path / "x.meta"] == list(tmp_path.iterdir())


# -- whatever messages there are ---------------------------------------------------------------------------------------

NUMBERS = (0, 1, 3, 7, 9, 10, 14, 19, 20, 23, 101, 107, 500)


class Maker:
    """Sets some fields of messages, and of those within them, to anything.

    Parameters
    ----------
    seed : int
        The same one gives the same messages.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - nothing is kept secret

    def fill(self, message: Any, depth: int = 0) -> Any:
        """Set fields of a message, the fewer the deeper it lies."""
        for field in message.DESCRIPTOR.fields:
            if depth > 7 or self.random.random() > 0.9 / (1 + depth / 2):
                continue
            if field.message_type is not None and field.message_type.GetOptions().map_entry:
                self._map(getattr(message, field.name), field.message_type.fields_by_name, depth)
            elif field.default_value == []:  # how all versions of protobuf say that it is repeated
                self._list(getattr(message, field.name), field, depth)
            elif field.message_type is not None:
                getattr(message, field.name).SetInParent()
                self.fill(getattr(message, field.name), depth + 1)
            else:
                setattr(message, field.name, self.scalar(field))
        return message

    def _map(self, target: Any, fields: Any, depth: int) -> None:
        for _ in range(self.random.randrange(3)):
            key = self.scalar(fields["key"])
            if fields["value"].message_type is None:
                target[key] = self.scalar(fields["value"])
            else:
                self.fill(target[key], depth + 1)

    def _list(self, target: Any, field: Any, depth: int) -> None:
        for _ in range(self.random.randrange(1, 4)):
            if field.message_type is None:
                target.append(self.scalar(field))
            else:
                self.fill(target.add(), depth + 1)

    def scalar(self, field: Any) -> Any:
        """A value of a field that is no message."""
        pick = self.random.choice
        if field.enum_type is not None:
            return pick(NUMBERS)
        return {
            field.TYPE_STRING: pick(["", "a", "T", "value", "dtype", "variables", "a/b", "n0:0", "\u00fc"]),
            field.TYPE_BYTES: self.random.randbytes(self.random.randrange(12)),
            field.TYPE_BOOL: pick([False, True]),
            field.TYPE_FLOAT: pick([0.0, -0.0, 0.1, math.nan, math.inf]),
            field.TYPE_DOUBLE: pick([0.0, -0.0, 0.1, math.nan, -math.inf]),
            field.TYPE_INT64: pick([0, 1, 2, 3, -1, 2**63 - 1, -(2**63)]),
            field.TYPE_INT32: pick([0, 1, 2, -1, 2**31 - 1]),
        }.get(field.type, self.random.randrange(4))

    def meta_graph(self) -> Any:
        """A graph in which everything is possible but the names and types of nodes, and where inputs come from."""
        message = self.fill(message_classes.MetaGraphDef())
        if message.HasField("saver_def"):  # the names that a Saver keeps are in a field of the whole message
            message.saver_def.ClearField("saved_names")
        if not message.graph_def.node:
            message.graph_def.node.add()
        names = [f"n{number}" for number in range(len(message.graph_def.node))]
        texts = [text for source in names for text in (source, f"{source}:0", f"{source}:3", f"^{source}")]
        for name, node in zip(names, message.graph_def.node, strict=True):
            node.name = name
            node.op = node.op or "Op"
            node.input[:] = self.random.choices(texts, k=self.random.randrange(4))
        return message


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_any_message_survives(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """Whatever a ``MetaGraphDef`` says, NaNs and contradictions included, it says after HDF5, byte for byte."""
    folder = tmp_path_factory.mktemp("any")
    write_message(folder / "first.meta", Maker(seed).meta_graph())
    structure = graph_files.read_meta_graph(folder / "first.meta")
    schema.validate(structure.digraph)
    graph_files.write_meta_graph(through_hdf5(structure, folder), folder / "again.meta")
    assert (folder / "first.meta").read_bytes() == (folder / "again.meta").read_bytes()
