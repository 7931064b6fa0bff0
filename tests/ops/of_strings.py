"""Programs about strings; see `tests.ops.test_families`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Program = Callable[[Any], Any]


def parts(sparse: Any) -> list[Any]:
    """The tensors of a sparse tensor."""
    return [sparse.indices, sparse.values, sparse.dense_shape]


def splits(tf: Any) -> list[Any]:
    """Texts between bytes, separators and white space."""
    made = [
        tf.string_split(["a b", " c  d ", ""]),
        tf.string_split(["a,b,,c", ",x"], ","),
        tf.string_split(["a,b;c"], ",;"),
        tf.string_split(["abc", ""], ""),
        tf.string_split(["a,,b", "]^-"], "^-],", skip_empty=False),
        tf.string_split(["", ""]),
        tf.strings.split(["a b\tc", " d "]),
        tf.strings.split(["a,b,,c", " d", ""], sep=","),
        tf.strings.split(["a<>b<><>c"], sep="<>", maxsplit=2),
        tf.strings.split(" a  b c ", maxsplit=1),
    ]
    return [part for sparse in made for part in parts(sparse)]


def joins(tf: Any) -> list[Any]:
    """Texts joined, and cut."""
    square = [["a", "b"], ["c", "d"]]
    made = [
        tf.string_join([["a", "b"], "c", ["x", "y"]], separator="-"),
        tf.string_join(["a", "b"]),
        tf.strings.join([square, square], separator=", "),
    ]
    for axis in (0, 1, -1, [0, 1], [1, 0], [], None):
        made += [tf.reduce_join(square, axis, separator="."), tf.reduce_join(square, axis, keep_dims=True)]
    made += [tf.reduce_join(np.zeros([2, 0], object), 1), tf.reduce_join(np.zeros([0, 2], object), 1)]
    for pos, length in ((0, 2), (1, 100), (-2, 1), (5, 1), (3, 0)):
        made.append(tf.substr(["hello"], pos, length))
    made += [tf.substr(["hello", "world"], [1, 2], [3, 1]), tf.substr(["hello", "x"], [1], [3])]
    made += [tf.strings.substr([["h\u00e9llo"]], -4, 2, unit="UTF8_CHAR")]
    return [
        *made,
        tf.strings.length(["ab", "h\u00e9", ""]),
        tf.strings.length(["ab", "h\u00e9", b"\xff\xfea\x80"], unit="UTF8_CHAR"),
    ]


PATTERNS = (
    (r"\.", r"<\0>", "a.b.c"),
    (r"([a-z])(\d)", r"\2\1", "a1b2"),
    ("", "-", "abc"),
    ("x*", "-", "abxc"),
    (".", "_", "\u00e9a"),
    ("b", r"\1", "abc"),
    ("[[:punct:][:space:]]", "", "a b!c\t"),
    ("[^[:alpha:]]+", " ", "a1b22[c"),
    ("[]a]", "x", "a]b"),
    ("[[a]", "x", "a[b"),
    ("a$", "x", "a\n"),
    (r"(?i)AB|c\z", r"\\", "abc"),
    (r"\w+", "w", "h\u00e9 you"),
    (r"<br\s*/?>", " ", "a<br>b<br />c"),
)


def patterns(tf: Any) -> list[Any]:
    """What matches patterns."""
    made = []
    for pattern, rewrite, text in PATTERNS:
        made += [tf.regex_replace([text], pattern, rewrite, replace_global=everywhere) for everywhere in (True, False)]
        made.append(tf.strings.regex_full_match([text, text[:1]], pattern))
    made.append(tf.regex_replace(["a1b2"], tf.constant("[0-9]"), tf.constant("")))
    return [*made, tf.strings.regex_full_match([["abc", "abd"]], tf.constant("a.c"))]


def numbers(tf: Any) -> list[Any]:
    """Texts read as numbers."""
    texts = ["1", "1.5", " 2 ", "-3e2", "inf", "-Infinity", "nan", "0x10", "1e400", "+4", "1e-400", "1.", ".5", "0.1"]
    made = [tf.string_to_number(texts, dtype) for dtype in (tf.float32, tf.float64)]
    return [*made, tf.string_to_number(["-7", " 12 ", "+3"], tf.int32), tf.strings.to_number([["9"]], tf.int64)]


def forms(tf: Any) -> list[Any]:
    """Letters, white space, base 64, buckets."""
    texts = ["a", "ab", "abc", b"\xff\xfe", ""]
    made = [tf.encode_base64(texts), tf.encode_base64(texts, pad=True)]
    made += [tf.decode_base64(["YQ", "YWI=", "_-4", "YWJj", ""]), tf.strings.strip([" a b \n\t\x0b\x0c\r", "\xa0x"])]
    for encoding in ("", "utf-8"):
        made += [
            tf.strings.lower(["AbC\u00c9"], encoding=encoding),
            tf.strings.upper(["abc\u00e9\u00df"], encoding=encoding),
        ]
    made.append(tf.string_to_hash_bucket([*texts, "12345678", "hello world, this is long"], 1 << 62))
    made += [
        tf.strings.to_hash_bucket([["x", "y"]], 10),
        tf.strings.format("x {} y {}", (tf.constant([1, 2]), tf.constant("s"))),
    ]
    return [*made, tf.as_string([1.5, 2.0])]


def graph_of_strings(tf: Any) -> list[Any]:
    """Names, types, dtypes and shapes."""
    x, y = tf.placeholder_with_default(["1", "2"], [None]), tf.placeholder_with_default([["3"]], [None, 1])
    made = [
        *parts(tf.string_split(x, ",")),
        *parts(tf.strings.split(x)),
        tf.string_join([x, "b"]),
        tf.reduce_join(y, 1),
    ]
    made += [tf.reduce_join(y), tf.substr(x, 0, 1), tf.regex_replace(x, "a", "b"), tf.strings.regex_full_match(y, "a")]
    made += [tf.string_to_number(x), tf.encode_base64(y), tf.decode_base64(["YQ"]), tf.strings.length(y)]
    return [*made, tf.strings.lower(x), tf.strings.upper(x), tf.strings.strip(x), tf.string_to_hash_bucket(y, 3)]


PROGRAMS: dict[str, Program] = {"strings in a graph": graph_of_strings}
"""Programs whose graphs are TensorFlow's, name by name."""

RESULTS: dict[str, Program] = {
    "splits": splits,
    "joins": joins,
    "patterns": patterns,
    "texts as numbers": numbers,
    "forms": forms,
}
"""Programs whose results are TensorFlow's."""
