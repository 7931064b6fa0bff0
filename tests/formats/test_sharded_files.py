"""Models in several files: their index, their folder, and what a missing or foreign file does."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file as save_safetensors

import hdfsaver
from hdfsaver import errors
from hdfsaver.formats.open_source import open_source

GOLDEN = Path(__file__).with_name("golden")
ONE, TWO = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
ARRAYS = {"a": np.arange(6.0).reshape(2, 3), "b": np.array([1, 2]), "c": np.array(True)}
MAP = {"b": TWO, "a": ONE, "c": TWO}
INDEX = "model.safetensors.index.json"


@pytest.fixture
def folder(tmp_path):
    """A model of two files with an index."""
    for file in (ONE, TWO):
        save_safetensors({name: ARRAYS[name] for name in MAP if MAP[name] == file}, tmp_path / file, {"format": "pt"})
    _index(tmp_path, MAP)
    return tmp_path


def _index(folder, weight_map, name=INDEX):
    (folder / name).write_text(json.dumps({"metadata": {"total_size": 65}, "weight_map": weight_map}))


@pytest.mark.parametrize("name", ["", INDEX])
def test_an_index(folder, name):
    """All arrays are read, in the order of the index, by the folder or the index, whole and in part."""
    with open_source(folder / name) as file:
        assert "safetensors shards" == file.kind
        assert list(MAP) == list(file)
        for each, value in ARRAYS.items():
            np.testing.assert_array_equal(value, file[each], strict=True)
        assert [1.0, 4.0] == file.get_slice("a")[:, 1].tolist()
        assert {"format": "pt"} == file.metadata()
        file.verify()
    done = hdfsaver.convert(folder / name, folder / "all.h5")
    assert set(ARRAYS) == set(done.names)
    assert "pt" == hdfsaver.open_file(folder / "all.h5").metadata()["format"]


def test_a_folder_without_an_index(folder):
    """The numbers in the names of the files are enough."""
    (folder / INDEX).unlink()
    assert ARRAYS.keys() == hdfsaver.load_file(folder).keys()
    (folder / TWO).unlink()
    with open_source(folder) as file:
        assert ["a"] == list(file)
        with pytest.raises(errors.NotFoundError, match=f"{TWO} is missing"):
            file[TWO]
    with pytest.raises(errors.NotFoundError, match="is missing"):
        hdfsaver.load_file(folder)


def test_a_missing_file(folder):
    """It is an error of its own arrays, which are named; `verify` and what promises everything say it too."""
    (folder / TWO).unlink()
    with open_source(folder) as file:
        np.testing.assert_array_equal(ARRAYS["a"], file["a"])
        for name in "bc":
            with pytest.raises(errors.NotFoundError, match=rf"index\.json: '{name}': its file {TWO} is missing"):
                file[name]
        with pytest.raises(errors.DataLossError, match=f"{TWO} is missing"):
            file.verify()
    with pytest.raises(errors.NotFoundError, match="1 other tensors can be read"):
        hdfsaver.load_file(folder)


def test_a_damaged_file(folder):
    """The same for a file that is damaged or of another kind."""
    for content in (b"<html>", b"", (folder / TWO).read_bytes()[:20]):
        (folder / TWO).write_bytes(content)
        with open_source(folder) as file:
            assert {"a": ARRAYS["a"].tolist()} == {name: file[name].tolist() for name in file}
            assert {"b", "c"} == set(file.unreadable)


def test_names_that_the_index_has_wrong(folder):
    """An array that its file does not have is damage; one that the index does not have is read."""
    _index(folder, {"a": ONE, "b": ONE, "x": TWO})
    with open_source(folder) as file:
        assert ["a", "c"] == list(file)
        with pytest.raises(errors.DataLossError, match=f"'b' is in {ONE} by the index, but that file does not have it"):
            file["b"]


def test_two_files_with_one_name(folder):
    """Without an index that says which, the name is refused."""
    (folder / INDEX).unlink()
    save_safetensors({"a": np.zeros(1), "d": np.ones(1)}, folder / TWO)
    with open_source(folder) as file:
        assert ["d"] == list(file)
        with pytest.raises(errors.InvalidArgumentError, match=f"'a' is in {ONE} and in {TWO}; open the file"):
            file["a"]


@pytest.mark.parametrize("name", ["../secret.safetensors", "/etc/passwd", "", ".", "a/../../secret.safetensors",
                                  "..\\secret.safetensors", "a\0b"])  # fmt: skip
def test_files_out_of_the_folder(folder, name):
    """An index cannot have any file of the user read."""
    save_safetensors({"a": np.zeros(1)}, folder.parent / "secret.safetensors")
    _index(folder, {"a": name})
    with pytest.raises(errors.InvalidArgumentError, match=r"index\.json: names .* is refused"):
        open_source(folder)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links(folder, tmp_path_factory):
    """A link out of the folder is refused, but for a cache, where the index is a link into the same folder."""
    blobs = tmp_path_factory.mktemp("blobs")
    shutil.move(folder / TWO, blobs / "1234")
    (folder / TWO).symlink_to(blobs / "1234")
    with pytest.raises(errors.InvalidArgumentError, match="a link out of its folder"):
        open_source(folder)
    shutil.move(folder / INDEX, blobs / "5678")
    (folder / INDEX).symlink_to(blobs / "5678")
    assert ARRAYS.keys() == hdfsaver.load_file(folder).keys()


def test_a_shard_that_is_an_index(folder):
    """It is not opened, so that indexes cannot refer to each other."""
    _index(folder, {"a": ONE, "b": INDEX})
    with open_source(folder) as file, pytest.raises(errors.InvalidArgumentError, match="is another index"):
        file["b"]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("{", "the index is not JSON"),
        ("{" * 100_000, "the index is not JSON"),
        ('{"weight_map": {"a": "x", "a": "y"}}', "two members have the same name"),
        ("{}", "does not have a 'weight_map'"),
        ('{"weight_map": {"a": 7}}', "does not name a file"),
        ('{"weight_map": {"a": []}}', "does not name a file"),
    ],
)
def test_a_damaged_index(folder, text, match):
    """It is an error that names the index."""
    (folder / INDEX).write_text(text)
    with pytest.raises(errors.OpError, match=rf"index\.json: .*{match}"):
        open_source(folder)


def test_shards_of_pytorch(tmp_path):
    """Its index has the same form."""
    for number, name in enumerate(["tensor.pt", "without_checksums.pt"], 1):
        shutil.copy(GOLDEN / name, tmp_path / f"pytorch_model-0000{number}-of-00002.bin")
    _index(tmp_path, {"w": "pytorch_model-00002-of-00002.bin"}, "pytorch_model.bin.index.json")
    with open_source(tmp_path) as file:
        assert "PyTorch shards" == file.kind
        assert {"w": [0, 1, 2, 3]} == {name: file[name].tolist() for name in file}


def test_shards_of_keras(tmp_path):
    """The index has groups, whose arrays may be in several files; the optimizer is known by its group."""
    with open_source(GOLDEN / "keras3.weights.h5") as file:
        expected = {name: file[name] for name in file if not name.startswith("optimizer")}
    shutil.copytree(GOLDEN / "keras_shards", tmp_path, dirs_exist_ok=True)
    for name in ("", "model.weights.json"):
        with open_source(tmp_path / name) as file:
            assert "Keras shards" == file.kind
            found = {name: file[name] for name in file if name not in (file.optimizer_names() or ())}
            assert expected.keys() == found.keys()
            for each, value in expected.items():
                np.testing.assert_array_equal(value, found[each], strict=True)
            assert 10 == len(file.optimizer_names() or ())
            file.verify()
    (tmp_path / "model_00001.weights.h5").unlink()
    with open_source(tmp_path) as file:
        assert "layers/dense/vars/0" in file
        assert {"layers/batch_normalization/vars", "optimizer/vars"} == set(file.unreadable)


def test_a_folder_with_one_model(tmp_path):
    """The one file is opened; safetensors are preferred to PyTorch's; several are an error that names them."""
    shutil.copy(GOLDEN / "tensor.pt", tmp_path / "pytorch_model.bin")
    assert ["pytorch_model"] == list(hdfsaver.load_file(tmp_path))
    save_safetensors({"a": np.zeros(1)}, tmp_path / "model.safetensors")
    assert ["a"] == list(hdfsaver.load_file(tmp_path))
    save_safetensors({"a": np.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(errors.InvalidArgumentError, match=r"several models: model\.safetensors, other\.saf.* Open"):
        open_source(tmp_path)


def test_folders_of_checkpoints_stay_what_they_are(tmp_path):
    """A folder with a state file is one of checkpoints, whatever else is in it."""
    variables = {"v": np.ones(2)}
    hdfsaver.train.Saver(variables).save(None, tmp_path / "m")
    save_safetensors({"a": np.zeros(1)}, tmp_path / "model.safetensors")
    assert ["v"] == list(hdfsaver.load_file(tmp_path))
