"""A Postgres with an archive gives any moment of its past back, beside itself."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import psycopg
import pytest

from workbuoy_app.devtools import embedded_postgres
from workbuoy_app.devtools.embedded_postgres import SUPERUSER
from workbuoy_app.devtools.point_in_time import Moment, Server, archiving

pytestmark = pytest.mark.lengthy


def test_a_copy_holds_what_was_committed_by_then_and_has_a_password_of_its_own() -> None:
    with embedded_postgres.running(settings=archiving) as live:
        server = Server(live.url(SUPERUSER, "postgres"), live.folder, live.binaries)
        with psycopg.connect(live.url(), autocommit=True) as connection:
            connection.execute("create table kept as select 1 as number")
            server.back_up()
            connection.execute("insert into kept values (2)")
            time.sleep(0.02)
            moment = Moment(server, datetime.now(UTC).isoformat())
            time.sleep(0.02)
            connection.execute("drop table kept")
            server.archive()
        with embedded_postgres.running(live.binaries, origin=moment) as copy:
            assert copy.password != live.password
            with psycopg.connect(copy.url(), autocommit=True) as connection:
                assert connection.execute("select number from kept order by 1").fetchall() == [(1,), (2,)]
                connection.execute("insert into kept values (3)")
        assert not copy.folder.exists()
    assert not live.folder.exists()
