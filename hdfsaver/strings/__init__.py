"""``tf.strings``: strings split, joined, cut, changed and read."""

from __future__ import annotations

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.ops.string_ops import as_string
from hdfsaver.ops.text_fingerprints import string_to_hash_bucket_fast as to_hash_bucket_fast
from hdfsaver.ops.text_forms import string_format as format  # noqa: A004, TensorFlow's name
from hdfsaver.ops.text_forms import string_lower as lower
from hdfsaver.ops.text_forms import string_strip as strip
from hdfsaver.ops.text_forms import string_to_hash_bucket as to_hash_bucket
from hdfsaver.ops.text_forms import string_upper as upper
from hdfsaver.ops.text_parts import reduce_join, regex_full_match, regex_replace, split, substr
from hdfsaver.ops.text_parts import string_join as join
from hdfsaver.ops.text_parts import string_length as length
from hdfsaver.ops.text_parts import string_to_number as to_number

__all__ = [
    "as_string",
    "format",
    "join",
    "length",
    "lower",
    "reduce_join",
    "regex_full_match",
    "regex_replace",
    "split",
    "strip",
    "substr",
    "to_hash_bucket",
    "to_hash_bucket_fast",
    "to_number",
    "upper",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)
