"""The words in which a resource type is declared: its fields, its calls, how it is read back, what it gives out.

A Kind is data. `rehearsal.mapper` walks it: it translates what a program declares into AWS's own form, sends it, and
later compares that same form with what is read back.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jmespath

Finder = Callable[[Any], Any]
Path = str | tuple[str, ...] | Finder
Empty = Callable[[Callable[[str, dict[str, Any]], Any], Mapping[str, Any]], None]  # (send, values)
Reason = str | Callable[[Mapping[str, Any]], str]  # of the object that holds the field


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Form:
    """How one value is written for AWS (`send`) and brought to one form before comparing (`norm`)."""

    send: Callable[[Any], Any] = _same
    norm: Callable[[Any], Any] = _same
    by_leaf: bool = False  # compare each leaf under its own path instead of the value as one


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a resource type.

    `aws` is its place in the request of `call`, `read` its place in the document read back (the same place unless
    said otherwise). A property with `unchecked` is sent if it has an `aws` place, and listed as not checked.
    """

    aws: tuple[str, ...] = ()
    read: Callable[[Any], Any] | None = None
    shape: Mapping[str, "Field"] | None = None
    form: Form = Form()
    unordered: bool = False
    unchecked: Reason = ""
    call: str = "create"
    unwrap: bool = False  # Pulumi flattens a list of at most one: sent as [value], read back as found[0]
    chosen: bool = False  # that it is there says something, though nothing is in it


@dataclass(frozen=True, slots=True)
class Call:
    """One AWS operation: constant parameters (see `rehearsal.mapper.fill`) and those of the fields that name it."""

    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)
    name: str = "create"
    always: bool = False  # sent even when no field of it is declared
    pack: Callable[[dict[str, Any]], dict[str, Any] | None] = _same  # None: nothing to send
    moto_breaks: str = ""  # the exception with which moto breaks after it has done what the call asks
    again: bool = False  # sent again, it changes what it made; `put_` and `set_` say so by their names


@dataclass(frozen=True, slots=True)
class Change:
    """An operation that changes or deletes what stands, where it is not the counterpart of the one that creates.

    `fields` are the properties it takes, each with its place in the request; an empty place is that of creation. None
    stands for every property whose place the operation has. What else it needs is found as
    `rehearsal.change.operations` says. `pack` may give several requests, or none. `$standing` in `params` is what
    is read of the resource right before.
    """

    operation: str
    fields: Mapping[str, str] | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    pack: Callable[[dict[str, Any]], dict[str, Any] | list[dict[str, Any]] | None] = _same
    removes: tuple[str, ...] = ()  # properties that it takes away where they are declared no more
    renews: str = ""  # where the answer says the resource's new id, if a change gives it one


@dataclass(frozen=True, slots=True)
class Read:
    """One AWS operation that reads a resource back.

    With `index`, `pick` gives a list whose items are found by that key, and the operation is asked once for all
    resources of the kind, unless its parameters narrow it to more than the id. Else `pick` gives the document. `into`
    puts what is found under a key of the first reading's document. `among` narrows a listing to many keys: beside a
    hundred other stacks, all of the account would be listed for a few.
    """

    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)
    pick: Path = "@"
    into: str = ""
    index: str = ""
    key: Any = "$id"  # template: what the index is asked for
    absent: tuple[str, ...] = ()  # error codes that mean an empty document
    when: str = ""  # read only where this property is declared
    proves: Mapping[str, Any] = field(default_factory=dict)  # true because this reading found something
    among: Callable[[list[str]], dict[str, Any]] | None = None  # parameters for a listing of these keys alone


@dataclass(frozen=True, slots=True)
class Name:
    """The name that the provider makes up when a program gives none."""

    field: str = "name"
    prefix: str = "namePrefix"
    limit: int = 255
    lower: bool = False


@dataclass(frozen=True, slots=True)
class Out:
    """An output: its place in the document, and a template that makes one up where nothing was created."""

    path: Path
    template: Any


@dataclass(frozen=True, slots=True)
class Kind:
    """One resource type."""

    type_: str
    service: str
    calls: tuple[Call, ...]
    fields: Mapping[str, Field]
    reads: tuple[Read, ...]
    id: str  # template: of the document where it begins with "$document"
    outputs: Mapping[str, Any] = field(default_factory=dict)  # an Out, or a template of what is known anyway
    made_up_id: str = ""  # template for the id where nothing is created; `id` when that needs no document
    document: Any = "$made"  # template: what outputs are taken from after creation; read back when empty
    name: Name | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)  # what the provider sends when nothing is declared
    managed_policy: str = ""  # the property that may name one of AWS's own policies
    boundary: str = ""  # the property that names a permissions boundary, which stands outside the stack
    certificate: str = ""  # the property that names a certificate, which stands outside the stack
    global_region: str = ""  # region of the client for a service that has no regions
    updates: tuple[Change, ...] = ()  # what changes it beside the counterpart of its creation (`modify_`, `update_`)
    deletes: tuple[Change, ...] = ()  # what deletes it, in order, where that is no `delete_` of the same words
    empty: Empty | None = None  # what its provider takes out of it before it deletes it
    stays: str = ""  # why nothing is deleted in AWS when it goes
    ending: Path = ""  # what the document has when AWS still shows something that is deleted
    unique: tuple[str, ...] = ()  # properties that no two may have together, where that is not the id or the name alone
    reset: Path = ""  # what the document has after a deletion that only puts AWS's own default back


@dataclass(frozen=True, slots=True)
class DeclaredOnly:
    """A resource type that moto does not have: declared, with made-up outputs, and said so."""

    type_: str
    reason: str
    id: str
    outputs: Mapping[str, str] = field(default_factory=dict)


def path_of(place: Path) -> tuple[str, ...]:
    """A place as a tuple; a string is split at its dots."""
    if callable(place):
        raise TypeError("a place in a request is a name, not a function")
    return tuple(part for part in place.split(".") if part) if isinstance(place, str) else place


@cache
def finder(path: Path) -> Callable[[Any], Any]:
    """A function that finds a place in a document: plain dotted names are walked, anything else is JMESPath."""
    if callable(path):
        return path
    plain = isinstance(path, tuple) or all(part.isidentifier() for part in path.split("."))
    if not plain:
        compiled = jmespath.compile(path)
        return compiled.search  # type: ignore[no-any-return]
    parts = path_of(path)

    def walk(document: Any) -> Any:
        for part in parts:
            if not isinstance(document, dict):
                return None
            document = document.get(part)
        return document

    return walk


def F(  # noqa: N802 one letter keeps a table of four hundred fields readable
    aws: Path = (),
    read: Path | None = None,
    *,
    shape: Mapping[str, Field] | None = None,
    form: Form = Form(),
    unordered: bool = False,
    unchecked: Reason = "",
    call: str = "create",
    unwrap: bool = False,
    chosen: bool = False,
) -> Field:
    """A field; `read` defaults to the place it is sent to. `unchecked` may depend on what is declared beside it."""
    place = path_of(aws)
    found_at = place if read is None else read
    return Field(
        place, finder(found_at) if found_at != () else None, shape, form, unordered, unchecked, call, unwrap, chosen
    )


def unchecked(reason: Reason, aws: Path = (), **more: Any) -> Field:
    """A field that cannot be compared, with the reason; still sent when it has a place in the request."""
    return F(aws, (), unchecked=reason, **more)


AT_DELETION = "acts at deletion only"
IN_PROVIDER = "steers the provider, AWS does not hold it"
NOT_HELD = "moto does not hold it"


def _parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value else value


def _tag_map(value: Any) -> Any:
    if not isinstance(value, list):
        return value or {}
    found = ({name.removeprefix("Tag").lower(): one[name] for name in one} for one in value)
    return {one.get("key"): one.get("value") for one in found}


def tag_list(key: str = "Key", value: str = "Value") -> Form:
    """Tags as a list of keys and values, under the names that the service has for these."""
    return Form(send=lambda tags: [{key: k, value: v} for k, v in tags.items()], norm=_tag_map, by_leaf=True)


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None else str(value)


def pack_attributes(params: dict[str, Any]) -> dict[str, Any]:
    """A load balancer's or target group's attributes in AWS's form: a list of keys and values."""
    pairs = [{"Key": key, "Value": value} for key, value in params.pop("Attributes", {}).items()]
    return {**params, "Attributes": pairs}


JSON = Form(norm=_parsed)
TEXT = Form(send=_text, norm=_text)
TAG_LIST = tag_list()
TAG_MAP = Form(norm=_tag_map, by_leaf=True)


def only_when(wanted: bool) -> Callable[[dict[str, Any]], dict[str, Any] | None]:
    """One of two operations that AWS has in the place of a switch, sent where the switch `Enabled` is set to this."""
    return lambda params: params if params.pop("Enabled") is wanted else None


def tags(aws: str = "Tags", read: str | None = None) -> Field:
    """Tags that AWS takes as a list of keys and values."""
    return F(aws, read, form=TAG_LIST)


def attribute(key: str) -> Field:
    """One of a load balancer's or target group's attributes: text, set by a call of its own."""
    return F(("Attributes", key), form=TEXT, call="attributes")


def ec2_tags(resource_type: str) -> Field:
    """EC2 takes tags at creation under the name of the resource's type."""

    def send(value: Mapping[str, str]) -> list[dict[str, Any]]:
        return [{"ResourceType": resource_type, "Tags": TAG_LIST.send(value)}] if value else []

    def norm(value: Any) -> Any:
        if isinstance(value, list) and value and "ResourceType" in value[0]:
            value = value[0]["Tags"]
        return _tag_map(value)

    return F("TagSpecifications", "Tags", form=Form(send, norm, by_leaf=True))
