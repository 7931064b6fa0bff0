"""Record how TensorFlow declares the operations that hdfsaver has: run with a Python that has TensorFlow.

    python tests/ops/make_op_defs.py TYPE ... > tests/ops/op_defs.json

The types are those of ``hdfsaver.graph.definition.registered()``; the recorded file tells them too.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def record(op_def: Any, name_of: Any) -> dict[str, Any]:
    """What one operation takes, gives and is told, in plain words."""

    def argument(arg: Any) -> list[Any]:
        kind = f"[{arg.type_list_attr}]" if arg.type_list_attr else arg.type_attr or name_of(arg.type)
        ref = f"Ref({kind})" if arg.is_ref else kind
        return [arg.name, f"{arg.number_attr} * {ref}" if arg.number_attr else ref]

    attrs = {}
    for attr in op_def.attr:
        default = attr.default_value
        kind = default.WhichOneof("value") if attr.HasField("default_value") else None
        value: Any = getattr(default, kind) if kind else None
        attrs[attr.name] = {
            "kind": attr.type,
            "default": name_of(value) if kind == "type" else value.decode() if kind == "s" else str(value),
            "has_default": kind is not None,
            "types": sorted(name_of(item) for item in attr.allowed_values.list.type),
            "strings": sorted(item.decode() for item in attr.allowed_values.list.s),
            "minimum": attr.minimum if attr.has_minimum else None,
        }
    return {
        "inputs": [argument(arg) for arg in op_def.input_arg],
        "outputs": [argument(arg) for arg in op_def.output_arg],
        "attrs": attrs,
        "stateful": op_def.is_stateful,
    }


def main() -> None:
    """Print the record of the types named on the command line."""
    # Only who records needs TensorFlow.
    from tensorflow.compat.v1 import as_dtype  # type: ignore[import-untyped,import-not-found,unused-ignore]
    from tensorflow.python.framework import (  # type: ignore[import-untyped,import-not-found,unused-ignore]
        op_def_registry,
    )

    recorded = {name: record(op_def_registry.get(name), lambda enum: as_dtype(enum).name) for name in sys.argv[1:]}
    json.dump(recorded, sys.stdout, indent=1, sort_keys=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
