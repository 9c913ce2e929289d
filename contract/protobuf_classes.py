# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes the classes of protobuf messages from a description of their fields.

The messages are described in Python instead of imported, so that a caller needs no server package.
Each call makes a pool of its own, because Paddle Serving's generated modules register the same
names in the default one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Union

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

# what Paddle Serving accepts on either side
MAX_MESSAGE_BYTES = 512 * 1024 * 1024

_FieldProto = descriptor_pb2.FieldDescriptorProto

STRING, BYTES, BOOL = _FieldProto.TYPE_STRING, _FieldProto.TYPE_BYTES, _FieldProto.TYPE_BOOL
INT32, INT64 = _FieldProto.TYPE_INT32, _FieldProto.TYPE_INT64
UINT32, UINT64 = _FieldProto.TYPE_UINT32, _FieldProto.TYPE_UINT64
FLOAT, DOUBLE = _FieldProto.TYPE_FLOAT, _FieldProto.TYPE_DOUBLE


class Field(NamedTuple):
    """One field of a message.

    Attributes:
        name: as the proto calls it.
        number: its tag on the wire.
        type: a constant of this module, or the name of another message of the same package.
        many: whether it is repeated.
    """

    name: str
    number: int
    type: Union[int, str]
    many: bool = False


def message_classes(
    package: str, messages: Mapping[str, Sequence[Field]], syntax: str = "proto3"
) -> list[Any]:
    """The classes of a package's messages, in the order given."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package)
    file.syntax = syntax
    for name, fields in messages.items():
        described = file.message_type.add(name=name)
        for field in fields:
            label = _FieldProto.LABEL_REPEATED if field.many else _FieldProto.LABEL_OPTIONAL
            entry = described.field.add(name=field.name, number=field.number, label=label)
            if isinstance(field.type, str):
                entry.type = _FieldProto.TYPE_MESSAGE
                entry.type_name = f".{package}.{field.type}"
            else:
                entry.type = field.type  # type: ignore[assignment]
    return classes_of_file(file, list(messages))


def classes_of_file(file: descriptor_pb2.FileDescriptorProto, names: Sequence[str]) -> list[Any]:
    """The classes of a described file's messages, in the order of ``names``."""
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return [_class_of(pool, f"{file.package}.{name}") for name in names]


def _class_of(pool: Any, name: str) -> Any:
    described = pool.FindMessageTypeByName(name)
    # a caller's protobuf may be newer than the one that Paddle Serving needs
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(described)
    return message_factory.MessageFactory(pool).GetPrototype(described)  # type: ignore[attr-defined]
