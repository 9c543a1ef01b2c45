"""Where data lives and what dies when: the page shows what is declared, and changes with it."""

from collections.abc import Callable
from typing import Any

import pytest

from rehearsal.result import Rehearsal

Read = Callable[[Rehearsal], Any]
Mutate = Callable[..., Rehearsal]
BACKUPS = "Automated backups and point-in-time recovery"


@pytest.fixture(scope="session")
def prod(declared: Callable[[str], Any]) -> Rehearsal:
    """The committed prod stack as the program declares it."""
    found: Rehearsal = declared("prod").rehearsal
    return found


@pytest.mark.lengthy
def test_the_page_shows_the_retention_that_is_declared(prod: Rehearsal, read: Read, mutate: Mutate) -> None:
    changed = mutate(prod, "database-instance", {"backupRetentionPeriod": 13})
    rows = {row[0]: row[3] for row in read(changed).section("data").rows()}
    assert rows[f"{BACKUPS} database-instance"] == "any moment of the last 13 days"


@pytest.mark.lengthy
def test_what_stands_in_the_way_of_a_destroy_is_listed(prod: Rehearsal, read: Read, mutate: Mutate) -> None:
    note = read(prod).section("data").all("details", "note")[0].text
    assert "database-instance : Pulumi's protect and deletion protection" in note
    opened = mutate(prod, "database-instance", {"deletionProtection": False}, protect=False)
    assert "database-instance" not in read(opened).section("data").all("details", "note")[0].text
