"""moto as one cloud: an account, its clients, and calls. Nothing here reaches a network."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from rehearsal import models, patches, shapes, shortcuts
from rehearsal.patching import Undo

# Settings that moto reads from the environment as it is imported; each spares loading what no stack of ours uses.
_ENVIRONMENT = {
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
_CREDENTIALS = {
    "aws_access_key_id": "AKIAREHEARSAL0000000",
    "aws_secret_access_key": "rehearsal",
    "aws_session_token": "rehearsal",
}


class CloudError(Exception):
    """One operation failed, in one line. `code` is AWS's error code, or the exception with which moto itself broke."""

    def __init__(self, message: str, code: str = "") -> None:
        self.code = code
        super().__init__(" ".join(message.split()))


class Cloud:
    """One account in the running moto. Clients are made once a service and region."""

    def __init__(self, account: str, region: str, moto: "Moto") -> None:
        self.account, self.region = account, region
        self._moto = moto
        self._clients = moto.clients_of(account)

    def client(self, service: str, region: str = "") -> Any:
        """The boto3 client of a service in a region, whose calls go to this account."""
        key = (service, region or self.region)
        if key not in self._clients:
            client = self._moto.client(service, key[1])
            client.meta.events.register_first("before-sign", self._sign(service, key[1]))
            self._clients[key] = client
        return self._clients[key]

    def call(self, service: str, operation: str, params: Mapping[str, Any], region: str = "") -> Any:
        """Send one operation. Raises CloudError when the request is wrong, refused, or unknown to moto."""
        client = self.client(service, region)
        try:
            return getattr(client, operation)(**params)
        except client.exceptions.ClientError as error:
            raise CloudError(str(error), error.response["Error"]["Code"]) from None
        except NotImplementedError:
            raise CloudError(f"moto has no {service} {operation}") from None
        except Exception as error:
            if type(error).__module__.startswith("botocore"):
                raise CloudError(str(error)) from None
            raise CloudError(f"moto broke in {service} {operation}: {error}", type(error).__name__) from error

    def breaches(
        self, service: str, operation: str, params: Mapping[str, Any], region: str = ""
    ) -> tuple[list[shapes.Breach], str]:
        """What the service's own model does not allow in a request, and the operation's page at AWS."""
        meta = self.client(service, region).meta
        name = meta.method_to_api_mapping.get(operation)
        if name is None:
            return [], ""  # `call` says so
        found = list(shapes.breaches(service, meta.service_model.operation_model(name).input_shape, params))
        uid = meta.service_model.metadata.get("uid", service) if found else ""
        return found, f"https://docs.aws.amazon.com/goto/WebAPI/{uid}/{name}" if found else ""

    def stand_in_certificate(self, arn: str, region: str) -> bool:
        """Let a certificate exist that stands outside the stack. False when it is there already."""
        return patches.stand_in_certificate(self.account, region, arn)

    def load_managed_policy(self, arn: str) -> None:
        """Let one of AWS's own policies exist, as it does in every account."""
        patches.load_managed_policy(self.account, self.region, arn)

    def pages(
        self, service: str, operation: str, region: str = "", params: Mapping[str, Any] | None = None
    ) -> Iterator[Any]:
        """Every page of a listing. Raises CloudError as `call` does."""
        client = self.client(service, region)
        try:
            if client.can_paginate(operation):
                yield from client.get_paginator(operation).paginate(**(params or {}))
            else:
                yield self.call(service, operation, params or {}, region)
        except client.exceptions.ClientError as error:
            raise CloudError(str(error), error.response["Error"]["Code"]) from None

    def _sign(self, service: str, region: str) -> Callable[..., None]:
        """Name the account, and who asks, without computing a signature that nobody checks (a tenth of each call)."""
        scope = f"{_CREDENTIALS['aws_access_key_id']}/20260101/{region}/{service}/aws4_request"
        authorization = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none"

        def name(request: Any, **_: Any) -> None:
            request.headers["x-moto-account-id"] = self.account
            request.headers["Authorization"] = authorization

        return name


class Moto:
    """The running moto; several accounts, several stacks."""

    def __init__(self, session: Any, config: Any) -> None:
        self._session, self._config = session, config
        self._patched: dict[str, list[Undo]] = {"every service": shortcuts.take_all()}
        self._clients: dict[str, dict[tuple[str, str], Any]] = {}

    def cloud(self, account: str, region: str) -> Cloud:
        """An account in it, with its usual region."""
        return Cloud(account, region, self)

    def clients_of(self, account: str) -> dict[tuple[str, str], Any]:
        """The clients that all stacks of an account use: making one costs as much as ten calls."""
        return self._clients.setdefault(account, {})

    def client(self, service: str, region: str) -> Any:
        """A new boto3 client; the service is patched first."""
        if service not in self._patched:
            self._patched[service] = [*patches.leave_out(service), *patches.patch(service)]
        return self._session.client(service, region_name=region, config=self._config, **_CREDENTIALS)

    def close(self) -> None:
        """Undo the patches."""
        for undone in self._patched.values():
            for undo in undone:
                undo()


@cache
def _session() -> Any:
    """One for all rehearsals of a process, since the models of services are read once a session."""
    import boto3  # a second of imports that printing help must not pay for

    return boto3.Session()


@contextmanager
def running() -> Iterator[Moto]:
    """An empty moto for as long as the context lasts."""
    with _own_environment():
        from botocore import UNSIGNED  # a second of imports that printing help must not pay for
        from botocore.config import Config
        from moto import mock_aws

        config = Config(
            retries={"max_attempts": 0},
            signature_version=UNSIGNED,
            user_agent="workbuoy-rehearsal",
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        settings: Any = {"lambda": {"use_docker": False}}
        with models.read_once(), mock_aws(config=settings):
            moto = Moto(_session(), config)
            try:
                yield moto
            finally:
                moto.close()


@contextmanager
def _own_environment() -> Iterator[None]:
    """Without what a person has set for AWS: an endpoint of theirs would get the calls that are meant for moto."""
    theirs = {key: value for key, value in os.environ.items() if key.startswith("AWS_") or key in _ENVIRONMENT}
    for key in theirs:
        del os.environ[key]
    os.environ.update(_ENVIRONMENT)
    try:
        yield
    finally:
        for key in _ENVIRONMENT:
            os.environ.pop(key, None)
        os.environ.update(theirs)
