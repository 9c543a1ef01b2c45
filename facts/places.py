"""Where a resource stands, and every region and account that it names: copies, replicas, keys, destinations."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from components.settings import REGION
from facts.permissions.documents import is_document
from graph import Graph, Resource
from graph.values import items

ARN: Final = re.compile(rf"arn:aws[a-z-]*:[a-z0-9-]+:({REGION.pattern})?:(\d{{12}})?:")
_HOST: Final = re.compile(
    r"(?P<registry>\d{12})\.dkr\.ecr\.(?P<its_region>[a-z0-9-]+)\.amazonaws\."
    r"|sqs\.(?P<region>[a-z0-9-]+)\.amazonaws\.[a-z.]+/(?P<queue>\d{12})/"
)
"""Addresses that name an account and a region as an ARN does: a registry's images, a queue."""
_ACCOUNT: Final = re.compile(r"(\d{12})(?:/sg-[0-9a-f]+)?")  # alone, or before a security group of its own
_BUCKET: Final = re.compile(r"(arn:aws[a-z-]*:s3:::)?([a-z0-9][a-z0-9.-]+)(?:/.*)?")
_DESTINATIONS: Final = ("bucket", "bucketname", "bucketarn", "destination")  # ends of names, too
LABELS: Final = ("tags", "tagsAll")
ZONE: Final = re.compile(rf"^({REGION.pattern})[a-z]$")
_REGION_NAMES: Final = ("region", "regions", "regionname")  # ends of names: destinationRegion, replicas[].regionName
WITHOUT_REGION: Final = ("aws:iam/", "aws:cloudfront/", "aws:route53/", "aws:organizations/")


@dataclass(frozen=True, slots=True)
class Place:
    """A region, an account, or a bucket that something goes to, whose name tells neither, that a resource names."""

    region: str = ""
    account: str = ""
    bucket: str = ""


def region_in(arn: str) -> str:
    """The region that an ARN names; empty where it names none, or the text is no ARN."""
    found = ARN.match(arn)
    return found[1] or "" if found else ""


def says_region(name: str, text: str) -> bool:
    """Whether a property's text is a region, by the property's name."""
    return name.lower().endswith(_REGION_NAMES) and bool(REGION.fullmatch(text))


def is_regional(resource: Resource) -> bool:
    """Whether a resource lies in a region at all."""
    return resource.type.startswith("aws:") and not resource.type.startswith(WITHOUT_REGION)


def region_of(graph: Graph, resource: Resource) -> str:
    """The region that a resource is in: its own, its zone's, its provider's, else that of its ARN; empty if unknown."""
    own = resource.inputs.get("region")
    if isinstance(own, str) and own:
        return own
    zone = ZONE.match(str(resource.inputs.get("availabilityZone") or ""))
    if zone:
        return zone[1]
    provider = graph.by_urn.get(resource.provider)
    inherited = provider.inputs.get("region") if provider is not None else None
    if isinstance(inherited, str) and inherited:
        return inherited
    return resource.region or region_in(resource.arn) or graph.region


def places(graph: Graph, resource: Resource) -> set[Place]:
    """Every place that a resource is in or names. What a policy document names is reach, and no place."""
    if not is_regional(resource):
        return set()
    region = region_of(graph, resource)
    return {*((Place(region=region),) if region else ()), *_named(resource.inputs, "")}


def _named(value: Any, name: str) -> Iterator[Place]:
    if isinstance(value, str):
        yield from _in_text(value, name)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _named(item, name if name in LABELS else f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _named(item, name)


def _in_text(text: str, name: str) -> Iterator[Place]:
    if says_region(name, text):
        yield Place(region=text)
        return
    if (account := _ACCOUNT.fullmatch(text)) and name not in LABELS:
        yield Place(account=account[1])
    for found in () if is_document(text) else ARN.finditer(text):
        yield from (Place(region=found[1]),) if found[1] else ()
        yield from (Place(account=found[2]),) if found[2] else ()
    goes_to = name != "bucket" and name.lower().endswith(_DESTINATIONS)  # what says something of a bucket names it so
    bucket = _BUCKET.fullmatch(text) if goes_to else None
    if bucket and (bucket[1] or "bucket" in name.lower()):
        yield Place(bucket=bucket[2])
    for host in _HOST.finditer(text):
        yield Place(region=host["its_region"] or host["region"])
        yield Place(account=host["registry"] or host["queue"])


def own_accounts(graph: Graph) -> frozenset[str]:
    """The accounts that a stack may call its own: those that its provider is held to, else those of its ARNs."""
    allowed = [
        str(account).strip(' "[]')
        for one in graph.resources
        if one.is_provider
        for text in items(one.inputs.get("allowedAccountIds"))
        for account in (text.split(",") if isinstance(text, str) else ())
    ]
    if allowed:
        return frozenset(allowed)
    arns = (ARN.match(one.arn) for one in graph.resources)
    return frozenset(found[2] for found in arns if found and found[2])
