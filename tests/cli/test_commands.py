"""The command, run as a user runs it."""

from __future__ import annotations

import json
import pickle
import re
import shutil
import time
from pathlib import Path

import h5py
import ml_dtypes
import networkx as nx
import numpy as np
import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

import hdfsaver
import hdfsaver as tf
from hdfsaver import schema
from hdfsaver.cli import app, listing
from hdfsaver.cli.exit_codes import ExitCode
from hdfsaver.schema import Structure
from hdfsaver.storage.chunks.compression import Compression
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.writing import Model, write_file, write_models
from hdfsaver.tensor_info import TensorInfo

GOLDEN = Path(__file__).parents[1] / "formats" / "golden"


@pytest.fixture
def prefix(tmp_path):
    """A checkpoint with two variables, one of an awkward name."""
    variables = {"dense/kernel": np.ones((2, 3), np.float32), "\x1b[31mred": np.zeros(4, np.int8)}
    write_file(tmp_path / "m.h5", variables=variables, structure=None)
    return str(tmp_path / "m")


def run(*arguments):
    return CliRunner().invoke(app, list(arguments))


def arrays_of(file):
    """What `ls --json` says about the arrays of a file with one model."""
    return json.loads(run("ls", file, "--json").output)["models"][0]["arrays"]


def test_ls(prefix):
    """`ls` shows name, dtype, shape and bytes, and lets no escape sequence through to the terminal."""
    result = run("ls", prefix)
    assert 0 == result.exit_code
    for text in ("dense/kernel", "float32", "(2, 3)", "24", r"\x1b[31mred", "int8"):
        assert text in result.output
    assert "\x1b[31mred" not in result.output


def test_whole_names_totals_and_strings(tmp_path):
    """Outside a terminal each array is one line with its whole name; the totals count the bytes of strings."""
    name = "/".join(["a_long_scope"] * 20)
    hdfsaver.save_file({name: np.zeros((2, 3)), "s": np.array([b"ab", b"c"]), "e": np.zeros(0)}, tmp_path / "x.h5")
    hdfsaver.convert(tmp_path / "x.h5", tmp_path / "x.npz")
    expected = [
        f"{'name':{len(name)}}  dtype    shape   bytes",
        f"{name}  float64  (2, 3)  48",
        f"{'s':{len(name)}}  string   (2,)    3",
        f"{'e':{len(name)}}  float64  (0,)    0",
        "3 arrays, 6 parameters, 51 bytes.",
    ]
    for file in ("x.h5", "x.npz"):
        assert expected == run("ls", str(tmp_path / file)).output.splitlines()
    assert [48, 3, 0] == [it["nbytes"] for it in arrays_of(str(tmp_path / "x.h5"))]
    assert "s  string  (2,)  3 bytes" in run("show", str(tmp_path / "x.npz"), "s").output


def test_ls_of_a_graph(tmp_path):
    """A graph is a line after its constants, and beside variables; elements that are not arrays are said."""
    x = tf.placeholder(tf.float32, [2], name="x")
    tf.multiply(x, tf.get_variable("w", initializer=[1.0, 2.0]), name="y")
    tf.io.write_graph(tf.get_default_graph(), str(tmp_path), "g.pb", as_text=False)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        tf.train.Saver().save(sess, tmp_path / "m.h5")
    for file, arrays in (("g.pb", "w/initial_value"), ("m.h5", "w ")):
        lines = run("ls", str(tmp_path / file)).output.splitlines()
        assert any(line.startswith(arrays) for line in lines)
        assert any(re.fullmatch(r"graph, \d+ operations, 1 input, 1 output", line) for line in lines)
    (tmp_path / "s.pkl").write_bytes(pickle.dumps({"w": np.ones(2), "note": None}))
    assert "1 element, not read:\nnote: None\n" in run("ls", str(tmp_path / "s.pkl")).output


def test_names_wrap_on_a_terminal():
    """A name that is longer than the line continues below; nothing of it is cut, nor of the other columns."""
    name = "scope/" * 20 + "\u6f22\u5b57" * 10
    model = listing.Model("", [TensorInfo(name, "float32", (2, 3), 24)], {}, {}, None, "")
    lines = list(model.lines(60))[:-1]
    assert all(cell_len(line) <= 60 for line in lines)
    assert "float32  (2, 3)  24" in lines[1]
    assert name == "".join(line.split("  ")[0] for line in lines[1:])


def test_many_arrays_are_listed_in_time_proportional_to_their_number(tmp_path):
    """20,000 arrays take less than two seconds of the processor, whole names included."""
    hdfsaver.save_file({f"layer_{i:05}/kernel": np.float32(i) for i in range(20_000)}, tmp_path / "x.h5", durable=False)
    started = time.process_time()
    result = run("ls", str(tmp_path / "x.h5"))
    assert time.process_time() - started < 2
    assert 20_002 == len(result.output.splitlines())


def test_ls_and_show_beside_an_element_that_cannot_be_read(tmp_path):
    """The good array is listed and shown; the bad one is listed with the reason, and only asking for it is an error."""
    path = str(tmp_path / "x.h5")
    with h5py.File(path, "w") as file:
        file["w"] = np.ones(2)
        file["elsewhere"] = h5py.ExternalLink("other.h5", "/w")
    listed = run("ls", path)
    assert 0 == listed.exit_code
    assert "1 array, 2 parameters, 16 bytes." in listed.output
    assert "1 element, cannot be read:\nelsewhere: /elsewhere is an external link" in listed.output
    assert ["w"] == [it["name"] for it in arrays_of(path)]
    assert ["elsewhere"] == list(json.loads(run("ls", path, "--json").output)["models"][0]["unreadable"])
    assert (0, ExitCode.NOT_READ) == (run("show", path, "w").exit_code, run("show", path, "elsewhere").exit_code)
    assert "elsewhere is not checked: /elsewhere is an external link" in run("verify", path).output


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        ("h5", "hdfsaver checkpoint, 2 arrays, all digests match."),
        ("npz", "NumPy archive, 2 arrays, all checksums match."),
        ("ckpt", "TensorFlow checkpoint, 2 arrays, all checksums match."),
        ("safetensors", "safetensors file, 2 arrays, no digests to compare; all values can be read."),
    ],
)
def test_verify_every_kind(prefix, tmp_path, ending, said):
    """`verify` checks all kinds of files, and says which digests they have."""
    hdfsaver.convert(prefix, tmp_path / f"x.{ending}")
    result = run("verify", str(tmp_path / f"x.{ending}"))
    assert (0, f"{tmp_path}/x.{ending}: {said}") == (result.exit_code, result.output.splitlines()[0])
    assert result.output.splitlines()[1].split() == ["checked", "digest", "elements", "bytes"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("checkpoint.pt", "all checksums match."),
        ("without_checksums.pt", "no digests to compare; all values can be read."),
        ("checkpoint_of_2019.pt", "no digests to compare; all values can be read."),
        ("archive.keras", "all checksums match."),
        ("keras2.h5", "no digests to compare; all values can be read."),
    ],
)
def test_verify_says_whether_checksums_were_compared(name, said):
    """An archive of PyTorch or Keras has them, unless its writer left them out."""
    assert said in run("verify", str(GOLDEN / name)).output.splitlines()[0]


def test_verify_of_shards_says_whether_checksums_were_compared(tmp_path):
    """They were if each file has them."""
    for number in (1, 2):
        shutil.copy(GOLDEN / "checkpoint.pt", tmp_path / f"m-0000{number}-of-00002.bin")
    index = {"weight_map": {"last": "m-00001-of-00002.bin"}}
    (tmp_path / "m.bin.index.json").write_text(json.dumps(index))
    assert "all checksums match." in run("verify", str(tmp_path / "m.bin.index.json")).output


def test_verify_finds_an_element_of_which_nothing_can_be_read(tmp_path):
    """Damage to its header is exit status 1; `ls` lists the others."""
    with h5py.File(tmp_path / "x.h5", "w", libver="v110") as file:
        file["v"], file["w"] = np.ones(2), np.ones(2)
        place = h5py.h5o.get_info(file["v"].id).addr
    data = bytearray((tmp_path / "x.h5").read_bytes())
    data[place + 6] ^= 1
    (tmp_path / "x.h5").write_bytes(data)
    assert "1 array, 2 parameters" in run("ls", str(tmp_path / "x.h5")).output
    result = run("verify", str(tmp_path / "x.h5"))
    assert (1, True) == (result.exit_code, "x.h5: /v: the HDF5 library cannot read it" in result.output)


def test_verify_finds_a_flipped_byte_in_a_bundle(prefix, tmp_path):
    """A byte that differs from its checksum is exit status 1, and the tensor is named."""
    hdfsaver.convert(prefix, tmp_path / "x.ckpt")
    data = bytearray((tmp_path / "x.ckpt.data-00000-of-00001").read_bytes())
    data[-1] ^= 1
    (tmp_path / "x.ckpt.data-00000-of-00001").write_bytes(data)
    result = run("verify", str(tmp_path / "x.ckpt"))
    assert 1 == result.exit_code
    assert r"the bytes of tensor '\x1b[31mred'" in result.output


def test_verify(prefix):
    """`verify` says that a file is whole, and with exit status 1 that it is not."""
    assert "hdfsaver checkpoint, 2 arrays, all digests match" in run("verify", prefix).output
    with open(prefix + ".h5", "r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))
    result = run("verify", prefix)
    assert 1 == result.exit_code
    assert "m.h5" in result.output


def test_reseal(prefix):
    """A change made by another program is refused until `reseal` accepts it."""
    with h5py.File(prefix + ".h5", "r+") as file:
        file["variables/dense/kernel"][...] = 5
        file["variables/new"] = np.arange(3)
    assert 1 == run("verify", prefix).exit_code
    result = run("reseal", prefix)
    assert 0 == result.exit_code
    assert f"{prefix}.h5 is accepted and sealed again: 3 variables.\n" == result.output
    assert "3 arrays, all digests match" in run("verify", prefix).output


def test_reseal_says_what_it_keeps(prefix):
    """What other programs have added is listed, up to twenty elements, and kept."""
    with h5py.File(prefix + ".h5", "r+") as file:
        file["variables/dense/kernel"].attrs["units"] = "m"
        file["\x1b[31mnotes"] = ["a", "b"]
    result = run("reseal", prefix)
    assert 0 == result.exit_code
    assert r"unchanged from other programs: /\x1b[31mnotes, /variables/dense/kernel/@units." in result.output
    with h5py.File(prefix + ".h5", "r+") as file:
        file.attrs.update({f"a{number}": number for number in range(30)})
    assert " and 12 more.\n" in run("reseal", prefix).output


def test_reseal_refuses_a_file_of_another_program(tmp_path):
    """It is left byte for byte, and nothing is said to have happened."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["w"] = np.arange(3)
        file["w"].attrs["units"] = "m"
    before = (tmp_path / "x.h5").read_bytes()
    result = run("reseal", str(tmp_path / "x.h5"))
    assert ExitCode.NOT_READ == result.exit_code
    assert "not a checkpoint of hdfsaver" in result.output
    assert "hdfsaver convert" in result.output
    assert "sealed again:" not in result.output
    assert before == (tmp_path / "x.h5").read_bytes()


@pytest.mark.parametrize("arguments", [["reseal"], ["salvage"]])
def test_files_that_are_not_resealed_or_salvaged(prefix, tmp_path, arguments):
    """A checkpoint of TensorFlow is there, and the command in the message makes one of hdfsaver; a folder is named."""
    out = [str(tmp_path / "out.h5")] * (arguments == ["salvage"])
    hdfsaver.convert(prefix, tmp_path / "x.ckpt")
    result = run(*arguments, str(tmp_path / "x.ckpt"), *out)
    assert ExitCode.NOT_READ == result.exit_code
    assert "x.ckpt: TensorFlow checkpoint, not an hdfsaver checkpoint." in result.output
    command = re.search("`hdfsaver (convert .*) NEW.h5`", result.output)
    assert command is not None
    assert 0 == run(*command[1].split(), str(tmp_path / "new.h5")).exit_code
    (tmp_path / "folder").mkdir()
    hdfsaver.save_file({"w": np.ones(1)}, tmp_path / "folder" / "m.h5")
    (tmp_path / "folder" / "checkpoint").write_text('model_checkpoint_path: "m.h5"\n')
    result = run(*arguments, str(tmp_path / "folder"), *out)
    assert "folder is a folder; give the checkpoint in it, " in result.output
    assert "There is no checkpoint" in run(*arguments, str(tmp_path / "nothing"), *out).output


def test_reseal_says_in_its_help_what_it_does():
    """The help says what is kept, and what is refused."""
    said = " ".join(run("reseal", "--help").output.split())
    for text in ("are kept", "cannot be kept", "is unchanged", "refused"):
        assert text in said


def test_a_missing_checkpoint(tmp_path):
    """A checkpoint that is not there is one sentence and exit status 1."""
    result = run("ls", str(tmp_path / "none"))
    assert ExitCode.NOT_FOUND == result.exit_code
    assert "no checkpoint" in result.output


def test_ls_of_several_models(tmp_path):
    """Each model is listed under the name of its group."""
    model = Model({"w": np.zeros(3)}, None, {})
    write_models(tmp_path / "x.h5", {"": model, "teacher": model})
    result = run("ls", str(tmp_path / "x.h5"))
    assert 0 == result.exit_code
    assert ["name", "w", "1", "teacher:", "w", "1"] == [line.split()[0] for line in result.output.splitlines()]


def test_salvage(prefix, tmp_path):
    """`salvage` writes what is whole into a new file, names what is lost, and overwrites nothing."""
    with open(prefix + ".h5", "r+b") as file:
        data = file.read()
        file.seek(data.index(np.ones((2, 3), np.float32).tobytes()))
        file.write(b"\xff")
    result = run("salvage", prefix, str(tmp_path / "out.h5"))
    assert 1 == result.exit_code
    assert "dense/kernel: its bytes differ from those that were saved." in result.output
    assert "1 variable intact, 1 lost." in result.output
    with open_file(tmp_path / "out.h5") as file:
        assert ["\x1b[31mred"] == list(file.variables)
    assert "nothing is overwritten" in run("salvage", prefix, str(tmp_path / "out.h5")).output
    assert 0 == run("salvage", str(tmp_path / "out.h5"), str(tmp_path / "again.h5")).exit_code


def test_salvage_of_nothing(tmp_path):
    """A file in which no variable is found, not even a lost one, is exit status 1, and no file is written."""
    with h5py.File(tmp_path / "x.h5", "w"):
        pass
    result = run("salvage", str(tmp_path / "x.h5"), str(tmp_path / "out.h5"))
    assert 1 == result.exit_code
    assert "no variable was found, intact or lost; nothing was written" in result.output
    assert not (tmp_path / "out.h5").exists()


@pytest.mark.parametrize("damage", ["value", "structure"])
def test_salvage_keeps_everything_intact_or_says_so(tmp_path, damage):
    """Graphs, metadata, groups and compression are kept if the structure is intact; otherwise the output says so."""
    digraph = nx.DiGraph()
    schema.add_node(digraph, "c", op="Const", attrs={"value": np.ones(2)}, outputs=(("float64", (2,)),))
    values = {"b": np.full(3, 7.5), "a": np.zeros(50_000)}
    model = Model(values, Structure(digraph), {}, {"a": Compression("gzip")})
    models = {"": model, "50% off": Model({"w": np.arange(4, dtype=np.uint8)}, None, {"w": "quint8"})}
    write_models(tmp_path / "x.h5", models, metadata={"author": "me"})
    with h5py.File(tmp_path / "x.h5", "a") as file:
        file["notes"] = np.arange(3)
    hdfsaver.reseal(tmp_path / "x.h5")
    data = bytearray((tmp_path / "x.h5").read_bytes())
    place = data.index(np.full(3, 7.5).tobytes() if damage == "value" else b"Const")
    data[place] ^= 1
    (tmp_path / "x.h5").write_bytes(data)
    result = run("salvage", str(tmp_path / "x.h5"), str(tmp_path / "out.h5"))
    assert (damage == "value") == bool(result.exit_code)
    with open_file(tmp_path / "out.h5") as file:
        found = file.groups(), file.metadata(), list(file.variables), file.structure() is not None
    if damage == "value":
        assert "Content of other programs is left out." in result.output
        assert "2 variables intact, 1 lost. Kept: 1 graph." in result.output
        assert (["", "50% off"], {"author": "me"}, ["a"], True) == found
        with open_file(tmp_path / "out.h5", "50% off") as file:
            assert ("quint8", [0, 1, 2, 3]) == (file.variables["w"].dtype, file.read("w").tolist())
        with open_file(tmp_path / "out.h5") as file:
            assert ("shuffle", "gzip") == file.variables["a"].filters
    else:
        assert "Graphs, metadata and content of other programs are left out" in result.output
        assert ([""], {}, ["b", "a", "50%25 off/variables/w"], False) == found


def test_ls_and_show_as_json(prefix):
    """With `--json`, programs read what people see, and all values."""
    listed = arrays_of(prefix)
    assert {"name": "dense/kernel", "dtype": "float32", "shape": [2, 3], "nbytes": 24} == listed[0]
    (shown,) = json.loads(run("show", prefix, "dense/kernel", "--json").output)["arrays"]
    assert {**listed[0], "values": [[1.0] * 3] * 2, "part": ""}.items() <= shown.items()
    assert (1, 1, 1, 0) == tuple(shown["statistics"][key] for key in ("min", "max", "mean", "zeros"))


def test_values_that_json_does_not_have(tmp_path):
    """Infinities, complex numbers, small floats and bytes that are not UTF-8 have their own forms."""
    arrays = {
        "r": np.array([np.nan, np.inf, -np.inf, 0.5]),
        "c": np.array(1 + 2j),
        "h": np.ones(1, ml_dtypes.bfloat16),
        "t": np.array([b"\xff", "h\u00e9".encode()], object),
        "b": np.array([True]),
    }
    hdfsaver.save_file(arrays, tmp_path / "x.h5")
    shown = json.loads(run("show", str(tmp_path / "x.h5"), *arrays, "--json").output)["arrays"]
    expected = [["NaN", "Infinity", "-Infinity", 0.5], [1.0, 2.0], [1.0], [{"base64": "/w=="}, "h\u00e9"], [True]]
    assert expected == [it["values"] for it in shown]


def test_show(prefix):
    """`show` prints what an array is and its values; a large one has its middle left out, and names do no harm."""
    result = run("show", prefix, "dense/kernel", "\x1b[31mred")
    assert "dense/kernel  float32  (2, 3)  24 bytes\nmin 1  max 1  mean 1  std 0  zeros 0\n[[1. 1. 1.]" in result.output
    assert "\x1b" not in result.output
    missing = run("show", prefix, "nothing")
    assert (ExitCode.NOT_FOUND, "There is no tensor 'nothing' in") == (missing.exit_code, missing.output[:31])


def test_models_by_their_groups(tmp_path):
    """Of several models in one file, `ls` shows each with the name of its group."""
    path = str(tmp_path / "g.h5")
    write_models(path, {"one": Model({"a": np.ones(1)}, None, {}), "two": Model({"b": np.ones(2)}, None, {})})
    assert [("one", "a"), ("two", "b")] == [
        (it["group"], array["name"])
        for it in json.loads(run("ls", path, "--json").output)["models"]
        for array in it["arrays"]
    ]


def test_convert(prefix, tmp_path):
    """`convert` goes by content and ending, with patterns, renaming and dtypes."""
    result = run(
        "convert", prefix, str(tmp_path / "x.npz"), "--include", "dense/*", "--rename", "dense=d", "--dtype", "float16"
    )
    written, left_out = result.output.splitlines()
    assert (0, "x.npz: 1 array, 12 bytes.") == (result.exit_code, written[-25:])
    assert r"Left out: \x1b[31mred (no pattern of include matches)." == left_out
    assert "d/kernel" in run("ls", str(tmp_path / "x.npz")).output
    for arguments in (["--rename", "nothing"], ["--dtype", "int8"], ["--include", "x*"]):
        status = run("convert", prefix, str(tmp_path / "y.npz"), *arguments).exit_code
        assert status in (ExitCode.USAGE, ExitCode.NOT_FOUND), arguments
    assert not (tmp_path / "y.npz").exists()
