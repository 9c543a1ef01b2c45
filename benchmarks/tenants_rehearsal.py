"""How long rehearsing prod with its customers' own stacks takes, and how that grows.

    python -m benchmarks.tenants_rehearsal [--rounds N]

Each size is a process of its own in a copy of the project with so many generated tenants: the base stack and every
silo created in one moto, read back, compared and judged by the policies, without the matrix and without the service.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import click

from benchmarks.measuring import Measurement, measure, median

ROOT = Path(__file__).resolve().parents[1]
SIZES = (1, 10, 50, 99)  # docs/limits.md: a base stack takes no more
GREATEST_MS_A_RESOURCE, GREATEST_MB_A_TENANT = 4.0, 2.0
_COPIED = ("Pulumi.yaml", "Pulumi.prod.yaml", "components", "infra", "policies")
TENANT = """\
name: {name}
legalName: Customer {number}
isolation: silo
base: prod
region: eu-west-1
residency: eea
tier: small
hostName: {name}.workbuoy.example
listenerPriority: {number}
certificateArn: arn:aws:acm:eu-west-1:000000000003:certificate/ac3e0000-0000-4000-8000-{number:012d}
contacts:
  - name: Kari Nordmann
    email: privacy@{name}.example
    role: privacy
dates:
  signed: 2026-10-01
"""


def write_project(folder: Path, silos: int) -> Path:
    """A copy of the project with so many silos on prod."""
    folder.mkdir()
    for name in _COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder)
    (folder / "tenants").mkdir()
    for number in range(1, silos + 1):
        name = f"customer-{number}"
        (folder / "tenants" / f"{name}.yaml").write_text(TENANT.format(name=name, number=number))
        (folder / f"Pulumi.prod-{name}.yaml").write_text(f"config:\n  workbuoy:tenant: {name}\n")
    return folder


def resources_of(folder: Path) -> int:
    """Resources of a silo."""
    from project.files import find_project  # after the arguments have been read
    from rehearsal.result import State
    from rehearsal.run import Options, rehearse_with_base

    silo = rehearse_with_base(find_project(folder), "prod-customer-1", Options(declare_only=True))
    return silo.count(State.DECLARED_ONLY)


@click.command("rehearsal")
@click.option("--rounds", default=3, show_default=True, help="Runs of each size; the median is shown.")
@click.option("--silos", "sizes", multiple=True, type=int, default=SIZES, show_default=True)
def main(rounds: int, sizes: tuple[int, ...]) -> None:
    """Measure, and print the medians beside each other; exit 3 where a limit is not kept."""
    command = [str(Path(sys.executable).with_name("workbuoy")), "rehearse", "prod", "--tenants", "all"]
    command += ["--no-service", "--no-matrix"]
    with tempfile.TemporaryDirectory() as temporary:
        folders = {silos: write_project(Path(temporary) / str(silos), silos) for silos in sizes}
        each = resources_of(folders[sizes[0]])
        found: dict[int, list[Measurement]] = {silos: [] for silos in sizes}
        for turn in range(rounds):
            for silos, folder in folders.items():
                click.echo(f"round {turn + 1} of {rounds}: {silos} silos ...", err=True)
                found[silos].append(measure(command, folder))
    sys.exit(0 if _print({silos: median(runs) for silos, runs in found.items()}, each) else 3)


def _print(medians: dict[int, Measurement], each: int) -> bool:
    """One line a size; what is beyond the first is divided by the resources and the tenants that it has more."""
    fewest = min(medians)
    first, kept = medians[fewest], True
    click.echo(f"{'silos':>6}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}{'ms a resource':>15}{'MB a tenant':>13}")
    for silos, one in medians.items():
        more = silos - fewest
        figures = ""
        if more:
            ms, mb = (one.wall - first.wall) / (more * each) * 1000, (one.peak - first.peak) / more
            kept = kept and ms <= GREATEST_MS_A_RESOURCE and mb <= GREATEST_MB_A_TENANT
            figures = f"{ms:15.2f}{mb:13.2f}"
        click.echo(f"{silos:>6}{one.wall:>9.2f}{one.cpu:>9.2f}{one.peak:>9.0f}{figures}")
    limits = f"{GREATEST_MS_A_RESOURCE:.0f} ms a resource and {GREATEST_MB_A_TENANT:.0f} MB a tenant"
    click.echo(f"A silo has {each} resources. At most {limits}: {'kept' if kept else 'NOT KEPT'}")
    return kept


if __name__ == "__main__":
    main()
