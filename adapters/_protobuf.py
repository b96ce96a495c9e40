"""Protobuf messages from a table of field numbers: only the fields that are read, everything else stays unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from livesell.errors import AdapterError

Fields = Mapping[str, tuple[int, str]]
"""Name of a field to its number and type: "int64", "uint64", "bool", "bytes", "string" or the name of a message, with a
star before it where it is repeated. Text is "bytes" where a broken letter in it must not cost the whole message."""


def build(package: str, messages: Mapping[str, Fields], extra: str) -> dict[str, Any]:
    """Message classes by name; AdapterError names the extra to install where protobuf is not there."""
    try:
        from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # type: ignore[import-untyped]
    except ImportError:
        raise missing(extra) from None
    kinds = descriptor_pb2.FieldDescriptorProto
    scalars = {
        "int32": kinds.TYPE_INT32,
        "int64": kinds.TYPE_INT64,
        "uint64": kinds.TYPE_UINT64,
        "bool": kinds.TYPE_BOOL,
        "bytes": kinds.TYPE_BYTES,
        "string": kinds.TYPE_STRING,
    }
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto2")
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            label = kinds.LABEL_REPEATED if kind.startswith("*") else kinds.LABEL_OPTIONAL
            added = message.field.add(name=field, number=number, label=label)
            kind = kind.lstrip("*")
            if kind in scalars:
                added.type = scalars[kind]
            else:
                added.type, added.type_name = kinds.TYPE_MESSAGE, f".{package}.{kind}"
    # A pool of its own: the same names may be registered by another library in this process.
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}")) for name in messages}


def decode_error() -> type[Exception]:
    """What the message classes raise for bytes that are none of theirs."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    kind: type[Exception] = DecodeError
    return kind


def missing(extra: str) -> AdapterError:
    """What to install for a part that is left out by default."""
    return AdapterError(f"this needs a part that is not installed: pip install 'livesell[{extra}]'", permanent=True)
