"""`workbuoy tenant create`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from operations.ending import notify, print_page, print_text, report_errors, warn

if TYPE_CHECKING:
    from operations.fleet.cells import Cell


@click.command()
@click.argument("name")
@click.option("--legal-name", required=True, help="The customer's name in the contract.")
@click.option(
    "--isolation",
    required=True,
    type=click.Choice(["pool", "silo"]),
    help="pool: rows and objects in the base stack; silo: a stack of its own.",
)
@click.option(
    "--base", required=True, metavar="STACK", help="Base stack, such as prod, which decides the region; or auto."
)
@click.option("--environment", default="prod", show_default=True, help="With --base auto: whose base stacks.")
@click.option("--live", is_flag=True, help="With --base auto: by what AWS grants your account now.")
@click.option("--residency", required=True, help="A jurisdiction such as eea, or regions with commas between them.")
@click.option("--tier", help="Sizes of a silo: small, standard or large. [default: standard]")
@click.option("--host-name", metavar="HOST", help="Of a silo. [default: NAME. and the base's domain]")
@click.option("--certificate-arn", metavar="ARN", help="Of a silo: ACM certificate for its host name, or base.")
@click.option(
    "--contact",
    "contacts",
    multiple=True,
    required=True,
    metavar="'ROLE: NAME <EMAIL>'",
    help="Whom to reach; ROLE is privacy, technical or billing. Give it once for each.",
)
@click.option("--signed", metavar="DATE", help="Day of the contract. [default: today]")
@report_errors
def create(
    *,
    name: str,
    legal_name: str,
    isolation: str,
    base: str,
    environment: str,
    live: bool,
    residency: str,
    tier: str | None,
    host_name: str | None,
    certificate_arn: str | None,
    contacts: tuple[str, ...],
    signed: str | None,
) -> None:
    """Write the record of a new customer, and for a silo its stack's file, for review.

    Nothing is overwritten, and nothing is deployed. With --base auto it goes to the base stack inside its residency of
    which the least is taken, and the reason is told.
    """
    from operations.fleet import cells
    from operations.tenant.create import NewTenant, create_files, regions_of
    from project.files import find_project

    root = find_project(Path.cwd()).root
    if live and base != "auto":
        raise click.UsageError("--live goes with --base auto: a base stack that is named is not chosen by its room.")
    chosen = base == "auto"
    if chosen:
        regions = regions_of(residency)
        needs = cells.CellNeeds(
            environment=environment, isolation=isolation, regions=regions, tier=tier or cells.DEFAULT_TIER
        )
        choice = cells.choose(_cells(root, needs.tier, live=live), needs)
        notify(choice.why)
        base = choice.cell.name
    new_tenant = NewTenant(
        name=name,
        legal_name=legal_name,
        isolation=isolation,
        base=base,
        residency=residency,
        tier=tier,
        host_name=host_name,
        certificate_arn=certificate_arn,
        contacts=contacts,
        signed=signed,
    )
    made = create_files(root, new_tenant, chosen=chosen)
    for file in made.files:
        print_text(file.relative_to(root))
    for warning in made.warnings:
        warn(warning)
    if isolation == "silo":
        _report_next_cell(root, base)
    notify("Read what is in there, then:")
    for step in made.next_steps:
        notify(f"  {step}")


def _cells(root: Path, tier: str, *, live: bool) -> "list[Cell]":
    from operations.fleet import cells

    if not live:
        return cells.read_cells(root, tier)
    from operations.fleet.quotas_here import quotas_here

    here = quotas_here(root)
    for line in (*cells.lower_than_files(root, here.quotas), *here.quotas.unknown):
        warn(line)
    notify(f"cells outside {here.account} are counted by the files")
    return cells.read_cells(root, tier, here.quotas)


def _report_next_cell(root: Path, base: str) -> None:
    """From four fifths on: the files of the next cell."""
    from operations.fleet import cells
    from operations.fleet.next_cell import next_cell

    cell = next((one for one in cells.read_cells(root) if one.name == base), None)
    if cell is None or not cells.nearly_full(cell):
        return
    found = next_cell(root, cell)
    names = " and ".join(found.files)
    warn(
        f"{base}: {cell.silos} silos stand there and {cell.room} more fit ({cell.limit}); {names} "
        f"{'is' if len(found.files) == 1 else 'are'} next: {found.why}"
    )
    for text in found.files.values():
        print_page(text)
    notify(f"`workbuoy fleet cells --next {base} --write` writes what is next, and says what is left to do")
