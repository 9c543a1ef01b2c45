"""The example stack prod as something to watch, and the real tools where they are installed."""

import shutil

import pytest

from monitoring.watched import Watched
from operations.monitor import watched_in
from project.files import find_project
from tests.conftest import PROJECT

promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed: apt-get install prometheus"
)


def prod() -> Watched:
    """What `workbuoy monitor prod` watches in the example project."""
    return watched_in(find_project(PROJECT), "prod")[0]


@pytest.fixture(scope="session")
def example() -> Watched:
    return prod()
