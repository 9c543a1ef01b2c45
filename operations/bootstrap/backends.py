"""The two places of bootstrap's own state: a folder at first, since the bucket does not exist, then the bucket."""

import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bootstrap.names import secrets_provider, state_address, state_bucket
from bootstrap.settings import AnyAccountSettings
from operations.aws import error_code
from operations.engine.backend_stack import BackendStack
from operations.engine.cli import Cli
from operations.engine.errors import MistakenError, UnreachableError
from project.files import Project

_COMPARED = ("urn", "type", "id", "inputs", "outputs", "parent", "protect", "provider")


@dataclass(frozen=True, kw_only=True)
class Backend:
    """Where a state is kept, and by what its secrets are. `variables` are for the CLI's environment."""

    url: str
    provider: str
    variables: dict[str, str] = field(default_factory=dict)


def local_backend(folder: Path) -> Backend:
    """The account's first state, in the project's folder (`.pulumi`, which git ignores).

    Its passphrase is empty unless one is set: bootstrap's state holds no secret, so there is none to type.
    """
    typed = {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"} & set(os.environ)
    return Backend(
        url=f"file://{folder}", provider="passphrase", variables={} if typed else {"PULUMI_CONFIG_PASSPHRASE": ""}
    )


def bucket_backend(settings: AnyAccountSettings) -> Backend:
    """The account's lasting state."""
    return Backend(url=state_address(settings.account, settings.region), provider=secrets_provider(settings.region))


class BootstrapStack(BackendStack):
    """One stack of bootstrap's project in one backend, whatever the shell says."""

    def __init__(self, project: Project, name: str, cli: Cli, backend: Backend) -> None:
        super().__init__(project, name, cli, {"PULUMI_BACKEND_URL": backend.url, **backend.variables})
        self.secrets_provider = backend.provider

    def exists(self) -> bool:
        """Whether the backend has the stack. A folder without state is not asked: the CLI would begin one in it."""
        folder = self.backend().removeprefix("file://")
        if folder != self.backend() and not (Path(folder) / ".pulumi").is_dir():
            return False
        return self.name in self.stacks()

    def export(self) -> dict[str, Any]:
        """The whole state with its secrets in clear; it stays in memory."""
        found: dict[str, Any] = json.loads(self._ask("stack", "export", "--show-secrets"))
        return found

    def take_over(self, exported: dict[str, Any]) -> None:
        """Put a state in, its secrets encrypted by this stack's own provider instead of the old one's.

        The file between is for nobody else and is gone afterwards.
        """
        deployment = {key: value for key, value in exported["deployment"].items() if key != "secrets_providers"}
        own = (self.export().get("deployment") or {}).get("secrets_providers")
        taken = {**exported, "deployment": {**deployment, **({"secrets_providers": own} if own else {})}}
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
            json.dump(taken, file)
            file.flush()
            self.take(Path(file.name))


def same_state(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two deployments hold the same resources with the same properties."""
    return resources_in(one) == resources_in(other)


def resources_in(exported: dict[str, Any]) -> list[dict[str, Any]]:
    """The resources of a deployment, without when they were touched."""
    resources = (exported.get("deployment") or {}).get("resources") or []
    return [{key: one.get(key) for key in _COMPARED} for one in resources]


def bucket_stands(settings: AnyAccountSettings) -> bool:
    """Whether the state bucket is there, in this account.

    Raises MistakenError where the name belongs to another account, UnreachableError where AWS does not say.
    """
    import boto3  # a third of a second that help must not pay for
    from botocore.exceptions import BotoCoreError, ClientError

    name = state_bucket(settings.account, settings.region)
    try:
        client = boto3.client("s3", region_name=settings.region)
        client.head_bucket(Bucket=name, ExpectedBucketOwner=settings.account)
    except ClientError as error:
        code = error_code(error)
        if code in ("404", "NoSuchBucket"):
            return False
        if code in ("403", "AccessDenied"):
            raise MistakenError(
                f"{settings.environment}: the bucket {name} exists already, and not for these credentials",
                "its name is taken by another account, or these credentials may not use S3; nothing was run",
            ) from None
        raise UnreachableError(f"{settings.environment}: S3 does not say whether {name} is there ({code})") from None
    except BotoCoreError as error:
        raise UnreachableError(f"{settings.environment}: {' '.join(str(error).split())}") from None
    return True
