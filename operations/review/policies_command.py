"""The commands `workbuoy policies ...`: what the catalogue and a recorded graph say, without an engine."""

import json
from pathlib import Path

import click

from operations.review.command import CHECK_FAILED, FILE, MISTAKE, fail, plainly
from policies.catalogue import catalogue
from policies.documentation import page as controls_page
from policies.exemptions import stack_of
from policies.graph import Resource, read_graph
from policies.permissions import matrix as permissions
from policies.permissions.linter import lint as lint_graph
from policies.runner import Report
from policies.runner import check as check_graph
from policies.settings import read_configuration

GRAPH = click.option("--graph", type=FILE, help="A recorded graph instead of what STACK declares.")
STACK = click.argument("stack", required=False)
OUTPUT = click.option("--output", type=FILE, help="Write the page here instead of printing it.")


@click.group()
def policies() -> None:
    """Controls and permissions: what must hold, and who may do what."""


@policies.command()
@OUTPUT
@click.option("--check", "only_check", is_flag=True, help="Only say whether the file of --output is up to date.")
@plainly
def document(output: Path | None, only_check: bool) -> None:
    """Print the page of all controls (docs/controls.md)."""
    if output is None:
        click.echo(controls_page(), nl=False)
    elif not only_check:
        output.write_text(controls_page(), encoding="utf-8")
    elif not output.exists() or output.read_text(encoding="utf-8") != controls_page():
        fail(CHECK_FAILED, f"{output}: stale; run `workbuoy policies document --output {output}`")


@policies.command()
@STACK
@GRAPH
@click.option("--environment", help="Judge it as this environment; by default the one of its stack.")
@click.option("--region", "regions", multiple=True, help="A region that residency allows; may be given again.")
@click.option("--policy-config", type=FILE, help="Settings of the policies, as `--policy-pack-config` takes them.")
@click.option("--json", "json_wanted", is_flag=True, help="Print the whole catalogue with its verdicts as JSON.")
@plainly
def check(
    *,
    stack: str | None,
    graph: Path | None,
    environment: str | None,
    regions: tuple[str, ...],
    policy_config: Path | None,
    json_wanted: bool,
) -> None:
    """Judge what STACK declares, or a recorded graph, by every control. Exits with 3 where a mandatory one fails."""
    configuration = read_configuration(policy_config) if policy_config else None
    resources = _resources(stack, graph)
    if stack and not regions:
        from operations.review.recorded import residency_of  # noqa: PLC0415

        regions = tuple(residency_of(stack, Path.cwd()))
    report = check_graph(resources, environment or stack_of(resources[0].urn), configuration, allowed_regions=regions)
    if json_wanted:
        click.echo(json.dumps(report.as_json(), indent=2))
    else:
        _print(report)
    if report.failed:
        fail(CHECK_FAILED, f"{len(report.violations)} mandatory findings")


def _print(report: Report) -> None:
    for finding in (*report.having("fail"), *report.having("not evaluated")):
        ids = ", ".join(finding.ids)
        click.echo(f"{finding.severity:8}  {finding.level:9}  {finding.status}  [{ids}] {finding.message}")
    counts = ", ".join(f"{len(report.having(s))} {s}" for s in ("pass", "fail", "not evaluated", "exempt"))
    click.echo(f"{len(catalogue())} controls as in {report.environment}: {counts}")


@policies.command()
@STACK
@GRAPH
@click.option("--json", "json_wanted", is_flag=True, help="Print the faults as JSON.")
@plainly
def lint(stack: str | None, graph: Path | None, json_wanted: bool) -> None:
    """Lint every policy document of STACK, or of a recorded graph. Exits with 3 where one has a fault."""
    faults = lint_graph(_resources(stack, graph))
    if json_wanted:
        click.echo(json.dumps([{"urn": f.urn, "rule": f.rule, "message": f.message} for f in faults], indent=2))
    else:
        for fault in faults:
            click.echo(f"{fault.urn.rpartition('::')[2]}.{fault.property}: {fault.rule}: {fault.message}")
    if faults:
        fail(CHECK_FAILED, f"{len(faults)} faults in policy documents")


@policies.command()
@STACK
@GRAPH
@OUTPUT
@click.option("--json", "json_wanted", is_flag=True, help="Print the grants as JSON.")
@plainly
def matrix(stack: str | None, graph: Path | None, output: Path | None, json_wanted: bool) -> None:
    """Print who may do what in STACK: role x action x resource, one grant a line (docs/permissions.md)."""
    resources = _resources(stack, graph)
    found = permissions.grants(resources)
    if json_wanted:
        rows = [{"role": g.role, "action": g.action, "resource": g.resource, "effect": g.effect} for g in found]
        click.echo(json.dumps(rows, indent=2))
        return
    text = permissions.page(stack_of(resources[0].urn), found)
    if output:
        output.write_text(text, encoding="utf-8")
    else:
        click.echo(text, nl=False)


def _resources(stack: str | None, graph: Path | None) -> list[Resource]:
    if (stack is None) == (graph is None):
        raise click.UsageError("Name either STACK or --graph FILE.")
    if graph:
        resources = read_graph(graph)
        if not resources:
            fail(MISTAKE, f"{graph}: no resource in it")
        return resources
    from operations.review.recorded import declare  # noqa: PLC0415 - half a second that a file does not need

    return declare(str(stack), Path.cwd())
