"""Malicious files of other formats: counts and sizes that a few bytes declare; see `tests.hostile.makers`."""

from __future__ import annotations

import json
import pickle
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hdfsaver.messages import message_classes
from tests.hostile.makers import attack

NPZ, PICKLE, TORCH, SAFETENSORS, META, GRAPH = ".npz", ".pkl", ".pt", ".safetensors", ".meta", ".pb"

_GOOD = np.arange(3.0)


# --- archives of NumPy ------------------------------------------------------------------------------------------------


def _npy(descr: str, shape: tuple[int, ...], data: bytes = b"") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text + data


def _archive(path: Path, members: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", _npy("'<f8'", (3,), _GOOD.tobytes()))
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr("z.npy", _npy("'<f8'", (3,), _GOOD.tobytes()))


@attack("ResourceExhaustedError: .*'x': .*declares 1000000000 elements.*`elements`", NPZ)
def texts_of_no_bytes(path: Path) -> None:
    """To have a billion objects made of nothing."""
    _archive(path, {"x.npy": _npy("'<U0'", (10**9,))})


@attack("ResourceExhaustedError: .*'x1': .*declares 2000000 elements.*`elements`", NPZ)
def texts_of_no_bytes_in_many_arrays(path: Path) -> None:
    """The same, of many arrays that are small enough each."""
    _archive(path, {f"x{number}.npy": _npy("'S0'", (10**6,)) for number in range(500)})


@attack(r"ResourceExhaustedError: .*x\.npy: with it, the values declare .*`declared_bytes`", NPZ)
def member_of_zeros(path: Path) -> None:
    """To expand a megabyte to gigabytes."""
    _archive(path, {"x.npy": b""})
    data = path.read_bytes()
    place = data.index(b"PK\1\2", data.index(b"PK\1\2") + 1)
    path.write_bytes(data[: place + 24] + struct.pack("<I", 2**31) + data[place + 28 :])


@attack("InvalidArgumentError: .*'x' has 65 dimensions", NPZ)
def dimensions_beyond_numpy(path: Path) -> None:
    """To have an error of NumPy itself raised."""
    _archive(path, {"x.npy": _npy("'|i1'", (1,) * 65, b"\0")})


@attack("InvalidArgumentError: .*has a NUL in its name", NPZ)
def name_with_nul(path: Path) -> None:
    """To have two names for one member, for readers that stop at a NUL and for others."""
    _archive(path, {"x_y.npy": _npy("'|i1'", (1,), b"\0")})
    path.write_bytes(path.read_bytes().replace(b"x_y.npy", b"x\0y.npy"))


# --- pickles ----------------------------------------------------------------------------------------------------------


def _beside(data: bytes) -> bytes:
    """A pickle of a dict with a good array before and after the value on top of the stack."""
    good = pickle.dumps(_GOOD.tolist(), 2)[2:-1].replace(b"q\0", b"")
    put, get = b"r\xff\xff\0\0", b"j\xff\xff\0\0"
    texts = [b"X\1\0\0\0" + name for name in (b"a", b"x", b"z")]
    return b"\x80\x02" + data + put + b"}(" + texts[0] + good + texts[1] + get + texts[2] + good + b"u."


@attack("ResourceExhaustedError: .*x: .* repeat each other .*`elements`", PICKLE)
def lists_that_double(path: Path) -> None:
    """To have 2**40 values named in some hundred bytes."""
    data = b"]K\1aq\0"
    for level in range(40):
        part = bytes([ord("h"), level])
        data += b"](" + part + part + b"eq" + bytes([level + 1])
    path.write_bytes(_beside(data))


@attack("ResourceExhaustedError: .*: it is nested in 10000 others.*`depth`", PICKLE)
def lists_without_a_bottom(path: Path) -> None:
    """To overflow the stack, or to wait for a million levels."""
    path.write_bytes(_beside(b"]" * 250_000 + b"a" * 249_999))


@attack("ResourceExhaustedError: .*`elements`", PICKLE)
def keys_that_add_up(path: Path) -> None:
    """To have names of gigabytes made of a megabyte."""
    key = b"X" + struct.pack("<I", 100) + b"k" * 100
    path.write_bytes(_beside((b"}(X\1\0\0\0aK\1" + key) * 1000 + b"K\1" + b"u" * 1000))


@attack("ResourceExhaustedError: .*x: with it, the values declare .*`declared_bytes`", TORCH)
def tensor_that_repeats_its_element(path: Path) -> None:
    """To have terabytes allocated for a tensor whose strides are 0."""
    storage = b"(X\7\0\0\0storagectorch\nDoubleStorage\nX\1\0\0\0" + b"0X\3\0\0\0cpuK\3tQ"

    def tensor(size: int, stride: int) -> bytes:
        layout = b"\x8a\6" + size.to_bytes(6, "little") + b"\x85" + bytes([ord("K"), stride, 0x85])
        return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\0" + layout + b"\x89}tR"

    values = {b"a": tensor(3, 1), b"x": tensor(10**12, 0), b"z": tensor(3, 1)}
    body = b"".join(b"X\1\0\0\0" + name + value for name, value in values.items())
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/data.pkl", b"\x80\2}(" + body + b"u.")
        archive.writestr("x/data/0", _GOOD.tobytes())


# --- safetensors ------------------------------------------------------------------------------------------------------


@attack("InvalidArgumentError: .*'x' has 100000 dimensions", SAFETENSORS)
def dimensions_without_number(path: Path) -> None:
    """To have a product of millions of digits computed."""
    entries: dict[str, Any] = {
        "a": {"dtype": "F64", "shape": [3], "data_offsets": [0, 24]},
        "x": {"dtype": "F32", "shape": [2**47] * 10**5, "data_offsets": [24, 24]},
        "z": {"dtype": "F64", "shape": [3], "data_offsets": [24, 48]},
    }
    text = json.dumps(entries).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + _GOOD.tobytes() * 2)


# --- graphs of TensorFlow ---------------------------------------------------------------------------------------------


def _constant(graph: Any, name: str, dtype: int, sizes: tuple[int, ...], **values: list[Any]) -> None:
    node = graph.node.add(name=name, op="Const")
    node.attr["dtype"].type = dtype
    node.attr["value"].tensor.CopyFrom(message_classes.TensorProto(dtype=dtype, **values))
    for size in sizes:
        node.attr["value"].tensor.tensor_shape.dim.add(size=size)


def _graph(path: Path, graph: Any) -> None:
    _constant(graph, "z", 2, (3,), double_val=_GOOD.tolist())
    message: Any = graph
    if path.suffix == META:
        message = message_classes.MetaGraphDef()
        message.graph_def.CopyFrom(graph)
    path.write_bytes(message.SerializeToString())


def _with_good() -> Any:
    graph = message_classes.GraphDef()
    _constant(graph, "a", 2, (3,), double_val=_GOOD.tolist())
    return graph


@attack("ResourceExhaustedError: .*x: with it, the values declare 12000000.. bytes.*`declared_bytes`", META)
def constant_of_one_element(path: Path) -> None:
    """To have a gigabyte allocated for the constant of one element."""
    graph = _with_good()
    _constant(graph, "x", 1, (300_000_000,), float_val=[1.0])
    _graph(path, graph)


@attack("ResourceExhaustedError: .*x: with it, the file declares 5000000. elements.*`elements`", GRAPH)
def constant_of_one_string(path: Path) -> None:
    """The same, with strings."""
    graph = _with_good()
    _constant(graph, "x", 7, (50_000_000,), string_val=[b"x"])
    _graph(path, graph)


@attack("ResourceExhaustedError: .*the outputs of operation 'x10': .*`elements`", META)
def operations_of_many_outputs(path: Path) -> None:
    """To have a node of a hundred thousand outputs made for each of a thousand lines."""
    graph = _with_good()
    message = message_classes.MetaGraphDef()
    definition = message.meta_info_def.stripped_op_list.op.add(name="Many")
    definition.output_arg.add(name="out", type=1, number_attr="N")
    for number in range(1000):
        graph.node.add(name=f"x{number}", op="Many").attr["N"].i = 100_000
    _constant(graph, "z", 2, (3,), double_val=_GOOD.tolist())
    message.graph_def.CopyFrom(graph)
    path.write_bytes(message.SerializeToString())


@attack("InvalidNodeError: NodeDef expected 100000000 inputs do not match 1 .* node 'x' .Pack.", META, way="import")
def operation_of_many_inputs(path: Path) -> None:
    """To have a list of a hundred million dtypes made."""
    graph = _with_good()
    node = graph.node.add(name="x", op="Pack", input=["a"])
    node.attr["T"].type = 2
    node.attr["N"].i = 10**8
    node.attr["axis"].i = 0
    _graph(path, graph)
