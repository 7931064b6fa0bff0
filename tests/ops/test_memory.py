"""Which kernels give views of what they get, found by running all of them, and what becomes of the views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.definition import Kernel, OpDef, lookup, registered
from hdfsaver.graph.function_library import Calling
from hdfsaver.ops.memory import own, owner_of
from tests.ops.kernels import called_by, run_everything
from tests.ops.make_programs import tensors_in
from tests.ops.test_dtypes import CALLS, sample

# Of these a kernel gives its input, or a view of it.
VIEWS = {
    *("Bitcast", "BroadcastTo", "Cast", "CheckNumerics", "ConjugateTranspose", "EnsureShape", "ExpandDims"),
    *("DepthToSpace", "FusedBatchNorm", "GuaranteeConst", "SpaceToDepth"),
    *("FusedBatchNormV2", "FusedBatchNormV3", "GatherNd", "Identity", "IdentityN", "Imag", "PlaceholderWithDefault"),
    *(
        "PreventGradient",
        "Print",
        "QuantizedReshape",
        "Real",
        "Reshape",
        "ReverseV2",
        "Slice",
        "Split",
        "SplitV",
        "Squeeze",
        "StopGradient",
    ),
    *("StridedSlice", "Switch", "Transpose", "Unpack"),
}

# These have no kernel that is called, or give no array; those about kept values are tried with a session.
KEEPING = {"DeleteSessionTensor", "GetSessionHandle", "GetSessionTensor"}
# These pass on what they are given, in loops (`test_control_flow.py`).
PASSING = {"Enter", "Exit", "LoopCond", "NextIteration", "RefEnter", "RefExit", "RefIdentity", "RefNextIteration"}
# These are about queues and files (`tests/queues`).
OF_QUEUES = {name for name in registered() if "Queue" in name or "Reader" in name} | {
    "MatchingFiles",
    "ReadFile",
    "WriteFile",
}
# What they draw is a new array (`tests/variables/test_sampled_losses.py`).
DRAWN = {f"{kind}CandidateSampler" for kind in ("All", "FixedUnigram", "LearnedUnigram", "LogUniform", "Uniform")}
DRAWN |= {"ComputeAccidentalHits", "ConcatOffset"}  # the latter in `tests/recurrent/test_cells.py`
# These need the package Pillow (`tests/image/test_image_files.py`).
DECODING = {"DecodeBmp", "DecodeGif", "DecodeImage", "DecodeJpeg", "DecodePng", "EncodeJpeg"}
# These call functions (`tests/session/test_function_calls.py`).
CALLING = {name for name in registered() if isinstance(lookup(name), Calling)}
# These make, pass on or end datasets and iterators, which are objects (`tests/datasets`).
OF_DATASETS = {name for name in registered() if "Dataset" in name or "Iterator" in name or name.startswith("Optional")}
# These take serialized examples apart (`test_parsing.py`), or tensors (`tests/datasets`), and give new arrays.
PARSING = {"DecodeCSV", "DecodePaddedRaw", "DecodeRaw", "ParseExample", "ParseExampleV2", "ParseSingleExample"}
PARSING |= {"DeserializeManySparse", "DeserializeSparse", "ParseTensor"}
PARSING |= {"DecodeCompressed", "DecodeJSONExample", "ParseSequenceExampleV2", "ParseSingleSequenceExample"}
PARSING |= {"SerializeManySparse", "SerializeSparse", "SerializeTensor"}
# These keep sparse tensors for a session (`tests/queues/test_sparse_batches.py`).
OF_SPARSE_MAPS = {name for name in registered() if name.endswith("TensorsMap")}
# What they draw is a new array (`test_random_ops.py`).
RANDOM = {name for name in registered() if name.startswith("Stateless")} | {"RandomPoisson"}
# These are about lists of values in a session (`test_stacks.py`, `test_tensor_arrays.py`, `test_tensor_lists.py`).
OF_LISTS = {name for name in registered() if name.startswith(("Stack", "TensorArray", "TensorList", "EmptyTensorList"))}
NOT_RUN = {"ControlTrigger", "Merge", "NoOp", "Placeholder", "RefMerge", "RestoreV2", "Variable"}
NOT_RUN |= KEEPING | PASSING | CALLING | DECODING | DRAWN | OF_QUEUES
NOT_RUN |= OF_DATASETS | PARSING | RANDOM | OF_LISTS
NOT_RUN |= OF_SPARSE_MAPS
# These write and read checkpoints, or name them (`tests/checkpoint/test_save_kernels.py`).
NOT_RUN |= {"MergeV2Checkpoints", "Restore", "RestoreSlice", "Save", "SaveSlices", "SaveV2"}
NOT_RUN |= {"ShardedFilename", "ShardedFilespec"}

CHANGES = {
    *("Assign", "AssignAdd", "AssignSub", "ScatterAdd", "ScatterSub", "ScatterUpdate"),
    *("AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp", "DestroyResourceOp"),
    *("ResourceScatterAdd", "ResourceScatterSub", "ResourceScatterUpdate", "ResourceScatterMul", "ResourceScatterDiv"),
    *(f"ResourceScatterNd{name}" for name in ("Add", "Max", "Min", "Sub", "Update")),
    *("ResourceScatterMin", "ResourceScatterMax", "ResourceStridedSliceAssign", "ResourceCountUpTo"),
}


class Watch:
    """Calls every kernel again with inputs of its own, and looks where the outputs are in memory."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.views: set[str] = set()
        self.faults: list[str] = []

    def __call__(self, definition: OpDef, kernel: Kernel, inputs: tuple[Any, ...]) -> Any:
        name = definition.type
        self.seen.add(name)
        state, values = (inputs[:1], inputs[1:]) if definition.stateful else ((), inputs)
        result = kernel(*state, *values)
        if name not in CHANGES:
            self._look(name, lambda given: kernel(*state, *given), values)
        return result

    def _look(self, name: str, call: Callable[[list[Any]], Any], values: tuple[Any, ...]) -> None:
        locked = [_readonly(value) for value in values]
        first, second = _arrays(call(locked)), _arrays(call(locked))
        for output in first:
            shares = any(_share(output, value) for value in locked)
            self._note(type(output) is np.ndarray, name, "gives something else than a plain array")
            self._note(not (shares and output.flags.writeable), name, "lets its input be written on")
            kept = any(_share(output, other) for other in second) and not shares
            self._note(not (kept and output.flags.writeable), name, "keeps what it gives")
        free = [value.copy() if isinstance(value, np.ndarray) else value for value in values]
        for output in _arrays(call(free)):
            owners = [value for value in free if _share(output, value)]
            if owners and output.size:
                self.views.add(name)
                self._note(any(_base(output) is value for value in owners), name, "hides whose memory it gives")
        unchanged = all(_same(value, other) for value, other in zip(values, free, strict=True))
        self._note(unchanged, name, "writes on its input")

    def _note(self, is_right: bool, name: str, fault: str) -> None:
        if not is_right:
            self.faults.append(f"{name} {fault}")


def _readonly(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        value = value.copy()
        value.flags.writeable = False
    return value


def _arrays(result: Any) -> list[Any]:
    results = result if isinstance(result, tuple | list) else [result]
    return [value for value in results if isinstance(value, np.ndarray)]


def _share(output: Any, value: Any) -> bool:
    return isinstance(value, np.ndarray) and np.may_share_memory(output, value)


def _base(value: Any) -> Any:
    while value.base is not None:
        value = value.base
    return value


def _same(value: Any, other: Any) -> bool:
    return not isinstance(value, np.ndarray) or value.tobytes() == other.tobytes()


def test_every_kernel() -> None:
    """No kernel writes on what it gets, keeps what it gives, or gives a view that hides whose memory it is."""
    watch = Watch()
    with called_by(watch):
        run_everything()
    assert [] == watch.faults
    assert VIEWS == watch.views
    assert set(registered()) - NOT_RUN <= watch.seen


def fresh() -> Any:
    """An array that owns its memory."""
    return np.arange(6.0)


@pytest.mark.parametrize(
    ("view", "is_whole"),
    [
        (lambda x: x, True),
        (lambda x: x.reshape(2, 3), True),
        (lambda x: x.reshape(2, 3).T, True),
        (lambda x: x[::-1], True),
        (lambda x: x[1:], False),
        (lambda x: x[:0], False),
        (lambda x: np.broadcast_to(x, (2, 6)), False),
        (lambda x: x.view(np.recarray)[::-1], False),
        (lambda x: np.frombuffer(bytearray(8)), False),
        (lambda x: np.frombuffer(bytearray(8)).reshape(1, 1), False),
    ],
)
def test_owner_of(view: Any, is_whole: bool) -> None:
    """A view of a whole plain array has its memory; a part does not, nor what is read-only or of another object."""
    x = fresh()
    assert (x if is_whole else None) is owner_of(view(x))
    x.flags.writeable = False
    assert owner_of(view(x)) is None


def test_own() -> None:
    """A fresh value is kept itself, also as a view; what else has its memory is copied from then on."""
    x = fresh()
    earlier, kept = x.reshape(3, 2), own(x.reshape(2, 3))
    assert np.shares_memory(x, kept)
    assert earlier.flags.writeable
    assert not kept.flags.writeable
    assert owner_of(earlier) is None
    for value in (earlier, x, x.reshape(2, 3), fresh()[1:], fresh().reshape(2, 3).T):
        other = own(value)
        assert not np.shares_memory(value, other)
        assert not other.flags.writeable
        assert other.flags.c_contiguous
    assert not own(np.float32(1.0)).flags.writeable


def normalized(x: Any) -> Any:
    """A normalization that gives the mean and the variance as they came."""
    ones = apply("Squeeze", x[:1])
    return apply_list("FusedBatchNormV3", apply("Reshape", x, [1, 2, 1, 3]), ones, ones, ones, ones, is_training=False)


CALLS_OF_VIEWS: dict[str, Callable[[Any], Any]] = {
    **{name: call for name, call in CALLS.items() if name.split()[0] in VIEWS - {"Cast", "QuantizedReshape"}},
    "Cast": CALLS["Cast to float32"],
    "FusedBatchNorm": normalized,
    "Switch": lambda x: apply_list("Switch", x, True)[1],
    "Real": lambda x: apply("Real", x, Tout="float32"),
    "Imag": lambda x: apply("Imag", x, Tout="float32"),
}

SOURCES: dict[str, Callable[[Any, Any], Any]] = {
    "fed": lambda fed, start: fed,
    "fresh": lambda fed, start: apply("Tile", fed, [1, 1]),
    "constant": lambda fed, start: tf.constant(start),
    "variable": lambda fed, start: tf.Variable(start).value(),
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", CALLS_OF_VIEWS)
def test_views(name: str, source: str) -> None:
    """Whoever writes on what was fetched or fed changes no other result, no variable, no constant and no later run."""
    start = sample("complex64" if name in ("Real", "Imag") else "float32")
    fed = start.copy()
    placeholder = tf.placeholder(start.dtype, start.shape)
    x = SOURCES[source](placeholder, start.copy())
    made = list(tensors_in(CALLS_OF_VIEWS[name](x)))
    kept = [tf.Variable(tf.zeros_like(tensor), validate_shape=False) for tensor in made]
    stored = [tf.assign(v, tensor, validate_shape=False) for v, tensor in zip(kept, made, strict=True)]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer(), {placeholder: start})
        expected = [np.array(sess.run(tensor, {placeholder: start})) for tensor in (x, *made)]
        *first, _ = sess.run([x, *made, *made, stored], {placeholder: fed})
        for value, before in zip(first, [*expected, *expected[1:]], strict=True):
            np.testing.assert_array_equal(value, before)  # nothing that was written before is in it
            scribble(value)
        np.testing.assert_array_equal(start, fed)
        scribble(fed)
        for value, before in zip(sess.run(kept), expected[1:], strict=True):
            np.testing.assert_array_equal(value, before)
        again = sess.run([x, *made], {placeholder: start})
    for value, before in zip(again, expected, strict=True):
        np.testing.assert_array_equal(value, before)


def scribble(value: Any) -> None:
    """Change every element of an array; single ones are no arrays."""
    if value.ndim:
        assert value.flags.writeable
        value[...] = 99
