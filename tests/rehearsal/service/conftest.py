"""What the service is tried with: each test has a Postgres, and all of a run have the rest of it."""

from collections.abc import Iterator

import pytest

from rehearsal.service.standing import Standing
from rehearsal.service.surroundings import Surroundings
from tests.rehearsal.service.test_surroundings import APP


@pytest.fixture(scope="session")
def standing() -> Iterator[Standing]:
    """Programs that have imported what they need, an identity provider, and a Postgres to lend."""
    with Standing(APP) as one:
        yield one


@pytest.fixture
def surroundings(standing: Standing) -> Iterator[Surroundings]:
    """With a Postgres of the test's own."""
    with Surroundings(APP, provider=standing) as own:
        yield own
