"""A deployment under traffic: a harmless one passes, and each harm is named in the step in which it shows."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from project.files import find_project
from rehearsal.cloud import Cloud, running
from rehearsal.result import Rehearsal
from rehearsal.run import Options, rehearse
from rehearsal.service.release import change, migration, rehearse_release
from rehearsal.service.result import ServiceRehearsal
from rehearsal.service.standing import Standing
from rehearsal.service.surroundings import Surroundings
from tests.conftest import PROJECT
from tests.rehearsal.service.test_surroundings import APP, installed

Made = tuple[Rehearsal, Cloud, Standing]
pytestmark = [installed, pytest.mark.slow]

REVISION = '''"""A change."""

from alembic import op

revision = "9999"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in {statements!r}:
        op.execute(statement)
'''


@pytest.fixture(autouse=True)
def less_of_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration, "ROWS", 2_000)
    monkeypatch.setattr(change, "CALM_SECONDS", 0.5)


@pytest.fixture(scope="module")
def made(standing: Standing) -> Iterator[Made]:
    with running() as moto:
        rehearsal = rehearse(find_project(PROJECT), "dev", Options(), moto)
        yield rehearsal, moto.cloud(rehearsal.account, rehearsal.region), standing


@contextmanager
def app_with(folder: Path, *statements: str) -> Iterator[Path]:
    """A copy of the service whose last revision holds these statements."""
    app = folder / "app"
    shutil.copytree(APP / "workbuoy_app", app / "workbuoy_app", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(APP / "requirements.lock", app)
    (app / ".venv").symlink_to(APP / ".venv")
    if statements:
        schema = app / "workbuoy_app" / "schema.py"
        text = schema.read_text()
        last = text.partition("REVISIONS = (")[2].partition(")")[0].rstrip(", \n").rpartition('"')[0].rpartition('"')[2]
        schema.write_text(text.replace(f'"{last}"', f'"{last}", "9999"', 1))
        revision = REVISION.format(before=last, statements=list(statements))
        (app / migration.VERSIONS / "r9999_change.py").write_text(revision)
    yield app


def deployed(made: Made, folder: Path, *statements: str) -> ServiceRehearsal:
    rehearsal, cloud, standing = made
    with app_with(folder, *statements) as app, Surroundings(app, provider=standing) as surroundings:
        return rehearse_release(rehearsal, cloud, surroundings, former_app=APP)


def failed(found: ServiceRehearsal) -> tuple[str, str]:
    step = next(one for one in found.steps if not one.passed)
    return step.name, step.detail


def test_a_harmless_change_passes_with_every_write_and_can_be_rolled_back(made: Made, tmp_path: Path) -> None:
    found = deployed(made, tmp_path, "alter table things add column draft text")
    assert [(one.name, one.detail) for one in found.steps if not one.passed] == []
    assert found.passed
    details = {one.name: one.detail for one in found.steps}
    assert details["migrate beside it"].startswith("1 new revisions")
    assert "none failed" in details["every acknowledged write is there"]


def test_a_dropped_column_that_the_release_before_reads_is_named(made: Made, tmp_path: Path) -> None:
    name, detail = failed(deployed(made, tmp_path, "alter table things drop column status"))
    assert name in {"migrate beside it", "the release before on the new schema"}
    assert "requests failed" in detail
    assert "UndefinedColumn" in detail


def test_a_statement_that_blocks_writers_is_named_with_the_way_out(made: Made, tmp_path: Path) -> None:
    name, detail = failed(
        deployed(made, tmp_path, "lock table things in access exclusive mode", "select pg_sleep(2.5)")
    )
    assert name == "migrate beside it"
    assert "requests waited" in detail
    assert "for a lock on things behind `select pg_sleep(2.5)`" in detail


def test_a_migration_that_fails_ends_the_deployment(made: Made, tmp_path: Path) -> None:
    name, detail = failed(deployed(made, tmp_path, "alter table things add column title text"))
    assert name == "migrate beside it"
    assert detail.startswith("migrate failed")
