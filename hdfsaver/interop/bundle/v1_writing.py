"""Writing TensorFlow checkpoints of the first format: one table whose values are the tensors.

Source: ``tensorflow/core/util/tensor_slice_writer.cc`` and ``saved_tensor_slice.proto``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hdfsaver.errors import InvalidArgumentError
from hdfsaver.files.atomic_write import write_atomically
from hdfsaver.interop.bundle.bundle_writing import Part
from hdfsaver.interop.bundle.v1_checkpoints import VERSION
from hdfsaver.interop.table.ordered_code import slice_key
from hdfsaver.interop.table.table_writing import table_bytes
from hdfsaver.messages import message_classes
from hdfsaver.messages.tensor_protos import write_elements
from hdfsaver.messages.tensor_types import type_number, write_shape

_MOST = (1 << 31) - 1
"""The bytes that a message can have."""


def write_v1(path: str, tensors: Mapping[str, Sequence[Part]], dtype_names: Mapping[str, str]) -> None:
    """Write a checkpoint of the first format, and replace a file of that name.

    Parameters
    ----------
    path : str
    tensors : mapping of str to sequence of Part
        The tensors by name, each in slices; one of all extents (0, -1) for a whole one.
    dtype_names : mapping of str to str
        Their dtypes.

    Raises
    ------
    InvalidArgumentError
        A tensor is larger than a message can be.
    UnimplementedError
        The format has no field for the dtype.
    OpError
        The operating system refuses; a file of that name is unchanged.
    """
    header = message_classes.SavedTensorSlices()
    header.meta.versions.producer = VERSION
    items = {}
    for name, parts in tensors.items():
        listed = header.meta.tensor.add(name=name, type=type_number(dtype_names[name]))
        write_shape(listed.shape, parts[0].full_shape)
        for part in parts:
            saved = message_classes.SavedTensorSlices()
            saved.data.name = name
            for slices in (listed.slice.add(), saved.data.slice):
                for start, length in part.extents:
                    extent = slices.extent.add()
                    if length != -1:
                        extent.start, extent.length = start, length
            value = np.asarray(part.value)
            if value.nbytes > _MOST // 2:
                raise InvalidArgumentError(
                    None, None, f"Tensor {name!r} is too large for the first format of checkpoints; use the second."
                )
            write_elements(saved.data.data, value, dtype_names[name])
            items[slice_key(name.encode(), part.extents)] = saved.SerializeToString()
    write_atomically(path, table_bytes([(b"", header.SerializeToString()), *sorted(items.items())]))
