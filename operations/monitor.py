"""`workbuoy monitor`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from operations.ending import MISTAKE, fail, print_text, report_errors, warn

if TYPE_CHECKING:
    from monitoring.watched import Watched
    from project.files import Project


@click.command()
@click.argument("stack")
@click.option(
    "--into",
    "folder",
    metavar="FOLDER",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the files go; those of the same names there are replaced.",
)
@report_errors
def monitor(*, stack: str, folder: Path) -> None:
    """Write STACK's monitoring as files: rules, alerts and scrape for Prometheus, dashboards for Grafana.

    Made from the stack's own settings (observability.objectives, its thresholds, its names). Needs no account; what to
    do with the files is in docs/monitoring.md.
    """
    from monitoring.files import files
    from project.files import find_project
    from project.whole_file import write_whole

    found, stood_in = watched_in(find_project(Path.cwd()), stack)
    texts = files(found)
    for name, text in texts.items():
        file = folder / name
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            fail(MISTAKE, f"{file.parent} cannot be made: {error.strerror}")
        write_whole(file, text)
        print_text(file)
    for one in stood_in:
        warn(f"the files name an account that is none: {one}")
    print_text(f"Next: docs/monitoring.md says where each of the {len(texts)} files goes.")


def watched_in(project: "Project", stack: str) -> "tuple[Watched, list[str]]":
    """A stack of a project, and where a placeholder made a stand-in get into what is written, in a sentence each.

    Raises ProblemsError where settings or record are wrong.
    """
    from infra.load import load_settings
    from infra.tenants.silo import load_silo  # a second of Pulumi's modules
    from infra.watched import watched
    from project.files import read_config
    from project.silos import base_of, tenant_of, whole_config
    from rehearsal import stand_ins

    config, stood_in = stand_ins.replace(whole_config(project, stack, read_config(project, stack)))
    settings, tenant = config.get(f"{project.name}:settings"), tenant_of(project, config)
    accounts = [f"{one}; put the real account id there" for one in stood_in if one.path.endswith(":settings.account")]
    if tenant is None:
        return watched(stack, load_settings(project.root, stack, settings)), accounts
    silo = load_silo(project.root, stack, tenant, settings, config.get(f"{project.name}:record"))
    return watched(stack, silo.settings, base_of(project, stack), tenant), accounts
