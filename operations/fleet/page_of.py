"""Gathers what a fleet's page shows, from the project's files and a folder of looks."""

import os
from datetime import UTC, datetime
from pathlib import Path

from operations.fleet.cells import read_cells
from operations.fleet.looks import Looks, read_looks
from operations.fleet.page import Fleet, page
from operations.fleet.page_form import form_of
from operations.fleet.standing import rows_of, stacks_of
from operations.tenant.files_check import read_checked
from project.whole_file import write_whole


def write_page(root: Path, environment: str, folder: Path | None, output: Path, repository: str | None) -> None:
    """Write the page. Raises ProblemsError for files or looks that cannot be read, and then writes nothing."""
    looks = read_looks(folder) if folder else Looks({})
    stacks = stacks_of(root, environment)
    cells = [one for one in read_cells(root) if one.base.environment == environment]
    everybody = read_checked(root).tenants
    server = os.environ.get("GITHUB_SERVER_URL") or "https://github.com"
    form = form_of(root, server, repository, cells, everybody) if repository else None
    names = {one.name for one in cells}
    fleet = Fleet(
        environment=environment,
        stacks=stacks,
        cells=cells,
        tenants=[one for one in everybody if one.base in names],
        rows=rows_of(stacks, looks),
        looks=looks,
        form=form,
        made_at=datetime.now(UTC),
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    write_whole(output, page(fleet))
