"""Record what TensorFlow reads in the real files: run with a Python that has TensorFlow, xxhash and pip.

python -m tests.interop.make_real_files

``real_files.json`` gets the digest of every tensor in a checkpoint and every constant in a graph, how many nodes and
inputs a graph has, and which placeholders its outputs need.
"""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import xxhash

from tests.interop.make_golden import tensorflow
from tests.interop.real_files import DIGESTS, digest, files


def graph(tf: ModuleType, definition: Any) -> dict[str, Any]:
    """What a graph has."""
    nodes = {node.name: node for node in definition.node}
    constants = {
        name: digest(tf.make_ndarray(node.attr["value"].tensor)) for name, node in nodes.items() if node.op == "Const"
    }
    whole = xxhash.xxh3_64_hexdigest(json.dumps(constants, sort_keys=True).encode())
    sources = {text.lstrip("^").partition(":")[0] for node in nodes.values() for text in node.input}
    ends = [name for name in nodes if name not in sources and nodes[name].op not in ("NoOp", "Const")]
    return {
        "nodes": len(nodes),
        "inputs": sum(not text.startswith("^") for node in nodes.values() for text in node.input),
        "constants": [len(constants), whole],
        "needs": {name: found for name in ends if (found := needed(nodes, name))},
    }


def needed(nodes: Any, end: str) -> list[str]:
    """The placeholders before a node."""
    seen, waiting = set(), [end]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += [text.lstrip("^").partition(":")[0] for text in nodes[name].input]
    return sorted(name for name in seen if nodes[name].op == "Placeholder")


def main() -> None:
    """Read every file with TensorFlow and write the record."""
    from tensorflow.core.protobuf import saved_model_pb2

    tf = tensorflow()
    found: dict[str, Any] = {}
    folder = files()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.name.endswith(".index"):
            prefix = str(path).removesuffix(".index")
            reader = tf.train.NewCheckpointReader(prefix)
            found[name] = {key: digest(reader.get_tensor(key)) for key in sorted(reader.get_variable_to_shape_map())}
        elif path.name == "saved_model.pb":
            model = saved_model_pb2.SavedModel.FromString(path.read_bytes())
            found[name] = [graph(tf, item.graph_def) for item in model.meta_graphs]
        elif path.name.endswith(".meta"):
            found[name] = [graph(tf, tf.MetaGraphDef.FromString(path.read_bytes()).graph_def)]
        elif path.name.endswith(".pb"):
            found[name] = [graph(tf, tf.GraphDef.FromString(path.read_bytes()))]
    DIGESTS.write_text(json.dumps(found, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
