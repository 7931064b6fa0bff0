"""Write the page of TensorFlow's functions, those that are here and those that are not, from the code.

    python -m tests.promises.make_functions > docs/functions.md

A row is the first line of a docstring. The missing names are those of TensorFlow's own record that no module has.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from google.protobuf.message import Message

import hdfsaver
from hdfsaver.absent_names import _recorded

INSTEAD = {
    "GradientTape": "`tf.gradients`",
    "argsort": "`tf.nn.top_k(x, k)[1]`, the largest first",
    "audio": "read the file in Python, and feed it",
    "autograph": "`tf.cond`, `tf.while_loop`",
    "batch_gather": "`tf.gather(x, indices, batch_dims=n)`",
    "bincount": "`tf.unsorted_segment_sum(tf.ones_like(x), x, n)`",
    "data.experimental.CsvDataset": "`tf.data.TextLineDataset` and `tf.decode_csv`",
    "data.experimental.TFRecordWriter": "`tf.python_io.TFRecordWriter`",
    "data.experimental.make_csv_dataset": "`tf.data.TextLineDataset` and `tf.decode_csv`",
    "data.experimental.parse_example_dataset": "`dataset.map` with `tf.io.parse_example`",
    "debugging.assert_all_finite": "`tf.debugging.check_numerics`",
    "distribute": "one process; `tf.train.replica_device_setter` is accepted",
    "estimator": "`tf.train.MonitoredTrainingSession` and a function for the model",
    "feature_column": "`tf.one_hot`, `tf.nn.embedding_lookup`",
    "function": "a function of Python that adds operations",
    "image.extract_patches": "`tf.image.extract_image_patches`",
    "image.random_crop": "`tf.random_crop`",
    "initialize_all_tables": "`tf.tables_initializer`",
    "initializers.global_variables": "`tf.global_variables_initializer`",
    "initializers.local_variables": "`tf.local_variables_initializer`",
    "initializers.tables_initializer": "`tf.tables_initializer`",
    "initializers.variables": "`tf.variables_initializer`",
    "keras": "`tf.layers`, `tf.losses`, `tf.train`; Keras, with [a checkpoint's weights](converting.md#files-of-keras)",
    "linalg.lstsq": "`tf.linalg.solve(tf.matmul(a, a, transpose_a=True), tf.matmul(a, b, transpose_a=True))`",
    "linalg.matvec": "`tf.squeeze(tf.matmul(a, tf.expand_dims(v, -1)), -1)`",
    "lite": "[ONNX](onnx.md)",
    "lookup.StaticVocabularyTable": "`tf.lookup.StaticHashTable`, with a default value",
    "math.bincount": "`tf.unsorted_segment_sum(tf.ones_like(x), x, n)`",
    "matrix_solve_ls": "`tf.linalg.solve(tf.matmul(a, a, transpose_a=True), tf.matmul(a, b, transpose_a=True))`",
    "nn.avg_pool_v2": "`tf.nn.avg_pool`",
    "nn.conv2d_backprop_input": "`tf.nn.conv2d_transpose`, `tf.gradients`",
    "nn.conv_transpose": "`tf.nn.conv2d_transpose`, `tf.nn.conv3d_transpose`",
    "nn.ctc_beam_search_decoder_v2": "`tf.nn.ctc_beam_search_decoder`",
    "nn.ctc_loss_v2": "`tf.nn.ctc_loss`",
    "nn.depthwise_conv2d_native": "`tf.nn.depthwise_conv2d`",
    "nn.max_pool_v2": "`tf.nn.max_pool`",
    "no_gradient": "`tf.NotDifferentiable`",
    "py_function": "`tf.py_func`",
    "random.all_candidate_sampler": "`tf.nn.all_candidate_sampler`",
    "random.fixed_unigram_candidate_sampler": "`tf.nn.fixed_unigram_candidate_sampler`",
    "random.learned_unigram_candidate_sampler": "`tf.nn.learned_unigram_candidate_sampler`",
    "random.log_uniform_candidate_sampler": "`tf.nn.log_uniform_candidate_sampler`",
    "random.uniform_candidate_sampler": "`tf.nn.uniform_candidate_sampler`",
    "reverse_v2": "`tf.reverse`",
    "roll": "`tf.concat` of two slices",
    "saved_model.load_v2": "`tf.saved_model.load`",
    "saved_model.save": "`tf.saved_model.simple_save`",
    "sort": "`tf.nn.top_k(x, k)[0]`, the largest first",
    "sparse.sparse_dense_matmul": "`tf.sparse_tensor_dense_matmul`",
    "switch_case": "`tf.case`",
    "tensor_scatter_add": "`x + tf.scatter_nd(indices, updates, shape)`",
    "tensor_scatter_nd_add": "`x + tf.scatter_nd(indices, updates, shape)`",
    "tensor_scatter_nd_sub": "`x - tf.scatter_nd(indices, updates, shape)`",
    "tensor_scatter_sub": "`x - tf.scatter_nd(indices, updates, shape)`",
    "train.Checkpoint": "`tf.train.Saver`",
    "train.CheckpointManager": "`tf.train.Saver(max_to_keep=...)`",
    "train.warm_start": "`tf.train.init_from_checkpoint`",
    "vectorized_map": "`tf.map_fn`",
    "verify_tensor_all_finite": "`tf.debugging.check_numerics`",
}
"""What a program may use instead of a missing name; an entry whose name is here by now is left out."""

OTHERS = {
    "app.flags": "The names of `tf.flags`.",
    "flags": 'The names of `absl.flags`, which TensorFlow has here (`pip install "hdfsaver[tensorflow]"`).',
    "test.mock": "Python's `unittest.mock`.",
}
"""Modules whose names are those of another library, which decides about them."""

HEAD = """\
# Functions

The functions, classes and constants of TensorFlow 1 that are here, module by module, and those that are not, with what
to use instead where something does the same. `hdfsaver run --check` tells [which of them a program
needs](can-it-run.md).

This page is made from the code (`python -m tests.promises.make_functions > docs/functions.md`), and a test compares the
two. Here are {here:,} names of {modules} modules. Of TensorFlow's record of {recorded:,} public names in the modules of
which some are here, {missing} are missing. Modules that are missing as a whole are [at the end](#whole-modules). The
arguments of a function are TensorFlow's, and in its docstring: `help(tf.nn.conv2d)`.
"""


def modules() -> dict[str, ModuleType]:
    """The modules that programs use, by their names below ``tf``: the package itself first, with an empty name."""
    found: dict[str, ModuleType] = {}
    waiting = [("", hdfsaver)]
    while waiting:
        name, module = waiting.pop(0)
        found[name] = module
        for inner in module.__all__:
            value = getattr(module, inner)
            dotted = f"{name}.{inner}".lstrip(".")
            if inspect.ismodule(value) and hasattr(value, "__all__") and dotted != "compat.v1" and inner != "compat":
                waiting.append((dotted, value))
    return dict(sorted(found.items()))


def missing_names() -> dict[str, list[str]]:
    """The names of TensorFlow that a module lacks, by the module; without those of modules that are missing."""
    here = modules()
    return {
        name: [each for each in sorted(names) if not hasattr(here[name], each)]
        for name, names in sorted(_recorded().items())
        if name in here
    }


def missing_modules() -> list[str]:
    """The modules of TensorFlow that are missing as a whole, without those below them."""
    here = modules()
    absent = [name for name in sorted(_recorded()) if name not in here and not name.startswith("compat")]
    return [name for name in absent if name.rpartition(".")[0] in ("", *here)]


def page() -> str:
    """The whole page."""
    here, missing = modules(), missing_names()
    head = HEAD.format(
        here=sum(len(module.__all__) for name, module in here.items() if name not in OTHERS),
        modules=len(here),
        recorded=sum(len(_recorded()[name]) for name in missing),
        missing=sum(map(len, missing.values())),
    )
    parts = [_section(name, module, missing.get(name, [])) for name, module in here.items()]
    return "\n".join([head, *parts, _whole_modules()])


def _section(name: str, module: ModuleType, missing: list[str]) -> str:
    lines = [f"## {f'tf.{name}'.rstrip('.')}", ""]
    if name in OTHERS:
        return "\n".join([*lines, OTHERS[name], ""])
    rows = dict(_rows(module))
    same = [each for each in rows if name and getattr(hdfsaver, each, None) is getattr(module, each)]
    own = [each for each in rows if each not in same]
    if own:
        lines += ["| name | what it is |", "| --- | --- |", *(f"| `{each}` | {rows[each]} |" for each in own), ""]
    if same:
        lines += [f"The same as in `tf`: {_quoted(same)}.", ""]
    absent = [each for each in missing if not inspect.ismodule(getattr(module, each, None))]
    absent = [each for each in absent if f"{name}.{each}".lstrip(".") not in missing_modules()]
    if absent:
        lines += [f"Not here: {', '.join(_with_replacement(name, each) for each in absent)}.", ""]
    return "\n".join(lines)


def _rows(module: ModuleType) -> Iterator[tuple[str, str]]:
    for name in module.__all__:
        value = getattr(module, name)
        if not inspect.ismodule(value):
            yield name, description(value)


def description(value: Any) -> str:
    """The first line of a docstring; for a value without one of its own, its kind."""
    if isinstance(value, hdfsaver.DType):
        return "a dtype"
    if inspect.isclass(value) and issubclass(value, Message):
        return "a message of protobuf"
    if not (inspect.isclass(value) or callable(value)):
        return "a constant"
    if isinstance(value, functools.partial):
        return f"`{value.func.__name__}` with some arguments given"
    if not value.__module__.startswith("hdfsaver"):
        return f"`{value.__module__}.{value.__qualname__}`"
    line = (inspect.getdoc(value) or "").partition("\n")[0].replace("``", "`").replace("|", "\\|")
    return re.sub(r"<(?=\w)", r"\\<", line)


def _with_replacement(module: str, name: str) -> str:
    instead = INSTEAD.get(f"{module}.{name}".lstrip("."))
    return f"`{name}`" + (f" (use {instead})" if instead else "")


def _whole_modules() -> str:
    rows = [f"| `tf.{name}` | {INSTEAD.get(name, '–')} |" for name in missing_modules()]
    return "\n".join(["## Whole modules", "", "| not here | instead |", "| --- | --- |", *rows, ""])


def _quoted(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    sys.stdout.write(page())
