"""Write the page of all operations from their definitions: run it when one is added or changed.

    python -m tests.promises.make_operations > docs/operations.md

A row comes from the class of an operation type: what it computes is the first line of its docstring, the shape that of
its method `shapes`; the differences are its attribute `differs`, and the dtypes that TensorFlow's record has beyond its
own.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import hdfsaver.checkpoint
import hdfsaver.ops  # noqa: F401, they make the operations known
from hdfsaver import dtypes
from hdfsaver.graph.definition import COMPLEX, FLOATS, INTEGERS, OpDef, lookup, registered
from hdfsaver.graph.function_library import Calling
from hdfsaver.onnx_graphs.all_twins import rule_of
from hdfsaver.onnx_graphs.branches import CALLS, CASES, FORS, IFS, WHILES
from hdfsaver.onnx_graphs.walking import HANDLERS, PASSED_ON
from hdfsaver.ops.base import Flat

CALLED = frozenset({*CALLS, *CASES, *FORS, *IFS, *WHILES})
"""The operations that call functions, and have twins."""

RECORDED: dict[str, Any] = json.loads((Path(__file__).parents[1] / "ops" / "op_defs.json").read_text(encoding="utf-8"))

QUANTIZED = frozenset({"qint8", "quint8", "qint16", "quint16", "qint32"})
GROUPS = {"floats": FLOATS, "complex": COMPLEX, "integers": INTEGERS, "quantized": QUANTIZED}

HEAD = """\
# Operations

All {count} types of operations that run, by the file that defines them. This page is generated from the definitions
(`python -m tests.promises.make_operations > docs/operations.md`), and a test compares the two. The functions that make
operations, such as `tf.nn.conv2d`, are documented in their docstrings.

* **Inputs → outputs**: names and dtypes, as TensorFlow registers them. `x: T` has the dtype of the attribute `T`,
  `N * T` stands for `N` tensors of one dtype, `[T]` for tensors of the dtypes that `T` lists, and `Ref(T)` for a
  variable by reference. The line below has the dtypes that are accepted:
{groups}
  * *any*: every dtype.
* **Attributes**: those that inputs do not imply, with their defaults, or with their kinds where a value must be given.
* **Shape**: of the output, as far as the inputs are known before the run. Incompatible shapes are a `ValueError`.
* **Derivative**: *constant* where no derivative passes, as through comparisons, indices and rounded numbers; *no* where
  there is a `LookupError` instead of a derivative; – for operations without inputs.
* **ONNX**: *yes* where the operation has a twin, so that it can be converted and run by ONNX Runtime
  ([onnx.md](onnx.md)), as far as ONNX has its dtypes; *where known* where only its value can be, if nothing that it
  depends on is an input.
* **Differs**: from TensorFlow 2.21 on a CPU. Everywhere, sums may be added in another order, so that their last digits
  differ; a number below the smallest normal one is kept, where TensorFlow makes it 0; and a 0 may have the other sign.
"""

COLUMNS = ("Type", "Inputs → outputs", "Attributes", "Shape", "Derivative", "ONNX", "Differs")


def page() -> str:
    """The whole page."""
    groups = "\n".join(f"  * *{group}*: {listed(members)};" for group, members in GROUPS.items())
    parts = [HEAD.format(count=len(registered()), groups=groups)]
    for module, op_types in families().items():
        title = first_line(importlib.import_module(module))
        rows = [COLUMNS, ("---",) * len(COLUMNS), *(row(op_type) for op_type in op_types)]
        table = "\n".join(f"| {' | '.join(cells)} |" for cells in rows)
        parts.append(f"## {module.rpartition('.')[2]}\n\n{title}\n\n{table}\n")
    return "\n".join(parts)


def families() -> dict[str, list[str]]:
    """The operation types by the module that defines them, in the order of their names."""
    found: dict[str, list[str]] = {}
    for op_type in registered():
        found.setdefault(type(lookup(op_type)).__module__, []).append(op_type)
    return dict(sorted(found.items(), key=lambda item: item[0].rpartition(".")[2]))


def onnx_twin(definition: OpDef) -> str:
    """Whether an operation can be a part of an ONNX model."""
    op_type = definition.type
    if rule_of(op_type) is not None or op_type in HANDLERS or op_type in PASSED_ON or op_type in CALLED:
        return "yes"
    return "no" if definition.stateful or isinstance(definition, Calling) else "where known"


def row(op_type: str) -> tuple[str, ...]:
    """The cells of one operation type."""
    definition = lookup(op_type)
    cells = (
        f"**{op_type}**<br>{first_line(type(definition))}",
        "<br>".join([f"`{definition.signature.strip()}`", *accepted(definition)]),
        ", ".join(attributes(definition)),
        first_line(definition.shapes).rstrip("."),
        derivative(definition),
        onnx_twin(definition),
        differences(definition),
    )
    return tuple(cell.replace("|", "\\|") for cell in cells)


def attributes(definition: OpDef) -> Iterator[str]:
    """The attributes that inputs do not imply, with their defaults or, where a value must be given, their kinds."""
    for name, kind in definition.needed.items():
        yield f"`{name}: {kind}`"
    for name, default in definition.attrs.items():
        yield f"`{name}={written(default)}`"


def first_line(thing: Any) -> str:
    """The first line of a docstring; `ValueError` where there is none, or only that of `OpDef`."""
    text: str | None = thing.__doc__
    if not text or text == OpDef.shapes.__doc__:
        raise ValueError(f"{thing!r} has no docstring of its own.")
    return text.partition("\n")[0].replace("``", "`")


def written(default: Any) -> str:
    """A default as a program writes it."""
    return repr(default.decode() if isinstance(default, bytes) else default)


def accepted(definition: OpDef) -> Iterator[str]:
    """For each dtype in the signature the dtypes that it may be."""
    arguments = (*definition.parsed.inputs, *definition.parsed.outputs)
    attrs = (argument.dtype_attr or argument.dtypes_attr for argument in arguments)
    for attr in dict.fromkeys(attr for attr in attrs if attr is not None):
        yield f"{attr}: {grouped(definition.types[attr]) if attr in definition.types else 'any'}"


def grouped(names: Iterable[str]) -> str:
    """Dtypes in few words: whole groups by their name, groups that are nearly whole with what is missing."""
    rest = set(names)
    words = []
    for group, members in GROUPS.items():
        missing = members - rest
        if len(missing) * 2 < len(members):
            words.append(group + (f" (not {listed(missing)})" if missing else ""))
            rest -= members
    return ", ".join([*words, *([listed(rest)] if rest else [])])


def listed(names: Iterable[str]) -> str:
    """Dtypes in their usual order."""
    return ", ".join(sorted(names, key=by_width))


def by_width(name: str) -> tuple[str, int]:
    """Order by kind, then by width."""
    kind = name.rstrip("0123456789")
    return kind, int(name[len(kind) :] or 0)


def derivative(definition: OpDef) -> str:
    """Whether there is a derivative."""
    if not definition.parsed.inputs:
        return "–"
    method = type(definition).gradient
    return "no" if method is OpDef.gradient else "constant" if method is Flat.gradient else "yes"


def differences(definition: OpDef) -> str:
    """How an operation differs from TensorFlow's."""
    sentences = [definition.differs] if definition.differs else []
    recorded = RECORDED.get(definition.type, {"attrs": {}})  # none for operations of tf.contrib
    for name, attr in recorded["attrs"].items():
        missing = set(attr["types"] or ()) - definition.types.get(name, set(dtypes.ROW_BY_NAME))
        if missing:
            sentences.append(f"TensorFlow registers {grouped(missing)} for {name} as well.")
    return " ".join(sentences)


if __name__ == "__main__":
    sys.stdout.write(page())
