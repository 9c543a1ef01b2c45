"""Who is signed in to AWS, held against the stack's account and region."""

import os
from dataclasses import dataclass

from infra.placeholders import PLACEHOLDER_ACCOUNT
from operations.doctor.finding import Finding
from operations.engine.account import check_region, who_am_i
from operations.engine.errors import EngineError
from project.placement import Placement

SIGN_IN = "aws sso login"
FALLBACK_REGION = "eu-west-1"


@dataclass(frozen=True, kw_only=True)
class Files:
    """Where a stack's account stands, and which regions it may be in: a customer's own stack has neither in its own."""

    account: str
    residency: str


def account(stack: str, place: Placement | None, files: Files) -> list[Finding]:
    """The identity, the account and the region."""
    if place and place.endpoint_url:
        explanation = f"{stack} lies in a moto server, which asks nobody"
        found = Finding(name="AWS identity", state="ok", found=explanation)
        return [found, *_region(stack, place, files)]
    region = place.region if place else os.environ.get("AWS_REGION") or FALLBACK_REGION
    try:
        identity = who_am_i(stack or "AWS", region, {})
    except EngineError as error:
        problem = error.problem.partition(": ")[2]
        found = Finding(name="AWS identity", state="missing", found=problem, mend=SIGN_IN)
        return [found, *_placeholder(place, files), *_region(stack, place, files)]
    signed_in = Finding(name="AWS identity", state="ok", found=identity["Arn"])
    return [
        signed_in,
        *(_placeholder(place, files) or _same(stack, place, identity["Account"])),
        *_region(stack, place, files),
    ]


def _placeholder(place: Placement | None, files: Files) -> list[Finding]:
    if place is None or not PLACEHOLDER_ACCOUNT.search(place.account):
        return []
    problem = f"{files.account} holds the placeholder {place.account}"
    return [Finding(name="account", state="wrong", found=problem, mend=f"$EDITOR {files.account}")]


def _same(stack: str, place: Placement | None, signed_in: str) -> list[Finding]:
    if place is None:
        return []
    if signed_in == place.account:
        return [Finding(name="account", state="ok", found=signed_in)]
    problem = f"signed in to {signed_in}, but {stack} belongs to {place.account}"
    return [Finding(name="account", state="wrong", found=problem, mend=SIGN_IN)]


def _region(stack: str, place: Placement | None, files: Files) -> list[Finding]:
    if place is None:
        return []
    try:
        check_region(stack, place)
    except EngineError as error:
        problem = error.problem.partition(": ")[2]
        mend = f"$EDITOR {files.residency}"
        return [Finding(name="region", state="wrong", found=problem, mend=mend)]
    return [Finding(name="region", state="ok", found=place.region)]
