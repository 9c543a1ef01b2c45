"""Pulumi's wire format to plain Python and back: secrets unwrapped and remembered, whole numbers as integers."""

from collections.abc import Mapping
from typing import Any

from google.protobuf import struct_pb2

# The signatures are part of Pulumi's wire protocol (sdk/go/common/resource/sig).
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 a mark, no secret
REFERENCE_SIGNATURE = "5cf8f73096256a8f31e491e813e4eb8e"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def to_python(struct: struct_pb2.Struct) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The properties of a message and the paths of those that are secret."""
    secrets: list[str] = []
    return {key: _value(value, key, secrets) for key, value in struct.fields.items()}, tuple(secrets)


def _value(value: struct_pb2.Value, path: str, secrets: list[str]) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "list_value":
            return [_value(v, f"{path}[{i}]", secrets) for i, v in enumerate(value.list_value.values)]
        case "struct_value":
            return _object(value.struct_value, path, secrets)
        case _:
            return None


def _object(struct: struct_pb2.Struct, path: str, secrets: list[str]) -> Any:
    fields = struct.fields
    signature = fields[SIGNATURE].string_value if SIGNATURE in fields else ""
    if signature == SECRET_SIGNATURE:
        secrets.append(path)
        return _value(fields["value"], path, secrets)
    if signature == REFERENCE_SIGNATURE:
        return fields["urn"].string_value
    return {key: _value(value, f"{path}.{key}", secrets) for key, value in fields.items()}


def to_struct(properties: Mapping[str, Any], secret: frozenset[str] = frozenset()) -> struct_pb2.Struct:
    """A message of properties; the top-level ones named in `secret` are wrapped as Pulumi wraps a secret."""
    struct = struct_pb2.Struct()
    for key, value in properties.items():
        if value is not None:
            struct[key] = {SIGNATURE: SECRET_SIGNATURE, "value": value} if key in secret else value
    return struct
