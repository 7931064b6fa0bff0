"""``tensorflow.python.tools.strip_unused``: the program that writes the part of a graph between inputs and outputs."""

from __future__ import annotations

import argparse

from hdfsaver import dtypes
from hdfsaver.programs.tools.options import truth
from hdfsaver.programs.tools.strip_unused_lib import strip_unused_from_files


def main() -> None:
    """The program: ``hdfsaver run -m tensorflow.python.tools.strip_unused --input_graph=FILE ...``."""
    parser = argparse.ArgumentParser("strip_unused", description="Write the part of a graph between some operations.")
    parser.add_argument("--input_graph", required=True, help="a file with a GraphDef")
    parser.add_argument("--output_graph", required=True, help="the file to write")
    parser.add_argument("--input_node_names", required=True, help="the inputs, separated by commas")
    parser.add_argument("--output_node_names", required=True, help="the outputs, separated by commas")
    parser.add_argument("--placeholder_type_enum", default="1", help="numbers of dtypes, separated by commas")
    parser.add_argument("--input_binary", **truth("without effect: the content tells whether a file is text"))
    parser.add_argument("--output_binary", **truth("write a binary file, and not text", default=True))
    given = vars(parser.parse_args())
    numbers = [int(number) for number in given.pop("placeholder_type_enum").split(",")]
    for number in numbers:
        dtypes.as_dtype(number)
    strip_unused_from_files(**given, placeholder_type_enum=numbers if len(numbers) > 1 else numbers[0])


__all__ = ["main"]
