"""Many customers at once: `python benchmarks/tenants.py [list|scheduler|rehearsal]`; without a word, all three.

`list` is `workbuoy tenant list` and `check` over that many files, each run a process of its own, beside the floor
under it: with the index that the run before wrote, and without.
`scheduler` is the run behind `workbuoy tenant deploy --all` against a stand-in for the stack operation that fails,
raises, hangs and ignores being stopped at random (seeded). The run is killed and interrupted in the middle and goes on
until everyone is done. `rehearsal` is benchmarks/tenants_rehearsal.py: prod with 1, 10, 50 and 99 silos.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import click

ROOT = Path(__file__).parent.parent
if __name__ == "__main__":
    sys.path[0] = str(ROOT)  # Python puts this folder first, where rehearsal.py would hide the package

from benchmarks.measuring import Measurement, measure, median  # noqa: E402
from benchmarks.tenants_rehearsal import main as rehearsal  # noqa: E402
from infra import yaml_index  # noqa: E402
from operations.tenant.deployment import every  # noqa: E402
from operations.tenant.deployment import journal as journals  # noqa: E402
from operations.tenant.deployment.every import DeployOptions, deploy_all, plan_all  # noqa: E402
from operations.tenant.deployment.scheduler import SiloOutcome, Stop  # noqa: E402

BOUND_SECONDS, BOUND_MB = 2.5, 120
RUNS = 5
ACCOUNT = "210000000003"
IMAGE = "sha256:" + "5eed" * 16
ON_ONE_BASE = 90  # docs/limits.md: 99 at most
TIMEOUT_SECONDS, GRACE_SECONDS = 0.25, 0.05
FLOOR = (sys.executable, "-c", "import click, yaml, pydantic")


def make_project(root: Path, customers: int) -> None:
    """A project with that many silos on as many base stacks as they need, in git: a run tells whether code changed."""
    record, stack = ((ROOT / name).read_text() for name in ("tenants/acme.yaml", "Pulumi.prod-acme.yaml"))
    base_text = (ROOT / "Pulumi.prod.yaml").read_text().replace("000000000003", ACCOUNT)
    (root / "tenants").mkdir(parents=True)
    (root / "fleet.yaml").write_text("canaries: [t0000]\n")
    (root / "infra").symlink_to(ROOT / "infra")
    (root / "Pulumi.yaml").write_text((ROOT / "Pulumi.yaml").read_text())
    (root / ".gitignore").write_text(".workbuoy/\nledger\n")
    for number in range(customers):
        name = f"t{number:04}"
        text = record.replace("acme", name).replace("listenerPriority: 100", f"listenerPriority: {number + 1}")
        text = text.replace("certificate/ac3e0000", f"certificate/{number:08}")
        base = f"prod-{number // ON_ONE_BASE}" if number >= ON_ONE_BASE else "prod"
        if number % ON_ONE_BASE == 0:
            (root / f"Pulumi.{base}.yaml").write_text(base_text)
        (root / f"tenants/{name}.yaml").write_text(text.replace("base: prod\n", f"base: {base}\n"))
        (root / f"Pulumi.{base}-{name}.yaml").write_text(stack.replace("acme", name))
    commit = ("-c", "user.name=b", "-c", "user.email=b@example.org", "commit", "--quiet", "--message", "all")
    for arguments in (("init", "--quiet"), ("add", "."), commit):
        subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True)


def repeated(command: tuple[str, ...], folder: Path, *, cold: bool = False) -> Measurement:
    """The median of five runs, after one that is not counted; `cold` takes the index away before each."""
    found = []
    for _ in range(RUNS + 1):
        if cold:
            (folder / yaml_index.FILE).unlink(missing_ok=True)
        found.append(measure(list(command), folder))
    return median(found[1:])


class StandIn:
    """An operation whose ways are drawn for each name and attempt; what it completed stands in a ledger."""

    def __init__(self, root: Path, seed: int) -> None:
        self._seed = seed
        self._ledger = os.open(root / "ledger", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        self._attempts = Counter(began for kind, began in read_ledger(root) if kind == "began")

    def __call__(self, name: str, stop: Stop) -> SiloOutcome:
        attempt = self._attempts[name]
        self._note("began", name)
        chance = random.Random(f"{self._seed} {name} {attempt}")  # noqa: S311
        way = chance.choices(["done", "failed", "raises", "hangs", "ignores"], [70, 10, 5, 10, 5])[0]
        if attempt >= 3 or way == "done":
            time.sleep(chance.uniform(0.001, 0.02))
            self._note("done", name)
            return SiloOutcome("done")
        if way == "failed":
            return SiloOutcome("failed", "DependencyViolation")
        if way == "raises":
            raise OSError("connection reset")
        stop.wait()
        while way == "ignores" and stop.times < 2:
            time.sleep(0.005)
        return SiloOutcome("interrupted", "cancelled")

    def _note(self, kind: str, name: str) -> None:
        os.write(self._ledger, f"{kind} {name}\n".encode())


def read_ledger(root: Path) -> list[tuple[str, str]]:
    """What the stand-in began and completed, in order."""
    with suppress(FileNotFoundError):
        return [(kind, name) for kind, _, name in (line.partition(" ") for line in open_lines(root / "ledger"))]
    return []


def open_lines(file: Path) -> list[str]:
    """The whole lines of a file."""
    return file.read_text().splitlines()


def disturbed_run(root: Path, seed: int, disturbances: int, parallel: int) -> dict[str, object]:
    """Run until everyone is done, killed and interrupted on the way; what the journal and the ledger tell of it."""
    chance = random.Random(seed)  # noqa: S311
    ends: list[int] = []
    command = (sys.executable, __file__, "once", str(root), "--seed", str(seed), "--parallel", str(parallel))
    began = time.perf_counter()
    while len(ends) < 50:
        process = subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if len(ends) < disturbances:
            size = journal_bytes(root)
            while journal_bytes(root) < size + 2_000 and process.poll() is None:
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.05))
            process.send_signal(signal.SIGKILL if len(ends) % 3 != 2 else signal.SIGINT)
        ends.append(process.wait())
        if ends[-1] == 0:
            break
    return {"seconds": time.perf_counter() - began, "ends": ends, **verdict(root)}


def journal_bytes(root: Path) -> int:
    """How much all journals hold."""
    return sum(file.stat().st_size for file in (root / journals.FOLDER).glob("*.jsonl"))


def verdict(root: Path) -> dict[str, object]:
    """States at the end, and who was done again although the journal said that it was done."""
    (file,) = (root / journals.FOLDER).glob("*.jsonl")
    recorded = journals.read(file)
    assert recorded is not None  # noqa: S101
    done_at: set[str] = set()
    twice: set[str] = set()
    for line in open_lines(file)[1:]:
        entry = json.loads(line)
        if entry["tenant"] in done_at:
            twice.add(entry["tenant"])
        if entry["state"] == "done":
            done_at.add(entry["tenant"])
    ledger = read_ledger(root)
    completed = {name for kind, name in ledger if kind == "done"}
    return {
        "operations": sum(kind == "began" for kind, _ in ledger),
        "states": dict(Counter(one.state for one in recorded.outcomes.values())),
        "lost": sorted(set(recorded.plan.tenants) - completed),
        "twice": sorted(twice),
    }


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Measure what many customers cost; exits with 3 where a bound is not kept."""
    if context.invoked_subcommand is None:
        ends = []
        for command in (list_customers, scheduler, rehearsal):
            click.echo(f"\n{command.name}")
            try:
                context.invoke(command)
            except SystemExit as end:
                ends.append(end.code)
        sys.exit(3 if any(ends) else 0)


@main.command("list")
@click.option("--customers", default=10_000, show_default=True)
def list_customers(customers: int) -> None:
    """`workbuoy tenant list` and `check`, beside their floor."""
    workbuoy = str(Path(sys.executable).parent / "workbuoy")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "project"
        make_project(root, customers)
        rows = {
            "python -c 'import click, yaml, pydantic'": repeated(FLOOR, root),
            "workbuoy --help": repeated((workbuoy, "--help"), root),
            "workbuoy tenant list, every file parsed": repeated((workbuoy, "tenant", "list"), root, cold=True),
            "workbuoy tenant list": repeated((workbuoy, "tenant", "list"), root),
            "workbuoy tenant check": repeated((workbuoy, "tenant", "check"), root),
            "workbuoy fleet plan": repeated((workbuoy, "fleet", "plan", "--image", IMAGE), root),
        }
    click.echo(f"{customers:,} customers {'':<27} wall     CPU     memory")
    for name, one in rows.items():
        click.echo(f"{name:<43} {one.wall:6.2f} s {one.cpu:6.2f} s {one.peak:6.0f} MB")
    bound = [rows[f"workbuoy {one}"] for one in ("tenant list", "tenant check", "fleet plan")]
    sys.exit(0 if all(one.wall <= BOUND_SECONDS and one.peak <= BOUND_MB for one in bound) else 3)


@main.command()
@click.option("--customers", default=1000, show_default=True)
@click.option("--parallel", default=16, show_default=True)
@click.option("--disturbances", default=6, show_default=True, help="Two kills, then an interruption, and so on.")
@click.option("--seed", default=1, show_default=True)
def scheduler(customers: int, parallel: int, disturbances: int, seed: int) -> None:
    """The scheduler of `deploy --all`, disturbed, until everyone is done."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "project"
        make_project(root, customers)
        found = disturbed_run(root, seed, disturbances, parallel)
    seconds, operations = float(str(found["seconds"])), int(str(found["operations"]))
    click.echo(f"{customers} customers, {parallel} at once, ends of the runs: {found['ends']}")
    click.echo(f"{operations} operations in {seconds:.1f} s: {operations / seconds:.0f} a second")
    click.echo(f"states at the end: {found['states']}; lost: {found['lost']}; done twice: {found['twice']}")
    good = found["states"] == {"done": customers} and not found["lost"] and not found["twice"]
    sys.exit(0 if good else 3)


@main.command(hidden=True)
@click.argument("root", type=click.Path(path_type=Path))
@click.option("--seed", type=int)
@click.option("--parallel", type=int)
def once(root: Path, seed: int, parallel: int) -> None:
    """One run, as `deploy --all` makes it, with the stand-in: 0 all done, 3 some failed, 130 interrupted."""
    every.GRACE_SECONDS = GRACE_SECONDS  # type: ignore[misc]
    options = DeployOptions(image=None, base=None, parallel=parallel, timeout_seconds=TIMEOUT_SECONDS, again=False)
    with journals.only_one(root / journals.FOLDER):
        result = deploy_all(root, options, plan_all(root, options), StandIn(root, seed))
    sys.exit(130 if result.interrupted else 3 if result.failed else 0)


main.add_command(rehearsal)

if __name__ == "__main__":
    main()
