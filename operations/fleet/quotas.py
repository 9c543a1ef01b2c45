"""What AWS grants an account now, as Service Quotas answers. An answer must be of the limit that is meant.

Source: https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from operations.limits.counting import LiveQuota
from operations.limits.uses import uses

GLOBAL_SERVICES: Final = frozenset({"iam"})
GLOBAL_REGION: Final = "us-east-1"
"""Where Service Quotas answers for services that no region has."""


@dataclass(frozen=True, kw_only=True)
class LiveQuotas:
    """Granted by account, region and the limit's name; `unknown` says of each limit why it is not known."""

    granted: Mapping[tuple[str, str, str], float] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


NOTHING_ASKED: Final = LiveQuotas()


def ask(session: Any, account: str, regions: Collection[str]) -> LiveQuotas:
    """Every limit of which a silo takes something, in these regions of the account that the session is of.

    Args:
        session: boto3's.
        account: the id of its account.
        regions: those of the account's base stacks.
    """
    granted: dict[tuple[str, str, str], float] = {}
    unknown: list[str] = []
    for region in sorted(regions):
        for name, live in _limits():
            place = GLOBAL_REGION if live.service in GLOBAL_SERVICES else region
            try:
                granted[account, region, name] = _value(session.client("service-quotas", region_name=place), live)
            except UnknownQuotaError as error:
                unknown.append(f"{name} in {account}, {region}: {error}")
    return LiveQuotas(granted=granted, unknown=tuple(unknown))


class UnknownQuotaError(Exception):
    """Service Quotas does not say it; one line with the reason."""


def _limits() -> Iterator[tuple[str, LiveQuota]]:
    return ((one.quota.name, one.quota.live) for one in uses() if one.quota.live is not None)


def _value(client: Any, live: LiveQuota) -> float:
    """The applied value, or AWS's default where none was ever applied."""
    from botocore.exceptions import BotoCoreError, ClientError  # half a second

    parameters = {"ServiceCode": live.service, "QuotaCode": live.code}
    try:
        try:
            found = client.get_service_quota(**parameters)["Quota"]
        except client.exceptions.NoSuchResourceException:
            found = client.get_aws_default_service_quota(**parameters)["Quota"]
    except ClientError as error:
        raise UnknownQuotaError(f"Service Quotas: {error.response['Error']['Code']}") from None
    except BotoCoreError as error:
        raise UnknownQuotaError(f"Service Quotas: {' '.join(str(error).split())}") from None
    if found["QuotaName"] != live.name:
        raise UnknownQuotaError(f"{live.code} is {found['QuotaName']}, and {live.name} was expected")
    return float(found["Value"])
