"""The commands `workbuoy policies ...`: what the catalogue and a recorded graph say, without an engine."""

import json
from pathlib import Path

import click

from operations.review.command import CHECK_FAILED, FILE, MISTAKE, fail, plainly
from policies.catalogue import catalogue
from policies.documentation import page as controls_page
from policies.graph import Resource, read_graph
from policies.permissions import matrix as permissions
from policies.permissions.linter import lint as lint_graph
from policies.runner import Report
from policies.runner import check as check_graph
from policies.settings import read_configuration

GRAPH = click.option("--graph", type=FILE, required=True, help="A graph that a rehearsal recorded.")


@click.group()
def policies() -> None:
    """Controls and permissions: what must hold, and who may do what."""


@policies.command()
@click.option("--output", type=FILE, help="Write the page here instead of printing it.")
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
@GRAPH
@click.option("--environment", default="prod", show_default=True, help="Environment or stack to judge it as.")
@click.option("--region", "regions", multiple=True, help="A region that residency allows; may be given again.")
@click.option("--policy-config", type=FILE, help="Settings of the policies, as `--policy-pack-config` takes them.")
@click.option("--json", "json_wanted", is_flag=True, help="Print the whole catalogue with its verdicts as JSON.")
@plainly
def check(
    graph: Path, environment: str, regions: tuple[str, ...], policy_config: Path | None, json_wanted: bool
) -> None:
    """Judge a recorded graph by every control. Exits with 3 where a mandatory one fails."""
    configuration = read_configuration(policy_config) if policy_config else None
    report = check_graph(read_graph(graph), environment, configuration, allowed_regions=regions)
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
@GRAPH
@click.option("--json", "json_wanted", is_flag=True, help="Print the faults as JSON.")
@plainly
def lint(graph: Path, json_wanted: bool) -> None:
    """Lint every policy document of a recorded graph. Exits with 3 where one has a fault."""
    faults = lint_graph(_some(graph))
    if json_wanted:
        click.echo(json.dumps([{"urn": f.urn, "rule": f.rule, "message": f.message} for f in faults], indent=2))
    else:
        for fault in faults:
            click.echo(f"{fault.urn.rpartition('::')[2]}.{fault.property}: {fault.rule}: {fault.message}")
    if faults:
        fail(CHECK_FAILED, f"{len(faults)} faults in policy documents")


@policies.command()
@GRAPH
@click.option("--json", "json_wanted", is_flag=True, help="Print the grants as JSON.")
@plainly
def matrix(graph: Path, json_wanted: bool) -> None:
    """Print who may do what: role x action x resource, one grant a line."""
    resources = _some(graph)
    found = permissions.grants(resources)
    if json_wanted:
        rows = [{"role": g.role, "action": g.action, "resource": g.resource, "effect": g.effect} for g in found]
        click.echo(json.dumps(rows, indent=2))
    else:
        stack = resources[0].urn.removeprefix("urn:pulumi:").split("::")[0]
        click.echo(permissions.page(stack, found), nl=False)


def _some(graph: Path) -> list[Resource]:
    resources = read_graph(graph)
    if not resources:
        fail(MISTAKE, f"{graph}: no resource in it")
    return resources
