"""The versions of a graph: of the TensorFlow that made it, and of those that can read it.

They are kept in the part of `hdfsaver.schema.Structure.tensorflow` that holds the functions, so that they go wherever
these go. A graph without any was made here. The rules are those of TensorFlow's importer (``graph_constructor.cc``).
"""

from __future__ import annotations

from collections.abc import Mapping

from hdfsaver.messages import message_classes
from hdfsaver.messages.node_defs import PRODUCER
from hdfsaver.messages.parsing import parse
from hdfsaver.schema import LIBRARY
from hdfsaver.version import GRAPH_DEF_VERSION_MIN_PRODUCER, VERSION

_REST = "graph_def"
"""The key of the part that holds the versions of a graph from a file of TensorFlow."""

SCALAR_MEANS_UNKNOWN = 21
"""The last version whose placeholders of an unknown shape have the shape ``()``."""


def versions_of(parts: Mapping[str, bytes]) -> message_classes.VersionDef:
    """The versions of a graph, given the parts that are kept for TensorFlow."""
    data = parts.get(_REST, b"") + parts.get(LIBRARY, b"")
    found = parse(message_classes.MetaGraphDef, data, "the versions of the graph").graph_def if data else None
    if found is None or not found.HasField("versions"):
        return message_classes.VersionDef(producer=PRODUCER)
    return found.versions


def with_versions(parts: Mapping[str, bytes], added: message_classes.VersionDef) -> dict[str, bytes]:
    """The parts of a graph into which another one of the given versions is imported: the oldest producer counts."""
    before = versions_of(parts)
    joined = message_classes.VersionDef(
        producer=min(before.producer, added.producer),
        min_consumer=max(before.min_consumer, added.min_consumer),
        bad_consumers=sorted({*before.bad_consumers, *added.bad_consumers}),
    )
    if joined == before:
        return dict(parts)
    message = parse(message_classes.MetaGraphDef, parts.get(LIBRARY, b""), "the functions of the graph")
    message.graph_def.versions.CopyFrom(joined)
    return {**parts, LIBRARY: message.SerializeToString(deterministic=True)}


def check_versions(versions: message_classes.VersionDef) -> None:
    """Raise `ValueError` where a graph says that TensorFlow of the version here cannot read it; a note has a remedy."""
    release = f"TensorFlow {VERSION}"
    if versions.producer < GRAPH_DEF_VERSION_MIN_PRODUCER:
        raise _refusal(
            f"GraphDef producer version {versions.producer} below min producer {GRAPH_DEF_VERSION_MIN_PRODUCER} "
            f"supported by {release}.  Please regenerate your graph.",
            f"set graph_def.versions.producer to {PRODUCER}",
        )
    if versions.min_consumer > PRODUCER:
        raise _refusal(
            f"GraphDef min consumer version {versions.min_consumer} above current version {PRODUCER} for {release}.  "
            "Please upgrade TensorFlow.",
            "set graph_def.versions.min_consumer to 0",
        )
    if PRODUCER in versions.bad_consumers:
        raise _refusal(
            f"GraphDef disallows consumer version {PRODUCER}.  "
            "Please upgrade TensorFlow: this version is likely buggy.",
            "clear graph_def.versions.bad_consumers",
        )


def _refusal(message: str, change: str) -> ValueError:
    """TensorFlow's error, with a note that says what a program can do."""
    error = ValueError(message)
    error.add_note(f"To import the graph nevertheless, {change}.")
    return error
