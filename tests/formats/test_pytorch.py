"""Files of ``torch.save``, where PyTorch is installed."""

from __future__ import annotations

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
    """Inner dicts become paths, numbers arrays; what is neither is left out."""
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
    assert ["model/weight", "model/bias", "epoch"] == list(done.names)


class Trap:
    def __reduce__(self):
        return print, ("executed",)


def test_nothing_is_executed(tmp_path, capsys):
    """A file that would run code is refused, and the error does not say how to run it."""
    torch.save({"a": Trap()}, tmp_path / "a.pt")
    with pytest.raises(errors.DataLossError, match=r"a\.pt cannot be read as weights alone") as caught:
        open_source(tmp_path / "a.pt")
    assert "weights_only" not in str(caught.value)
    torch.save(torch.nn.Linear(2, 2), tmp_path / "b.pt")
    with pytest.raises(errors.DataLossError, match=r"holds objects of torch\.nn\.modules\.linear\.Linear, which"):
        open_source(tmp_path / "b.pt")
    assert "executed" not in capsys.readouterr().out


def test_a_file_without_a_dict_is_refused(tmp_path):
    """A tensor alone has no name."""
    torch.save(torch.ones(3), tmp_path / "a.pt")
    with pytest.raises(errors.InvalidArgumentError, match="holds a Tensor, not a dict"):
        open_source(tmp_path / "a.pt")
