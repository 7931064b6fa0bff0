"""The further files of a SavedModel, such as vocabularies: constants of the graph have their paths."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from hdfsaver import dtypes
from hdfsaver.files import file_io
from hdfsaver.graph.tensor import Tensor
from hdfsaver.interop.graphs.graph_files import asset_defs, checked_asset_name
from hdfsaver.messages import message_classes
from hdfsaver.saved_model.saved_model_constants import ASSETS_DIRECTORY
from hdfsaver.saved_model.tensor_infos import scoped


def planned(tensors: Iterable[Tensor]) -> tuple[list[message_classes.AssetFileDef], dict[str, str]]:
    """The messages about the files that tensors name, and the paths of the files by the names that they get.

    Files of one name get the endings ``_1``, ``_2``, ..., unless they have the same bytes.

    Raises
    ------
    TypeError
        A tensor is not a constant of one string.
    ValueError
        The string is empty.
    """
    found: list[message_classes.AssetFileDef] = []
    sources: dict[str, str] = {}
    for tensor in tensors:
        path = _path_of(tensor)
        name = _free_name(path, sources)
        sources[name] = path
        asset = message_classes.AssetFileDef(filename=name)
        asset.tensor_info.name = tensor.name
        found.append(asset)
    return found, sources


def _path_of(tensor: Any) -> str:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"Asset path tensor {tensor} must be a Tensor.")
    if tensor.op.type != "Const":
        raise TypeError(f"Asset path tensor {tensor} must be of type constant. Has type {tensor.op.type} instead.")
    if tensor.dtype != dtypes.string:
        raise TypeError(f"Asset path tensor {tensor} must be of dtype string. Has type {tensor.dtype.name} instead.")
    values = tensor.op.node_def.attr["value"].tensor.string_val
    if len(values) != 1:
        raise TypeError(f"Asset path tensor {tensor} must be a scalar; it has {len(values)} strings.")
    if not values[0]:
        raise ValueError(f"Asset filepath tensor {tensor} is invalid: its path is empty.")
    return os.fsdecode(values[0])


def _free_name(path: str, sources: Mapping[str, str]) -> str:
    base = os.path.basename(path)
    name, number = base, 0
    while name in sources and sources[name] != path and not file_io.filecmp(path, sources[name]):
        number += 1
        name = f"{base}_{number}"
    return name


def copy_to(folder: str, sources: Mapping[str, str]) -> None:
    """Copy the files into the folder ``assets`` of a SavedModel, except those of a name that is there already.

    Warns
    -----
    UserWarning
        A file does not exist, or an earlier graph has another one of its name. As in TensorFlow, the SavedModel is
        then without it.
    """
    target = os.path.join(folder, ASSETS_DIRECTORY)
    if sources:
        file_io.makedirs(target)
    for name, path in sources.items():
        copied = os.path.join(target, name)
        if not file_io.exists(path):
            warnings.warn(f"The SavedModel in {folder} is without the asset {path}: it does not exist.", stacklevel=4)
        elif not file_io.exists(copied):
            file_io.copy(path, copied)
        elif not file_io.filecmp(path, copied):
            warnings.warn(f"The SavedModel {folder} keeps another asset of the name {name}, not {path}.", stacklevel=4)


def paths_by_tensor(
    folder: str, meta_graph: message_classes.MetaGraphDef, import_scope: str | None = None
) -> dict[str, str]:
    """The paths that the tensors of assets have where the SavedModel is now, by the names of the tensors.

    Parameters
    ----------
    folder : str
        The SavedModel's.
    meta_graph : MetaGraphDef
        Its graph.
    import_scope : str, optional
        The scope that the graph was imported into.

    Returns
    -------
    dict of str to str

    Raises
    ------
    DataLossError
        An asset would be outside of the folder.
    """
    return {
        scoped(asset.tensor_info.name, import_scope): os.path.join(
            folder, ASSETS_DIRECTORY, checked_asset_name(asset.filename)
        )
        for asset in asset_defs(meta_graph)
    }
