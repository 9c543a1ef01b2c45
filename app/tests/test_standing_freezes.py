"""A command that is killed may leave a tenant frozen, and says nothing: the service does."""

from __future__ import annotations

import json

import psycopg
import pytest

from tests.service import Service
from tests.test_login import superuser_url
from tests.test_removals import sweep
from workbuoy_app import logs, sweeper
from workbuoy_app.promotion.freeze import CUT_OVER, freeze

pytestmark = pytest.mark.slow  # each starts servers of its own

RESTORE = "restores/acme/20261126T093000Z/1"


def told(service: Service, capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """The lines that one sweep writes of a freeze."""
    logs.configure("info")
    capsys.readouterr()
    sweep(service)
    lines = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    return [line for line in lines if line["message"] == sweeper.STILL_FROZEN]


def age(service: Service, how: str) -> None:
    """Let every freeze have begun so long ago."""
    with psycopg.connect(superuser_url(service.settings)) as superuser:
        superuser.execute("update freezes set frozen_at = now() - %s::interval", [how])


@pytest.mark.parametrize("by", [RESTORE, CUT_OVER])
def test_a_freeze_that_a_killed_command_left_is_an_error_once_no_command_takes_so_long(
    service: Service, capsys: pytest.CaptureFixture[str], by: str
) -> None:
    tenant = service.browser().get("/api/me").json()["tenant_id"]
    freeze(service.settings, "acme", by)
    age(service, "14 minutes")
    assert told(service, capsys) == []
    age(service, "16 minutes")
    (line,) = told(service, capsys)
    assert (line["level"], line["tenant"], line["frozen_by"]) == ("error", tenant, by)
    assert 960 <= int(str(line["frozen_seconds"])) < 1000


def test_what_a_person_froze_and_what_was_handed_over_may_stand(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    service.browser().get("/api/me")
    freeze(service.settings, "globex")
    freeze(service.settings, "acme", CUT_OVER)
    with psycopg.connect(superuser_url(service.settings)) as superuser:
        superuser.execute(
            "insert into copies (tenant_id, lineage, part, number, digest)"
            " select id, gen_random_uuid(), 'holds', 1, '' from tenants where name = 'acme'"
        )
    age(service, "30 days")
    assert told(service, capsys) == []
