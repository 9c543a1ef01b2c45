"""A request to AWS, and what it asks for as IAM would see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from facts.permissions.patterns import Context


class UnknownRequestError(Exception):
    """A request that this module cannot read; whoever asks refuses it."""


@dataclass(frozen=True, kw_only=True)
class RequestedAction:
    """One action on one resource, with the condition keys that belong to it alone."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class HttpRequest:
    """The parts of a request that say what it asks for; header names in lower case."""

    service: str
    region: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Resources(Protocol):
    """What has to be known of the resources that a request names."""

    def secret(self, secret_id: str, region: str) -> tuple[str, str]:
        """ARN of a secret and of its customer key, which is empty for AWS's own."""

    def object_is_tagged(self, bucket: str, key: str, version: str) -> bool:
        """Whether an object, or one version of it, has tags."""

    def bucket_key(self, bucket: str) -> str:
        """ARN of the customer key that a bucket encrypts with, or empty."""

    def key(self, key_id: str, region: str) -> str:
        """ARN of a key given by its id, ARN or alias; what names no key is returned as it came."""

    def log_group(self, name: str, region: str) -> str:
        """ARN of a log group given by its name, whether or not there is one."""
