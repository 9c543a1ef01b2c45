"""How long the policies take: the whole pack on prod's graph, on copies of it as many as tenants, and beside Checkov.

`python benchmarks/policies.py [--json]`. Medians of five runs in one process after one unmeasured run. Copies stand
for tenants until tenants' stacks exist: each is prod's whole graph under other names, which is more than a tenant has.
Checkov runs only where it is installed and a Terraform plan of an equivalent environment is named with
`--terraform-plan FILE`; it is never compared with a figure measured elsewhere.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

# Python puts this folder first, where this file would hide the package of the same name.
sys.path[0] = str(Path(__file__).parent.parent)

from benchmarks.measuring import median_seconds  # noqa: E402
from graph import Resource  # noqa: E402
from operations.review.recorded import declare  # noqa: E402
from policies import analyzer  # noqa: E402
from policies.permissions.linter import lint  # noqa: E402
from policies.runner import check  # noqa: E402

RUNS = 5
PROD_LIMIT_SECONDS = 0.050
TENANTS_LIMIT_SECONDS = 2.0
REGIONS = ["eu-west-1"]


def copied(graph: Sequence[Resource], copies: int) -> list[Resource]:
    """The graph `copies` times, each with names, ids and links of its own."""
    found: list[Resource] = []
    for number in range(copies):
        text = {r.urn: f"{r.urn}-{number}" for r in graph}
        found += [_copy(resource, text, str(number)) for resource in graph]
    return found


def _copy(resource: Resource, urns: dict[str, str], suffix: str) -> Resource:
    properties = {
        key: f"{value}-{suffix}" if key in ("id", "arn", "identifier") and isinstance(value, str) else value
        for key, value in resource.inputs.items()
    }
    return replace(
        resource,
        urn=urns[resource.urn],
        inputs=properties,
        provider=urns.get(resource.provider, resource.provider),
        parent=urns.get(resource.parent, resource.parent),
        dependencies=tuple(urns.get(urn, urn) for urn in resource.dependencies),
        property_dependencies={
            path: tuple(urns.get(urn, urn) for urn in named) for path, named in resource.property_dependencies.items()
        },
    )


def measure(plan: Path | None) -> list[dict[str, object]]:
    started = time.perf_counter()
    graph = declare("prod", Path.cwd())
    recorded = time.perf_counter() - started
    rows: list[dict[str, object]] = []

    def row(name: str, resources: int, function: Callable[[], object], limit: float | None = None) -> float:
        seconds = median_seconds(function, RUNS)
        rows.append({"what": name, "resources": resources, "seconds": seconds, "limit": limit})
        return seconds

    rows.append({"what": "recording prod's graph, imports included", "resources": len(graph), "seconds": recorded})
    row("prod, whole pack", len(graph), partial(check, graph, "prod", allowed_regions=REGIONS), PROD_LIMIT_SECONDS)
    row("prod, lint of every document", len(graph), partial(lint, graph))
    through = partial(analyzer.analyze, graph, "prod", allowed_regions=REGIONS)
    row("prod, through pulumi-policy's analyzer", len(graph), through)
    for copies in (1, 10, 50, 100):
        many = copied(graph, copies)
        limit = TENANTS_LIMIT_SECONDS if copies == 100 else None
        row(f"{copies} copies of prod", len(many), partial(check, many, "prod", allowed_regions=REGIONS), limit)
    rows += checkov(plan)
    return rows


def checkov(plan: Path | None) -> list[dict[str, object]]:
    """Checkov on a Terraform plan, where both are there; otherwise a loud line on stderr and no figure."""
    if shutil.which("checkov") is None or plan is None:
        reason = "checkov is not installed" if shutil.which("checkov") is None else "no --terraform-plan FILE was named"
        print(f"SKIPPED: Checkov was not measured: {reason}. No comparison is made.", file=sys.stderr)
        return []
    command = ["checkov", "--quiet", "--compact", "--file", str(plan)]
    seconds = median_seconds(lambda: subprocess.run(command, capture_output=True, check=False), RUNS)
    return [{"what": "Checkov on the Terraform plan, one process a run", "resources": 0, "seconds": seconds}]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--terraform-plan", type=Path, help="`terraform show -json` of an equivalent environment")
    arguments = parser.parse_args()
    rows = measure(arguments.terraform_plan)
    if arguments.json:
        print(json.dumps(rows, indent=2))
    else:
        _table(rows)
    late = [row for row in rows if row.get("limit") and float(str(row["seconds"])) > float(str(row["limit"]))]
    for row in late:
        print(f"error: {row['what']} took {row['seconds']:.3f} s, more than {row['limit']} s", file=sys.stderr)
    return 3 if late else 0


def _table(rows: Sequence[dict[str, object]]) -> None:
    print(f"median of {RUNS} runs\n\n{'':55} {'resources':>9} {'seconds':>9} {'us/resource':>12} {'limit':>7}")
    for row in rows:
        seconds, resources = float(str(row["seconds"])), int(str(row["resources"]))
        each = f"{seconds / resources * 1e6:12.0f}" if resources else f"{'':12}"
        limit = f"{row['limit']:7}" if row.get("limit") else ""
        print(f"{row['what']:55} {resources:9} {seconds:9.3f} {each} {limit}")


if __name__ == "__main__":
    sys.exit(main())
