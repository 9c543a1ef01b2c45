"""What customers' stacks rest on and what holds nothing of theirs: image, state, trail. Said, to be whole."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bootstrap.names import STATE_KEY_ALIAS, state_bucket, trail_bucket
from facts.stores import Content, Form, KeyKind, Reason, stays
from infra.stack_files import settings_in, stack_file
from infra.tenants.record import Tenant
from operations.locate.stores import Group, Holds, Located


def platform_stores(root: Path, tenant: Tenant) -> Iterator[Located]:
    """The image registry, the engine's state and the account's trail, as the stack files place them."""
    settings = settings_in(stack_file(root, tenant.base)) or {}
    environment = str(settings.get("environment") or tenant.base)
    home = str((settings_in(stack_file(root, environment)) or settings).get("region") or tenant.region)
    account = str(settings.get("account") or "")
    repository = _repository(settings)
    _, _, registry = repository.partition(".dkr.ecr.")
    yield _store(
        "Image registry (the program, no data)", repository, registry.partition(".")[0], "a key of the account"
    )
    yield _store(
        "Engine's state (names and settings; secrets in it encrypted)",
        state_bucket(account, home),
        home,
        STATE_KEY_ALIAS,
    )
    yield _store(
        "Account's trail (who of the staff did what in AWS)", trail_bucket(account, home), home, "a key of the account"
    )


def _repository(settings: Mapping[str, Any]) -> str:
    service = settings.get("service")
    image = service.get("image") if isinstance(service, Mapping) else None
    return str(image.get("repository") or "") if isinstance(image, Mapping) else ""


def _store(what: str, name: str, region: str, key: str) -> Located:
    return Located(
        group=Group.PLATFORM,
        form=Form.UNKNOWN,
        content=Content.UNKNOWN,
        what=what,
        holds=Holds.NOTHING,
        name=name,
        stack="bootstrap",
        urn="",
        region=region,
        allowed=True,  # residency is a promise about the customer's data
        key=key,
        key_kind=KeyKind.UNKNOWN,
        key_arn="",
        kept="by the account's own rules",
        after_deletion=stays(Reason.NOT_OWNED),
        end="it is no part of the customer's stack",
        readers=(),
        shared=True,
    )
