"""One resource: what was asked for, what came of it, and how Pulumi is to treat it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any, Final

PROVIDER_PREFIX: Final = "pulumi:providers:"
STACK_TYPE: Final = "pulumi:pulumi:Stack"
REFERENCE_TYPE: Final = "pulumi:pulumi:StackReference"
_OTHER_NAMES: Final = (
    (re.compile("^aws:(?:alb|applicationloadbalancing|elasticloadbalancingv2)/"), "aws:lb/"),
    (re.compile("^aws:elasticloadbalancing/"), "aws:elb/"),
    (re.compile(r"^(aws:s3/\w+)V2:(\w+)V2$"), r"\1:\2"),
)
"""Modules and types of pulumi-aws that are called by several names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """One resource as Pulumi registered it, or as it stands.

    `type` is the one token that readers know a type by, whichever of its names the program used; the URN keeps that.
    `inputs` are what the program asks for, `outputs` what came of it; both in Pulumi's camelCase, with marks in the
    place of what is secret, masked or not known. `provider` is a URN without the provider's id. `region` is empty where
    nothing says it.
    """

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    custom: bool = True
    read: bool = False
    parent: str = ""
    provider: str = ""
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    protect: bool = False
    retain_on_delete: bool = False
    aliases: tuple[str, ...] = ()
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    region: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "type", canonical(self.type))

    def get(self, name: str) -> Any:
        """What was asked for, else what came of it."""
        value = self.inputs.get(name)
        return self.outputs.get(name) if value is None else value

    @property
    def arn(self) -> str:
        """The ARN, or the id of what has none."""
        arn = self.outputs.get("arn")
        return arn if isinstance(arn, str) and arn else self.id

    @property
    def is_provider(self) -> bool:
        return self.type.startswith(PROVIDER_PREFIX)


def fields_of(one: Resource) -> dict[str, Any]:
    """What any resource has, without what a kind of its own adds."""
    return {field.name: getattr(one, field.name) for field in fields(Resource)}


@lru_cache(maxsize=4096)
def canonical(token: str) -> str:
    """The one token of a type that the provider registers under several."""
    for pattern, name in _OTHER_NAMES:
        token = pattern.sub(name, token)
    return token


@lru_cache(maxsize=4096)
def type_of(urn: str) -> str:
    """The one token of a resource's own type; empty where the text is no URN."""
    return canonical(token_in(urn))


def token_in(urn: str) -> str:
    """The token in a URN as the program used it: the last of the chain, or nothing where the text is no URN."""
    return urn.split("::")[2].rpartition("$")[2] if urn.count("::") >= 3 else ""


def name_of(urn: str) -> str:
    """The logical name, the last part of a URN."""
    return urn.split("::", 3)[-1]


def stack_of(urn: str) -> str:
    """The stack that a URN belongs to."""
    return urn.removeprefix("urn:pulumi:").partition("::")[0]


def short_type(token: str) -> str:
    """`aws:s3/bucket:Bucket` as `s3 Bucket`."""
    package, _, rest = token.partition(":")
    module, _, name = rest.rpartition(":")
    module = module.split("/", 1)[0]
    return f"{package if module in ('', 'index') else module} {name or rest}"
