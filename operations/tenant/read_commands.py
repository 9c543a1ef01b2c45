"""`workbuoy tenant list`, `show` and `check`."""

from pathlib import Path

import click

from operations.ending import JSON, MISTAKE, fail, notify, print_json, print_result, print_text, report_errors, warn
from project.terminal import count


@click.command("list")
@JSON
@report_errors
def list_tenants(*, json_wanted: bool) -> None:
    """List all customers. What is wrong with their files goes to stderr, and the exit code is then 1."""
    from operations.tenant.facts import facts_of, table
    from operations.tenant.files_check import read_checked
    from project.files import find_project

    read = read_checked(find_project(Path.cwd()).root)
    if json_wanted:
        print_json("tenant-list", {"tenants": [facts_of(one) for one in read.tenants]})
    else:
        print_text(table(read.tenants))
    if read.problems:
        fail(MISTAKE, *map(str, read.problems))


@click.command()
@click.argument("name")
@click.option("--outputs", "with_outputs", is_flag=True, help="Also what its deployed stack says, by the engine.")
@JSON
@report_errors
def show(*, name: str, with_outputs: bool, json_wanted: bool) -> None:
    """Show everything about one customer."""
    from infra.tenants.files import find_tenant_problems, read_tenant
    from operations.tenant.facts import page, whole_facts
    from project.files import find_project

    project = find_project(Path.cwd())
    tenant = read_tenant(project.root, name)
    facts = whole_facts(tenant)
    problems = find_tenant_problems(project.root, tenant)
    if with_outputs:
        from operations.engine.stack import open_stack  # imports Pulumi

        facts["outputs"] = open_stack(project, tenant.stack, notify=notify).outputs()
    print_result("tenant-show", facts, page(facts), json_wanted=json_wanted)
    if problems:
        fail(MISTAKE, *map(str, problems))


@click.command()
@click.option("--since", metavar="REF", help="Also compare with where this branch left REF, such as main.")
@JSON
@report_errors
def check(*, since: str | None, json_wanted: bool) -> None:
    """Check all customers' files, alone and together.

    With --since also what a change must not do: move a customer to another region or base stack, change its isolation
    other than by a promotion, or take away its file without the record of its leaving.
    """
    from operations.fleet.plan import find_fleet_problems
    from operations.tenant.files_check import find_warnings, read_checked
    from operations.tenant.history import find_forbidden_changes
    from project.files import find_project

    root = find_project(Path.cwd()).root
    read = read_checked(root)
    problems = [
        *read.problems,
        *find_fleet_problems(root, read.tenants),
        *(find_forbidden_changes(root, since) if since is not None else ()),
    ]
    warnings = find_warnings(root, read.tenants)
    for warning in warnings:
        warn(warning)
    if json_wanted:
        rows = [{"file": one.file, "line": one.line, "path": one.path, "message": one.message} for one in problems]
        print_json("tenant-check", {"tenants": len(read.tenants), "problems": rows, "warnings": warnings})
    if problems:
        fail(MISTAKE, *map(str, dict.fromkeys(problems)))
    if not json_wanted:
        files = count(len(read.tenants), "customer's file is", "customers' files are")
        print_text(f"{files} in order.")
