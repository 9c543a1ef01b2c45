"""Write docs/limits.md anew: `python -m operations.limits`."""

from pathlib import Path

from infra.tenants.files import read_tenant
from operations.limits.page import page
from operations.locate.sources import Declarations
from rehearsal.program import find_project
from rehearsal.whole_file import write_whole

EXAMPLE = "acme"


def main() -> None:
    """Count the example silo on its base, and write the page."""
    project = find_project(Path.cwd())
    estate = Declarations(project).estate(read_tenant(project.root, EXAMPLE))
    if estate.base is None:
        raise SystemExit(f"{EXAMPLE} is no silo: name another example in operations/limits/__main__.py")
    write_whole(project.root / "docs/limits.md", page(estate.base, estate.own))


if __name__ == "__main__":
    main()
