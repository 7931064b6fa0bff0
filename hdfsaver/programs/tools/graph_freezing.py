"""``tensorflow.python.tools.freeze_graph``: the program that writes a graph and a checkpoint as one graph."""

from __future__ import annotations

import argparse

from hdfsaver.conversion.freeze_graph import freeze_graph, freeze_graph_with_def_protos
from hdfsaver.programs.tools.options import truth
from hdfsaver.saved_model import tag_constants


def main() -> None:
    """The program: ``hdfsaver run -m tensorflow.python.tools.freeze_graph --input_graph=FILE ...``."""
    parser = argparse.ArgumentParser("freeze_graph", description="Write a graph with constants in place of variables.")
    for name, explanation in _OPTIONS.items():
        parser.add_argument(f"--{name}", default="", help=explanation)
    parser.add_argument("--saved_model_tags", default=tag_constants.SERVING, help="tags of the SavedModel's graph")
    parser.add_argument("--checkpoint_version", type=int, default=2, help="without effect")
    parser.add_argument("--input_binary", **truth("without effect: the content tells whether a file is text"))
    parser.add_argument("--clear_devices", **truth("forget where operations were asked to run", default=True))
    freeze_graph(**vars(parser.parse_args()))


_OPTIONS = {
    "input_graph": "a file with a GraphDef",
    "input_saver": "a file with a SaverDef",
    "input_checkpoint": "the prefix of the checkpoint",
    "output_graph": "the file to write",
    "output_node_names": "the operations that the graph is for, separated by commas",
    "restore_op_name": "without effect",
    "filename_tensor_name": "without effect",
    "initializer_nodes": "operations to run after the restore, separated by commas",
    "variable_names_whitelist": "the variables to convert, separated by commas; by default all",
    "variable_names_denylist": "the variables not to convert, separated by commas",
    "variable_names_blacklist": "another name of variable_names_denylist",
    "input_meta_graph": "a file with a MetaGraphDef",
    "input_saved_model_dir": "the folder of a SavedModel",
}
"""The options that have a text."""

__all__ = ["freeze_graph", "freeze_graph_with_def_protos"]
