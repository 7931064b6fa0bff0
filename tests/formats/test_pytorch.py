"""Files of ``torch.save``, where PyTorch is installed."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import errors
from hdfsaver.formats.open_source import open_source

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is no dependency")


@pytest.mark.parametrize("zipped", [True, False])
def test_a_state_dict_there_and_back(tmp_path, zipped):
    """Tensors of every common dtype, from PyTorch's present and former format, and back to it."""
    tensors = {
        "w": torch.arange(6.0).reshape(2, 3).t(),
        "h": torch.ones(3, dtype=torch.bfloat16),
        "i": torch.tensor(7),
        "b": torch.tensor([True]),
    }
    torch.save(tensors, tmp_path / "a.pt", _use_new_zipfile_serialization=zipped)
    tf.convert(tmp_path / "a.pt", tmp_path / "a.h5")
    tf.convert(tmp_path / "a.h5", tmp_path / "b.pth")
    found = torch.load(tmp_path / "b.pth", weights_only=True)
    assert tensors.keys() == found.keys()
    for name, tensor in tensors.items():
        assert tensor.dtype == found[name].dtype
        assert torch.equal(tensor, found[name])


def test_dicts_within_each_other(tmp_path):
    """Inner dicts become paths, numbers and strings arrays; ``drop_slots`` leaves the optimizer out."""
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3, "note": "text"}
    torch.save(state, tmp_path / "a.pt")
    with open_source(tmp_path / "a.pt") as source:
        assert "PyTorch file" == source.kind
        assert {"model/weight", "model/bias", "optimizer/state/0/exp_avg", "epoch"} <= set(source.variables)
        assert 3 == source.read("epoch")
        np.testing.assert_array_equal(model.weight.detach().numpy(), source.read("model/weight"))
    done = tf.convert(tmp_path / "a.pt", tmp_path / "a.npz", drop_slots=True)
    assert ["model/weight", "model/bias", "epoch", "note"] == list(done.names)


class Trap:
    def __reduce__(self):
        return print, ("executed",)


def test_nothing_is_executed(tmp_path, capsys):
    """What code of the file would make is left out, and the rest is read."""
    torch.save({"a": Trap(), "w": torch.ones(2)}, tmp_path / "a.pt")
    with open_source(tmp_path / "a.pt") as file:
        assert ["w"] == list(file)
        assert {"a": "an object that __builtin__.print makes"} == file.left_out
    assert "executed" not in capsys.readouterr().out


def test_a_tensor_in_a_plain_pickle(tmp_path):
    """Its values are in another file within the pickle, which is not read; arrays of NumPy beside it are."""
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"t": torch.ones(2), "n": np.ones(2)}))
    with open_source(tmp_path / "a.pkl") as file:
        assert ["n"] == list(file)
        with pytest.raises(errors.InvalidArgumentError, match=r"a\.pkl: 't' is a tensor that pickle wrote.* torch"):
            file["t"]


def test_the_same_values_as_pytorch(tmp_path):
    """Every tensor of a larger checkpoint has the bytes that PyTorch itself reads."""
    model = torch.nn.TransformerEncoderLayer(8, 2, 16)
    tensors = {**model.state_dict(), "part": torch.arange(100)[3:50:7], "flipped": torch.ones(2, 3).flip(0).t()}
    torch.save(tensors, tmp_path / "a.pt")
    expected = torch.load(tmp_path / "a.pt", weights_only=True)
    found = tf.load_file(tmp_path / "a.pt")
    assert expected.keys() == found.keys()
    for name, tensor in expected.items():
        np.testing.assert_array_equal(tensor.numpy(), found[name], strict=True)
