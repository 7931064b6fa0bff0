"""``tensorflow.python.tools.strip_unused_lib``: the part of a graph between some inputs and outputs."""

from __future__ import annotations

from collections.abc import Sequence

from hdfsaver.files import file_io
from hdfsaver.files.file_io import GFile, PathLike
from hdfsaver.files.file_systems import path_text
from hdfsaver.interop.graphs.message_files import parse_message, text_of
from hdfsaver.messages import message_classes
from hdfsaver.messages.sub_graphs import extract_sub_graph


def strip_unused(
    input_graph_def: message_classes.GraphDef,
    input_node_names: Sequence[str],
    output_node_names: Sequence[str],
    placeholder_type_enum: int | list[int],
) -> message_classes.GraphDef:
    """The operations that some outputs need, with placeholders for the inputs.

    Parameters
    ----------
    input_graph_def : GraphDef
        It is not changed.
    input_node_names, output_node_names : sequence of str
        Names of operations.
    placeholder_type_enum : int or list of int
        The number of the placeholders' dtype, such as ``tf.float32.as_datatype_enum``, or one for each input.

    Returns
    -------
    GraphDef
        A new definition.

    Raises
    ------
    ValueError
        An input is the name of a tensor.
    KeyError
        There is no operation of the name of an input.
    AssertionError
        There is no operation of the name of an output.
    """
    for name in input_node_names:
        if ":" in name:
            raise ValueError(f"Name {name!r} appears to refer to a Tensor, not an Operation.")
    absent = set(input_node_names) - {node.name for node in input_graph_def.node}
    if absent:
        raise KeyError(f"The following input nodes were not found: {sorted(absent)}.")
    many = isinstance(placeholder_type_enum, list)
    dtypes = placeholder_type_enum if isinstance(placeholder_type_enum, list) else [placeholder_type_enum]
    numbers = dict(zip(input_node_names, dtypes if many else dtypes * len(input_node_names), strict=True))
    replaced = message_classes.GraphDef()
    replaced.CopyFrom(input_graph_def)
    for node in replaced.node:
        if node.name in numbers:
            node.CopyFrom(_placeholder(node, numbers[node.name]))
    return extract_sub_graph(replaced, output_node_names)


def _placeholder(node: message_classes.NodeDef, dtype: int) -> message_classes.NodeDef:
    placeholder = message_classes.NodeDef(op="Placeholder", name=node.name)
    placeholder.attr["dtype"].type = dtype
    for name in {"shape", "_output_shapes"} & set(node.attr):
        placeholder.attr[name].CopyFrom(node.attr[name])
    return placeholder


def strip_unused_from_files(
    input_graph: PathLike,
    input_binary: bool,
    output_graph: PathLike,
    output_binary: bool,
    input_node_names: str,
    output_node_names: str,
    placeholder_type_enum: int | list[int],
) -> None:
    """Write the part of a file's graph between some inputs and outputs, see `strip_unused`, to another file.

    Parameters
    ----------
    input_graph : path
        A file with a ``GraphDef``.
    input_binary : bool
        Without effect: the content tells whether it is text.
    output_graph : path
        The file to write.
    output_binary : bool
        Write a binary file, and not text.
    input_node_names, output_node_names : str
        Names of operations, separated by commas.
    placeholder_type_enum : int or list of int
        The number of the placeholders' dtype, or one for each input.

    Raises
    ------
    OSError
        There is no such file.
    ValueError, KeyError, AssertionError
        See `strip_unused`.
    """
    if not file_io.exists(input_graph):
        raise OSError(f"Input graph file {path_text(input_graph)!r} does not exist!")
    content = file_io.read_file_to_string(input_graph, binary_mode=True)
    graph_def = parse_message(path_text(input_graph), content, message_classes.GraphDef)
    inputs, outputs = input_node_names.split(","), output_node_names.split(",")
    stripped = strip_unused(graph_def, inputs, outputs, placeholder_type_enum)
    with GFile(output_graph, "wb") as file:
        file.write(
            stripped.SerializeToString() if output_binary else text_of(stripped, path_text(output_graph)).encode()
        )
    print(f"{len(stripped.node)} ops in the final graph.")


__all__ = ["strip_unused", "strip_unused_from_files"]
