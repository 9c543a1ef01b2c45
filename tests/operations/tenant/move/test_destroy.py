"""The stack that a silo left is destroyed by the engine: what goes, what stays, and the record of it."""

# ruff: noqa: F811 - fixtures are asked for by the names that they are imported under

from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.tenants.listing import MOVED_FOLDER
from tests.operations.engine.fake_cli import FakeCli, failing
from tests.operations.tenant.move.test_command import SILO_STACKS, Stands, removable, root, run, stands  # noqa: F401
from tests.operations.tenant.test_leaving import SNAPSHOT, FakeS3, answers, s3  # noqa: F401

ASKED = ("acme", "--run", "destroy", "--live", "--yes-remove", "acme")
FILES = "workbuoy-prod-acme-files-1"
STAYS = {"files-bucket__retainOnDelete": True}


@pytest.fixture
def left(prod_signed_in: None, s3: FakeS3, stands: Stands, root: Path) -> Path:  # noqa: ARG001
    """acme is served by its second stack; of the first nothing is left but the stack, whose protections are lifted."""
    assert run(*removable(stands, root, "acme", SILO_STACKS[0])).exit_code == 0
    assert run("acme", "--run", "retire").exit_code == 0
    return root


def record(root: Path) -> dict[str, Any]:
    """What was written of the stack that went."""
    found = [yaml.safe_load(file.read_text()) for file in (root / MOVED_FOLDER).glob("*.yaml")]
    (told,) = [one for one in found if "finalSnapshot" in one]
    return dict(told)


def test_the_engine_destroys_it_and_the_record_says_what_outlives_it(left: Path, fake_cli: FakeCli, s3: FakeS3) -> None:
    fake_cli.answer(answers(**STAYS))
    done = run(*ASKED)
    assert done.exit_code == 0, done.stderr
    assert len(fake_cli.calls("destroy")) == 1
    assert len(fake_cli.calls("stack", "rm")) == 1
    told = record(left)
    assert (told["stack"], told["finalSnapshot"]) == (SILO_STACKS[0], SNAPSHOT)
    assert "is served in prod-eu-north-1-acme" in told["export"]["without"]
    assert [rule["ID"] for rule in s3.lifecycles[FILES]][-1] == "ends-with-the-customer"
    assert not list((left / ".workbuoy/leaving").iterdir())
    assert run("acme", "--run", "close").exit_code == 0


def test_a_destruction_that_the_engine_breaks_off_is_finished_by_the_same_command(
    left: Path, fake_cli: FakeCli, stands: Stands
) -> None:
    fake_cli.answer(answers(**STAYS) | {"destroy": failing("the network went away")})
    broken = run(*ASKED)
    assert broken.exit_code not in (0, 1, 2), broken.stderr
    stands.rows[SILO_STACKS[0]] = 1  # nobody can be asked any more: the service is gone
    fake_cli.answer(answers(**STAYS))
    again = run(*ASKED)
    assert again.exit_code == 0, again.stderr
    assert record(left)["finalSnapshot"] == SNAPSHOT


@pytest.mark.parametrize("protected", ["database-instance__deletionProtection", "keys-database__protect"])
def test_protections_that_still_stand_stop_it(left: Path, fake_cli: FakeCli, protected: str) -> None:
    fake_cli.answer(answers(**STAYS, **{protected: True}))
    refused = run(*ASKED)
    assert (refused.exit_code, "protections still stand" in refused.stderr) == (1, True)
    assert not fake_cli.calls("destroy")
    assert not [file for file in (left / MOVED_FOLDER).glob("*.yaml") if "finalSnapshot" in file.read_text()]
