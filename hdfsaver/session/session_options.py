"""The arguments that a session takes as TensorFlow's does: where to run, and how."""

from __future__ import annotations

from typing import Any, NamedTuple

from hdfsaver.errors import NotFoundError

_SERVER = "grpc://"
_DEVICE_MEMORY = 256 * 1024 * 1024


class Device(NamedTuple):
    """A device of a session, as TensorFlow describes it."""

    name: str
    device_type: str
    memory_limit_bytes: int
    incarnation: int


def check_target(target: str | bytes | None) -> bytes | None:
    """The target as bytes; ``grpc://`` and an address is accepted, and means this process.

    Raises
    ------
    TypeError
        It is not a string.
    NotFoundError
        It is not a target that TensorFlow knows.
    """
    if target is None:
        return None
    if not isinstance(target, str | bytes):
        hint = ' Did you do "Session(config)" instead of "Session(config=config)"?' * _is_config(target)
        raise TypeError(f'Argument `target` must be a string, but got "{type(target).__name__}".{hint}')
    text = target.decode("utf-8", "replace") if isinstance(target, bytes) else target
    if text and not text.startswith(_SERVER):
        raise NotFoundError(
            None,
            None,
            f"No session factory registered for the given session options: {{target: {text!r}}}. "
            'The target is "" for this process.',
        )
    return text.encode()


def check_config(config: object) -> Any:
    """The ``ConfigProto``, or None; `TypeError` for another object. A message of TensorFlow's own is taken too."""
    if config is not None and not _is_config(config):
        raise TypeError(f'Argument `config` must be a tf.ConfigProto, but got "{type(config).__name__}"')
    return config


def _is_config(value: object) -> bool:
    return type(value).__name__ == "ConfigProto" and hasattr(value, "SerializeToString")


def graph_options_of(config: Any) -> Any:
    """The part about the graph of a configuration that asks for a model of the costs of runs; None for another."""
    return config.graph_options if config is not None and config.graph_options.build_cost_model > 0 else None


def check_run_options(options: object, run_metadata: object) -> None:
    """`TypeError` unless both are messages or None."""
    if options is not None and not hasattr(options, "SerializeToString"):
        raise TypeError(f"Argument `options` must be a tf.RunOptions, but got {type(options).__name__}.")
    if run_metadata is not None and not hasattr(run_metadata, "ParseFromString"):
        raise TypeError(f"Argument `run_metadata` must be a tf.RunMetadata, but got {type(run_metadata).__name__}.")


def merge_run_options(options: Any, added: Any) -> Any:
    """The options of a run for which two places have some: the larger numbers, and what either of them asks for.

    Raises
    ------
    TypeError
        One of them is not a message.
    """
    for given in (options, added):
        check_run_options(given, None)
    merged = type(options)()
    merged.CopyFrom(options)
    for name in ("trace_level", "timeout_in_ms", "inter_op_thread_pool"):
        setattr(merged, name, max(getattr(options, name), getattr(added, name)))
    for name in ("output_partition_graphs", "report_tensor_allocations_upon_oom"):
        setattr(merged, name, getattr(options, name) or getattr(added, name))
    return merged


def devices_of(config: Any) -> list[Device]:
    """The processors of a session: one, or as many as the configuration asks for."""
    count = 1 if config is None else config.device_count.get("CPU", 1)
    name = "/job:localhost/replica:0/task:0/device:CPU"
    return [Device(f"{name}:{number}", "CPU", _DEVICE_MEMORY, number + 1) for number in range(max(count, 1))]
