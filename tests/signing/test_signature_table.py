"""The text of a signature: one for each table, and nothing else is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver import errors
from hdfsaver.signing.signature_table import Part, Table, claimed_key, merged, pack, parse, split, with_signature

KEY = "SHA256:" + "a" * 43
SHA = "0" * 64
PARTS = (
    Part("index", ((1322, 192), (2048, 24))),
    Part("structure", ((0, 4096),)),
    Part("variable", ((4096, 8),), "float64[]", "/variables/w"),
    Part("variable", (), "float32[0,3]", "/g%2Fh/variables/no such%2Fname"),
)
TABLE = Table(KEY, "", 4104, PARTS, (SHA,) * 4)
TEXT = f"""\
hdfsaver signature 1
key {KEY}
file 4104
index {SHA} 1322+192,2048+24
structure {SHA} 0+4096
variable {SHA} 4096+8 float64[] /variables/w
variable {SHA} - float32[0,3] /g%2Fh/variables/no such%2Fname
""".encode()


def test_the_text():
    """A line for each part, and the same table from it."""
    assert pack(TABLE) == TEXT
    assert parse(TEXT, "x") == TABLE
    assert split(with_signature(TEXT, bytes(64)), "x") == (TEXT, bytes(64))
    assert claimed_key(TEXT) == KEY
    assert claimed_key(b"") is None


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_comments(text):
    """Any printable line is a comment, also one that looks like another line; no other text is."""
    table = TABLE._replace(comment=text)
    if text.isprintable():
        assert parse(pack(table), "x") == table
    else:
        with pytest.raises(errors.InvalidArgumentError, match="A comment must be one line"):
            pack(table)


def test_names_that_cannot_be_lines():
    """A link with a line break, which no writer makes, is not signed: it could look like another line."""
    part = Part("variable", (), "float32[0]", "/variables/a\nb")
    with pytest.raises(errors.InvalidArgumentError, match="has a link that cannot be signed"):
        pack(TABLE._replace(parts=(*PARTS, part), digests=(SHA,) * 5))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"key ", b"key  "),
        (b"file 4104", b"file 04104"),
        (b"file 4104\n", b""),
        (b"file 4104\n", b"comment \nfile 4104\n"),
        (b"file 4104\n", b"file 4104\nfile 4104\n"),
        (b"index ", b"structure "),
        (b"0+4096", b"0+"),
        (b" - ", b"  "),
        (b"float64[]", b"float64"),
        (b"/variables/w", b"variables/w"),
        (b"/variables/w", b"/variables/\xff"),
        (b"/variables/w\n", b"/variables/w\r\n\n"),
        (SHA.encode(), b"A" * 64),
        (b"variable", b"value"),
    ],
)
def test_other_texts(old, new):
    """Lines that are not as they are written are refused."""
    with pytest.raises(errors.DataLossError, match="x: the signature is damaged: "):
        parse(TEXT.replace(old, new, 1), "x")


@pytest.mark.parametrize(
    ("data", "kind", "match"),
    [
        (b"", errors.InvalidArgumentError, "not a signature of hdfsaver"),
        (b"untrusted comment: minisign", errors.InvalidArgumentError, "it begins with 'untrusted comment: minisign'"),
        (TEXT.replace(b" 1\n", b" 2\n", 1), errors.InvalidArgumentError, "unknown version 2.*or a newer one"),
        (TEXT, errors.DataLossError, "does not end with the line of the signature"),
        (with_signature(TEXT, bytes(63)), errors.DataLossError, "does not end with the line"),
        (with_signature(TEXT, bytes(64)) + b"x", errors.DataLossError, "does not end with the line"),
        (with_signature(TEXT, b"\xaa" * 64).replace(b"a" * 128, b"A" * 128), errors.DataLossError, "does not end"),
    ],
)
def test_other_files(data, kind, match):
    """Files of another kind or a later version are refused by that, damaged ones as damaged."""
    with pytest.raises(kind, match=match):
        split(data, "x")


def test_ranges_are_merged():
    """Ranges that follow each other are one, empty ones none; the order is kept."""
    assert merged([(0, 4), (4, 0), (4, 6), (20, 1), (0, 0), (11, 2)]) == ((0, 10), (20, 1), (11, 2))
