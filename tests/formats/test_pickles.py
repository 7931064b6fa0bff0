"""Pickles are read without a call, and in time and memory that their length allows."""

from __future__ import annotations

import io
import pickle
import re
import struct
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from hdfsaver import errors, limits
from hdfsaver.formats.open_source import open_source
from hdfsaver.formats.pickles import Bounded, Made, Name, Pairs, read_pickle
from tests.growing import TOO_MUCH, growth

GOLDEN = Path(__file__).with_name("golden")


def _read(data):
    return read_pickle(Bounded(io.BytesIO(data), len(data)))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_values(protocol):
    """Numbers, strings, lists and tuples of every protocol are what they are."""
    value = [1, -2, 2**40, 2**70, 1.5, "é\n", None, True, (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [[]]]
    if protocol == 0:
        value[5] = "plain"
    assert value == _read(pickle.dumps(value, protocol))


def test_a_pickle_of_python_2(tmp_path):
    """Its strings are bytes, also as keys, and in the descriptions of NumPy's arrays."""
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x02\x85"
    array += b"cnumpy\ndtype\nU\x02i2K\x00K\x01\x87R(K\x03U\x01>NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    array += b"\x89U\x04\x00\x01\x00\x02tb"
    (tmp_path / "x.pkl").write_bytes(b"\x80\x02}U\x01a" + array + b"sU\x03bcdU\x02\xc3\xa9s.")
    with open_source(tmp_path / "x.pkl") as file:
        np.testing.assert_array_equal(np.array([1, 2], np.int16), file["a"], strict=True)
        assert "é".encode() == file["bcd"].item()


def test_pickles_of_many_values(tmp_path):
    """They are read and named in proportion to their number."""

    def values(count):
        return pickle.dumps({f"k{number}": [float(number), {"x": number}] for number in range(count)}, 2)

    def opened(data):
        (tmp_path / "x.pkl").write_bytes(data)
        open_source(tmp_path / "x.pkl").close()

    assert growth(values, opened, 500) < TOO_MUCH


def test_what_is_not_called():
    """A class and a function stay names, and the calls of them their arguments."""
    found = _read(pickle.dumps({"a": np.float64, "b": complex(1, 2)}, 2))
    assert isinstance(found, Pairs)
    (_, name), (_, made) = found.pairs
    assert name == Name("numpy", "float64")
    assert isinstance(made, Made)
    assert ("__builtin__.complex", (1.0, 2.0)) == (str(made.function), made.args)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x02",
        b"\x80\x02.",
        b"\x80\x02h\x05.",
        b"\x80\x02(u.",
        b"\x80\x02}Nb.",
        b"\x80\x02]NN\x87e.",
        b"\x80\x02cabc\\x\nd\n.",
        b"\x80\x04\x8e" + b"\xff" * 8,
    ],
)
def test_damaged_pickles(data):
    """An incomplete pickle is damage, however it is incomplete."""
    with pytest.raises(errors.DataLossError, match="its pickle is damaged"):
        _read(data)


def test_extensions_are_refused():
    """What only the program that wrote the pickle has cannot be read."""
    with pytest.raises(errors.InvalidArgumentError, match="only a program can provide"):
        _read(b"\x80\x02\x82\x01.")


def _doubling(inner, outer, levels=40):
    """A value whose parts are all the same, ``levels`` deep: 2**levels elements in some hundred bytes."""
    data = b"\x80\x02" + inner + b"q\x00"
    for level in range(levels):
        data += outer(f"h{chr(level)}".encode("latin-1")) + b"q" + bytes([level + 1])
    return data + b"."


@pytest.mark.parametrize(
    "data",
    [
        _doubling(b"]K\x01a", lambda part: b"](" + part + part + b"e"),
        _doubling(b")", lambda part: part + part + b"\x86"),
        _doubling(b"}", lambda part: b"}(K\x01" + part + b"K\x02" + part + b"u"),
        b"\x80\x02](]q\x00(" + b"K\x01" * 20000 + b"e" + b"h\x00" * 20000 + b"e.",
        b"\x80\x02](X\x00\x00\x10\x00" + b"a" * 2**20 + b"q\x00" + b"h\x00" * 2000 + b"Ne.",
    ],
    ids=["lists", "tuples", "dicts", "one-list", "one-text"],
)
def test_values_that_repeat_each_other(tmp_path, data):
    """They are refused long before memory or patience ends, and only they: values beside them are read."""
    beside = b"X\x01\x00\x00\x00aG?\xf0" + bytes(6) + b"X\x01\x00\x00\x00x"
    after = b"X\x01\x00\x00\x00bG@\x00" + bytes(6)
    put, get = b"r\xff\xff\0\0", b"j\xff\xff\0\0"
    (tmp_path / "x.pkl").write_bytes(data[:-1] + put + b"}(" + beside + get + after + b"u.")
    start = time.process_time()
    with open_source(tmp_path / "x.pkl") as file:
        assert [1.0, 2.0] == [file["a"].item(), file["b"].item()]
        assert ["x"] == list(file.unreadable)
        with pytest.raises(errors.ResourceExhaustedError, match=r"x\.pkl: x: .* repeat each other .*`elements`"):
            file["x"]
    assert time.process_time() - start < 5


def test_the_elements_that_a_pickle_may_repeat(tmp_path):
    """With a higher limit, they are named and read."""
    data = _doubling(b"]K\x01a", lambda part: b"](" + part + part + b"e", 13)
    (tmp_path / "x.pkl").write_bytes(data)
    with limits.use(elements=1000), open_source(tmp_path / "x.pkl") as file:
        assert {"0", "1"} == set(file.unreadable)
    with limits.use(elements=10**6), open_source(tmp_path / "x.pkl") as file:
        assert 2**13 == len(file)
        assert [1] == file["0/1/0/1/0/1/0/1/0/1/0/1/0"].tolist()


def test_names_that_grow_with_the_depth(tmp_path):
    """Their bytes count: names that add up to a multiple of that are refused."""
    key = b"X" + (100).to_bytes(4, "little") + b"k" * 100
    level = b"}(X\x01\x00\x00\x00aK\x01" + key
    (tmp_path / "x.pkl").write_bytes(b"\x80\x02" + level * 1500 + b"K\x02" + b"u" * 1500 + b".")
    with open_source(tmp_path / "x.pkl") as file:
        assert 1 == file["a"].item()
        assert 1 == file[("k" * 100 + "/") * 100 + "a"].item()
        assert {errors.ResourceExhaustedError} == {type(error) for error in file.unreadable.values()}
        assert sum(map(len, [*file, *file.unreadable])) < 60_000_000 < 100 * 1500 * 1500 // 2


def test_lists_that_begin_without_an_end(tmp_path):
    """A pickle of marks alone is refused before it is read to its end."""
    (tmp_path / "x.pkl").write_bytes(b"\x80\x02]q\x00" + b"](" * 10**5 + b".")
    with pytest.raises(errors.ResourceExhaustedError, match=r"x\.pkl: .*its pickle: it is nested .*`depth`"):
        open_source(tmp_path / "x.pkl")


@pytest.mark.parametrize("use", [b"}h\x16Ns.", b"h\x16)R."], ids=["key", "function"])
def test_what_would_be_hashed_or_printed(tmp_path, use):
    """A tuple of 2**22 parts is neither hashed as a key nor printed as the name of a function."""
    value: object = ()
    for _ in range(22):
        value = (value, value)
    start = time.process_time()
    hash(value)
    hashed = time.process_time() - start
    (tmp_path / "x.pkl").write_bytes(_doubling(b")", lambda part: part + part + b"\x86", 22)[:-1] + use)
    start = time.process_time()
    with open_source(tmp_path / "x.pkl") as file:
        assert [] == list(file)
        assert 1 == len(file.left_out) + len(file.unreadable)
    assert time.process_time() - start < hashed / 2


def test_a_list_that_contains_itself(tmp_path):
    """The inner reference is left out; the other elements are read."""
    cycle = [np.ones(2)]
    cycle.append(cycle)
    (tmp_path / "x.pkl").write_bytes(pickle.dumps(cycle, 2))
    with open_source(tmp_path / "x.pkl") as file:
        assert ["0"] == list(file)
        assert {"1": "a reference to what contains it"} == file.left_out


def test_lists_without_a_bottom(tmp_path):
    """The depth has the limit that the groups of other files have."""
    (tmp_path / "x.pkl").write_bytes(b"\x80\x02" + b"]" * 3000 + b"N" + b"a" * 3000 + b".")
    with open_source(tmp_path / "x.pkl") as file:
        assert 1 == len(file.left_out)
    with limits.use(depth=100), open_source(tmp_path / "x.pkl") as file:
        ((name, error),) = file.unreadable.items()
        assert name.startswith("0/0/0")
        assert re.search("it is nested in 100 others.*`depth`", str(error))


def test_pickles_that_inflate(tmp_path):
    """Their bytes count as elements: PyTorch does not compress its pickle, and text inflates a few times."""
    values = pickle.dumps(np.array(["text"] * 50_000, object), 2)
    with zipfile.ZipFile(tmp_path / "x.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", pickle.dumps([1] * 50_000, 2))
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        text = b"{'descr': '|O', 'fortran_order': False, 'shape': (50000,), }"
        archive.writestr("x.npy", b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text + values)
    with limits.use(elements=50_000):
        with pytest.raises(errors.ResourceExhaustedError, match=r"x\.pt: x/data\.pkl: .*`elements`"):
            open_source(tmp_path / "x.pt")
        with open_source(tmp_path / "x.npz") as file, pytest.raises(errors.ResourceExhaustedError, match="`elements`"):
            file["x"]
    for name in ("x.pt", "x.npz"):
        with open_source(tmp_path / name) as file:
            assert (50_000,) == file["x"].shape


class Options:
    """An object with an array."""

    def __init__(self):
        self.w = np.ones(2)


def test_one_object_under_many_names(tmp_path):
    """An object of an unknown class is read once; other names say where."""
    one = Options()
    (tmp_path / "x.pkl").write_bytes(pickle.dumps({"a": one, "b": one}, 2))
    with open_source(tmp_path / "x.pkl") as file:
        assert ["a/w"] == list(file)
        assert "the same object as 'a'" == file.left_out["b"]


def test_what_a_tensor_would_allocate(tmp_path):
    """A pickled tensor of one element that is repeated a trillion times is refused by the limit of declared bytes."""
    data = (GOLDEN / "checkpoint_of_2019.pt").read_bytes()
    pickled = b"K\x04\x85"  # the shape (4,) of the tensor that repeats its only element
    assert pickled + b"q" in data
    begin = data.index(b"repeated")
    place = data.index(pickled, begin)
    forged = data[:place] + b"\x8a\x06" + (10**13).to_bytes(6, "little") + data[place + 2 :]
    (tmp_path / "x.pt").write_bytes(forged)
    with open_source(tmp_path / "x.pt") as file:
        with pytest.raises(errors.ResourceExhaustedError, match=r"x\.pt: repeated: .*`declared_bytes`"):
            file["repeated"]
        assert [7, 8] == file["last"].tolist()


def test_a_shape_whose_zero_hides_the_rest(tmp_path):
    """An empty tensor or array that NumPy cannot have is an error of it alone."""
    data = (GOLDEN / "checkpoint_of_2019.pt").read_bytes()
    begin = data.index(b"repeated")
    shape, strides = b"K\x04\x85", b"K\x00\x85"
    place = data.index(shape, begin)
    later = data.index(strides, place)
    huge = b"\x8a\x06" + (2**46).to_bytes(6, "little")
    forged = data[:place] + b"K\x00" + huge + huge + b"\x87" + data[place + 3 : later] + b"K\x00K\x00K\x00\x87"
    (tmp_path / "x.pt").write_bytes(forged + data[later + 3 :])
    with open_source(tmp_path / "x.pt") as file:
        with pytest.raises(
            errors.DataLossError, match=r"x\.pt: 'repeated' is damaged: a tensor of an impossible shape"
        ):
            file["repeated"]
        assert [7, 8] == file["last"].tolist()
    dtype = b"cnumpy\ndtype\n(X\x02\0\0\0f8K\0K\1tR"
    sizes = b"K\x00" + huge + huge + b"\x87"
    array = b"cnumpy.core.multiarray\n_reconstruct\n)R(K\1" + sizes + dtype + b"\x89C\0tb"
    (tmp_path / "x.pkl").write_bytes(b"\x80\3}(X\1\0\0\0aK\7X\1\0\0\0x" + array + b"u.")
    with open_source(tmp_path / "x.pkl") as file:
        with pytest.raises(errors.DataLossError, match=r"x\.pkl: 'x' is damaged: an array of an impossible shape"):
            file["x"]
        assert 7 == file["a"]


@pytest.mark.parametrize("form", [list, lambda texts: np.array(texts, object)], ids=["list", "array"])
def test_one_long_text_among_short_ones(tmp_path, form):
    """Each takes the memory of its own length, not that of the longest; NULs at their ends stay."""
    texts = ["s" * 100_000, *["t"] * 10_000, "u\0"]
    (tmp_path / "x.pkl").write_bytes(pickle.dumps({"x": form(texts)}, 2))
    tracemalloc.start()
    with open_source(tmp_path / "x.pkl") as file:
        found = file["x"].tolist()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [text.encode() for text in texts] == found
    assert peak < 2**26, "NumPy's strings of fixed width would take four gigabytes"


def test_messages_do_not_repeat_long_texts(tmp_path):
    """The name of a storage, or the code of a dtype, may have megabytes; a message shows their beginning."""
    key = b"k" * 10**6
    storage = b"(X\7\0\0\0storagectorch\nFloatStorage\nX" + struct.pack("<I", len(key)) + key + b"X\3\0\0\0cpuK\3tQ"
    tensor = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\0K\3\x85K\1\x85\x89}tR"
    code = b"X" + struct.pack("<I", 10**6) + b"f" * 10**6
    array = b"cnumpy.core.multiarray\n_reconstruct\n)R(K\1K\0\x85cnumpy\ndtype\n" + code + b"\x85R\x89C\0tb"
    with zipfile.ZipFile(tmp_path / "x.pt", "w") as archive:
        archive.writestr("x/data.pkl", b"\x80\3}(X\1\0\0\0a" + tensor + b"X\1\0\0\0b" + array + b"X\1\0\0\0cK\7u.")
    with open_source(tmp_path / "x.pt") as file:
        assert 7 == file["c"]
        assert {"a", "b"} == set(file.unreadable)
        assert all(len(error.message) < 500 for error in file.unreadable.values()), file.unreadable
