"""A silo that was destroyed by mistake comes back out of its final snapshot and its kept bucket: docs/runbooks.md."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.conftest import copy as copied
from tests.handover.conftest import with_exports
from tests.promotion.scene import client, everything, fill, rows, with_bucket
from tests.restore.conftest import AT
from tests.service import ISSUER
from workbuoy_app import registry
from workbuoy_app.devtools.embedded_postgres import Postgres
from workbuoy_app.erasures import ledger_needed
from workbuoy_app.handover.export import hand_over
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import freeze
from workbuoy_app.restore import copy, tenant
from workbuoy_app.settings import Settings, load

pytestmark = pytest.mark.lengthy

MOCK = {"OIDC_DEV_MOCK": "1", "METRICS_ENABLED": "false"}


_numbers = itertools.count()


@dataclass(frozen=True)
class Silo:
    """acme's as it was destroyed, and as it is deployed again: an empty database over the bucket that was kept."""

    before: Settings
    again: Settings
    bucket: str

    @property
    def s3(self) -> Any:
        assert self.before.storage is not None
        return client(self.before.storage)

    def files(self) -> dict[str, bytes]:
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix="tenants/").get("Contents", [])
        return {
            one["Key"]: self.s3.get_object(Bucket=self.bucket, Key=one["Key"])["Body"].read()
            for one in listed
        }


@pytest.fixture
def silo(postgres: Postgres, without_tenants: str, moto: str) -> Silo:
    """Frozen, with a member who was let go; the database of the final snapshot stands beside the empty one."""
    url, bucket = copied(postgres, without_tenants), f"destroyed-{next(_numbers)}"
    before = with_exports(with_bucket(load({"DATABASE_URL": url, **MOCK}), moto, bucket))
    ledger_needed(before).begin()
    registry.add_tenant(before, "acme")
    registry.add_member(before, "acme", ISSUER, "kari")
    registry.add_member(before, "acme", ISSUER, "let go")
    registry.remove_member(before, ISSUER, "let go")
    fill(before, "acme", things=12, objects=5, chunks=3)
    freeze(before, "acme")
    snapshot = copied(postgres, url.rpartition("/")[2]).replace("127.0.0.1", "localhost")
    new = {"DATABASE_URL": copied(postgres, without_tenants), "RESTORED_DATABASE_URL": snapshot}
    made = Silo(before, replace(load({**new, **MOCK}), storage=before.storage), bucket)
    made.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return made


def test_every_row_and_file_is_what_the_export_says(silo: Silo) -> None:
    exported, stood, files = hand_over(silo.before, "acme"), everything(silo.before), silo.files()
    # As the rule of the bucket does on its day: the version stays.
    silo.s3.put_object(Bucket=silo.bucket, Key=min(files), Body=files[min(files)])
    silo.s3.delete_object(Bucket=silo.bucket, Key=min(files))
    copy.prepare(silo.again)
    checked = copy.check(silo.again)
    assert ([one.digest for one in checked.tenants], checked.good) == ([exported["digest"]], True)
    told = tenant.restore(silo.again, "acme", AT)
    assert (told["digest"], told["files"]) == (exported["digest"], {"files": 5, "again": 1, "marked": 0})
    back = everything(silo.again)
    assert back["audit_events"].pop()[5] == "tenant.restored"
    assert back == stood
    assert silo.files() == files
    assert rows(silo.again, "select * from freezes") == [], "it serves again"


def test_a_tenant_that_was_added_by_hand_is_in_the_way(silo: Silo) -> None:
    registry.add_tenant(silo.again, "acme")
    copy.prepare(silo.again)
    with pytest.raises(PromotionRefused, match="Another tenant has the name or id of acme now"):
        tenant.restore(silo.again, "acme", AT)
    assert rows(silo.again, "select * from things") == []
