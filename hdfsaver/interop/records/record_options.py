"""How the records of a file are compressed."""

from __future__ import annotations

import zlib
from typing import Any, ClassVar, TypeAlias


class TFRecordCompressionType:
    """The numbers of the ways to compress a file of records."""

    NONE = 0
    ZLIB = 1
    GZIP = 2


class TFRecordOptions:
    """How a file of records is compressed; all but the first are zlib's own parameters, and its defaults where None.

    Parameters
    ----------
    compression_type : str, int or TFRecordOptions, optional
        ``"GZIP"``, ``"ZLIB"`` or ``""``, or a number of `TFRecordCompressionType`.
    flush_mode : int, optional
        The way in which zlib ends each part of the input; ``zlib.Z_NO_FLUSH`` by default.
    input_buffer_size : int, optional
        Bytes that are collected before they are compressed; 262,144 by default.
    output_buffer_size : int, optional
        Accepted; the compressed bytes are written at once.
    window_bits : int, optional
        The logarithm of the size of zlib's window, 15 by default; 16 more for GZIP.
    compression_level : int, optional
        From 0 to 9.
    compression_method : int, optional
        ``zlib.DEFLATED``, the only one.
    mem_level : int, optional
        From 1 to 9.
    compression_strategy : int, optional
        One of zlib's strategies.

    Raises
    ------
    ValueError
        The type is another one.
    """

    compression_type_map: ClassVar[dict[int, str]] = {
        TFRecordCompressionType.ZLIB: "ZLIB",
        TFRecordCompressionType.GZIP: "GZIP",
        TFRecordCompressionType.NONE: "",
    }

    def __init__(
        self,
        compression_type: OptionsLike = None,
        flush_mode: int | None = None,
        input_buffer_size: int | None = None,
        output_buffer_size: int | None = None,
        window_bits: int | None = None,
        compression_level: int | None = None,
        compression_method: int | None = None,
        mem_level: int | None = None,
        compression_strategy: int | None = None,
    ) -> None:
        self.get_compression_type_string(compression_type)
        self.compression_type = compression_type
        self.flush_mode = flush_mode
        self.input_buffer_size = input_buffer_size
        self.output_buffer_size = output_buffer_size
        self.window_bits = window_bits
        self.compression_level = compression_level
        self.compression_method = compression_method
        self.mem_level = mem_level
        self.compression_strategy = compression_strategy

    @classmethod
    def get_compression_type_string(cls, options: OptionsLike) -> str:
        """The type as text: ``""``, ``"ZLIB"`` or ``"GZIP"``; `ValueError` for anything else."""
        if isinstance(options, TFRecordOptions):
            return cls.get_compression_type_string(options.compression_type)
        if not options:
            return ""
        known: Any = cls.compression_type_map
        if options in known:
            return str(known[options])
        if options in known.values():
            return str(options)
        raise ValueError(f'Not a valid compression_type: "{options}"; it is "GZIP", "ZLIB" or "".')


OptionsLike: TypeAlias = "TFRecordOptions | str | int | None"
"""A way to compress records, for functions that take any form of it."""


def wbits(kind: str, bits: int | None = None) -> int:
    """zlib's parameter for a type: which head the compressed bytes have, and the size of the window."""
    return (zlib.MAX_WBITS if bits is None else bits) + (16 if kind == "GZIP" and (bits is None or bits < 16) else 0)
