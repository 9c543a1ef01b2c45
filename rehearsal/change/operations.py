"""Which operation changes, tags or deletes a resource, from the table of kinds and AWS's own models.

AWS names operations in pairs: what `create_db_instance` makes, `modify_db_instance` changes and `delete_db_instance`
deletes, and a parameter is called alike in all three. So the table says only what is otherwise (`Kind.updates`,
`Kind.deletes`). What tells a resource from others is found in the kind's own calls and readings.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from rehearsal.cloud import Cloud
from rehearsal.compare import place, translate
from rehearsal.kinds.kind import Call, Change, Field, Kind
from rehearsal.naming import fill

_AGAIN: Final = ("put_", "set_")
_MADE_BY: Final = ("create_", "put_", "set_")
_CHANGED_BY: Final = ("modify_", "update_")
_TAGGED_BY: Final = (
    ("tag_resource", "untag_resource"),
    ("add_tags_to_resource", "remove_tags_from_resource"),
    ("add_tags", "remove_tags"),
    ("create_tags", "delete_tags"),
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation with the shape of its request."""

    name: str
    members: Mapping[str, Any]
    required: tuple[str, ...]


class Operations:
    """The operations of a service as its model knows them."""

    def __init__(self, cloud: Cloud, kind: Kind, region: str) -> None:
        self._meta = cloud.client(kind.service, region).meta
        self._kind = kind

    def find(self, name: str) -> Operation | None:
        """An operation by its name in boto3; None where AWS has none."""
        wire = self._meta.method_to_api_mapping.get(name)
        if wire is None:
            return None
        shape = self._meta.service_model.operation_model(wire).input_shape
        return Operation(name, dict(shape.members), tuple(shape.required_members)) if shape is not None else None

    def counterpart(self, verbs: tuple[str, ...]) -> Operation | None:
        """The operation of the same words as the one that creates, with one of these verbs."""
        words = self._words()
        return next((found for verb in verbs if words and (found := self.find(verb + words))), None)

    def modifying(self) -> Operation | None:
        """What changes a resource by its name."""
        return self.counterpart(_CHANGED_BY)

    def deleting(self) -> Operation | None:
        """What deletes a resource by its name."""
        return self.counterpart(("delete_",))

    def tagging(self) -> tuple[Operation, Operation] | None:
        """What puts tags on a resource, and what takes them away."""
        words = self._words()
        for put, take in (*_TAGGED_BY, (f"tag_{words}", f"untag_{words}")):
            adding, removing = self.find(put), self.find(take)
            if adding and removing:
                return adding, removing
        return None

    def _words(self) -> str:
        operation = self._kind.calls[0].operation
        return next((operation.removeprefix(verb) for verb in _MADE_BY if operation.startswith(verb)), "")


def is_sent_again(kind: Kind, call: Call) -> bool:
    """Whether a call that was sent at creation also changes what it made; the first one makes the resource itself."""
    return call.again or call != kind.calls[0] or call.operation.startswith(_AGAIN)


@cache
def identity_of(kind_type: str) -> Mapping[str, Any]:
    """Parameters that tell a resource from others -> the template of their values."""
    from rehearsal.kinds import KINDS

    kind = KINDS[kind_type]
    found: dict[str, Any] = {}
    for params in (*(one.params for one in kind.calls[1:]), *(one.params for one in kind.reads)):
        for member, template in params.items():
            if _tells(template):
                found.setdefault(member, template)
    if kind.id.startswith("$"):
        found.setdefault(kind.id.rpartition(".")[2], "$id")
    return found


def _tells(template: Any) -> bool:
    inner = template[0] if isinstance(template, list) and template else template
    return isinstance(inner, str) and (inner.startswith("$") or "{" in inner)


def identified(
    kind: Kind, operation: Operation, values: Mapping[str, Any], properties: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """What an operation must be told to find the resource. Raises LookupError for what is found nowhere."""
    identity, params = identity_of(kind.type_), dict(given)
    for member in operation.required or tuple(m for m in operation.members if identity.get(m) == "$id"):
        if member in params:
            continue
        value = fill(identity[member], values) if member in identity else _sent(kind, member, properties)
        if value is None:
            raise LookupError(f"{operation.name} needs {member}: say it in rehearsal/kinds/ ({kind.type_})")
        is_list = operation.members[member].type_name == "list"
        params[member] = [value] if is_list and not isinstance(value, list) else value
    return params


def _sent(kind: Kind, member: str, properties: Mapping[str, Any]) -> Any:
    """What was sent under this name at creation."""
    for key, one in kind.fields.items():
        if one.aws == (member,) and properties.get(key) is not None:
            return translate(one, properties[key])
    return None


def heads(call: Call, one: Field, value: Any) -> tuple[str, ...]:
    """The parameters of a request in which a property arrives."""
    params: dict[str, Any] = {}
    place(params, one.aws, translate(one, value))
    return tuple(call.pack(params) or ())


def changes_of(kind: Kind, key: str, *, taken_away: bool = False) -> Iterator[Change]:
    """What the table says about changing a property, or about taking it away."""
    yield from (one for one in kind.updates if key in (one.removes if taken_away else one.fields or ()))
