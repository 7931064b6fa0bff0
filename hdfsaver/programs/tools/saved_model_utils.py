"""``tensorflow.python.tools.saved_model_utils``: the message of a SavedModel, and the graphs in it."""

from __future__ import annotations

from hdfsaver.files.file_io import PathLike
from hdfsaver.messages import message_classes
from hdfsaver.saved_model.loader import parse_saved_model as read_saved_model


def get_saved_model_tag_sets(saved_model_dir: PathLike) -> list[list[str]]:
    """The tags of each graph of a SavedModel.

    Raises
    ------
    OSError
        There is no SavedModel, or it is damaged.
    """
    return [list(meta_graph.meta_info_def.tags) for meta_graph in read_saved_model(saved_model_dir).meta_graphs]


def get_meta_graph_def(saved_model_dir: PathLike, tag_set: str) -> message_classes.MetaGraphDef:
    """The graph of a SavedModel that has exactly these tags, which are separated by commas.

    Raises
    ------
    OSError
        There is no SavedModel, or it is damaged.
    RuntimeError
        No graph has these tags.
    """
    wanted = set(filter(None, tag_set.split(",")))
    meta_graphs = read_saved_model(saved_model_dir).meta_graphs
    for meta_graph in meta_graphs:
        if set(meta_graph.meta_info_def.tags) == wanted:
            return meta_graph
    there = [",".join(meta_graph.meta_info_def.tags) for meta_graph in meta_graphs]
    raise RuntimeError(
        f"MetaGraphDef associated with tag-set {tag_set} could not be found in the SavedModel {saved_model_dir!r}. "
        f"Please use one of the following tag-sets: {there}"
    )


__all__ = ["get_meta_graph_def", "get_saved_model_tag_sets", "read_saved_model"]
