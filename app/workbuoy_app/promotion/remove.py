"""`workbuoy-app tenant remove`: what a promoted tenant leaves behind goes, once its receipt says that all arrived."""

from __future__ import annotations

from uuid import UUID

from workbuoy_app.erasures import note_tenant
from workbuoy_app.promotion.acting import acting_for, as_group, as_owner, owner_that_may_act
from workbuoy_app.promotion.bucket import Bucket, for_each, own_storage
from workbuoy_app.promotion.content import Content, measure
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import Tenant, find_frozen, lock
from workbuoy_app.roles import Owner
from workbuoy_app.settings import Settings
from workbuoy_app.storage import WAYS_BACK


def remove(settings: Settings, name: str, confirmed: str, receipt: str) -> tuple[Content, int]:
    """Delete a frozen tenant's objects, then its rows in one transaction; gives what it had and the objects deleted.

    `receipt` is the digest in the import's receipt, or of a move the one that was compared; what is here is added up
    anew and must come to the same. Object versions stay for as long as the bucket keeps noncurrent ones. Raises
    PromotionRefused.
    """
    if confirmed != name:
        raise PromotionRefused(f"--yes-remove says {confirmed}, not {name}. Nothing was removed.")
    bucket = Bucket(own_storage(settings))
    with owner_that_may_act(settings) as connection:
        tenant = find_frozen(connection, name)
        content = measure(connection, tenant)
        connection.rollback()
        digest = _moved_digest(connection, tenant) or content.digest
        if digest != receipt:
            raise PromotionRefused(
                f"The receipt is of other content: {name} here comes to {digest}. Nothing was removed."
            )
        # What restores kept as the way back holds the tenant's rows, too.
        objects = for_each(bucket.keys(f"{WAYS_BACK}/{name}/"), bucket.delete)
        note_tenant(settings, tenant.id, name, by="operator")
        with connection.transaction():  # from here on there is no way back
            connection.execute(
                "update freezes set removal_begun_at = coalesce(removal_begun_at, now()) where tenant_id = %s",
                [tenant.id],
            )
        # Objects first: were the rows gone, nobody would find them again.
        objects += for_each(bucket.keys(f"tenants/{tenant.id}/"), bucket.delete)
        with connection.transaction():
            lock(connection, tenant.id)
            delete_tenant(connection, tenant.id)
    return content, objects


def _moved_digest(connection: Owner, tenant: Tenant) -> str | None:
    """Of a tenant that was handed over by a move. Raises PromotionRefused where it serves here, or was not compared."""
    from workbuoy_app.move.send import sums_here  # a move ends by these functions
    from workbuoy_app.move.side import HOLDS, side_of

    side = side_of(connection, tenant)
    connection.rollback()
    if side is None:
        return None
    if side.part != HOLDS or side.sums is None:
        raise PromotionRefused(
            f"{tenant.name} was not handed over from here, or not compared since: workbuoy-app tenant compare-move."
            " Nothing was removed."
        )
    return sums_here(connection, tenant).digest


def delete_tenant(connection: Owner, tenant_id: UUID) -> None:
    """Every row of a tenant, within a transaction."""
    for table in ("freezes", "copies"):  # and what was still to be sent
        connection.execute(f"delete from {table} where tenant_id = %s", [tenant_id])
    with acting_for(connection, tenant_id):
        as_group(connection)
        for table in ("things", "object_removals"):  # attachments and their chunks go with things
            connection.execute(f"delete from {table} where tenant_id = %s", [tenant_id])
    as_owner(connection)
    connection.execute("delete from members where tenant_id = %s", [tenant_id])  # and their sessions
    connection.execute("delete from tenants where id = %s", [tenant_id])
