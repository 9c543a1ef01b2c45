"""The commands `workbuoy policies ...`: what the catalogue and a graph say, without an engine."""

from pathlib import Path

import click

from operations.ending import CHECK_FAILED, JSON, fail, print_json, print_page, print_result, report_errors
from operations.help import Commands
from operations.review.command import FILE
from project.terminal import count

GRAPH = click.option("--graph", type=FILE, help="What `rehearse --json` printed, instead of what STACK declares.")
STACK = click.argument("stack", required=False)
OUTPUT = click.option("--output", type=FILE, help="Write the page here instead of printing it.")


@click.group(cls=Commands)
def policies() -> None:
    """Controls and permissions: what must hold, and who may do what."""


@policies.command()
@OUTPUT
@click.option("--check", "only_check", is_flag=True, help="Only say whether the file of --output is up to date.")
@report_errors
def document(output: Path | None, only_check: bool) -> None:
    """Print the page of all controls (docs/controls.md)."""
    from policies.documentation import page

    if output is None:
        print_page(page())
    elif not only_check:
        output.write_text(page(), encoding="utf-8")
    elif not output.exists() or output.read_text(encoding="utf-8") != page():
        fail(CHECK_FAILED, f"{output}: stale; run `workbuoy policies document --output {output}`")


@policies.command()
@STACK
@GRAPH
@click.option("--environment", help="Judge it as this environment; by default the one of its stack.")
@click.option("--region", "regions", multiple=True, help="A region that residency allows; may be given again.")
@click.option("--policy-config", type=FILE, help="Settings of the policies, as `--policy-pack-config` takes them.")
@JSON
@report_errors
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
    _one_source(stack, graph)
    from operations.outputs.policies import PoliciesCheck
    from operations.review import perform_policies as perform

    report = perform.check(stack, graph, environment, regions, policy_config)
    document = PoliciesCheck.of(report).as_document()
    print_result("policies-check", document, perform.findings(report), json_wanted=json_wanted)
    if report.failed:
        fail(CHECK_FAILED, f"{len(report.violations)} mandatory findings")


@policies.command()
@STACK
@GRAPH
@JSON
@report_errors
def lint(stack: str | None, graph: Path | None, json_wanted: bool) -> None:
    """Lint every policy document of STACK, or of a recorded graph. Exits with 3 where one has a fault."""
    _one_source(stack, graph)
    from operations.review import perform_policies as perform

    faults = perform.lint(stack, graph)
    rows, text = perform.fault_rows(faults), perform.fault_lines(faults)
    print_result("policies-lint", {"faults": rows}, text, json_wanted=json_wanted)
    if faults:
        fail(CHECK_FAILED, f"{count(len(faults), 'fault')} in policy documents")


@policies.command()
@STACK
@GRAPH
@OUTPUT
@JSON
@report_errors
def matrix(stack: str | None, graph: Path | None, output: Path | None, json_wanted: bool) -> None:
    """Print who may do what in STACK: role x action x resource, one grant a line (docs/permissions.md)."""
    _one_source(stack, graph)
    from operations.review import perform_policies as perform

    page, rows = perform.matrix(stack, graph)
    if output:
        output.write_text(page, encoding="utf-8")
    if json_wanted:
        print_json("policies-matrix", {"grants": rows})
    elif not output:
        print_page(page)


def _one_source(stack: str | None, graph: Path | None) -> None:
    if (stack is None) == (graph is None):
        raise click.UsageError("Name either STACK or --graph FILE.")
