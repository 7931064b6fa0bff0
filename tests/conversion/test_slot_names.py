"""Names alone say what is an optimizer's only where a weight cannot have them by chance."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.conversion.slot_names import named_slots
from hdfsaver.tensor_info import TensorInfo
from tests.growing import TOO_MUCH, growth

KEY = "/.ATTRIBUTES/VARIABLE_VALUE"


def _entry(name, shape=(2, 3), dtype="float32"):
    return TensorInfo(name, dtype, shape, 0)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        *((_entry(f"w/{slot}"), True) for slot in ("Adam", "Adam_1", "Momentum", "RMSProp_2", "Ftrl", "adam_m")),
        *((_entry(name), True) for name in ("training/w/Adam", "v/w/Adadelta")),
        *((_entry(name, ()), True) for name in ("beta1_power", "s/beta2_power_1")),
        (_entry(f"m/k/.OPTIMIZER_SLOT/o/v{KEY}"), True),
        *((_entry(f"{name}{KEY}", ()), expected) for name, expected in (("o/iter", True), ("other/iter", False))),
        # Weights whose names extend another's.
        *(
            (_entry(f"w/{name}"), False)
            for name in ("bias", "ExponentialMovingAverage", "Adam_head", "Adam/kernel", "m")
        ),
        (_entry("w/Adam", (3, 2)), False),
        (_entry("w/Adam", dtype="float64"), False),
        (_entry("step/Adam", (), "int64"), False),
        *(
            (_entry(name), False)
            for name in ("w", "w2/Adam", "Adam", "x/optimizer/w", "optimizer/vars/0", "beta1_power")
        ),
        (_entry("beta1_powers", ()), False),
    ],
    ids=lambda value: value.name if isinstance(value, TensorInfo) else "",
)
def test_what_is_a_slot_by_its_name(entry, expected):
    """A slot has an optimizer's name behind its variable's, and that variable's shape and dtype."""
    others = [_entry("w"), _entry("v/w"), _entry("step", (), "int64"), _entry(f"m/k/.OPTIMIZER_SLOT/o/m{KEY}")]
    entries = {it.name: it for it in [*others, entry]}
    assert expected == (entry.name in named_slots(entries))


def test_names_of_many_arrays():
    """Slots are found in proportion to the number of arrays, also where each has an optimizer of its own."""

    def many(count):
        names = [
            name for number in range(count) for name in (f"w/.OPTIMIZER_SLOT/o{number}/m{KEY}", f"p{number}/i{KEY}")
        ]
        return {name: _entry(name) for name in names}

    assert growth(many, named_slots, 1000) < TOO_MUCH


def test_a_weight_whose_name_extends_another(tmp_path):
    """It is kept, and the report says that names alone told what is an optimizer's."""
    arrays = {name: np.ones((2, 3)) for name in ("dense", "dense/bias", "dense/Adam", "dense/Adam_1")}
    tf.save_file(arrays, tmp_path / "a.h5")
    done = tf.convert(tmp_path / "a.h5", tmp_path / "a.npz", drop_slots=True)
    assert {"dense", "dense/bias"} == set(np.load(tmp_path / "a.npz"))
    assert {"dense/Adam": "an optimizer's", "dense/Adam_1": "an optimizer's"} == done.left_out
    assert [
        f"{tmp_path / 'a.h5'} does not say which arrays are an optimizer's: 2 of 4 were recognized by their names."
    ] == (done.remarks)


def test_nothing_is_an_optimizers(tmp_path):
    """An option that changes nothing is said to."""
    tf.save_file({"dense": np.ones(2), "dense/m": np.ones(2)}, tmp_path / "a.h5")
    done = tf.convert(tmp_path / "a.h5", tmp_path / "a.npz", drop_slots=True)
    (remark,) = done.remarks
    assert remark.startswith("drop_slots left nothing out: ")
    assert ["dense", "dense/m"] == list(done.names)
