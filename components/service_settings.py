"""What a person decides about the service: image, size, who may reach it, how people log in."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from components.offered import fargate_memory_mib
from components.settings import (
    HOST_NAME,
    LONGEST_HOST_NAME,
    Arn,
    BrokenRule,
    CidrBlock,
    LogRetentionDays,
    NonBlank,
    Rule,
    Settings,
    given_twice,
)
from components.waf_settings import WafSettings

EVERYWHERE = "0.0.0.0/0"


class ImageSettings(Settings):
    """The one image that carries service, migrations and rotation function."""

    repository: Annotated[
        str,
        Field(
            pattern=r"^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/[a-z0-9][a-z0-9/_-]*$",
            examples=["111122223333.dkr.ecr.eu-west-1.amazonaws.com/workbuoy"],
            description="Without a tag. Lambda takes images of its own region only",
        ),
    ]
    digest: Annotated[
        str | None,
        Field(
            pattern=r"^sha256:[0-9a-f]{64}$",
            examples=[f"sha256:{'5eed' * 16}"],
            description="Of a single-platform manifest. A rehearsal stands in for one that is missing or all zeros",
        ),
    ] = None

    @property
    def uri(self) -> str:
        """The image by digest, as task and function name it.

        Raises:
            ValueError: there is no digest yet (`infra.placeholders` refuses that before anything is declared).
        """
        if self.digest is None:
            raise ValueError("the image has no digest")
        return f"{self.repository}@{self.digest}"

    @property
    def account_id(self) -> str:
        return self.repository.partition(".")[0]

    @property
    def region(self) -> str:
        return self.repository.split(".")[3]

    @property
    def repository_arn(self) -> str:
        return f"arn:aws:ecr:{self.region}:{self.account_id}:repository/{self.repository.partition('/')[2]}"


def _one_way_to_log_in(login: "LoginSettings") -> Iterator[BrokenRule]:
    if login.mock and (login.issuer_url or login.client_id):
        yield "mock", "choose one: the mock login, or issuerUrl and clientId"
    missing = [name for name, given in (("issuerUrl", login.issuer_url), ("clientId", login.client_id)) if not given]
    if missing and not login.mock:
        yield missing[0], f"{' and '.join(missing)} must be given where the mock login is off"


class LoginSettings(Settings):
    """Either the development mock, or an OIDC provider whose client secret an operator fills in."""

    mock: Annotated[bool, Field(description="OIDC_DEV_MOCK: anyone is let in, for development only")] = False
    issuer_url: Annotated[str | None, Field(pattern=r"^https://[^\s?#]+$", examples=["https://login.example.org"])] = (
        None
    )
    client_id: Annotated[NonBlank | None, Field(max_length=200, examples=["workbuoy"])] = None

    rules: ClassVar[tuple[Rule, ...]] = (_one_way_to_log_in,)


def _fargate_has_the_size(service: "ServiceSettings") -> Iterator[BrokenRule]:
    fitting = fargate_memory_mib()[service.cpu_units]
    if service.memory_mib not in fitting:
        yield (
            "memoryMib",
            f"Fargate has no task of {service.cpu_units} CPU units with {service.memory_mib} MiB; "
            f"the nearest is {min(fitting, key=lambda size: abs(size - service.memory_mib))}",
        )


def _tasks_in_order(service: "ServiceSettings") -> Iterator[BrokenRule]:
    if service.max_tasks < service.min_tasks:
        yield "maxTasks", f"is below minTasks ({service.min_tasks}); raise it"


def _certificate_needs_its_name(service: "ServiceSettings") -> Iterator[BrokenRule]:
    if (service.certificate_arn is None) != (service.host_name is None):
        missing = "certificateArn" if service.certificate_arn is None else "hostName"
        yield missing, "certificateArn and hostName go together: give both, or neither for plain HTTP"


def _mock_stays_inside(service: "ServiceSettings") -> Iterator[BrokenRule]:
    if service.login.mock and EVERYWHERE in service.allowed_cidr_blocks:
        yield (
            "allowedCidrBlocks",
            "the mock login lets anyone in: name your own address ranges instead of 0.0.0.0/0",
        )


def _blocks_stand_once(service: "ServiceSettings") -> Iterator[BrokenRule]:
    yield from given_twice(service.allowed_cidr_blocks, "allowedCidrBlocks")
    yield from given_twice(service.metrics_cidr_blocks, "metricsCidrBlocks")


class ServiceSettings(Settings):
    """Size and addresses of the service."""

    image: ImageSettings
    architecture: Annotated[Literal["arm64", "x86_64"], Field(description="Of the image: for task and function")] = (
        "arm64"
    )
    cpu_units: Literal[256, 512, 1024, 2048, 4096, 8192, 16384, 32768] = 256
    memory_mib: Annotated[int, Field(ge=512)] = 512
    min_tasks: Annotated[int, Field(ge=1, le=100)]
    max_tasks: Annotated[int, Field(ge=1, le=100)]
    host_name: Annotated[
        str | None, Field(pattern=HOST_NAME, examples=["app.example.org"], max_length=LONGEST_HOST_NAME)
    ] = None
    certificate_arn: Annotated[
        Arn | None,
        Field(
            description="ACM, in the stack's region; null serves plain HTTP",
            examples=["arn:aws:acm:eu-west-1:111122223333:certificate/0123abcd"],
        ),
    ] = None
    target_tls: Annotated[
        bool,
        Field(
            description="The load balancer speaks TLS to the tasks, which make certificates of their own. Switching it "
            "interrupts for the minutes that new tasks need, and no image before it was known runs behind it"
        ),
    ] = False
    allowed_cidr_blocks: Annotated[
        tuple[CidrBlock, ...],
        Field(min_length=1, max_length=30, description="Who may reach the load balancer"),
    ]
    metrics_cidr_blocks: Annotated[
        tuple[CidrBlock, ...],
        Field(max_length=10, description="Where Prometheus scrapes from, inside the network"),
    ] = ()
    waf: Annotated[
        WafSettings | None,
        Field(
            description="A firewall before the load balancer, about 10 USD a month and 0.60 USD a million requests "
            "(`workbuoy cost`); {} takes every default, null has none"
        ),
    ] = None
    login: LoginSettings
    log_level: Literal["debug", "info", "warn", "error"] = "info"
    log_retention_days: LogRetentionDays = 90
    container_insights: Annotated[bool, Field(description="Control ECS.12; billed by the metric")] = False

    rules: ClassVar[tuple[Rule, ...]] = (
        _fargate_has_the_size,
        _tasks_in_order,
        _certificate_needs_its_name,
        _mock_stays_inside,
        _blocks_stand_once,
    )
