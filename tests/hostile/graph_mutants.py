"""Graphs that contradict themselves: messages of TensorFlow with parts swapped, removed, doubled or renamed.

A number stands for a mutant: the same number makes the same one.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import text_format

import hdfsaver as tf
from hdfsaver.interop.graphs.meta_graph_defs import message_of
from hdfsaver.messages import message_classes
from hdfsaver.schema import DiGraph
from hdfsaver.storage.reading import open_file
from tests.ops.programs import PROGRAMS, RESULTS

TESTS = Path(__file__).parents[1]

FILES = (
    "interop/golden_graphs/frozen.pb",
    "interop/golden_graphs/frozen.pbtxt",
    "interop/golden_graphs/small.ckpt.meta",
    "interop/golden_graphs/resource.ckpt.meta",
    "interop/golden_graphs/saved/saved_model.pb",
    "interop/golden_data_order/module/saved_model.pb",
    "messages/graph.pbtxt",
)
"""Graphs that TensorFlow wrote."""

HDF5 = ("format/v1_0/checkpoint.h5",)
"""Graphs in files of this project's format."""

TEXTS = (
    "",
    "^",
    "^^x",
    ":0",
    "x:0",
    "x:1",
    "x:-1",
    "x:99999999999999999999",
    "x:y",
    "\N{SNOWMAN}",
    "a b",
    "/",
    "..",
    "é" * 50,
)
"""Names, most of which no operation has."""

NUMBERS = (0, 1, -1, 2, 3, 7, 4, 8, 255, 1000, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63))
DTYPES = (0, 1, 2, 3, 7, 8, 9, 10, 14, 19, 20, 21, 30, 99, 101, 110, 1000)
FLOATS = (0.0, -1.0, float("nan"), float("inf"), 1e308)


@cache
def corpus() -> list[tuple[str, bytes]]:
    """The messages that mutants are made of: a name, and a serialized ``MetaGraphDef``."""
    found = []
    for file in FILES:
        data = (TESTS / file).read_bytes()
        found += [(file, message.SerializeToString()) for message in _messages(file, data)]
    for file in HDF5:
        with open_file(TESTS / file) as opened:
            structure = opened.structure()
        assert structure is not None
        found.append((file, message_of(structure, with_saver=False).SerializeToString()))
    for name, program in {**PROGRAMS, **RESULTS}.items():
        with tf.Graph().as_default():
            program(tf)
            message = tf.train.export_meta_graph()
            if message.ByteSize() < _LARGE:
                found.append((name, message.SerializeToString()))
    return found


_LARGE = 100_000
"""A graph with more bytes would take most of the time."""


def _messages(file: str, data: bytes) -> list[Any]:
    if "saved_model" in file:
        return list(message_classes.SavedModel.FromString(data).meta_graphs)
    if file.endswith(".meta"):
        return [message_classes.MetaGraphDef.FromString(data)]
    message = message_classes.MetaGraphDef()
    if file.endswith(".pbtxt"):
        text_format.Parse(data.decode(), message.graph_def)
    else:
        message.graph_def.MergeFromString(data)
    return [message]


def mutant(seed: int) -> tuple[str, Any]:
    """The mutant of a number: what it is, and its ``MetaGraphDef``."""
    rng = random.Random(seed)  # noqa: S311, nothing is secret
    messages = corpus()
    # Every other one is of a small program, which has few operations, so that a change is seldom without an effect.
    name, data = messages[rng.randrange(len(messages))]
    message = message_classes.MetaGraphDef.FromString(data)
    steps = [rng.choice(CHANGES) for _ in range(rng.choice((1, 1, 1, 2, 4)))]
    for step in steps:
        step(rng, message)
    return f"{name}: {', '.join(step.__name__.strip('_') for step in steps)}", message


def change_structure(seed: int, digraph: DiGraph) -> None:
    """Change the plain values of a DiGraph, as a file of this project's format can have them."""
    rng = random.Random(seed)  # noqa: S311
    names = list(digraph)
    for _ in range(rng.choice((1, 1, 2))):
        if not names:
            return
        data = digraph.nodes[rng.choice(names)]
        part = rng.choice(("attrs", "attrs", "attrs", "outputs", "outputs", "op", "value"))
        if part == "attrs":
            keys = [*sorted(data["attrs"]), "_class", "_output_shapes", "_output_dtypes", "T", "N"]
            data["attrs"] = {**data["attrs"], rng.choice(keys): rng.choice(PLAIN)}
        elif part == "outputs":
            output = (rng.choice(("float32", "int32_ref", "string", "variant")), rng.choice((None, (), (2, None))))
            data["outputs"] = rng.choice(((), (output,), (*data["outputs"], output), data["outputs"][1:]))
        elif part == "op":
            data["op"] = rng.choice((digraph.nodes[rng.choice(names)]["op"], *rng.choice(corpus_types())))
        else:
            data["attrs"] = {key: value for key, value in data["attrs"].items() if rng.random() < 0.7}


PLAIN: tuple[Any, ...] = (
    None,
    True,
    3,
    -1,
    0.5,
    b"SAME",
    b"\xff",
    "float32",
    "float32_ref",
    "string",
    (),
    (2, None),
    [],
    [1, 2],
    [1, 2.0, b"x"],
    [[1]],
    [None, (1,)],
    ["float32", "int32"],
    {},
    {"name": "f", "attr": {"T": "float32"}},
    {"placeholder": "T"},
    np.zeros((2, 2), np.float32),
    np.array(7),
    np.array([b"x"], object),
)
"""One or more attributes of every kind, and some of none."""


# -- parts -------------------------------------------------------------------------------------------------------------


def _node(rng: random.Random, message: Any) -> Any:
    nodes = message.graph_def.node
    return rng.choice(nodes) if nodes else nodes.add(name="x", op="NoOp")


def _attribute(rng: random.Random, message: Any) -> Any:
    """An attribute of some node."""
    node = _node(rng, message)
    keys = sorted(node.attr)
    return node.attr[rng.choice(keys) if keys else "T"]


def _shape(rng: random.Random, shape: Any) -> None:
    shape.SetInParent()
    shape.unknown_rank = rng.random() < 0.1
    for _ in range(rng.choice((0, 1, 2, 4, 5, 70))):
        shape.dim.add(size=rng.choice((-5, -1, 0, 1, 2, 3, 2**62)))


def _tensor(rng: random.Random, tensor: Any) -> None:
    tensor.SetInParent()
    tensor.dtype = rng.choice(DTYPES)
    for _ in range(rng.choice((0, 1, 2))):
        tensor.tensor_shape.dim.add(size=rng.choice((-1, 0, 1, 2, 3)))
    field = rng.choice(("float_val", "int_val", "int64_val", "bool_val", "string_val", "tensor_content"))
    if field == "tensor_content":
        tensor.tensor_content = rng.randbytes(rng.choice((0, 1, 4, 8, 24)))
    elif field == "string_val":
        tensor.string_val.extend([b"a", b"\xff"][: rng.choice((1, 2))])
    else:
        getattr(tensor, field).extend([rng.choice((0, 1))] * rng.choice((1, 2, 3)))


def _fill(rng: random.Random, value: Any) -> None:
    """Give an ``AttrValue`` a value of any kind."""
    kind = rng.choice(("s", "i", "f", "b", "type", "shape", "tensor", "list", "func", "placeholder", "none"))
    value.Clear()
    if kind == "list":
        value.list.SetInParent()
        for _ in range(rng.choice((1, 1, 2))):
            _fill_list(rng, value.list)
    elif kind == "func":
        value.func.name = rng.choice(("f", "", "\N{SNOWMAN}"))
        _fill(rng, value.func.attr["T"])
    elif kind in ("shape", "tensor"):
        (_shape if kind == "shape" else _tensor)(rng, getattr(value, kind))
    elif kind != "none":
        setattr(value, kind, _scalar(rng, kind))


def _scalar(rng: random.Random, kind: str) -> Any:
    choices: dict[str, tuple[Any, ...]] = {
        "s": (b"", b"SAME", b"VALID", b"EXPLICIT", b"NHWC", b"NCHW", b"\xff", b"x" * 300),
        "i": NUMBERS,
        "f": FLOATS,
        "b": (True, False),
        "type": DTYPES,
        "placeholder": ("T", ""),
    }
    return rng.choice(choices[kind])


def _fill_list(rng: random.Random, values: Any) -> None:
    kind = rng.choice(("s", "i", "f", "b", "type", "shape", "tensor", "func"))
    for _ in range(rng.choice((0, 1, 2, 3, 4, 5, 8))):
        if kind in ("shape", "tensor"):
            (_shape if kind == "shape" else _tensor)(rng, getattr(values, kind).add())
        elif kind == "func":
            values.func.add(name="f")
        else:
            getattr(values, kind).append(_scalar(rng, kind))


# -- changes -----------------------------------------------------------------------------------------------------------


def _swap_a_kind(rng: random.Random, message: Any) -> None:
    _fill(rng, _attribute(rng, message))


def _change_a_value(rng: random.Random, message: Any) -> None:
    """Another value of the same kind."""
    value = _attribute(rng, message)
    kind = value.WhichOneof("value")
    if kind in ("s", "i", "f", "b", "type"):
        setattr(value, kind, _scalar(rng, kind))
    elif kind == "tensor":
        _change_a_tensor(rng, value.tensor)
    elif kind == "shape":
        value.shape.Clear()
        _shape(rng, value.shape)
    elif kind == "list":
        for field, items in value.list.ListFields():
            if field.name in ("s", "i", "f", "b", "type"):
                items[rng.randrange(len(items))] = _scalar(rng, field.name)


def _change_a_tensor(rng: random.Random, tensor: Any) -> None:
    """A constant of other numbers, or of another shape with as many elements."""
    if rng.random() < 0.3:
        tensor.Clear()
        _tensor(rng, tensor)
    elif tensor.dtype in (3, 9) and rng.random() < 0.8:
        size = 4 if tensor.dtype == 3 else 8
        count = max(1, len(tensor.tensor_content) // size)
        numbers = [rng.choice((-(2**31), -2, -1, 0, 1, 2, 3, 5, 100, 2**31 - 1)) for _ in range(count)]
        for field in ("int_val", "int64_val"):
            tensor.ClearField(field)
        tensor.tensor_content = b"".join(number.to_bytes(size, "little", signed=True) for number in numbers)
        if not tensor.tensor_shape.dim:
            tensor.tensor_content = tensor.tensor_content[:size]
    else:
        sizes = [dim.size for dim in tensor.tensor_shape.dim]
        del tensor.tensor_shape.dim[:]
        for size in rng.choice(([*sizes, 1], [1, *sizes], sizes[::-1])):
            tensor.tensor_shape.dim.add(size=size)


def _change_a_list(rng: random.Random, message: Any) -> None:
    """Another length."""
    lists = [value for node in message.graph_def.node for value in node.attr.values() if value.HasField("list")]
    if lists:
        for _, items in rng.choice(lists).list.ListFields():
            if rng.random() < 0.5:
                del items[-1]
            else:
                items.extend(list(items)[: rng.choice((1, 4))])


def _delete_an_attribute(rng: random.Random, message: Any) -> None:
    node = _node(rng, message)
    if node.attr:
        del node.attr[rng.choice(sorted(node.attr))]


def _add_an_attribute(rng: random.Random, message: Any) -> None:
    names = ("_class", "_output_shapes", "_output_dtypes", "T", "N", "dtype", "shape", "_x", "later", "value", "")
    _fill(rng, _node(rng, message).attr[rng.choice(names)])


def _colocate(rng: random.Random, message: Any) -> None:
    other = _node(rng, message).name.encode()
    group = rng.choice((b"loc:@" + other, b"loc:@", b"loc:@nobody", b"loc:@\xff", other))
    node = _node(rng, message)
    node.attr["_class"].Clear()
    node.attr["_class"].list.s.append(group)


def _rename_an_input(rng: random.Random, message: Any) -> None:
    node = _node(rng, message)
    other = _node(rng, message).name
    text = rng.choice((other, f"{other}:1", f"{other}:{rng.choice(NUMBERS)}", "^" + other, *TEXTS))
    if node.input and rng.random() < 0.8:
        node.input[rng.randrange(len(node.input))] = text
    else:
        node.input.insert(rng.randrange(len(node.input) + 1), text)


def _drop_an_input(rng: random.Random, message: Any) -> None:
    node = _node(rng, message)
    if node.input:
        del node.input[rng.randrange(len(node.input))]


def _shuffle_inputs(rng: random.Random, message: Any) -> None:
    node = _node(rng, message)
    texts = [*node.input, "^" + _node(rng, message).name] if rng.random() < 0.5 else list(node.input)
    rng.shuffle(texts)
    node.input[:] = texts


def _make_a_cycle(rng: random.Random, message: Any) -> None:
    nodes = message.graph_def.node
    first, second = _node(rng, message), _node(rng, message)
    first.input.append(rng.choice(("", "^")) + second.name)
    second.input.append(rng.choice(("", "^")) + first.name)
    if len(nodes) > 1 and rng.random() < 0.3:
        first.input.append(first.name)


def _rename_a_node(rng: random.Random, message: Any) -> None:
    node = _node(rng, message)
    node.name = rng.choice((_node(rng, message).name, *TEXTS))


def _change_a_type(rng: random.Random, message: Any) -> None:
    node = _node(rng, message)
    node.op = rng.choice((_node(rng, message).op, *rng.choice(corpus_types()), "", "Nothing", "\N{SNOWMAN}"))


@cache
def corpus_types() -> list[tuple[str, ...]]:
    """The types of operations in the corpus, each in a tuple."""
    nodes = (node for _, data in corpus() for node in message_classes.MetaGraphDef.FromString(data).graph_def.node)
    return sorted({(node.op,) for node in nodes})


def _double_a_node(rng: random.Random, message: Any) -> None:
    copy = message.graph_def.node.add()
    copy.CopyFrom(_node(rng, message))
    if rng.random() < 0.5:
        copy.name += "_copy"


def _drop_a_node(rng: random.Random, message: Any) -> None:
    nodes = message.graph_def.node
    if nodes:
        del nodes[rng.randrange(len(nodes))]


def _shuffle_nodes(rng: random.Random, message: Any) -> None:
    nodes = [message_classes.NodeDef.FromString(node.SerializeToString()) for node in message.graph_def.node]
    rng.shuffle(nodes)
    del message.graph_def.node[:]
    message.graph_def.node.extend(nodes)


def _change_a_device(rng: random.Random, message: Any) -> None:
    _node(rng, message).device = rng.choice(("/cpu:0", "\N{SNOWMAN}", "/job:a/task:x", "//"))


def _change_versions(rng: random.Random, message: Any) -> None:
    versions = message.graph_def.versions
    versions.producer = rng.choice((-1, 0, 1, 21, 99999, 2**31 - 1))
    versions.min_consumer = rng.choice((-1, 0, 99999))
    versions.bad_consumers.extend(rng.choice(([], [2474], [-1])))


def _add_a_function(rng: random.Random, message: Any) -> None:
    function = message.graph_def.library.function.add()
    function.signature.name = rng.choice(("f", "Add", "", "\N{SNOWMAN}"))
    function.node_def.add().CopyFrom(_node(rng, message))
    output = function.signature.output_arg.add(name="o")
    output.type = rng.choice(DTYPES)
    output.number_attr = rng.choice(("", "N", "T"))
    if rng.random() < 0.5:
        _node(rng, message).op = function.signature.name


def _change_a_definition(rng: random.Random, message: Any) -> None:
    """The file's own definition of a type."""
    definitions = message.meta_info_def.stripped_op_list.op
    definition = rng.choice(definitions) if definitions and rng.random() < 0.7 else definitions.add()
    definition.name = definition.name or _node(rng, message).op
    output = definition.output_arg.add(name="o")
    output.type_attr, output.number_attr, output.type_list_attr = (rng.choice(("", "T", "N")) for _ in range(3))
    _fill(rng, definition.attr.add(name=rng.choice(("T", "N"))).default_value)


def _change_a_collection(rng: random.Random, message: Any) -> None:
    keys = [*sorted(message.collection_def), "variables", "trainable_variables", "global_step", "unbound_inputs", "c"]
    collection = message.collection_def[rng.choice(keys)]
    if rng.random() < 0.8:
        collection.Clear()
    kind = rng.choice(("node_list", "bytes_list", "int64_list", "float_list", "any_list"))
    name = _node(rng, message).name
    if kind == "node_list":
        collection.node_list.value.extend([rng.choice((name, name + ":0", name + ":7", *TEXTS))])
    elif kind == "bytes_list":
        definition = message_classes.VariableDef(
            variable_name=rng.choice((name + ":0", name, *TEXTS)),
            initializer_name=rng.choice((name, name + "/Assign", *TEXTS)),
            snapshot_name=rng.choice((name + "/read:0", name + ":3", *TEXTS)),
            is_resource=rng.random() < 0.2,
        )
        if rng.random() < 0.3:
            definition.save_slice_info_def.full_shape.extend([rng.choice(NUMBERS)])
        collection.bytes_list.value.extend([rng.choice((b"\xff", b"x", definition.SerializeToString()))])
    elif kind == "any_list":
        collection.any_list.value.add(type_url=rng.choice(("", "x/y")), value=b"\xff\x00")
    else:
        getattr(collection, kind).value.extend([rng.choice((0, 1))])


def _change_the_saver(rng: random.Random, message: Any) -> None:
    saver = message.saver_def
    field = rng.choice(("filename_tensor_name", "save_tensor_name", "restore_op_name", "numbers"))
    if field == "numbers":
        saver.max_to_keep = rng.choice((-1, 0, 2**31 - 1))
        saver.keep_checkpoint_every_n_hours = rng.choice((-1.0, float("nan"), float("inf"), 0.0))
        saver.version = rng.choice((0, 1, 2, 7))
        saver.sharded = True
    else:
        setattr(saver, field, rng.choice((_node(rng, message).name, *TEXTS)))


def _change_saved_names(rng: random.Random, message: Any) -> None:
    saved = message.saved_names[rng.choice(("v", "", *sorted(message.saved_names)))]
    if rng.random() < 0.5:
        saved.op_name = rng.choice((_node(rng, message).name, *TEXTS))
    else:
        part = saved.parts.add(op_name=_node(rng, message).name)
        part.info.full_name = rng.choice(("v", ""))
        for field in ("full_shape", "var_offset", "var_shape"):
            getattr(part.info, field).extend(rng.choice(([], [1], [2, 3], [-1], [2**62])))


def _change_a_signature(rng: random.Random, message: Any) -> None:
    signature = message.signature_def[rng.choice(("serving_default", "", *sorted(message.signature_def)))]
    info = rng.choice((signature.inputs, signature.outputs))[rng.choice(("x", ""))]
    info.name = rng.choice((_node(rng, message).name + ":0", *TEXTS))
    info.dtype = rng.choice(DTYPES)
    _shape(rng, info.tensor_shape)


def _change_objects(rng: random.Random, message: Any) -> None:
    """The saved graph of objects, the assets and the tags."""
    # The field is not declared here: its bytes are kept.
    message.MergeFromString(rng.choice((b"\x3a\x00", b"\x3a\x04\x0a\x02\x0a\x00", b"\x3a\x02\xff\xff")))
    asset = message.asset_file_def.add(filename=rng.choice(("a", "", "é")))
    asset.tensor_info.name = rng.choice(TEXTS)
    message.meta_info_def.tags.append(rng.choice(("serve", "", "\N{SNOWMAN}")))
    message.meta_info_def.any_info.value = b"\xff"


CHANGES: tuple[Callable[[random.Random, Any], None], ...] = (
    *[_swap_a_kind] * 6,
    *[_change_a_value] * 8,
    *[_change_a_list] * 2,
    *[_delete_an_attribute] * 2,
    *[_add_an_attribute] * 3,
    _colocate,
    *[_rename_an_input] * 3,
    _drop_an_input,
    *[_shuffle_inputs] * 2,
    _make_a_cycle,
    *[_rename_a_node] * 2,
    *[_change_a_type] * 2,
    _double_a_node,
    _drop_a_node,
    _shuffle_nodes,
    _change_a_device,
    _change_versions,
    _add_a_function,
    _change_a_definition,
    *[_change_a_collection] * 3,
    _change_the_saver,
    _change_saved_names,
    _change_a_signature,
    _change_objects,
)
"""Those that reach the most code come more often."""
