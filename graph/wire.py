"""Pulumi's wire format to plain Python and back: secrets, values not known yet, whole numbers as integers.

Sources, in pulumi/pulumi: sdk/go/common/resource/sig for the signatures, sdk/go/common/resource/plugin for the values
that are not known yet.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from graph.marks import Masked, Secret, Unknown

if TYPE_CHECKING:
    from google.protobuf import struct_pb2

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 a mark, no secret
REFERENCE_SIGNATURE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What stands for an unknown text; the others are for unknown values of other types."""
UNKNOWNS: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        UNKNOWN,
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
        "output<string>",
    }
)
MASK: Final = "[secret]"
"""What the engine writes into a recording, and this project into its reports, in the place of a secret value."""
_OF_THE_BRIDGE: Final = frozenset({"__defaults", "__meta", "__pulumi_raw_state_delta"})


def to_python(struct: "struct_pb2.Struct") -> tuple[dict[str, Any], tuple[str, ...]]:
    """The properties of a message, secrets unwrapped, and the paths of those that are secret."""
    secrets: list[str] = []
    return {key: _value(value, key, secrets) for key, value in struct.fields.items()}, tuple(secrets)


def _value(value: "struct_pb2.Value", path: str, secrets: list[str]) -> Any:
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


def _object(struct: "struct_pb2.Struct", path: str, secrets: list[str]) -> Any:
    fields = struct.fields
    signature = fields[SIGNATURE].string_value if SIGNATURE in fields else ""
    if signature == SECRET_SIGNATURE:
        secrets.append(path)
        return _value(fields["value"], path, secrets)
    if signature == REFERENCE_SIGNATURE:
        return fields["urn"].string_value
    return {key: _value(value, f"{path}.{key}", secrets) for key, value in fields.items()}


def to_struct(properties: Mapping[str, Any], secret: frozenset[str] = frozenset()) -> "struct_pb2.Struct":
    """A message of properties; the top-level ones named in `secret` are wrapped as Pulumi wraps a secret."""
    from google.protobuf import struct_pb2  # who only reads recordings must not pay for it

    struct = struct_pb2.Struct()
    for key, value in properties.items():
        if value is not None:
            struct[key] = {SIGNATURE: SECRET_SIGNATURE, "value": value} if key in secret else value
    return struct


def to_json(value: Any) -> Any:
    """The opposite of `from_json`: marks as the engine writes them."""
    match value:
        case Unknown():
            return UNKNOWN
        case Secret():
            return {SIGNATURE: SECRET_SIGNATURE}
        case Masked():
            return MASK
        case Mapping():
            return {key: to_json(item) for key, item in value.items()}
        case list() | tuple():
            return [to_json(item) for item in value]
    return value


def from_json(value: Any) -> Any:
    """A value of a recording or a state, with marks; what the provider keeps for itself is left out."""
    if isinstance(value, str):
        if value in UNKNOWNS:
            return Unknown()
        return Masked() if value == MASK else value
    if isinstance(value, Mapping):
        signature = value.get(SIGNATURE)
        if signature in (SECRET_SIGNATURE, REFERENCE_SIGNATURE):
            return Secret() if signature == SECRET_SIGNATURE else value.get("urn")
        kept = value
        if signature is not None and value.get("hash"):  # a file or an archive: the same one wherever it lies
            kept = {"hash": value["hash"]}
        return {key: from_json(item) for key, item in kept.items() if key not in (SIGNATURE, *_OF_THE_BRIDGE)}
    if isinstance(value, list):
        return [from_json(item) for item in value]
    return value
