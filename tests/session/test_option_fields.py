"""The fields of the messages about sessions and runs: the page says which have an effect, and that is true."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hdfsaver as tf
from hdfsaver.messages.descriptor_pool import CLASSES

PAGE = (Path(__file__).parents[2] / "docs" / "tensorflow.md").read_text(encoding="utf-8")

MESSAGES = ("ConfigProto", "GPUOptions", "GraphOptions", "OptimizerOptions", "RewriterConfig", "RunOptions")


def rows() -> dict[tuple[str, str], str]:
    """What the page says of each message and field."""
    found = {}
    for message, fields, said in re.findall(r"^\| `(\w+)` \| (.*?) \| (acts|message|no effect) \|", PAGE, re.MULTILINE):
        found.update({(message, field): said for field in re.findall(r"\w+", fields)})
    return found


ROWS = rows()

IDLE = sorted(key for key, said in ROWS.items() if said == "no effect")


def test_every_field_is_on_the_page() -> None:
    """And no other."""
    assert {(name, field.name) for name in MESSAGES for field in CLASSES[name].DESCRIPTOR.fields} == set(ROWS)


def observed(config: Any = None, options: Any = None) -> list[object]:
    """Everything that options may change of two runs, but for times."""
    x = tf.constant([1.0, 2.0])
    metadata = tf.RunMetadata()
    with tf.Session(config=config) as sess:
        values = [sess.run(x * 3.0, options=options, run_metadata=metadata).tolist() for _ in range(2)]
        devices = [device.name for device in sess.list_devices()]
        waits = sess._state.timeout
        shapes = ["_output_shapes" in node.attr for node in sess.graph_def.node]
    kinds = [bool(metadata.step_stats.dev_stats), bool(metadata.cost_graph.node), len(metadata.partition_graphs)]
    return [values, devices, waits, kinds, shapes[0]]


def with_value(message: Any, field: str) -> None:
    """Give a field of a message a value other than its default."""
    described = message.DESCRIPTOR.fields_by_name[field]
    value = getattr(message, field)
    if hasattr(value, "update"):
        value["x"] = 1
    elif hasattr(value, "append") or hasattr(value, "add"):
        if described.message_type:
            value.add()
        else:
            value.append("x")
    elif described.message_type:
        value.SetInParent()
    else:
        setattr(message, field, {"str": "x", "float": 0.5}.get(type(value).__name__, 1))


def made(message: str) -> tuple[Any, Any, Any]:
    """A configuration, options of a run, and the one of the messages in them that is meant."""
    config, options = tf.ConfigProto(), tf.RunOptions()
    parts = {
        "ConfigProto": config,
        "GPUOptions": config.gpu_options,
        "GraphOptions": config.graph_options,
        "OptimizerOptions": config.graph_options.optimizer_options,
        "RewriterConfig": config.graph_options.rewrite_options,
        "RunOptions": options,
    }
    return config, options, parts[message]


@pytest.mark.parametrize("key", IDLE, ids=".".join)
def test_fields_without_an_effect(key: tuple[str, str]) -> None:
    """A session with the field computes the same on the same devices, and says the same of its runs."""
    config, options, part = made(key[0])
    with_value(part, key[1])
    assert part.ListFields()
    expected = observed()
    assert expected == observed(config, options)


def _number_of_devices(config: Any, _: Any) -> None:
    config.device_count["CPU"] = 3


def _shapes(config: Any, _: Any) -> None:
    config.graph_options.infer_shapes = True


def _cost_model(config: Any, _: Any) -> None:
    config.graph_options.build_cost_model = 1


def _cost_model_later(config: Any, _: Any) -> None:
    config.graph_options.build_cost_model = 1
    config.graph_options.build_cost_model_after = 9


def _timeout(config: Any, _: Any) -> None:
    config.operation_timeout_in_ms = 5000


def _trace(_: Any, options: Any) -> None:
    options.trace_level = tf.RunOptions.FULL_TRACE


def _graphs(_: Any, options: Any) -> None:
    options.output_partition_graphs = True


EFFECTS: dict[tuple[str, str], tuple[Callable[[Any, Any], None], int, object]] = {
    ("ConfigProto", "device_count"): (
        _number_of_devices,
        1,
        [f"/job:localhost/replica:0/task:0/device:CPU:{number}" for number in range(3)],
    ),
    ("ConfigProto", "operation_timeout_in_ms"): (_timeout, 2, 5.0),
    ("GraphOptions", "build_cost_model"): (_cost_model, 3, [True, True, 0]),
    ("GraphOptions", "infer_shapes"): (_shapes, 4, True),
    ("GraphOptions", "build_cost_model_after"): (_cost_model_later, 3, [False, False, 0]),
    ("RunOptions", "output_partition_graphs"): (_graphs, 3, [False, False, 1]),
    ("RunOptions", "trace_level"): (_trace, 3, [True, False, 0]),
}
"""What gives the field a value, which of the observations it changes, and how."""

ELSEWHERE = {("RunOptions", "timeout_in_ms")}
"""Those that end a run, below."""


def test_every_effect_is_shown() -> None:
    """By this file."""
    assert {key for key, said in ROWS.items() if said == "acts"} == set(EFFECTS) | ELSEWHERE


@pytest.mark.parametrize("key", sorted(EFFECTS), ids=".".join)
def test_fields_with_an_effect(key: tuple[str, str]) -> None:
    """The one that the page tells, and no other."""
    config, options, _ = made(key[0])
    change, place, expected = EFFECTS[key]
    change(config, options)
    plain, found = observed(), observed(config, options)
    assert expected == found[place]
    assert [value for number, value in enumerate(plain) if number != place] == [
        value for number, value in enumerate(found) if number != place
    ]


def test_a_run_that_takes_too_long() -> None:
    """`timeout_in_ms` ends a run that waits."""
    queue = tf.FIFOQueue(1, tf.float32)
    with tf.Session() as sess, pytest.raises(tf.errors.DeadlineExceededError):
        sess.run(queue.dequeue(), options=tf.RunOptions(timeout_in_ms=20))
