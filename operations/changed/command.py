"""`workbuoy changed`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from infra.problems import Problem, ProblemsError
from infra.suggestion import suggestion
from operations.ending import JSON, MISTAKE, fail, notify, print_json, print_text, report_errors

if TYPE_CHECKING:
    from operations.changed.estate import ListedEstate
    from operations.changed.touched import Touched


@click.command()
@click.option("--since", metavar="REF", help="Compare with where this branch left REF, such as main.")
@click.option("--all", "all_of_it", is_flag=True, help="Name every stack and tenant, changed or not.")
@click.option("--tenant", metavar="NAME", help="Name this tenant alone.")
@click.option("--stack", metavar="STACK", help="Name this stack alone, a base or a customer's own.")
@JSON
@click.option("--github-output", is_flag=True, help="Also write the matrices of the workflows into $GITHUB_OUTPUT.")
@report_errors
def changed(
    *,
    since: str | None,
    all_of_it: bool,
    tenant: str | None,
    stack: str | None,
    json_wanted: bool,
    github_output: bool,
) -> None:
    """Report which stacks and tenants a change touches, and which accounts' bootstrap, by its files.

    Committed or not. Shared code touches all of them, a stack's file that stack and the silos on it, a tenant's file
    that tenant; documentation, tests and workflows touch none. What no rule knows touches all.
    """
    if sum((since is not None, all_of_it, tenant is not None, stack is not None)) != 1:
        raise click.UsageError("Name exactly one of --since REF, --all, --tenant NAME and --stack STACK.")
    from operations.changed.estate import read_estate
    from operations.changed.matrices import as_json, matrices
    from operations.workflow import write_outputs
    from project.accounts import find_account_problems
    from project.files import find_project

    project = find_project(Path.cwd())
    estate = read_estate(project.root)
    change = _one_stack(estate, stack) if stack is not None else _change(project.root, estate, since, tenant)
    if github_output:
        outputs = matrices(change)
        write_outputs(outputs)
        if outputs["unseen"]:
            notify(outputs["unseen"])
    if json_wanted:
        print_json("changed", as_json(change))
    else:
        _print(change)
    for base in change.bases:
        if not base.reachable:
            notify(f"{base.stack}: its account is a placeholder, so it can be rehearsed only")
        for problem in find_account_problems(project, base.stack):
            notify(f"{base.stack}: {problem}")


def _change(root: Path, estate: "ListedEstate", since: str | None, tenant: str | None) -> "Touched":
    from operations.changed.files import changed_files
    from operations.changed.touched import Touched, everything, touched

    if tenant is not None:
        if tenant not in estate.customers:
            known = ", ".join(estate.customers) or "none"
            raise ProblemsError(
                [Problem(message=f"{tenant}: no such tenant; there are {known}{suggestion(tenant, estate.customers)}")]
            )
        return Touched(bases=(), customers=(estate.customers[tenant],), named=frozenset({tenant}))
    files = changed_files(root, since) if since is not None else None
    return everything(estate) if files is None else touched(files, estate)


def _one_stack(estate: "ListedEstate", stack: str) -> "Touched":
    from operations.changed.touched import Touched, everything

    whole = everything(estate)
    found = Touched(
        bases=tuple(one for one in whole.bases if one.stack == stack),
        customers=tuple(one for one in whole.silos if one.stack == stack),
        named=whole.named,
    )
    if not (found.bases or found.customers):
        known = [*(one.stack for one in whole.bases), *(one.stack for one in whole.silos)]
        raise ProblemsError(
            [Problem(message=f"{stack}: no such stack; there are {', '.join(known)}{suggestion(stack, known)}")]
        )
    return found


def _print(change: "Touched") -> None:
    from operations.changed.touched import place_of

    for base in change.bases:
        new = ", new" if base.stack in change.new else ""
        print_text(f"stack   {base.stack}  ({base.environment}, {base.account}, {base.region}{new})")
    for customer in (place for one in change.customers for place in one.places):
        new = ", new" if customer.stack in change.new else ""
        print_text(f"tenant  {customer.tenant}  ({customer.isolation}, stack {customer.stack}{new})")
    for account in change.accounts:
        new = ", new" if place_of(account) in change.new else ""
        print_text(f"account {account}  (bootstrap{new})")
    for file in change.removed:
        print_text(f"gone    {file}")
    if not (change.bases or change.customers or change.accounts or change.removed):
        print_text("No stack and no tenant is touched.")


@click.command("require-branch")
@click.argument("branch")
def require_branch(branch: str) -> None:
    """Stop unless this runs for BRANCH: in a workflow the ref that it runs for, elsewhere the branch checked out."""
    ref, event = os.environ.get("GITHUB_REF") or _checked_out(), os.environ.get("GITHUB_EVENT_NAME", "")
    if ref == f"refs/heads/{branch}" and not event.startswith("pull_request"):
        return
    place = f"{ref or 'no branch'}{f' ({event})' if event else ''}"
    fail(MISTAKE, f"this runs for {place}; only {branch} may go on from here: merge first")


def _checked_out() -> str:
    from project.git import git_text

    return (git_text(Path.cwd(), "symbolic-ref", "--quiet", "HEAD") or "").strip()
