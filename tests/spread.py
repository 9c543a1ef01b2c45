"""Which tests stay on one worker: a file's, and a whole folder's where its conftest shares something in a package."""

from functools import cache
from pathlib import Path

from xdist.scheduler import LoadFileScheduling

TOP = Path(__file__).parent.parent


class BySharing(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """`--dist loadfile`, but what a folder stands up once for all its files is stood up on one worker."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)


def unit_of(nodeid: str) -> str:
    """The file of a test, or the folder that shares what it stands up."""
    file = nodeid.split("::", 1)[0]
    return next((folder.as_posix() for folder in Path(file).parents if _shares(folder)), file)


@cache
def _shares(folder: Path) -> bool:
    conftest = TOP / folder / "conftest.py"
    return conftest.is_file() and '@pytest.fixture(scope="package"' in conftest.read_text(encoding="utf-8")
