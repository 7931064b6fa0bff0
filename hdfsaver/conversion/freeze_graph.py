"""``tensorflow.python.tools.freeze_graph``: a graph and a checkpoint as one graph with constants for variables."""

from __future__ import annotations

import os
import re
from typing import Any

from hdfsaver.checkpoint.importing import import_meta_graph
from hdfsaver.checkpoint.saver import Saver
from hdfsaver.files.opening import is_file, read_regular
from hdfsaver.files.remote.names import RemoteName
from hdfsaver.files.whole_files import write_whole
from hdfsaver.graph.graph import Graph
from hdfsaver.interop.graphs.message_files import LARGEST, parse_message, read_message
from hdfsaver.messages import message_classes
from hdfsaver.reading.checkpoint_names import PathLike, as_source, as_target
from hdfsaver.reading.find_checkpoint import checkpoint_exists
from hdfsaver.reading.reader import load_checkpoint
from hdfsaver.saved_model import loader, tag_constants
from hdfsaver.session.freezing import convert_variables_to_constants
from hdfsaver.session.session import Session

_PART = re.compile(r"/part_\d+(/|$)")
_NEWEST = 2
"""TensorFlow's second format of checkpoints."""


def freeze_graph(
    input_graph: PathLike | None,
    input_saver: PathLike | None,
    input_binary: bool,
    input_checkpoint: PathLike | None,
    output_node_names: str,
    restore_op_name: str | None,
    filename_tensor_name: str | None,
    output_graph: PathLike | None,
    clear_devices: bool,
    initializer_nodes: str | None,
    variable_names_whitelist: str = "",
    variable_names_denylist: str = "",
    input_meta_graph: PathLike | bool | None = None,
    input_saved_model_dir: PathLike | None = None,
    saved_model_tags: str = tag_constants.SERVING,
    checkpoint_version: int = _NEWEST,
    *,
    variable_names_blacklist: str = "",
) -> message_classes.GraphDef:
    """Freeze a graph that is in a file with the values of a checkpoint.

    The graph comes from one of ``input_meta_graph``, ``input_saved_model_dir`` and ``input_graph``. Nothing is added
    to the default graph.

    Parameters
    ----------
    input_graph : path or None
        A file with a `GraphDef`, binary or text.
    input_saver : path or None
        A file with a `SaverDef`, which tells the names of the variables in the checkpoint.
    input_binary : bool
        Accepted; the content of the files tells.
    input_checkpoint : path or None
        The prefix of a checkpoint, of hdfsaver or TensorFlow.
    output_node_names : str
        The operations to keep with what they need, separated by commas.
    restore_op_name, filename_tensor_name : str or None
        Accepted, as in TensorFlow.
    output_graph : path or None
        The file to write, in protobuf's binary format; none is written without it.
    clear_devices : bool
        Leave out the devices of operations.
    initializer_nodes : str or None
        Operations to run before, separated by commas.
    variable_names_whitelist, variable_names_denylist : str
        The variables to convert, all without any; and those not to convert. Separated by commas.
    input_meta_graph : path or None
        A ``.meta`` file, or the prefix or file of a checkpoint of hdfsaver that has its graph.
    input_saved_model_dir : path or None
        The folder of a SavedModel, which has values too.
    saved_model_tags : str
        Its tags, separated by commas.
    checkpoint_version : int
        Accepted; the content of the checkpoint tells.
    variable_names_blacklist : str
        Another name of ``variable_names_denylist``, that of TensorFlow 1.

    Returns
    -------
    GraphDef
        The frozen graph.

    Raises
    ------
    OSError
        A file with the graph does not exist.
    ValueError
        The checkpoint does not exist, no operations are named, the checkpoint does not have the variables of the
        graph, or the graph has none.
    AssertionError
        The graph does not have one of the operations.
    DataLossError, InvalidArgumentError, NotFoundError
        A file is damaged, or holds something else.
    """
    graph_def = _read(input_graph, "graph", message_classes.GraphDef) if input_graph else None
    saver_def = _read(input_saver, "saver", message_classes.SaverDef) if input_saver else None
    return _Freezing(
        graph_def,
        saver_def,
        input_meta_graph or None,
        input_saved_model_dir,
        _listed(saved_model_tags),
        clear_devices=clear_devices,
        initializers=_listed(initializer_nodes or ""),
    ).run(
        input_checkpoint,
        output_node_names,
        output_graph,
        variable_names_whitelist,
        variable_names_denylist or variable_names_blacklist,
    )


def freeze_graph_with_def_protos(
    input_graph_def: message_classes.GraphDef | None,
    input_saver_def: message_classes.SaverDef | None,
    input_checkpoint: PathLike | None,
    output_node_names: str,
    restore_op_name: str | None,
    filename_tensor_name: str | None,
    output_graph: PathLike | None,
    clear_devices: bool,
    initializer_nodes: str | None,
    variable_names_whitelist: str = "",
    variable_names_denylist: str = "",
    input_meta_graph_def: message_classes.MetaGraphDef | None = None,
    input_saved_model_dir: PathLike | None = None,
    saved_model_tags: list[str] | None = None,
    checkpoint_version: int = _NEWEST,
    *,
    variable_names_blacklist: str = "",
) -> message_classes.GraphDef:
    """Freeze a graph that is a message, which is not changed; see `freeze_graph`.

    Parameters
    ----------
    input_graph_def : GraphDef or None
        The graph, where no other message or SavedModel has it.
    input_saver_def : SaverDef or None
        It tells the names of the variables in the checkpoint.
    input_checkpoint, output_node_names, restore_op_name, filename_tensor_name, output_graph
        See `freeze_graph`.
    clear_devices, initializer_nodes, variable_names_whitelist, variable_names_denylist
        See `freeze_graph`.
    input_meta_graph_def : MetaGraphDef, optional
        The graph with its Saver.
    input_saved_model_dir : path, optional
        The folder of a SavedModel.
    saved_model_tags : list of str, optional
        Its tags.
    checkpoint_version : int
        Accepted.
    variable_names_blacklist : str
        See `freeze_graph`.

    Returns
    -------
    GraphDef
        The frozen graph.

    Raises
    ------
    ValueError, AssertionError, DataLossError, InvalidArgumentError, NotFoundError
        See `freeze_graph`.
    """
    return _Freezing(
        input_graph_def,
        input_saver_def,
        input_meta_graph_def,
        input_saved_model_dir,
        saved_model_tags or [],
        clear_devices=clear_devices,
        initializers=_listed(initializer_nodes or ""),
    ).run(
        input_checkpoint,
        output_node_names,
        output_graph,
        variable_names_whitelist,
        variable_names_denylist or variable_names_blacklist,
    )


class _Freezing:
    """A graph, from where it comes, and how values get into a session of it."""

    def __init__(
        self,
        graph_def: message_classes.GraphDef | None,
        saver_def: message_classes.SaverDef | None,
        meta_graph: Any,
        saved_model: PathLike | None,
        tags: list[str],
        *,
        clear_devices: bool,
        initializers: list[str],
    ) -> None:
        self.graph_def = graph_def
        self.saver_def = saver_def
        self.meta_graph = meta_graph
        self.saved_model = saved_model
        self.tags = tags
        self.clear_devices = clear_devices
        self.initializers = initializers

    def run(
        self, checkpoint: PathLike | None, outputs: str, target: PathLike | None, allowed: str, denied: str
    ) -> message_classes.GraphDef:
        """The frozen graph, which is written to a file as well where one is named."""
        if not self.saved_model and not (checkpoint and checkpoint_exists(checkpoint)):
            raise ValueError(f"Input checkpoint '{_text(checkpoint)}' doesn't exist!")
        if not outputs:
            raise ValueError("You need to supply the name of a node to --output_node_names.")
        if not (self.saved_model or self.meta_graph or self.graph_def is not None):
            raise ValueError("There is no graph: give one of input_graph, input_meta_graph and input_saved_model_dir.")
        with Graph().as_default() as graph, Session(graph=graph) as sess:
            self._load(graph, sess, checkpoint)
            frozen = convert_variables_to_constants(
                sess, graph.as_graph_def(), _listed(outputs), _listed(allowed) or None, _listed(denied) or None
            )
        if self.clear_devices:
            for node in frozen.node:
                node.device = ""
        if target:
            write_whole(as_target(target), frozen.SerializeToString(deterministic=True))
        return frozen

    def _load(self, graph: Graph, sess: Session, checkpoint: Any) -> None:
        if self.saved_model and not self.meta_graph:
            loader.load(sess, self.tags, self.saved_model, clear_devices=self.clear_devices)
            return
        source = self.meta_graph
        if self.graph_def is not None and not self.meta_graph:
            # Only operations of TensorFlow's Saver tell names; one of hdfsaver adds none to the graph.
            has_saver = self.saver_def is not None and any(
                node.name == self.saver_def.restore_op_name for node in self.graph_def.node
            )
            source = message_classes.MetaGraphDef(
                graph_def=self.graph_def, saver_def=self.saver_def if has_saver else None
            )
        saver = import_meta_graph(source, clear_devices=self.clear_devices)
        if saver is None:
            saver = _saver_by_names(graph, checkpoint)
        saver.restore(sess, checkpoint)
        if self.initializers:
            sess.run(self.initializers)


def _saver_by_names(graph: Graph, checkpoint: PathLike) -> Saver:
    """A Saver of the variables that the checkpoint has under the names of operations."""
    with load_checkpoint(checkpoint) as reader:
        names = [name for name in reader.get_variable_to_shape_map() if name in graph.data]
    tensors = {name: graph.tensor(name, 0) for name in names if graph.data.nodes[name]["outputs"]}
    try:
        return Saver(tensors)
    except TypeError:
        parts = [name for name in graph.data if _PART.search(name)]
        if any(name in part for name in tensors for part in parts):
            raise ValueError(
                "Models containing partition variables cannot be converted from checkpoint files. Please pass in a "
                "SavedModel using the flag --input_saved_model_dir, or the graph with its Saver as input_meta_graph."
            ) from None
        if not any(_is_variable(operation.type) for operation in graph.get_operations()):
            raise ValueError(
                "No variables were found in this model. It is likely the model was frozen previously. You cannot "
                "freeze a graph twice."
            ) from None
        raise


def _is_variable(op_type: str) -> bool:
    return op_type.startswith("Variable") or op_type in ("VarHandleOp", "ReadVariableOp")


def _read(path: Any, what: str, kind: Any) -> Any:
    path = as_source(path)
    if not (is_file(path) if isinstance(path, RemoteName) else os.path.exists(path)):
        raise OSError(f"Input {what} file '{_text(path)}' does not exist!")
    if kind is message_classes.SaverDef:  # its content does not tell it from other messages
        return parse_message(path, read_regular(path, LARGEST), kind)
    return read_message(path, kind)


def _text(path: PathLike | None) -> str:
    return "" if path is None else os.fsdecode(path)


def _listed(names: str) -> list[str]:
    """The names in a text with commas."""
    return [name for name in names.replace(" ", "").split(",") if name]
