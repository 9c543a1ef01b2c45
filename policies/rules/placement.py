"""Where a resource stands and whose it is."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pulumi_policy.proxy import UnknownValueError

from facts import tokens as t
from facts.places import LABELS, WITHOUT_REGION, ZONE, region_in, says_region
from facts.types import judged_among
from graph.values import at, maps
from policies.rule import Args, NotEvaluated, Report, rule

KEYS = ("kmsKeyId", "kmsMasterKeyId", "performanceInsightsKmsKeyId")


@cache
def taggable() -> frozenset[str]:
    """Types with a `tags` input in the pinned pulumi-aws; generated, and a test compares it with the provider."""
    return frozenset((Path(__file__).parent.parent / "taggable.txt").read_text().split())


@rule("resource-carry-owner-tags", "aws:")
def carry_owner_tags(args: Args, report: Report) -> None:
    if args.type not in taggable():
        return
    tags = args.props.get("tags") or {}
    missing = [tag for tag in args.settings["tags"] if not tags.get(tag)]
    if missing:
        report(f"tags lack {', '.join(missing)}")


@rule("resource-hold-what-is-judged", "aws:")
def hold_what_is_judged(args: Args, report: Report) -> None:
    for path in judged_among(args.type, args.options.ignore_changes):
        report(f"{path} is ignored, so nobody knows what it becomes in the cloud")


@rule("resource-stay-in-residency", "aws:")
def stay_in_residency(args: Args, report: Report) -> None:
    if args.type.startswith(WITHOUT_REGION):
        return
    allowed = args.settings["allowedRegions"]
    for what, region in _places(args):
        if not allowed:
            raise NotEvaluated("neither the stack's configuration nor the pack's settings name the allowed regions")
        if region not in allowed:
            report(f"{what} is {region}, outside {', '.join(allowed)}")
    if not (args.props.get("region") or args.region):
        raise NotEvaluated("neither it nor its provider says its region")


def _places(args: Args) -> Iterator[tuple[str, str]]:
    """Every place that a resource names: its own, its zone's, and where it sends copies."""
    own = args.props.get("region") or args.region
    if own:
        yield "region", str(own)
    zone = ZONE.match(str(args.props.get("availabilityZone") or ""))
    if zone:
        yield "availabilityZone", zone[1]
    others = {name: _known(args.props, name) for name in args.props if name not in ("region", *LABELS, *KEYS)}
    yield from _named_places("", others)
    for name in KEYS:  # last: one that is not known yet ends the judging, and nothing may hide behind it
        yield from _named_places(name, args.props.get(name))


def _known(value: Any, name: Any) -> Any:
    """An item, or nothing while its value is not known: it is judged once it is."""
    try:
        return value[name]
    except UnknownValueError:
        return None


def _named_places(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every region that a property is, and that of every ARN: keys, topics, vaults, sources and destinations of copies.

    ARNs inside a text, as policy documents have them, are permissions and no places.
    """
    if isinstance(value, str):
        region = region_in(value)
        if says_region(path.rpartition(".")[2], value):
            yield path, value
        elif region:
            yield f"what {path} names", region
    elif isinstance(value, Mapping):
        for name in value:
            yield from _named_places(f"{path}.{name}" if path else str(name), _known(value, name))
    elif isinstance(value, Sequence):
        for index in range(len(value)):
            yield from _named_places(path, _known(value, index))


@rule("resource-stay-in-residency", t.BUCKET_REPLICATION)
def know_where_objects_go(args: Args, report: Report) -> None:
    """A bucket's ARN names no region; the key that a copy is encrypted with there does, and must be named."""
    for entry in maps(args.props.get("rules")):
        for destination in maps(entry.get("destination")):
            if not region_in(str(at(destination, "encryptionConfiguration.replicaKmsKeyId") or "")):
                bucket = destination.get("bucket") or "its destination"
                report(f"nothing tells in which region {bucket} lies, which objects are copied to: name the key there")
