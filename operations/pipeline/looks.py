"""What the nightly looks at stacks left: the JSON in the artifacts of other workflows' latest runs."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from operations.pipeline.github import ApiError, Repository
from project.whole_file import write_whole

PREFIX: Final = "looks-"
_MOST_BYTES: Final = 50_000_000
"""Of one file once it is unpacked; a look at a stack has some kilobytes."""


def fetch(repository: Repository, workflow: str, branch: str, folder: Path) -> int | None:
    """Write the looks of a workflow's latest run into a folder, and give back how many; None where it never ran.

    Raises ApiError where GitHub does not answer, or an artifact is none.
    """
    run = repository.latest_run(workflow, branch)
    if run is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    number = 0
    for artifact in repository.artifacts(run):
        if not str(artifact["name"]).startswith(PREFIX):
            continue
        for name, content in _unpacked(str(artifact["name"]), repository.archive(int(artifact["id"]))):
            write_whole(folder / f"{PurePosixPath(workflow).stem}-{number}-{name}", content)
            number += 1
    return number


def _unpacked(artifact: str, archive: bytes) -> Iterator[tuple[str, str]]:
    """JSON files by their last name alone: what an archive calls a folder decides nothing here."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            for one in opened.infolist():
                name = PurePosixPath(one.filename.replace("\\", "/")).name
                if one.is_dir() or not name.endswith(".json"):
                    continue
                if one.file_size > _MOST_BYTES:
                    raise ApiError(f"{artifact}: {name} has {one.file_size:,} bytes, more than any look")
                yield name, opened.read(one).decode("utf-8")
    except (zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise ApiError(f"{artifact}: is no archive of looks: {error}") from None
