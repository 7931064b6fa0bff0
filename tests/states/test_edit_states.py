"""Checkpoints that are edited beside dicts: drawn edits, with a fault somewhere, whole or in place.

See `test_saver_states` for a longer run.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

import hdfsaver as tf
from tests.states.drawn import MAYBE_FAULTS, examples
from tests.states.faults import Fault
from tests.states.test_array_states import DTYPES, NAMES, SHAPES, FileStates, array_of, assert_same

PLAIN_NAMES = st.sampled_from(["a", "a/b", "a/b/c", "b", "c/d", "%", ""])
ARRAYS = st.dictionaries(
    NAMES | PLAIN_NAMES, st.tuples(st.sampled_from(DTYPES), SHAPES, st.integers(0, 99)), min_size=1, max_size=4
)
COMPRESSIONS = st.sampled_from([None, "gzip", "zstd"])


def _made(drawn: dict[str, Any]) -> dict[str, Any]:
    return {name: array_of(*given) for name, given in drawn.items()}


class EditStates(FileStates):
    """One file that is edited, again and again."""

    def __init__(self) -> None:
        super().__init__()
        self.file = self.path / "x.h5"
        self.arrays: dict[str, Any] = {}
        self.metadata = {"made by": "a program"}

    @initialize(drawn=ARRAYS, compression=COMPRESSIONS)
    def begin(self, drawn: dict[str, Any], compression: str | None) -> None:
        self.arrays = _made(drawn)
        tf.save_file(self.arrays, self.file, self.metadata, compression=compression)

    def check(self, arrays: dict[str, Any], *, in_order: bool = True) -> bool:
        """Whether the file has these arrays."""
        with tf.open_file(self.file) as file:
            file.verify()
            assert file.metadata() == self.metadata
            if sorted(file) != sorted(arrays) or (in_order and list(file) != list(arrays)):
                return False
            try:
                for name, array in arrays.items():
                    assert_same(array, file[name])
            except AssertionError:
                return False
        return True

    def edit(self, make: Callable[..., Any], arrays: dict[str, Any], fault: Fault | None, *, in_place: bool) -> None:
        """Edit the file; where that fails, it is what it was, or what it should have become."""
        before = self.file.read_bytes()
        if in_place:
            done = self.write(lambda: make(self.file, in_place=True), None if fault is None else replace(fault))
        else:
            shutil.copy(self.file, self.path / "source.h5")
            done = self.write(
                lambda: make(self.path / "source.h5", self.file), None if fault is None else replace(fault)
            )
            (self.path / "source.h5").unlink()
        if done or self.file.read_bytes() != before:
            assert self.check(arrays)
            self.arrays = arrays
        assert self.check(self.arrays)

    @rule(drawn=st.lists(NAMES | PLAIN_NAMES, min_size=10, max_size=10), fault=MAYBE_FAULTS, in_place=st.booleans())
    def rename(self, drawn: list[str], fault: Fault | None, in_place: bool) -> None:
        new = dict(zip(self.arrays, drawn, strict=False))
        if len(set(new.values())) < len(new) or all(old == name for old, name in new.items()):
            with pytest.raises(ValueError, match=r"would change|the name"):
                tf.edit.rename(self.file, rename=new.__getitem__, in_place=True)
            return
        arrays = {new[name]: array for name, array in self.arrays.items()}

        def make(source: Any, *given: Any, **options: Any) -> Any:
            return tf.edit.rename(source, *given, rename=new.__getitem__, **options)

        self.edit(make, arrays, fault, in_place=in_place)

    @precondition(lambda self: len(self.arrays) > 1)
    @rule(which=st.integers(0, 9), fault=MAYBE_FAULTS, in_place=st.booleans())
    def strip(self, which: int, fault: Fault | None, in_place: bool) -> None:
        gone = list(self.arrays)[which % len(self.arrays)]
        arrays = {name: array for name, array in self.arrays.items() if name != gone}
        pattern = "".join(f"[{letter}]" if letter in "*?[" else letter for letter in gone)

        def make(source: Any, *given: Any, **options: Any) -> Any:
            return tf.edit.strip(source, *given, exclude=[pattern], **options)

        self.edit(make, arrays, fault, in_place=in_place)

    @rule(compression=COMPRESSIONS, fault=MAYBE_FAULTS, in_place=st.booleans())
    def compress(self, compression: str | None, fault: Fault | None, in_place: bool) -> None:
        def make(source: Any, *given: Any, **options: Any) -> Any:
            return tf.edit.compress(source, *given, compression=compression, **options)

        self.edit(make, self.arrays, fault, in_place=in_place)

    @rule(dtype=st.sampled_from(["float16", "bfloat16", "float64", "float8_e5m2"]), fault=MAYBE_FAULTS)
    def cast(self, dtype: str, fault: Fault | None) -> None:
        arrays = dict(self.arrays)
        for name, array in arrays.items():
            if array.dtype != object and tf.as_dtype(array.dtype).is_floating:
                with np.errstate(all="ignore"):
                    wide = array if array.dtype.isbuiltin == 1 else array.astype(np.float32)
                    arrays[name] = wide.astype(tf.as_dtype(dtype).as_numpy_dtype)

        def make(source: Any, *given: Any, **options: Any) -> Any:
            return tf.edit.cast(source, *given, dtype=dtype, overflow="infinite", **options)

        self.edit(make, arrays, fault, in_place=True)

    @precondition(lambda self: len(self.arrays) < 6)
    @rule(drawn=ARRAYS, which=st.sampled_from(["first", "last"]), compression=COMPRESSIONS, fault=MAYBE_FAULTS)
    def merge(self, drawn: dict[str, Any], which: str, compression: str | None, fault: Fault | None) -> None:
        others = _made(drawn)
        tf.save_file(others, self.path / "other.h5", compression=compression)
        arrays = {**self.arrays, **others} if which == "last" else {**self.arrays, **others, **self.arrays}

        def make(source: Any, target: Any) -> Any:
            return tf.edit.merge([source, self.path / "other.h5"], target, on_conflict=which)

        self.edit(make, arrays, fault, in_place=False)
        (self.path / "other.h5").unlink()


TestEditStates = EditStates.TestCase
TestEditStates.settings = examples(8, 10)
