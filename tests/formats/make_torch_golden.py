"""Make the golden files of PyTorch: ``python -m tests.formats.make_torch_golden``, with PyTorch 2.14.1 installed."""

from __future__ import annotations

import argparse
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).with_name("golden")


def network(torch: Any) -> Any:
    """A small network with all weights set."""
    found = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    for number, tensor in enumerate(found.state_dict().values()):
        tensor.fill_(number)
    return found


def checkpoint(torch: Any) -> dict[Any, Any]:
    """A checkpoint as a training program saves it: nested, with an optimizer, and with values of other kinds."""
    model = network(torch)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(4, 3)).sum().backward()
    optimizer.step()
    whole = torch.arange(12.0).reshape(3, 4)
    return {
        "state_dict": network(torch).state_dict(),
        "optimizer_states": [optimizer.state_dict()],
        "trainer": {"adam": optimizer.state_dict()},
        "views": (whole, whole[1:, ::2], [whole.t(), {"row": whole[2]}]),
        "halves": torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
        "untyped": torch.tensor([1, 2, 65535], dtype=torch.uint16),
        "conjugate": torch.tensor([1 + 2j]).conj(),
        "negative": torch.imag(torch.tensor([1 + 2j]).conj()),
        "empty": torch.empty(0, 3),
        "repeated": torch.ones(1).expand(4),
        "numpy": {
            "scalar": np.float32(0.5),
            "big": np.arange(3, dtype=">i4"),
            "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
            "text": np.array(["é", "bc"], ">U3"),
        },
        "epoch": 3,
        "betas": (0.9, 0.999),
        "note": "text\0",
        "nothing": None,
        "options": argparse.Namespace(rate=0.1, mean=torch.ones(2)),
        "a/b": torch.zeros(1),
        "a": {"b": torch.ones(1)},
        0: torch.zeros(1),
        "0": torch.ones(1),
        "sparse": torch.eye(2).to_sparse(),
        "quantized": torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8),
        "meta": torch.empty(3, device="meta"),
        "small": torch.ones(2, dtype=torch.float8_e8m0fnu),
        "dates": np.array(["2020-01-02"], "M8[D]"),
        "last": torch.tensor([7, 8]),
    }


def main() -> None:
    """Make all files, and say what is in the checkpoint."""
    import torch  # type: ignore[import-not-found,unused-ignore]

    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    state = checkpoint(torch)
    torch.save(state, FOLDER / "checkpoint.pt")
    torch.save(state, FOLDER / "checkpoint_of_2019.pt", _use_new_zipfile_serialization=False)
    torch.save(network(torch), FOLDER / "module.pt")
    torch.save(torch.arange(3), FOLDER / "tensor.pt")
    torch.jit.save(torch.jit.script(network(torch)), FOLDER / "script.pt")
    torch.serialization.set_crc32_options(False)
    torch.save({"w": torch.arange(4.0)}, FOLDER / "without_checksums.pt")
    torch.serialization.set_crc32_options(True)
    adam = state["trainer"]["adam"]["state"][0]
    expected = {name: adam[name].tolist() for name in ("step", "exp_avg", "exp_avg_sq")}
    (FOLDER / "torch.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
