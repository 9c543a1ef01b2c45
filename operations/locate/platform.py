"""What customers' stacks rest on: the account's own stores and the image, read from what bootstrap declares.

The engine's state names customers and their systems, the trail says who of the staff touched them. So their regions are
held to the customer's residency, too; only the customer's file can accept another one, with its reason.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from bootstrap.home import home_region
from bootstrap.names import state_bucket
from facts import tokens as t
from facts.captions import ENGLISH
from facts.places import region_of as region_of_resource
from facts.stores import Content, Form, KeyKind, Reason, Store, stays, stores
from graph import Graph, Resource
from infra.environments import environment_of
from infra.stack_files import settings_in, stack_file
from infra.tenants.record import Tenant
from infra.tenants.residency import allowed_regions
from operations.locate.differences import key_name, region_of
from operations.locate.identities import ACCOUNT
from operations.locate.readers import Readers
from operations.locate.sources import Estate
from operations.locate.stores import Group, Holds, Located

STATE: Final = "Engine's state (names and settings; secrets in it encrypted)"
TRAIL: Final = "Account's trail (who of the staff did what in AWS)"
IMAGES: Final = "Image registry (the program, no data)"
_LEFT_OUT: Final = (Content.KEY, Content.FIGURES, Content.STAFF)  # said of the customer's own stack, and no data of it


def platform_stores(estate: Estate) -> Iterator[Located]:
    """The engine's state, the account's trail and the image registry; nothing where the account is not known."""
    account = estate.account
    if account is None:
        return
    readers = Readers(estate.stacks, account)
    for store in stores(account):
        if store.content not in _LEFT_OUT:
            yield _judged(estate.tenant, _store(account, store, readers))
    for one in account.of(t.REPOSITORY):
        if region_of_resource(account, one) == estate.own.region:  # an image is pulled from its stack's own region
            yield _judged(estate.tenant, _registry(account, one))


def platform_gaps(estate: Estate) -> Iterator[str]:
    """What cannot be said of the account, which never passes."""
    account = estate.account
    if account is None:
        yield f"{estate.account_gap}; who of the account can read, and where state and trail are, is not known"
    elif not any(region_of_resource(account, one) == estate.own.region for one in account.of(t.REPOSITORY)):
        yield f"the account declares no image registry in {estate.own.region}, where the customer's stack is"


def platform_places(root: Path, tenant: Tenant) -> Iterator[tuple[str, str]]:
    """What there is of the account and in which region, as the files place it: for a plan that declares nothing."""
    settings = settings_in(stack_file(root, tenant.base)) or {}
    environment = str(settings.get("environment") or environment_of(tenant.base))
    home = home_region(root, environment, settings.get("account")) or tenant.region
    yield from ((IMAGES, tenant.region), (STATE, home), (TRAIL, home))


def _judged(tenant: Tenant, store: Located) -> Located:
    if store.region in allowed_regions(tenant.residency):
        return store
    accepted = tenant.platform_outside
    if accepted is None or store.region not in accepted.regions:
        return replace(store, allowed=False)
    return replace(store, decision=accepted.reason)


def _store(account: Graph, store: Store, readers: Readers) -> Located:
    what, holds = _what(account, store)
    return Located(
        group=Group.PLATFORM,
        form=store.form,
        content=store.content,
        what=what,
        holds=holds,
        name=account.physical_name(store.holder) or account.alias_of(store.holder),
        stack=ACCOUNT,
        urn=store.holder.urn,
        region=region_of(store),
        allowed=True,
        key=key_name(account, store),
        key_kind=store.key.kind,
        key_arn=store.key.reference,
        kept=ENGLISH.kept(store),
        after_deletion=stays(Reason.NOT_OWNED),
        end="it is no part of the customer's stack",
        readers=readers.of(account, store),
        shared=True,
        warnings=tuple(ENGLISH.warnings(store)),
        store=store,
    )


def _what(account: Graph, store: Store) -> tuple[str, Holds]:
    """What a store of the account is, by what refers to it, and what it holds; another in general words."""
    trails = account.of(t.TRAIL)
    written = {
        one.urn
        for trail in trails
        for name, kind in (("s3BucketName", t.BUCKET), ("cloudWatchLogsGroupArn", t.LOG_GROUP))
        for one in account.referred(trail, name, kind)
    }
    part = ENGLISH.parts.get(store.form, "")
    if store.holder.urn in written:
        return f"{TRAIL}{part}", Holds.TRACES
    if account.physical_name(store.holder) == state_bucket(account.account, account.region):
        return f"{STATE}{part}", Holds.SETTINGS
    return ENGLISH.what(store), Holds.TRACES


def _registry(account: Graph, one: Resource) -> Located:
    return Located(
        group=Group.PLATFORM,
        form=Form.UNKNOWN,
        content=Content.FIGURES,
        what=IMAGES,
        holds=Holds.NOTHING,
        name=account.physical_name(one) or one.name,
        stack=ACCOUNT,
        urn=one.urn,
        region=region_of_resource(account, one),
        allowed=True,
        key="a key of the account",
        key_kind=KeyKind.UNKNOWN,
        key_arn="",
        kept="the newest images, by the account's own rule",
        after_deletion=stays(Reason.NOT_OWNED),
        end="it is no part of the customer's stack",
        readers=(),
        shared=True,
    )
