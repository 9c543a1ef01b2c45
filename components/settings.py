"""What every settings section shares: strict, frozen, camelCase in YAML, rules across fields beside the fields."""

import re
from collections.abc import Callable, Iterator, Sequence
from ipaddress import IPv4Network, ip_network
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

BrokenRule = tuple[str, str]
"""A dotted camelCase path below the section, and what is wrong with the fix."""

Rule = Callable[[Any], Iterator[BrokenRule]]


class Settings(BaseModel):
    """A section of a stack file.

    Bounds of one value live in its type. What concerns several fields is a rule: a function that takes the section
    and yields every breach, so that all problems are reported at once (`infra.settings` runs them on half-valid
    sections too).
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    rules: ClassVar[tuple[Rule, ...]] = ()

    @model_validator(mode="after")
    def _obey_rules(self) -> Self:
        broken = [f"{path}: {message}" for rule in self.rules for path, message in rule(self)]
        if broken:
            raise ValueError("; ".join(broken))
        return self


# https://www.rfc-editor.org/rfc/rfc1918 and, of carriers, https://www.rfc-editor.org/rfc/rfc6598
PRIVATE_RANGES = tuple(
    IPv4Network(block) for block in ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")
)


def _canonical_cidr_block(text: str) -> str:
    try:
        network = ip_network(text)
    except ValueError as error:
        raise ValueError(f"write a CIDR block such as 10.20.0.0/16 ({error})") from None
    if not isinstance(network, IPv4Network):
        raise ValueError("write an IPv4 CIDR block such as 10.20.0.0/16")
    return str(network)


CidrBlock = Annotated[str, AfterValidator(_canonical_cidr_block)]


def given_twice(values: Sequence[object], path: str) -> Iterator[BrokenRule]:
    """Both places of every value that a list holds twice: AWS refuses the second, or Pulumi the name made of it."""
    for index, value in enumerate(values):
        places = [number for number, other in enumerate(values) if other == value]
        if len(places) > 1:
            others = ", ".join(f"{path}[{number}]" for number in places if number != index)
            yield f"{path}[{index}]", f"{value} stands at {others} too; keep one"


# A host name that a rule of a load balancer takes: labels of at most 63 letters, digits and dashes, 128 in all.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html
HOST_NAME = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$"
LONGEST_HOST_NAME = 128

REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")
Region = Annotated[str, Field(pattern=f"^{REGION.pattern}$", examples=["eu-west-1"])]
AccountId = Annotated[str, Field(pattern=r"^\d{12}$", examples=["111122223333"])]
NonBlank = Annotated[str, Field(min_length=1, pattern=r"\S")]
EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
Email = Annotated[str, Field(pattern=EMAIL, examples=["oncall@example.org"], max_length=254)]

Arn = Annotated[
    str,
    Field(
        pattern=r"^arn:aws:[a-z0-9-]+:[a-z0-9-]*:(\d{12})?:.+$",
        max_length=2048,
    ),
]

RoleArn = Annotated[
    str,
    Field(
        pattern=r"^arn:aws:iam::\d{12}:role/[A-Za-z0-9+=,.@_/-]+$",
        examples=["arn:aws:iam::111122223333:role/grafana"],
        max_length=577,
    ),
]

_CERTIFICATE = re.compile(r"arn:aws:acm:([a-z0-9-]+):(\d{12}):certificate/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def find_certificate_fault(arn: str, region: str, account: str | None = None) -> str:
    """Why a listener in this region (and account, where it is known) takes no such certificate; empty if it does."""
    form = f"arn:aws:acm:{region}:{account or 'ACCOUNT'}:certificate/ and its id"
    found = _CERTIFICATE.fullmatch(arn)
    if found is None:
        return f"must be an ACM certificate in {region} ({form}); it is {arn}"
    if found[1] != region:
        return f"must be an ACM certificate in {region} ({form}); this one is in {found[1]}"
    if account is not None and found[2] != account:
        return f"must be an ACM certificate of account {account} ({form}); this one is of {found[2]}"
    return ""


# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LOG_RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip


def _known_log_retention(days: int) -> int:
    if days not in LOG_RETENTION_DAYS:
        nearest = min(LOG_RETENTION_DAYS, key=lambda known: abs(known - days))
        raise ValueError(f"CloudWatch Logs keeps for certain periods only; the nearest is {nearest} days")
    return days


LogRetentionDays = Annotated[
    int, AfterValidator(_known_log_retention), Field(json_schema_extra={"enum": list(LOG_RETENTION_DAYS)})
]
