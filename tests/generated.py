"""Every file that is made from the code, each with the function that makes its text: `make generate` writes them.

A function is given the file's path, since some keep part of what stands there. A stale file fails a test by name
(`tests/test_generated.py`), which CI runs.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import bootstrap.schema
import infra.schema
from monitoring.files import files
from operations.cost.estimate import Estimate, estimate
from operations.cost.prices import read_prices
from operations.cost.table import table
from operations.limits import uses
from operations.limits.page import page as limits_page
from operations.monitor import watched_in
from operations.outputs import models as outputs
from policies import documentation
from policies.permissions import matrix
from project.files import find_project
from rehearsal.as_graph import graph_of
from tests.bootstrap.conftest import ACCOUNTS, BOOTSTRAP
from tests.conftest import PROJECT, ROOT, SILOS, STACKS, Graph, declared_graph
from tests.declared import DECLARE, declared_once
from tests.infra.test_urns import lost_names
from tests.policies.provider import provider_inputs
from tests.rehearsal.checks import page as aws_limits

Generator = Callable[[Path], str]

README: Final = ROOT / "README.md"
SUM: Final = re.compile(r"^(\| `([a-z0-9-]+)` \| .+ \| )[\d.]+ \|$", re.MULTILINE)
EXCERPT: Final = (
    r"prod \(",
    r"  \S",
    r"Policies",
    r"The service, started as declared",
    r" +[\d.]+ s  login:",
    r" +[\d.]+ s  a record",
    r" +[\d.]+ s  an attachment:",
    r" +[\d.]+ s  another tenant is refused",
    r"moto is not AWS",
    r"later update",
)
_BEFORE_THE_RUN: Final = "like this:"
_DEV_TABLE: Final = re.compile(r"(?<=```\n)dev \(.*?\n(?=```)", re.DOTALL)
_ENDPOINTS: Final = re.compile(r"\d+ % of\s+this sum is for \d+ interface endpoints")


@cache
def account_graph(environment: str) -> Graph:
    """What bootstrap declares for an environment's account."""
    return Graph(declared_once(find_project(BOOTSTRAP), environment, DECLARE))


def urns(path: Path, graph: Graph) -> str:
    """The list of permanent logical names.

    A name that was lost without an alias stays, so that the test which guards it still fails: if its resource is meant
    to be deleted, delete its line by hand.
    """
    committed = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    resources = graph.rehearsal.resources
    return "\n".join(sorted({*(one.urn for one in resources), *lost_names(committed, resources)})) + "\n"


def first_day(path: Path) -> str:
    """The page with the costs that `workbuoy cost` prints."""
    dev = _cost("dev")
    endpoints = [one for one in dev.lines if one.name == "vpc-endpoint-interface"]
    share = sum(one.usd_per_month for one in endpoints) / dev.usd_per_month
    count = sum(one.quantity for one in endpoints)
    text = _DEV_TABLE.sub(lambda _: table(dev).split("\n\nBy use")[0] + "\n", path.read_text(encoding="utf-8"))
    text = _ENDPOINTS.sub(f"{share:.0%} of this sum is for {count:f} interface endpoints".replace("%", " %"), text)
    return SUM.sub(lambda row: f"{row[1]}{_cost(row[2]).usd_per_month:.2f} |", text)


@cache
def _cost(stack: str) -> Estimate:
    return estimate(graph_of(declared_graph(stack).rehearsal), read_prices())


def readme(path: Path) -> str:
    """The page with what a rehearsal of prod prints; as it stands where only times and traffic are others."""
    before, shown, after = _shown(path.read_text(encoding="utf-8"))
    wanted = excerpt(_rehearsal_of_prod())
    return f"{before}{shown if _lasting(wanted) == _lasting(shown) else wanted}{after}"


@cache
def _rehearsal_of_prod() -> str:
    """What `workbuoy rehearse prod` prints, of one run however often it is asked for."""
    command = [str(Path(sys.executable).parent / "workbuoy"), "rehearse", "prod"]
    return subprocess.run(
        command,
        cwd=PROJECT,
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    ).stdout


def excerpt(printed: str) -> str:
    """The lines of a rehearsal that a reader's first look needs, with dots for each part that is left out.

    Raises LookupError where a line is no longer printed.
    """
    lines, shown, last = printed.splitlines(), list[str](), -1
    for beginning in EXCERPT:
        place = next((at for at, line in enumerate(lines) if at > last and re.match(beginning, line)), None)
        if place is None:
            raise LookupError(f"no line of the rehearsal begins with {beginning!r} any more: mend EXCERPT")
        shown += ["..."] if place > last + 1 else []
        shown.append(lines[place])
        last = place
    return "\n".join(shown)


def _shown(page: str) -> tuple[str, str, str]:
    head, rest = page.split(f"{_BEFORE_THE_RUN}\n\n```\n", 1)
    shown, tail = rest.split("\n```", 1)
    return f"{head}{_BEFORE_THE_RUN}\n\n```\n", shown, f"\n```{tail}"


def _lasting(printed: str) -> list[str]:
    """The words without what changes from run to run: times, traffic, and with them where a line is broken."""
    passing = r"\d+\.\d+(?= s\b)|\d+(?=\s+(?:rotations|connections|requests|series|log\s+lines)\b)"
    return re.sub(passing, "N", printed).split()


def limits(_: Path) -> str:
    """How many silos of the example's size fit."""
    base, silo = (graph_of(declared_graph(stack).rehearsal) for stack in ("prod", "prod-acme"))
    return limits_page(base, silo)


def limit_uses(_: Path) -> str:
    """What the examples take of each limit."""
    return uses.rendered(*(graph_of(declared_graph(stack).rehearsal) for stack in ("prod", "prod-acme")))


def permissions(_: Path) -> str:
    """Who may do what in prod."""
    return matrix.page("prod", matrix.grants(graph_of(declared_graph("prod").rehearsal).resources))


def taggable(_: Path) -> str:
    """The provider's resource types that take tags."""
    return "\n".join(sorted(token for token, inputs in provider_inputs().items() if "tags" in inputs)) + "\n"


def _schema(schema: Callable[[], dict[str, Any]], _: Path) -> str:
    return infra.schema.render(schema())


@cache
def monitoring_files() -> Mapping[str, str]:
    """What `workbuoy monitor prod` writes for the example project, with a stand-in for its account."""
    return files(watched_in(find_project(PROJECT), "prod")[0])


def _monitoring(name: str, _: Path) -> str:
    return monitoring_files()[name]


def _generators() -> Iterator[tuple[Path, Generator]]:
    for path, schema in infra.schema.SCHEMAS.items():
        yield path, partial(_schema, schema)
    yield bootstrap.schema.SCHEMA_FILE, lambda _: bootstrap.schema.render_schema()
    for stack in (*STACKS, *SILOS):
        yield ROOT / f"tests/infra/urns/{stack}.txt", lambda path: urns(path, declared_graph(path.stem))
    for environment in ACCOUNTS:
        yield ROOT / f"tests/bootstrap/urns/{environment}.txt", lambda path: urns(path, account_graph(path.stem))
    yield ROOT / "policies/taggable.txt", taggable
    yield ROOT / "docs/controls.md", lambda _: documentation.page()
    yield ROOT / "docs/permissions.md", permissions
    yield ROOT / "docs/limits.md", limits
    yield uses.FILE, limit_uses
    yield ROOT / "docs/json.md", lambda _: outputs.page()
    for name in outputs.OUTPUTS:
        yield ROOT / "docs/schemas" / outputs.file_of(name), partial(outputs.schema_text, name)
    yield ROOT / "docs/aws-limits.md", lambda _: aws_limits.page()
    yield ROOT / "docs/first-day.md", first_day
    for name in monitoring_files():
        yield ROOT / "monitoring/example" / name, partial(_monitoring, name)
    yield README, readme


GENERATORS: Final[Mapping[Path, Generator]] = dict(_generators())


def stale(path: Path, generator: Generator) -> str | None:
    """The text that a file should have, or None where it has it."""
    text = generator(path)
    return None if path.exists() and path.read_text(encoding="utf-8") == text else text


def main() -> None:
    """Write every stale file and name it."""
    for path, generator in GENERATORS.items():
        if (text := stale(path, generator)) is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
