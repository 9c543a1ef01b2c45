"""Where a resource stands and whose it is."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from policies import tokens as t
from policies.rule import Args, NotEvaluated, Report, rule
from policies.values import maps

ZONE = re.compile(r"([a-z]{2}(?:-[a-z]+)+-\d)[a-z]$")
ARN_REGION = re.compile(r"^arn:aws[a-z-]*:[^:]+:([a-z]{2}(?:-[a-z]+)+-\d):")
GLOBAL = ("aws:iam/", "aws:route53/", "aws:cloudfront/")


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


@rule("resource-stay-in-residency", "aws:")
def stay_in_residency(args: Args, report: Report) -> None:
    if args.type.startswith(GLOBAL):
        return
    allowed = args.settings["allowedRegions"]
    for what, region in _places(args):
        if not allowed:
            raise NotEvaluated("neither the stack's configuration nor the pack's settings name the allowed regions")
        if region not in allowed:
            report(f"{what} is {region}, outside {', '.join(allowed)}")


def _places(args: Args) -> Iterator[tuple[str, str]]:
    """Every place that a resource names: its own, its zone's, and where it sends copies."""
    own = args.props.get("region") or args.region
    if own:
        yield "region", str(own)
    zone = ZONE.match(str(args.props.get("availabilityZone") or ""))
    if zone:
        yield "availabilityZone", zone[1]
    for replica in maps(args.props.get("replicas")):
        if replica.get("region"):
            yield "a replica's region", str(replica["region"])
    if args.props.get("destinationRegion"):
        yield "destinationRegion", str(args.props["destinationRegion"])
    for entry in maps(args.props.get("rules")) if args.type.startswith("aws:backup/plan") else ():
        for copy in maps(entry.get("copyActions")):
            yield from _arn_place("a backup copy's vault", copy.get("destinationVaultArn"))
    if args.type == t.AUTOMATED_BACKUPS_REPLICATION:
        yield from _arn_place("the replicated database", args.props.get("sourceDbInstanceArn"))
    for name in ("kmsKeyId", "kmsMasterKeyId", "performanceInsightsKmsKeyId"):
        yield from _arn_place(f"the key in {name}", args.props.get(name))


def _arn_place(what: str, arn: object) -> Iterator[tuple[str, str]]:
    found = ARN_REGION.match(str(arn or ""))
    if found:
        yield what, found[1]
