"""The table of docs/speed.md: `make bench`, or `python -m benchmarks.speed [--rounds 3] [--write]`.

Every measurement is a process of its own, all of them take turns, and each figure is the median of the rounds. Ratios
are of CPU seconds, since who else works on the machine changes these least. Copies of the project are measured, so
that nothing here depends on an owner's customers. Python's byte code is kept between runs, as it is unless
PYTHONDONTWRITEBYTECODE says otherwise, which is taken away: else each run compiles our modules anew, and the floor,
which has none of ours, does not. Ends with 3 where a limit is not kept.
"""

import multiprocessing
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks import terraform
from benchmarks.measuring import Measurement, measure, median
from benchmarks.rehearsal import floor, imports
from benchmarks.tenants import make_project
from benchmarks.tenants_rehearsal import GREATEST_MS_A_RESOURCE, SIZES, resources_of, write_project
from operations.warm.process import WarmProcess
from rehearsal.scratch import scratch
from rehearsal.service.standing import Standing

ROOT = Path(__file__).parent.parent
PAGE, README = ROOT / "docs/speed.md", ROOT / "README.md"
BEGINNING, END = "<!-- make bench writes this -->\n", "<!-- to here -->\n"
CUSTOMERS = 10_000
FEW_SILOS, MOST_SILOS, MOST_SECONDS = 10, SIZES[-1], 40.0
INFRASTRUCTURE, SERVICE = "`workbuoy rehearse prod --no-service`", "`workbuoy rehearse prod`"
# Of what Terraform takes to plan the same graph. Where it is not here, its plan counts as many floors as it did where
# both were measured in turn.
MOST_OF_A_PLAN, PLAN_IN_FLOORS = 0.6, 2.1
PLAN = "`terraform plan` of the same graph"
LIST = f"`workbuoy tenant list` of {CUSTOMERS:,} customers"
QUOTED = (INFRASTRUCTURE, SERVICE, LIST)
HEAD = (
    "| what | wall | CPU | memory | ratio | at most |",
    "|---|--:|--:|--:|---|---|",
)
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Row:
    """One line of the table. `figure` is held to `limit`, if there is one, and is what `ratio` says in words."""

    what: str
    measured: Measurement
    ratio: str = ""
    figure: float = 0.0
    limit: float | None = None
    limit_text: str = ""

    @property
    def kept(self) -> bool:
        """Whether the limit holds, where there is one."""
        return self.limit is None or self.figure <= self.limit

    def __str__(self) -> str:
        one = self.measured
        wall = f"{one.wall:.1f} s" if one.wall else ""
        cpu = f"{one.cpu:.1f} s" if one.cpu else ""
        memory = f"{one.peak:.0f} MB" if one.peak else ""
        kept = "" if self.kept else ", **not kept**"
        return f"| {self.what} | {wall} | {cpu} | {memory} | {self.ratio} | {self.limit_text}{kept} |"


@click.command()
@click.option("--rounds", default=3, show_default=True, help="Runs of each; the median is shown.")
@click.option("--write", is_flag=True, help="Write the table into docs/speed.md.")
def main(rounds: int, write: bool) -> None:
    """Measure what people wait for, and print one table with its ratios."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as temporary:
        rows = _rows(Path(temporary), rounds)
        table = "\n".join([*HEAD, *map(str, rows)])
        click.echo(table)  # before its files are removed, which takes a while
    if write:
        readme = README.read_text("utf-8")
        note = f"Measured on {datetime.now(UTC):%Y-%m-%d}, {_machine()}, medians of {rounds}.\n"
        PAGE.write_text(with_table(PAGE.read_text("utf-8"), f"{note}\n{table}\n"), encoding="utf-8")
        README.write_text(with_table(readme, quoted(PAGE.read_text("utf-8"))), encoding="utf-8")
    sys.exit(0 if all(row.kept for row in rows) else 3)


def with_table(page: str, table: str) -> str:
    """The page with another table between its marks."""
    before, _, rest = page.partition(BEGINNING)
    return f"{before}{BEGINNING}{table}{END}{rest.partition(END)[2]}"


def quoted(page: str) -> str:
    """What README shows of the page's table: some rows, without the wall time, which says what else ran."""
    lines = [line for line in page.splitlines() if line.split(" | ")[0].removeprefix("| ") in QUOTED]
    rows = [line.split("|") for line in (*HEAD, *lines)]
    return "".join("|".join([*cells[:2], *cells[3:]]) + "\n" for cells in rows)


def _rows(folder: Path, rounds: int) -> list[Row]:
    workbuoy = str(Path(sys.executable).with_name("workbuoy"))
    customers, few, most = folder / "customers", folder / "few", folder / "most"
    click.echo(f"writing {CUSTOMERS:,} customers' files ...", err=True)
    make_project(customers, CUSTOMERS)
    each = resources_of(write_project(few, FEW_SILOS))
    write_project(most, MOST_SILOS)
    estate = [workbuoy, "rehearse", "prod", "--tenants", "all", "--no-service", "--no-matrix"]
    commands = {
        "floor": (floor(), ROOT),
        "imports": (imports("prod", folder), ROOT),
        "infrastructure": ([workbuoy, "rehearse", "prod", "--no-service"], ROOT),
        "service": ([workbuoy, "rehearse", "prod"], ROOT),
        "few silos": (estate, few),
        "list": ([workbuoy, "tenant", "list"], customers),
        "check": ([workbuoy, "tenant", "check"], customers),
    }
    try:
        plan = folder / "plan"
        plan.mkdir()
        # In a process of its own: what this one holds counts as memory of those that it measures.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
            process.submit(terraform.prepared, "prod", plan).result()
        commands["plan"] = (terraform.COMMAND, plan)
    except terraform.UnavailableError as error:
        click.echo(f"{error}; a plan's recorded ratio to the floor stands for it", err=True)
    measure(*commands["list"])  # writes the index over the files
    found: dict[str, list[Measurement]] = {name: [] for name in (*commands, "warm", "warm service")}
    click.echo(f"once: {MOST_SILOS} silos ...", err=True)
    found["most silos"] = [measure(estate, most)]
    with _warm() as again:
        for turn in range(rounds):
            for name, (command, place) in commands.items():
                click.echo(f"round {turn + 1} of {rounds}: {name} ...", err=True)
                found[name].append(measure(command, place))
            for name in ("warm", "warm service"):
                click.echo(f"round {turn + 1} of {rounds}: {name} ...", err=True)
                found[name].append(again(with_service=name == "warm service"))
    return _table({name: median(runs) for name, runs in found.items()}, each)


class _Again:
    def __init__(self, warm: WarmProcess, standing: Standing, control: int | None) -> None:
        self._warm, self._standing, self._control = warm, standing, control

    def __call__(self, *, with_service: bool) -> Measurement:
        """A rehearsal as `--watch` makes it once a file is saved; what a fork uses of CPU is not measured."""
        began = time.perf_counter()
        lent = self._standing.lend(self._control) if with_service else None
        running = self._warm.run({**_request(with_service=with_service), "lent": lent})
        while (outcome := running.outcome()) is None:
            time.sleep(_POLL_SECONDS)
        wall = time.perf_counter() - began
        if not outcome.verdict:
            raise click.ClickException(f"the warm rehearsal came to no verdict: {outcome.errors}")
        if with_service:
            self._standing.renew()
        return Measurement(wall, 0.0, 0.0)


def _request(*, with_service: bool) -> dict[str, object]:
    return {"stack": "prod", "folder": str(ROOT), "with_service": with_service, "quiet": True}


@contextmanager
def _warm() -> Iterator[_Again]:
    with scratch() as files, Standing(ROOT / "app") as standing:
        control = standing.control
        with WarmProcess(ROOT, files, () if control is None else (control,)) as warm:
            warm.warm_up(_request(with_service=True))
            while not warm.is_ready():
                time.sleep(_POLL_SECONDS)
            yield _Again(warm, standing, control)


def _table(found: dict[str, Measurement], each: int) -> list[Row]:
    base = found["floor"].cpu
    rows = [
        Row("importing what prod uses of Pulumi, its provider and moto, whole: the floor", found["floor"]),
        Row(
            "importing what a rehearsal reads of it",
            found["imports"],
            f"{found['imports'].cpu / base:.1f} times the floor",
        ),
    ]
    for name, what, limit in (
        ("infrastructure", INFRASTRUCTURE, 1.3),
        ("service", SERVICE, 2.6),
    ):
        ratio = found[name].cpu / base
        rows.append(Row(what, found[name], f"{ratio:.1f} times the floor", ratio, limit, f"{limit} times the floor"))
    rows.append(_beside_plan(found, base))
    few, most = found["few silos"], found["most silos"]
    rows.append(Row(f"{INFRASTRUCTURE} with {FEW_SILOS} customers' own stacks", few))
    further = (most.wall - few.wall) / ((MOST_SILOS - FEW_SILOS) * each) * 1000
    limits = f"{GREATEST_MS_A_RESOURCE:.0f} ms a resource, {MOST_SECONDS:.0f} s"
    share = max(further / GREATEST_MS_A_RESOURCE, most.wall / MOST_SECONDS)
    rows.append(Row(f"with {MOST_SILOS} of them", most, f"{further:.1f} ms a resource more", share, 1.0, limits))
    for name, what, limit in (
        ("warm", "after saving a file, `--watch --no-service`", 2.0),
        ("warm service", "after saving a file, `--watch`", 5.0),
    ):
        rows.append(Row(what, found[name], "", found[name].wall, limit, f"{limit:.0f} s"))
    for name, what in (("list", LIST), ("check", LIST.replace("list", "check"))):
        rows.append(Row(what, found[name], "", found[name].cpu, 2.5, "2.5 s of CPU"))
    return rows


def _beside_plan(found: dict[str, Measurement], base: float) -> Row:
    plan = found.get("plan", Measurement(0.0, PLAN_IN_FLOORS * base, 0.0))
    share = found["infrastructure"].cpu / plan.cpu
    ratio = f"{plan.cpu / base:.1f} times the floor; a rehearsal takes {share:.2f} times that"
    if plan.wall:
        ratio += f", {found['infrastructure'].wall / plan.wall:.2f} times its wall time"
    what = PLAN if plan.wall else f"{PLAN}, as recorded"
    return Row(what, plan, ratio, share, MOST_OF_A_PLAN, f"{MOST_OF_A_PLAN} times that")


def _machine() -> str:
    return f"Python {platform.python_version()}, {os.cpu_count()} cores with a load of {os.getloadavg()[0]:.0f}"


if __name__ == "__main__":
    main()
