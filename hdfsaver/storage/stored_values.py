"""Values of a file of this format that another file gets with the bytes that they have, without decoding them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
from h5py import h5t

from hdfsaver.files.lazy_arrays import JoinedBytes, Pending
from hdfsaver.storage.chunks.chunk_writing import CopiedChunks
from hdfsaver.tensor_info import STRING, Array, TensorInfo, numpy_dtype


class Form(NamedTuple):
    """How a value is stored: the datatype, the shape and the attributes of its dataset."""

    datatype: h5t.TypeID
    shape: tuple[int, ...]
    attributes: Mapping[str, str]


class StoredValue(Pending):
    """A value in an open file, whose stored bytes are copied piece by piece.

    Parameters
    ----------
    entry : TensorInfo
        Its description; the name counts only for errors.
    form : Form
    read : callable
        Returns an iterator of its decoded bytes, which is an error where they differ from those that were saved.
    chunks : CopiedChunks or None
        Its chunks, where it is compressed and stays so.
    """

    def __init__(
        self,
        entry: TensorInfo,
        form: Form,
        read: Callable[[], Iterator[memoryview]],
        chunks: CopiedChunks | None = None,
    ) -> None:
        super().__init__(form.shape, np.dtype(np.uint8) if entry.dtype == STRING else numpy_dtype(entry.dtype))
        self.nbytes = entry.nbytes
        self.entry = entry
        self.form = form
        self.chunks = chunks
        self._read = read

    def array(self) -> Array:
        """The stored elements."""
        return np.frombuffer(self.tobytes(), self.dtype)

    def tobytes(self) -> bytes:
        """Its bytes."""
        return JoinedBytes(self)[:].tobytes()

    def stream(self) -> Iterator[memoryview]:
        """The bytes piece by piece."""
        return self._read()
