"""The service's surroundings in a rehearsal: what stands in for AWS, for DNS and for the identity provider."""

import json
import math
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from rehearsal.cloud import Cloud
from rehearsal.permissions.gate import Credentials, Gate
from rehearsal.service.browser import Browser, HttpAnswer, fetch
from rehearsal.service.declared import Container, DeclaredService
from rehearsal.service.lambda_runtime import LambdaRuntime
from rehearsal.service.processes import Process, Programs
from rehearsal.service.result import Picture
from rehearsal.service.span_receiver import ENDPOINT, SpanReceiver
from rehearsal.service.surroundings import Owner, Surroundings
from rehearsal.service.tls import TlsFront
from rehearsal.service.watching import Watcher
from rehearsal.stand_ins import StandIn

MEMBERS = (("acme", "ada"), ("globex", "grace"))  # tenants that are made up where none are named
TASKS, FUNCTIONS = "ecs-tasks.amazonaws.com", "lambda.amazonaws.com"
_UNAVAILABLE = 503
_REFUSED_SECONDS = 3.0
_SOON_SECONDS = 2.0  # by then most of what comes is there


class StepError(Exception):
    """A step did not go as it must; the message is one line for the person who reads the report."""


@dataclass
class Trial:
    """What the steps share. It is filled as they go; `stack` ends everything, whatever happens."""

    declared: DeclaredService
    cloud: Cloud
    gate: Gate
    gate_url: str
    surroundings: Surroundings
    folder: Path
    programs: Programs
    stack: ExitStack
    ports: tuple[int, int]
    members: tuple[tuple[str, str], ...] = MEMBERS  # at least two tenants, each with its member's subject
    owner: Owner | None = None
    front: TlsFront | None = None
    front_of_copy: TlsFront | None = None
    runtime: LambdaRuntime | None = None
    service: Process | None = None
    watcher: Watcher | None = None
    spans: SpanReceiver | None = None  # where the stack exports them
    migration: Process | None = None
    ada: Browser | None = None
    thing_path: str = ""
    content_path: str = ""
    object_address: str = ""
    stand_ins: dict[str, StandIn] = field(default_factory=dict)
    pictures: list[Picture] = field(default_factory=list)
    tried_whole: set[str] = field(default_factory=set)  # roles apart from the service, of which everything is tried

    @property
    def public_url(self) -> str:
        """What the stack declares as the service's address."""
        return self.declared.service.environment["PUBLIC_URL"]

    @property
    def bucket(self) -> str:
        """Where the service keeps its files."""
        return self.declared.service.environment["S3_BUCKET"]

    @property
    def mock_login(self) -> bool:
        """Whether the stack declares the development login."""
        return self.declared.service.environment["OIDC_DEV_MOCK"] == "1"

    @property
    def member(self) -> Browser:
        """The first member's browser; the step that logs in comes first."""
        assert self.ada is not None  # noqa: S101
        return self.ada

    def browser(self) -> Browser:
        """A browser that nobody is logged in with."""
        return Browser(self.public_url, self.ports[0], self.declared.scheme)

    def status_of(self, path: str, origin: str = "") -> int:
        """What the service's port answers to the load balancer, or another origin; 0 where nothing does."""
        with suppress(OSError):
            return fetch(f"{origin or self.browser().target}{path}").status
        return 0

    def credentials(self, role_arn: str, service: str) -> Credentials:
        """What AWS hands to a task or a function, if the role's trust policy lets it."""
        context = {}
        if service == TASKS:
            context = {"aws:SourceArn": self.declared.cluster_task_arn, "aws:SourceAccount": self.cloud.account}
        return self.gate.assume(role_arn, service, context)

    def task_environment(self, container: Container, role_arn: str = "") -> dict[str, str]:
        """A container's environment: what is declared, its injected secrets, its role's credentials, stand-ins.

        The role is the service's, where no other is named.
        """
        environment = self._with_stand_ins(container.environment)
        environment |= self._injected(container)
        return environment | self._as_role(role_arn or self.declared.task_role_arn, TASKS)

    def function_environment(self) -> dict[str, str]:
        """The rotation function's environment, with what the Lambda runtime adds."""
        assert self.runtime is not None  # noqa: S101  the step that starts it comes first
        return (
            self._with_stand_ins(self.declared.rotation_environment)
            | self._as_role(self.declared.rotation_role_arn, FUNCTIONS)
            | {"AWS_LAMBDA_RUNTIME_API": self.runtime.address, "AWS_LAMBDA_FUNCTION_NAME": "rotation"}
        )

    def _with_stand_ins(self, declared: Mapping[str, str]) -> dict[str, str]:
        assert self.front is not None  # noqa: S101
        environment = dict(declared)
        fronts = {"DATABASE_URL": self.front, "RESTORED_DATABASE_URL": self.front_of_copy}
        for name, front in fronts.items():
            if name in declared and front is not None:
                url = urlsplit(declared[name])
                self._stand_in(environment, name, url._replace(netloc=f"{url.hostname}:{front.port}").geturl())
        if "PORT" in declared:
            self._stand_in(environment, "HOST", "127.0.0.1")
            self._stand_in(environment, "PORT", str(self.ports[0]))
            self._stand_in(environment, "METRICS_PORT", str(self.ports[1]))
        if "OIDC_ISSUER" in declared:
            self._stand_in(environment, "OIDC_ISSUER", self.surroundings.issuer())
        if ENDPOINT in declared and self.spans is not None:
            self._stand_in(environment, ENDPOINT, self.spans.address)
        return environment | {
            "PGHOSTADDR": "127.0.0.1",  # in place of DNS; the certificate is still checked against the name
            "SSL_CERT_FILE": str(self.folder / "authority.pem"),
        }

    def _stand_in(self, environment: dict[str, str], name: str, value: str) -> None:
        self.stand_ins[name] = StandIn(f"environment.{name}", environment[name], value)
        environment[name] = value

    def _injected(self, container: Container) -> dict[str, str]:
        """What ECS's agent does: read each secret with the execution role's rights."""
        if not container.secrets:
            return {}
        secrets = dict.fromkeys(arn for arn, _ in container.secrets.values())
        texts: dict[str, str] = {arn: self._agent.get_secret_value(SecretId=arn)["SecretString"] for arn in secrets}
        return {
            name: json.loads(texts[arn])[key] if key else texts[arn] for name, (arn, key) in container.secrets.items()
        }

    @cached_property
    def _agent(self) -> Any:
        """ECS's own client of Secrets Manager."""
        return self.client("secretsmanager", self.credentials(self.declared.execution_role_arn, TASKS))

    def _as_role(self, role_arn: str, service: str) -> dict[str, str]:
        region = {"AWS_REGION": self.cloud.region, "AWS_ENDPOINT_URL": self.gate_url}
        return region | self.credentials(role_arn, service).environment()

    def client(self, service: str, credentials: Credentials) -> Any:
        """A client whose calls go through the gate."""
        return boto3.client(
            service,
            region_name=self.cloud.region,
            endpoint_url=self.gate_url,
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            aws_session_token=credentials.session_token,
            config=Config(retries={"total_max_attempts": 1}),
        )


def until(condition: Any, timeout_seconds: float, why: str, process: Process | None = None) -> None:
    """Wait for something. Raises StepError, with the process's last lines, when it does not come.

    What does not come soon is looked for less often: a service that is asked a hundred times a second whether it is
    ready keeps a core busy with its answers.
    """
    began = time.monotonic()
    while not condition():
        waited = time.monotonic() - began
        if (process is not None and process.ended) or waited > timeout_seconds:
            raise StepError(why)
        time.sleep(0.01 if waited < _SOON_SECONDS else 0.1)


def answers(trial: Trial, ask: Callable[[], int], status: int) -> Callable[[], bool]:
    """Whether the service answers with a status, to be waited for.

    What is refused once is refused each time, so where something was and it is still unavailable after a few more
    seconds, in which whatever else is refused shows, that raises StepError.
    """
    last = math.inf

    def has_answered() -> bool:
        nonlocal last
        answered = ask()
        if answered == _UNAVAILABLE and trial.gate.denials():
            last = min(last, time.monotonic() + _REFUSED_SECONDS)
            if time.monotonic() > last:
                raise StepError("it stays unavailable, and something that it asked for was refused")
        return answered == status

    return has_answered


def expect(answer: HttpAnswer, status: int) -> HttpAnswer:
    """The answer, if it has this status. Raises StepError."""
    if answer.status != status:
        raise StepError(f"answered {answer.status} instead of {status}: {answer.body[:200].decode(errors='replace')}")
    return answer
