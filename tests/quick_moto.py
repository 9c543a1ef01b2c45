"""moto as commands meet it, without what it and boto3 do again and again."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from moto import mock_aws

from rehearsal import shortcuts

_CLIENTS: dict[tuple[str, str | None], Any] = {}
_NEW = boto3.Session.client


def _client(session: boto3.Session, service: str, region_name: str | None = None, **given: Any) -> Any:
    """Each once a process: a client remembers nothing, and making some was half of what a command took."""
    if given:
        return _NEW(session, service, region_name, **given)
    if (service, region_name) not in _CLIENTS:
        _CLIENTS[service, region_name] = _NEW(session, service, region_name)
    return _CLIENTS[service, region_name]


@contextmanager
def quick_moto() -> Iterator[None]:
    """An empty moto, which answers as always."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "x")
        patch.setattr(boto3.Session, "client", _client)
        taken = shortcuts.take_all()
        try:
            yield
        finally:
            for undo in reversed(taken):
                undo()
