"""Files that PyTorch made, read without PyTorch: what is read, what is said of the rest, and what damage does."""

from __future__ import annotations

import io
import json
import pickle
import shutil
import zipfile
from collections import OrderedDict
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

import hdfsaver
from hdfsaver import errors
from hdfsaver.formats.open_source import open_source

GOLDEN = Path(__file__).with_name("golden")
ADAM = json.loads((GOLDEN / "torch.json").read_text(encoding="utf-8"))
WHOLE = np.arange(12, dtype=np.float32).reshape(3, 4)

VALUES = {
    "views/0": WHOLE,
    "views/1": WHOLE[1:, ::2],
    "views/2/0": WHOLE.T,
    "views/2/1/row": WHOLE[2],
    "halves": np.array([1.5, -2], ml_dtypes.bfloat16),
    "untyped": np.array([1, 2, 65535], np.uint16),
    "conjugate": np.array([1 - 2j], np.complex64),
    "negative": np.array([-2], np.float32),
    "empty": np.empty((0, 3), np.float32),
    "repeated": np.ones(4, np.float32),
    "numpy/scalar": np.array(0.5, np.float32),
    "numpy/big": np.arange(3, dtype=np.int32),
    "numpy/columns": np.arange(6.0).reshape(2, 3),
    "numpy/text": np.array(["é".encode(), b"bc"], object),
    "epoch": np.array(3),
    "betas": np.array([0.9, 0.999]),
    "note": np.array(b"text\0", object),
    "options/rate": np.array(0.1),
    "options/mean": np.ones(2, np.float32),
    "last": np.array([7, 8]),
}

CHECKPOINTS = pytest.mark.parametrize("name", ["checkpoint.pt", "checkpoint_of_2019.pt"])


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_the_former_format_in_later_protocols(tmp_path, protocol):
    """A file of ``torch.save(..., pickle_protocol=4)`` is known by its number too; later protocols frame it."""
    data = (GOLDEN / "checkpoint_of_2019.pt").read_bytes()
    number = pickle.loads(data)
    first = pickle.dumps(number, protocol=2)
    assert data.startswith(first)
    (tmp_path / "x.pt").write_bytes(pickle.dumps(number, protocol=protocol) + data[len(first) :])
    with open_source(tmp_path / "x.pt") as file:
        assert "PyTorch file" == file.kind
        np.testing.assert_array_equal(VALUES["views/0"], file["views/0"], strict=True)


@CHECKPOINTS
def test_values_of_every_kind(name):
    """Views, small floats, NumPy's arrays, numbers and strings have their values, in the present and former format."""
    with open_source(GOLDEN / name) as file:
        assert "PyTorch file" == file.kind
        for key, expected in VALUES.items():
            np.testing.assert_array_equal(expected, file[key], err_msg=key, strict=True)
            assert file[key].flags.writeable, key
        assert len(b"text\0") == file.variables["note"].nbytes


@CHECKPOINTS
def test_what_is_in_lists(name):
    """The moments of an optimizer in a list are read, and known to be an optimizer's, wherever it is."""
    with open_source(GOLDEN / name) as file:
        for group in ("optimizer_states/0", "trainer/adam"):
            for key, value in ADAM.items():
                np.testing.assert_array_equal(np.array(value, np.float32), file[f"{group}/state/0/{key}"])
        inside = {key for key in file.variables if key.startswith(("optimizer_states/", "trainer/adam/"))}
        assert inside == set(file.optimizer_names() or ())
        assert "trainer/adam/param_groups/0/lr" in inside


@CHECKPOINTS
def test_what_is_not_read_is_said(name):
    """Values that are not arrays are named with what they are; a tensor that is not read is an error of its own."""
    with open_source(GOLDEN / name) as file:
        np.testing.assert_array_equal(np.ones(2, ml_dtypes.float8_e8m0fnu), file["small"], strict=True)
        assert "None" == file.left_out["nothing"]
        assert "an object of argparse.Namespace, whose members are read" == file.left_out["options"]
        reasons = {"sparse": "to_dense", "quantized": "dequantize", "meta": "without values"}
        assert {*reasons, "dates"} == set(file.unreadable)
        for key, reason in reasons.items():
            with pytest.raises(errors.InvalidArgumentError, match=rf"{name}: '{key}' is a .*{reason}"):
                file[key]
    with pytest.raises(errors.InvalidArgumentError, match="'sparse' is a sparse tensor"):
        hdfsaver.load_file(GOLDEN / name)


@CHECKPOINTS
def test_names_that_meet(name):
    """Two values whose levels give one name both have a name; the later one has a number behind it."""
    with open_source(GOLDEN / name) as file:
        assert [0, 1, 0, 1] == [file[key].item() for key in ("a/b", "a/b#2", "0", "0#2")]


def test_a_tensor_alone():
    """It has the name of its file."""
    with open_source(GOLDEN / "tensor.pt") as file:
        assert {"tensor": [0, 1, 2]} == {key: file[key].tolist() for key in file}


@pytest.mark.parametrize(("name", "kind"), [("module.pt", "PyTorch file"), ("script.pt", "TorchScript archive")])
def test_a_whole_network(name, kind):
    """Parameters and buffers of a network that was saved with its class are read by the names of their modules."""
    with open_source(GOLDEN / name) as file:
        assert kind == file.kind
        names = ["0/weight", "0/bias", "1/weight", "1/bias", "1/running_mean", "1/running_var", "1/num_batches_tracked"]
        assert {key: number for number, key in enumerate(names)} == {key: int(file[key].flat[0]) for key in file}
        (what,) = file.left_out.values()
        assert "Sequential" in what


def _flipped(path, marker, target):
    """A copy in which one byte of the value that begins with ``marker`` is different."""
    data = bytearray(path.read_bytes())
    assert 1 == data.count(marker)
    data[data.index(marker)] ^= 1
    target.write_bytes(data)


def test_a_flipped_byte(tmp_path):
    """The checksum of each storage is compared: its tensors cannot be read, the others can, and `verify` says it."""
    path = tmp_path / "x.pt"
    _flipped(GOLDEN / "checkpoint.pt", np.array([7, 8]).tobytes(), path)
    with open_source(path) as file:
        with pytest.raises(errors.DataLossError, match=r"x\.pt: checkpoint/data/\d+ cannot be unpacked: Bad CRC-32"):
            file["last"]
        np.testing.assert_array_equal(WHOLE, file["views/0"])
        with pytest.raises(errors.DataLossError, match="Bad CRC-32"):
            file.verify()
    with pytest.raises(errors.DataLossError, match="Bad CRC-32"):
        hdfsaver.convert(path, tmp_path / "y.h5", include=["last"])
    with open_source(GOLDEN / "checkpoint.pt") as file:
        file.verify()


def test_a_flipped_byte_in_the_pickle(tmp_path):
    """The pickle with the names has a checksum too."""
    _flipped(GOLDEN / "without_checksums.pt", b"FloatStorage", tmp_path / "x.pt")
    _flipped(GOLDEN / "checkpoint.pt", b"BFloat16Storage", tmp_path / "y.pt")
    with open_source(tmp_path / "x.pt") as file:
        assert "w" in file.unreadable
    with pytest.raises(errors.DataLossError, match=r"data\.pkl cannot be unpacked: Bad CRC-32"):
        open_source(tmp_path / "y.pt")


def test_a_file_whose_writer_left_the_checksums_out():
    """All of them are 0 then, and are not compared."""
    with open_source(GOLDEN / "without_checksums.pt") as file:
        assert [0, 1, 2, 3] == file["w"].tolist()
        file.verify()


def _rewritten(target, change):
    """The golden checkpoint with other members: ``change`` gets and returns the name and the bytes of each."""
    with zipfile.ZipFile(GOLDEN / "checkpoint.pt") as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            changed = change(name, old.read(name))
            if changed is not None:
                new.writestr(name, changed)


def test_a_file_of_a_big_endian_machine(tmp_path):
    """Its record of the byte order is followed."""

    def swapped(name, data):
        if name.endswith("byteorder"):
            return b"big"
        is_last = data == np.array([7, 8]).tobytes()
        return np.array([7, 8], ">i8").tobytes() if is_last else data

    _rewritten(tmp_path / "x.pt", swapped)
    with open_source(tmp_path / "x.pt") as file:
        assert [7, 8] == file["last"].tolist()
        assert file["last"].dtype.isnative


def test_a_storage_that_is_not_there(tmp_path):
    """Only its own tensors cannot be read."""
    last = np.array([7, 8]).tobytes()
    _rewritten(tmp_path / "x.pt", lambda name, data: None if data == last else data)
    _rewritten(tmp_path / "y.pt", lambda name, data: data[:8] if data == last else data)
    for name, what in (("x.pt", "is not there"), ("y.pt", "has 8 bytes")):
        with open_source(tmp_path / name) as file:
            with pytest.raises(errors.DataLossError, match=rf"{name}: 'last' is damaged: its storage .* {what}"):
                file["last"]
            np.testing.assert_array_equal(WHOLE, file["views/0"])


def test_a_former_file_that_was_cut_off(tmp_path):
    """The storages before the end are read, though that format has no checksums."""
    data = (GOLDEN / "checkpoint_of_2019.pt").read_bytes()
    (tmp_path / "x.pt").write_bytes(data[:-3])
    with open_source(tmp_path / "x.pt") as file:
        lost = [name for name, why in file.unreadable.items() if isinstance(why, errors.DataLossError)]
        assert 1 == len(lost)
        assert set(VALUES) - set(lost) <= set(file.variables)
    (tmp_path / "y.pt").write_bytes(data[:1000])
    with pytest.raises(errors.DataLossError, match=r"y\.pt: its pickle is damaged"):
        open_source(tmp_path / "y.pt")


class Trap:
    def __reduce__(self):
        return print, ("executed",)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_of_arrays(tmp_path, capsys, protocol):
    """A plain pickle is read in the same way: its arrays have their values, and nothing in it is executed."""
    values = {
        "w": np.arange(6.0).reshape(2, 3).T,
        "list": [np.float32(1), {1, 2}],
        "od": OrderedDict(x=np.array([True])),
        "bf": np.ones(2, ml_dtypes.bfloat16),
        "bytes": b"\xff\0",
        "words": np.array(["one", "two\0"], object),
        "trap": Trap(),
    }
    (tmp_path / "x.pkl").write_bytes(pickle.dumps(values, protocol))
    with open_source(tmp_path / "x.pkl") as file:
        assert "pickle" == file.kind
        np.testing.assert_array_equal(values["w"], file["w"], strict=True)
        np.testing.assert_array_equal(values["bf"], file["bf"], strict=True)
        assert ["w", "list/0", "od/x", "bf", "bytes", "words"] == list(file)
        assert b"\xff\0" == file["bytes"].item()
        assert [b"one", b"two\0"] == file["words"].tolist()
        assert ["list/1", "trap"] == list(file.left_out)
        assert "print makes" in file.left_out["trap"]
    assert "" == capsys.readouterr().out


def test_damage_to_a_file(tmp_path):
    """Whatever byte is changed, the result is an error that names the file, or values."""
    original = (GOLDEN / "checkpoint_of_2019.pt").read_bytes()
    path = tmp_path / "x.pt"
    for place in range(3, 6000, 101):
        data = bytearray(original)
        data[place] ^= 0x55
        path.write_bytes(data)
        try:
            with open_source(path) as file:
                for name in file.variables:
                    file.read(name)
        except errors.OpError as error:
            assert path.name in str(error)  # noqa: PT017 - either way is right


def test_what_pytorch_is_not_needed_for(monkeypatch):
    """Files are read where PyTorch is not installed."""
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with open_source(GOLDEN / "checkpoint.pt") as file:
        np.testing.assert_array_equal(WHOLE, file["views/0"])


def test_the_golden_files_are_archives_of_pytorch(tmp_path):
    """A copy under another ending is found by its content."""
    shutil.copy(GOLDEN / "tensor.pt", tmp_path / "model.bin")
    assert [0, 1, 2] == hdfsaver.load_file(tmp_path / "model.bin")["model"].tolist()
    assert zipfile.is_zipfile(io.BytesIO((GOLDEN / "tensor.pt").read_bytes()))
