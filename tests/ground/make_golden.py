"""Write the golden training graphs with TensorFlow: run with a Python that has TensorFlow.

python tests/ground/make_golden.py tests/ground/golden

Beside the graphs stands ``optimizers.json``: by graph, the names in its checkpoint, and those that TensorFlow's own
optimizers say are theirs (``Optimizer.variables()``). Written with TensorFlow 2.21.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.interop.make_golden import tensorflow


def names_of(tf: ModuleType, variables: Any) -> list[str]:
    """The names under which a Saver keeps variables."""
    found = set()
    for variable in variables:
        info = variable._get_save_slice_info()
        found.add(variable.op.name if info is None else info.full_name)
    return sorted(found)


def make(tf: ModuleType, folder: Path, use_resource: bool) -> dict[str, list[str]]:
    """A graph with dense, sparse and partitioned training by two optimizers, and a moving average."""
    name = "resource" if use_resource else "reference"
    with tf.Graph().as_default() as graph:
        rows = tf.get_variable("rows", [5, 3], use_resource=use_resource)
        w = tf.get_variable("deep/w", [3, 2], use_resource=use_resource)
        # A weight whose name extends another's, as a slot's does.
        more = tf.get_variable("deep/w/more", [3, 2], use_resource=use_resource)
        parts = tf.get_variable("p", [2, 4], partitioner=tf.fixed_size_partitioner(2, 1), use_resource=use_resource)
        rate = tf.get_variable("rate", [], trainable=False, use_resource=use_resource)
        hidden = tf.matmul(tf.nn.embedding_lookup(rows, [0, 1]), w + more)
        loss = tf.reduce_sum(tf.matmul(hidden, tf.concat(list(parts), 1)))
        step = tf.train.get_or_create_global_step()
        optimizers = [
            tf.train.AdamOptimizer(rate),
            tf.train.RMSPropOptimizer(rate, momentum=0.9, centered=True, name="Mine"),
        ]
        with tf.variable_scope("training"):
            for optimizer in optimizers:
                optimizer.minimize(loss, global_step=step)
        tf.train.ExponentialMovingAverage(0.9).apply([w, rows])
        graph_def = tf.train.export_meta_graph(saver_def=tf.train.Saver().as_saver_def(), graph=graph)
        del graph_def.meta_info_def.stripped_op_list.op[:]
        (folder / f"optimizers_{name}.meta").write_bytes(graph_def.SerializeToString(deterministic=True))
        kept = [variable for optimizer in optimizers for variable in optimizer.variables()]
        return {"all": names_of(tf, tf.global_variables()), "optimizer": names_of(tf, kept)}


def main(folder: Path) -> None:
    """Write both graphs."""
    tf = tensorflow()
    found = {name: make(tf, folder, name == "resource") for name in ("reference", "resource")}
    (folder / "optimizers.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
