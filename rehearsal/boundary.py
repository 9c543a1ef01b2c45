"""A permissions boundary that stands outside the stack, as `bootstrap/` makes it in the account beforehand."""

import json
from typing import Any

from bootstrap.names import BACKUP_BOUNDARY
from components.context import BOUNDARY
from infra.environments import environment_of
from policies.exemptions import stack_of
from rehearsal.cloud import Cloud

_BOOTSTRAPS = (BOUNDARY, BACKUP_BOUNDARY)
_STANDS_IN = "stands in, for "
_NO_LIMITS = [{"Sid": "NoLimits", "Effect": "Allow", "Action": "*", "Resource": "*"}]


def stand_in_boundary(cloud: Cloud, arn: str, urn: str, region: str) -> str:
    """Let a boundary exist, and say what stands in for it; nothing where it is there already.

    Bootstrap's own is made from bootstrap's statements, for the environment of the resource's stack (`urn`) and the
    regions of all stacks that were stood up in the account: so what runs in a rehearsal is held to them. Another's
    content is not known here, and it limits nothing.
    """
    from moto.iam.models import iam_backends  # a rehearsal that only declares must not import moto

    # Looked up, and changed, beside the calls: the provider makes none for it.
    there = iam_backends[cloud.account]["aws"].managed_policies.get(arn)
    name = arn.removeprefix(f"arn:aws:iam::{cloud.account}:policy/")
    regions = there.description.removeprefix(_STANDS_IN).split() if there else []
    if there and (region in regions or not there.description.startswith(_STANDS_IN)):
        return ""
    own = name in _BOOTSTRAPS
    regions.append(region)
    statements = bootstrap_boundary(cloud.account, stack_of(urn), tuple(regions), name) if own else _NO_LIMITS
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    description = f"{_STANDS_IN}{' '.join(regions)}"
    if there:
        there.description = description
        for version in there.versions:
            version.document = document
        return ""
    made = {"PolicyName": arn.rpartition("/")[2], "PolicyDocument": document, "Description": description}
    cloud.call("iam", "create_policy", made)
    return "bootstrap's boundary" if own else "a boundary without limits"


def bootstrap_boundary(
    account: str, stack: str, regions: tuple[str, ...], name: str = BOUNDARY
) -> list[dict[str, Any]]:
    """The statements of a boundary that bootstrap makes in an account, for the environment of a stack."""
    # A second where the provider's SDK is read before a program has made it lazy (infra/lazy_provider.py).
    from bootstrap.boundary import backup_boundary_statements, boundary_statements
    from bootstrap.scope import Scope

    scope = Scope(account_id=account, environment=environment_of(stack), regions=regions)
    statements = backup_boundary_statements if name == BACKUP_BOUNDARY else boundary_statements
    return [one.document() for one in statements(scope)]
