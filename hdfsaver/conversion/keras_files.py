"""Files of weights that ``load_weights`` of Keras reads: those of Keras 3, and those of Keras 2 by names of layers.

Sources: ``keras/src/saving/saving_lib.py`` and ``keras/src/legacy/saving/legacy_h5_format.py`` of Keras 3.15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import h5py
import numpy as np

from hdfsaver import dtypes
from hdfsaver.conversion.converted_arrays import TargetArrays
from hdfsaver.conversion.layouts.keras_layers import Layer, paths_of
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.files.whole_files import write_whole
from hdfsaver.tensor_info import STRING, Array

_MOST_OF_ATTRIBUTE = 64512
"""Bytes of a list of names in one attribute; HDF5 has at most 64 KiB, and Keras continues in further ones."""

_BFLOAT16 = "bfloat16"


def write_weights(path: str, arrays: TargetArrays, layers: Sequence[Layer], *, by_class: bool, durable: bool) -> None:
    """Write the weights of Keras to a file, which is complete in memory before.

    Parameters
    ----------
    path : str
        The file.
    arrays : TargetArrays
        The arrays by their paths, see `paths_of`.
    layers : sequence of Layer
        The layers.
    by_class : bool
        Whether the file is one of Keras 3.
    durable : bool
        Return only when the file is on the disk.

    Raises
    ------
    InvalidArgumentError
        An array is of a dtype that the format does not have.
    """
    _check_dtypes(path, arrays, by_class)
    with h5py.File.in_memory() as file:
        if by_class:
            _write_classes(file, arrays, layers)
        else:
            _write_names(file, arrays, layers)
        file.flush()
        content = file.id.get_file_image()
    write_whole(path, content, durable=durable)


def _check_dtypes(path: str, arrays: TargetArrays, by_class: bool) -> None:
    for name, entry in arrays.entries.items():
        of_others = entry.dtype == STRING or dtypes.as_dtype(entry.dtype).is_quantized
        if of_others or (entry.dtype == _BFLOAT16 and not by_class):
            remedy = "Leave it out (exclude)" if of_others else "Convert it with dtype='float32' (--dtype)"
            raise InvalidArgumentError(
                None, None, f"{path}: weights of Keras cannot have the dtype {entry.dtype} of {name!r}. {remedy}."
            )


def _write_classes(file: h5py.File, arrays: Mapping[str, Array], layers: Sequence[Layer]) -> None:
    """A group for each layer, by its class and number, with the weights by their places."""
    paths = paths_of(layers, by_class=True)
    for layer in layers:
        for inner, weights in layer.parts:
            for weight in weights:
                value = arrays[paths[weight.array]]
                dataset = file.create_dataset(paths[weight.array], data=value)
                if value.dtype.name == _BFLOAT16:
                    dataset.attrs["dtype"] = _BFLOAT16
            within = paths[weights[0].array].rpartition("/")[0]
            file[within].attrs["name"] = "cell" if inner else layer.name
            if inner:
                file.require_group(f"{within.removesuffix(f'/{inner}/vars')}/vars").attrs["name"] = layer.name


def _write_names(file: h5py.File, arrays: Mapping[str, Array], layers: Sequence[Layer]) -> None:
    """A group for each layer, by its name, with the weights by their names."""
    paths = paths_of(layers, by_class=False)
    _set_names(file, "layer_names", [layer.name for layer in layers])
    file.attrs["backend"] = np.bytes_("tensorflow")
    file.attrs["keras_version"] = np.bytes_("2.15.0")
    for layer in layers:
        group = file.create_group(layer.name)
        names = {weight.array: f"{paths[weight.array]}:0" for weight in layer.weights}
        _set_names(group, "weight_names", list(names.values()))
        for array, name in names.items():
            group.create_dataset(name, data=arrays[paths[array]])


def _set_names(group: Any, name: str, values: Sequence[str]) -> None:
    """A list of names as attributes; a long one in several, with numbers behind the name."""
    encoded = [value.encode() for value in values]
    longest = max(map(len, encoded), default=1)
    count = max(_MOST_OF_ATTRIBUTE // longest, 1)
    pieces = [encoded[start : start + count] for start in range(0, len(encoded), count)]
    for number, piece in enumerate(pieces):
        group.attrs[name if len(pieces) == 1 else f"{name}{number}"] = np.array(piece, f"S{longest}")
