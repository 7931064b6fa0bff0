"""Operation types are known where their modules have not been imported yet."""

from __future__ import annotations

import hdfsaver as tf
from tests import forks
from tests.graph.make_definition_places import TABLE, registered_places, table

MOST_MODULES = 165

LATE = {"contrib", "control_flow", "datasets", "distributions", "image", "layers", "losses", "optimizers", "queues"}

STARTED = """
import sys
import hdfsaver as tf
with tf.Graph().as_default():
    tf.Session().run(tf.Variable(1.0).initializer)
print(*(name.removeprefix("hdfsaver.") for name in sys.modules if name.startswith("hdfsaver.")))
"""

IMPORTED = """
import sys
import hdfsaver as tf
definition = tf.GraphDef()
definition.ParseFromString(bytes.fromhex({definition!r}))
tf.import_graph_def(definition, name="")
with tf.Session() as session:
    values = session.run({fetched!r})
    print(*(value.tolist() for value in values))
"""

OLDER = """
from hdfsaver.graph.definition import find
print(*(find(op_type) is not None for op_type in ("TFRecordReader", "FIFOQueue", "Stack", "Concat")))
"""

UNKNOWN = """
import sys
from hdfsaver.graph.definition import find
before = len(sys.modules)
print(find("Nope"), len(sys.modules) - before)
"""


def run(source: str) -> list[str]:
    """What a new process prints, in words."""
    return forks.run("-c", source).stdout.split()


def test_the_table_says_what_is_registered() -> None:
    """The table has all modules and types, as its maker writes it."""
    assert table(registered_places()) == TABLE.read_text(encoding="utf-8")


def test_the_first_run_loads_few_modules() -> None:
    """A variable and a session do without the families and packages that many programs do without."""
    loaded = run(STARTED)
    assert "session.session" in loaded
    assert [] == [name for name in loaded if name.partition(".")[0] in LATE]
    assert [] == [name for name in loaded if name in {"nn", "ops.ctc", "ops.adaptive_moments", "ops.queue_ops"}]
    assert len(loaded) < MOST_MODULES


def test_a_graph_of_types_not_yet_imported_runs() -> None:
    """A new process imports and runs a graph with a queue, a dataset, a matrix's factors and a text's numbers."""
    with tf.Graph().as_default() as graph:
        queue = tf.FIFOQueue(1, tf.float32, name="queue")
        with tf.control_dependencies([queue.enqueue(1.5)]):
            taken = queue.dequeue(name="taken")
        iterator = tf.data.make_one_shot_iterator(tf.data.Dataset.range(7, 8))
        item = tf.identity(iterator.get_next(), name="item")
        root = tf.cholesky([[4.0]], name="root")
        number = tf.decode_raw(b"\x05", tf.uint8, name="number")
        fetched = [taken.name, item.name, root.name, number.name]
        definition = graph.as_graph_def().SerializeToString().hex()
    assert ["1.5", "7", "[[2.0]]", "[5]"] == run(IMPORTED.format(definition=definition, fetched=fetched))


def test_an_unknown_type_imports_nothing() -> None:
    """A type that no module has is not looked for in any of them."""
    assert ["None", "0"] == run(UNKNOWN)


def test_types_of_older_graphs_are_found() -> None:
    """A type that another one's definition makes is in the module that makes it."""
    assert ["True"] * 4 == run(OLDER)
