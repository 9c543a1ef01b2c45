"""Which resource hands data to, takes data from, or works with a thing of another party, by naming it.

Subscriptions, replication, targets of events, shared snapshots, a task's settings: whatever a service of AWS does on
its own, without a request that a policy would judge, begins with a reference.
"""

import re
from collections.abc import Iterator
from typing import Final

from facts import tokens as t
from facts.permissions.documents import is_document
from facts.places import LABELS
from facts.ways.model import Path
from facts.ways.parties import OUTSIDE, party_of
from facts.ways.things import Thing
from graph import Graph, Resource
from graph.values import at, items, maps, texts

REFERENCE: Final = "a reference"
_SHARED: Final = (t.CLUSTER, t.LISTENER, t.SECURITY_GROUP, t.DEFAULT_SECURITY_GROUP)
"""What holds neither data nor rights and is the base stack's for all who stand on it: docs/architecture.md."""
_NAMES: Final = ("arn", "id", "bucket", "address", "endpoint", "dbInstanceArn", "url")
_ACCOUNT: Final = re.compile(r"\d{12}")
_ARN: Final = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12}|):[^\s\"',]+")
_NO_REFERENCE: Final = (*LABELS, "name", "description", "permissionsBoundary")
_GRANTS: Final = (t.FUNCTION_PERMISSION, t.KEY_GRANT)  # facts.reach reads them


def reference_paths(graph: Graph, things: list[Thing], accounts: frozenset[str]) -> Iterator[Path]:
    """Every reference from one party to a thing of another, or to an account or a bucket of nobody here."""
    known = _known(graph, things)
    pattern = re.compile("|".join(map(re.escape, sorted(known, key=len, reverse=True)))) if known else None
    for one in graph.resources:
        if not one.custom or not one.type.startswith("aws:") or one.type in _GRANTS:
            continue
        party = party_of(one.urn, graph.project)
        for text in _texts_of(one):
            for named in _named(pattern, text):
                whom, thing = known[named]
                if whom != party:
                    yield _path(party, one.name, whom, thing, f"it names {named}")
            for outsider in _outsiders(graph, text, accounts):
                yield _path(OUTSIDE, outsider, party, one.name, f"it names {outsider}")


def _known(graph: Graph, things: list[Thing]) -> dict[str, tuple[str, str]]:
    """What a thing can be named by: its ARN, id, address, or the ARNs of what AWS makes along with it."""
    found: dict[str, tuple[str, str]] = {}
    for thing in things:
        one = graph.by_urn[thing.holder]
        if one.type in _SHARED:
            continue
        names = [one.get(name) for name in _NAMES] + [one.id]
        names += [secret.get("secretArn") for secret in maps(one.outputs.get("masterUserSecrets"))]
        for name in names:
            if isinstance(name, str) and len(name) > 8:
                found.setdefault(name, (thing.party, one.name))
    return found


def _texts_of(one: Resource) -> Iterator[str]:
    for name, value in one.inputs.items():
        if name not in _NO_REFERENCE:
            yield from (text for text in texts(value) if not is_document(text))
    yield from (str(text) for text in items(at(one.inputs, "sharedAccounts")) if text == "all")


def _named(pattern: re.Pattern[str] | None, text: str) -> Iterator[str]:
    for found in pattern.finditer(text) if pattern else ():
        following = text[found.end() : found.end() + 1]
        if not (following.isalnum() or following in ("-", "_")):
            yield found[0]


def _outsiders(graph: Graph, text: str, accounts: frozenset[str]) -> Iterator[str]:
    if text == "all":
        yield "everybody"
    if _ACCOUNT.fullmatch(text) and text not in accounts:
        yield f"account {text}"
    for arn in _ARN.finditer(text):
        bucket = arn[0].partition("/")[0] if arn[0].startswith("arn:aws:s3:::") else ""
        # A bucket's name ends with a letter or a digit; what ends otherwise begins names, as in a trail's selector.
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
        named = bucket and bucket[-1].isalnum()
        if (arn[1] and arn[1] not in accounts) or (named and graph.find(bucket) is None):
            yield arn[0]


def _path(party: str, caller: str, whom: str, thing: str, why: str) -> Path:
    return Path(party=party, caller=caller, whom=whom, thing=thing, by=REFERENCE, open=True, why=why)
