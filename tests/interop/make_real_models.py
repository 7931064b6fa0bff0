"""Record what TensorFlow computes with the models of the real files: run with a Python that has TensorFlow and pip.

python -m tests.interop.make_real_models [NAME ...]

``real_models.json`` gets some numbers of each output, derivative, and variable after ten steps.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from tests.interop import models, real_files
from tests.interop.make_golden import tensorflow

RECORD = Path(__file__).with_name("real_models.json")


def plain(path: Path, tf: object) -> Path:
    """The graph of a checkpoint without the shapes that TensorFlow 1 inferred, some of which TensorFlow 2 refuses."""
    meta = tf.MetaGraphDef.FromString(path.read_bytes())  # type: ignore[attr-defined]
    for node in meta.graph_def.node:
        node.attr.pop("_output_shapes", None)
    folder = Path(tempfile.mkdtemp())
    for other in path.parent.glob(f"{path.name.removesuffix('.meta')}.*"):
        (folder / other.name).symlink_to(other)
    (folder / path.name).unlink()
    (folder / path.name).write_bytes(meta.SerializeToString())
    return folder / path.name


def main(names: list[str]) -> None:
    """Run the models that are named, or all."""
    tf = tensorflow()
    found = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    for name in names or models.CASES:
        case = models.CASES[name]
        path = real_files.files(case.listed) / case.file
        if path.name.endswith(".meta"):
            path = plain(path, tf)
        case = case._replace(file=path.name)
        values = models.run(tf, path.parent, case)
        found[name] = {key: models.summary(value) for key, value in values if key}
    text = ",\n".join(f"{json.dumps(name)}: {json.dumps(found[name])}" for name in sorted(found))
    RECORD.write_text("{\n" + text.replace("]], ", "]],\n") + "\n}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
