"""MLCommons Chakra's messages, by the field numbers of its published schema.

Names and numbers are those of github.com/mlcommons/chakra, schema/protobuf/et_def.proto (package ChakraProtoMsg,
Apache-2.0), without its types for storage, which are told apart by field 11 of a node.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

VALUES = (
    "double", "float", "int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "fixed64", "sfixed32",
    "sfixed64", "bool", "string", "bytes",
)  # fmt: skip
"""Types of an attribute's value, in the order of their fields: each alone, then as a list, from field 3 on."""
NODE_TYPES = (
    "INVALID_NODE", "METADATA_NODE", "MEM_LOAD_NODE", "MEM_STORE_NODE", "COMP_NODE", "COMM_SEND_NODE",
    "COMM_RECV_NODE", "COMM_COLL_NODE", "STORAGE_NODE", "BATCH_NODE", "CHECKPOINT_NODE",
)  # fmt: skip
COLLECTIVES = (
    "ALL_REDUCE", "REDUCE", "ALL_GATHER", "GATHER", "SCATTER", "BROADCAST", "ALL_TO_ALL", "REDUCE_SCATTER",
    "REDUCE_SCATTER_BLOCK", "BARRIER",
)  # fmt: skip
"""Names of the numbers from 0 on."""
PACKAGE = "ChakraProtoMsg"
FIRST_VALUE = 3


class NotInstalled(ImportError):
    """Traces need a library that is not there; the message says how to get it."""


class Messages(NamedTuple):
    """Classes of the messages."""

    node: Any
    metadata: Any


@cache
def messages() -> Messages:
    """The classes. Raises NotInstalled without protobuf."""
    try:
        from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    except ImportError:
        raise NotInstalled("Chakra traces need protobuf: pip install 'clustercast[chakra]'") from None
    file = descriptor_pb2.FileDescriptorProto(name="clustercast/et_def.proto", package=PACKAGE, syntax="proto3")
    _attribute(file)
    _enum(file, "NodeType", NODE_TYPES)
    _enum(file, "CollectiveCommType", COLLECTIVES)
    _message(file, "GlobalMetadata", ((1, "version", "string"), (2, "attr", "*AttributeProto")))
    _message(file, "IOInfo", ((1, "values", "string"), (2, "shapes", "string"), (3, "types", "string")))
    _message(
        file, "Node",
        (
            (1, "id", "uint64"), (2, "name", "string"), (3, "type", "NodeType"), (4, "ctrl_deps", "*uint64"),
            (5, "data_deps", "*uint64"), (6, "start_time_micros", "uint64"), (7, "duration_micros", "uint64"),
            (8, "inputs", "IOInfo"), (9, "outputs", "IOInfo"), (10, "attr", "*AttributeProto"),
        ),
    )  # fmt: skip
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = [message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{n}")) for n in NAMES]
    return Messages(*found)


NAMES = ("Node", "GlobalMetadata")


def _attribute(file: Any) -> None:
    """A named value of one of many types, and the lists of each."""
    attribute = _message(file, "AttributeProto", ((1, "name", "string"), (2, "doc_string", "string")))
    attribute.oneof_decl.add(name="value")
    for place, kind in enumerate(VALUES):
        name = f"{kind.capitalize()}List"
        _message(file, name, ((1, "values", f"*{kind}"),))
        for field in (
            (FIRST_VALUE + 2 * place, f"{kind}_val", kind),
            (FIRST_VALUE + 2 * place + 1, f"{kind}_list", name),
        ):
            _field(attribute, *field).oneof_index = 0


def _message(file: Any, name: str, fields: tuple[tuple[int, str, str], ...]) -> Any:
    """Add a message with its fields: number, name, type; a star before the type: repeated."""
    made = file.message_type.add(name=name)
    for field in fields:
        _field(made, *field)
    return made


def _field(message: Any, number: int, name: str, kind: str) -> Any:
    """Add one field to a message."""
    plain = kind.lstrip("*")
    field = message.field.add(number=number, name=name)
    field.label = field.LABEL_REPEATED if kind.startswith("*") else field.LABEL_OPTIONAL
    if plain in VALUES:
        field.type = getattr(field, f"TYPE_{plain.upper()}")
    else:
        field.type = field.TYPE_ENUM if plain == "NodeType" else field.TYPE_MESSAGE
        field.type_name = f".{PACKAGE}.{plain}"
    return field


def _enum(file: Any, name: str, values: tuple[str, ...]) -> None:
    """Add an enumeration whose values count from 0."""
    made = file.enum_type.add(name=name)
    for number, value in enumerate(values):
        made.value.add(number=number, name=value)
