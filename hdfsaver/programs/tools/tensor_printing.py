"""``tensorflow.python.tools.inspect_checkpoint``: the tensors of a checkpoint, printed."""

from __future__ import annotations

import argparse
import math
import re

from hdfsaver.errors import OpError
from hdfsaver.files.file_io import PathLike
from hdfsaver.programs.tools.options import truth
from hdfsaver.reading.reader import CheckpointReader, NewCheckpointReader


def print_tensors_in_checkpoint_file(
    file_name: PathLike,
    tensor_name: str | None,
    all_tensors: bool,
    all_tensor_names: bool = False,
    count_exclude_pattern: str = "",
) -> None:
    """Print the names, dtypes and shapes of a checkpoint's tensors, and values; errors are printed too.

    Parameters
    ----------
    file_name : path
        The prefix of a checkpoint.
    tensor_name : str or None
        The tensor to print, with its value; without a name, all are listed.
    all_tensors : bool
        Print all tensors with their values.
    all_tensor_names : bool, optional
        Print all tensors without their values.
    count_exclude_pattern : str, optional
        Tensors whose names this regular expression finds are not counted in the number of parameters.
    """
    try:
        reader = NewCheckpointReader(file_name)
        if all_tensors or all_tensor_names:
            for name in sorted(reader.get_variable_to_shape_map()):
                _print_tensor(reader, name, with_value=all_tensors)
        elif not tensor_name:
            print(reader.debug_string().decode(errors="ignore"))
        elif not reader.has_tensor(tensor_name):
            print(f"Tensor {tensor_name} not found in checkpoint")
            return
        else:
            _print_tensor(reader, tensor_name, with_value=True)
        print(f"# Total number of params: {_count(reader, count_exclude_pattern)}")
    except (OpError, ValueError) as error:
        print(error)


def _print_tensor(reader: CheckpointReader, name: str, *, with_value: bool) -> None:
    shape, dtype = reader.get_variable_to_shape_map()[name], reader.get_variable_to_dtype_map()[name]
    print(f"tensor: {name} ({dtype.name}) {shape}")
    if with_value:
        print(reader.get_tensor(name))


def _count(reader: CheckpointReader, exclude: str) -> int:
    """The number of elements of all tensors but those that are left out, which are told."""
    sizes = {name: math.prod(shape) for name, shape in reader.get_variable_to_shape_map().items()}
    left_out = {name for name in sizes if exclude and re.search(exclude, name)}
    if exclude:
        elements = sum(sizes[name] for name in left_out)
        print(f"# Excluding {len(left_out)} tensors ({elements} params) that match {exclude} when counting.")
    return sum(size for name, size in sizes.items() if name not in left_out)


def main() -> None:
    """The program: ``hdfsaver run -m tensorflow.python.tools.inspect_checkpoint --file_name=PREFIX``."""
    parser = argparse.ArgumentParser("inspect_checkpoint", description="Print the tensors of a checkpoint.")
    parser.add_argument("--file_name", required=True, help="the prefix of the checkpoint")
    parser.add_argument("--tensor_name", default="", help="the tensor to print")
    parser.add_argument("--count_exclude_pattern", default="", help="tensors not to count, a regular expression")
    parser.add_argument("--all_tensors", **truth("print all tensors with their values"))
    parser.add_argument("--all_tensor_names", **truth("print the names of all tensors"))
    print_tensors_in_checkpoint_file(**vars(parser.parse_args()))


__all__ = ["print_tensors_in_checkpoint_file"]
