"""Where the service's Postgres comes from, and which one is refused."""

from pathlib import Path

import pytest

from rehearsal.service.processes import NotToBeHadError
from rehearsal.service.surroundings import GIVEN, Surroundings
from tests.conftest import ROOT

pytestmark = pytest.mark.lengthy

APP = ROOT / "app"
installed = pytest.mark.skipif(
    not (APP / ".venv" / "bin" / "workbuoy-app").exists(), reason="app/.venv is not installed: run `make rehearse` once"
)


def test_a_service_that_is_not_installed_is_reported_with_what_to_do(tmp_path: Path) -> None:
    with Surroundings(tmp_path, {}) as surroundings:
        with pytest.raises(NotToBeHadError, match="run `make rehearse` once"):
            surroundings.postgres()
        with pytest.raises(NotToBeHadError, match="oidc-provider-mock is not installed"):
            surroundings.issuer()


@installed
@pytest.mark.parametrize("url", ["?", "nonsense", "mysql://a:b@host/name", "postgresql://host/name"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(NotToBeHadError, match="is not an address"):
        Surroundings(APP, {GIVEN: url}).postgres()


@installed
def test_a_database_that_does_not_answer_is_reported_in_one_line() -> None:
    url = "postgresql://owner:word@127.0.0.1:1/none"
    with pytest.raises(NotToBeHadError, match="cannot be used") as told:
        Surroundings(APP, {GIVEN: url}).postgres()
    assert "\n" not in str(told.value)
    assert "word" not in str(told.value)


@installed
@pytest.mark.slow
def test_a_given_database_is_taken_while_it_is_empty_and_refused_once_it_is_not() -> None:
    import subprocess

    python = str(APP / ".venv" / "bin" / "python")
    with Surroundings(APP, {}) as own:
        owner = own.postgres()
        url = f"postgresql://{owner.user}:{owner.password}@{owner.host}:{owner.port}/{owner.database}"
        given = Surroundings(APP, {GIVEN: url})
        assert given.postgres() == owner
        make = "import sys, psycopg; c = psycopg.connect(sys.argv[1]); c.execute('create table t (i int)'); c.commit()"
        subprocess.run([python, "-c", make, url], check=True, timeout=300)
        with pytest.raises(NotToBeHadError, match="1 tables; give an empty"):
            given.postgres()


@installed
@pytest.mark.slow
def test_nothing_is_left_of_what_was_started() -> None:
    with Surroundings(APP, {}) as surroundings:
        owner, issuer = surroundings.postgres(), surroundings.issuer()
        ports = (owner.port, int(issuer.rpartition(":")[2]))
        assert all(listens(port) for port in ports)
    assert not any(listens(port) for port in ports)


def listens(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
