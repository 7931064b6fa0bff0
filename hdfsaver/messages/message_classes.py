"""TensorFlow's messages: ``message_classes.GraphDef`` and others, as protobuf's own classes.

Protobuf is loaded, and the classes are made, when the first name is asked for. Modules that use them import this one
and take a class from it when they need it. The types for type checkers are in ``message_classes.pyi``.
"""

from __future__ import annotations

import typing

from hdfsaver.files.extras import library

_OF_PROTOBUF = {
    "DecodeError": ("google.protobuf.message", "DecodeError"),
    "EncodeError": ("google.protobuf.message", "EncodeError"),
    "JsonError": ("google.protobuf.json_format", "ParseError"),
    "Message": ("google.protobuf.message", "Message"),
    "ParseError": ("google.protobuf.text_format", "ParseError"),
    "message_to_string": ("google.protobuf.text_format", "MessageToString"),
    "parse_json": ("google.protobuf.json_format", "Parse"),
    "parse_text": ("google.protobuf.text_format", "Parse"),
}
"""Other names that are needed from protobuf, by the names that they have here."""


def __getattr__(name: str) -> typing.Any:
    if name in _OF_PROTOBUF:
        module, found = _OF_PROTOBUF[name]
        value = getattr(library(module), found)
    elif name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    else:
        library("google.protobuf")
        from hdfsaver.messages.descriptor_pool import CLASSES

        if name not in CLASSES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = CLASSES[name]
    globals()[name] = value
    return value
