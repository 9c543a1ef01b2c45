"""`workbuoy doctor`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from operations.ending import CHECK_FAILED, JSON, fail, notify, print_result, report_errors
from project.terminal import wrapped

if TYPE_CHECKING:
    from operations.doctor.finding import Finding, Purpose
    from project.files import Project


@click.command()
@click.argument("stack", required=False)
@click.option(
    "--for",
    "purpose",
    type=click.Choice(["rehearse", "deploy"]),
    default="rehearse",
    show_default=True,
    help="What must be possible for exit code 0.",
)
@JSON
@report_errors
def doctor(*, stack: str | None, purpose: "Purpose", json_wanted: bool) -> None:
    """Report what is here and what is missing, each with the one command that puts it right.

    With STACK, also whether its account, region, backend and secrets provider fit. Changes nothing. Exits with 3
    where something is missing that --for needs.
    """
    from project.files import find_project

    findings = _look(find_project(Path.cwd()), stack)
    against = [one.name for one in findings if one.stands_against(purpose)]
    document = {"for": purpose, "ready": not against, "findings": _rows(findings)}
    print_result("doctor", document, _table(findings), json_wanted=json_wanted)
    if against:
        fail(CHECK_FAILED, f"not ready to {purpose}: {', '.join(against)}")
    if not json_wanted:
        notify(f"Ready to {purpose}.")


def _look(project: "Project", stack: str | None) -> "list[Finding]":
    """All looks, in the order in which a person puts things right. Raises ProblemsError for an unknown stack."""
    from infra.tenants.listing import record_path
    from operations.doctor import account, engine, machine
    from operations.doctor.finding import ALWAYS, Finding
    from project.accounts import find_account_problems
    from project.files import read_config
    from project.placement import PlacementError, placement_of
    from project.silos import base_of, tenant_of

    app = project.root / "app"
    findings = [machine.python(), machine.service(app), machine.postgres(app)]
    findings += [machine.image_tools(), machine.image_runner(), machine.browser()]
    place, base, tenant = None, None, None
    if stack:
        base, tenant = base_of(project, stack), tenant_of(project, read_config(project, stack))
        try:
            place = placement_of(project, stack)
        except PlacementError as error:
            for problem in error.problems:
                mend = f"$EDITOR {problem.file or project.stack_file(stack).name}"
                findings.append(Finding(name="stack", state="wrong", found=str(problem), mend=mend))
        for problem in find_account_problems(project, stack):
            mend = f"$EDITOR {problem.file}"
            findings.append(Finding(name="bootstrap", state="wrong", found=str(problem), mend=mend, needed_for=ALWAYS))
    found, cli = engine.cli()
    findings.append(found)
    if cli:
        findings += [*engine.provider_plugins(cli), engine.backend(cli, place)]
    if stack and place:
        make = f"workbuoy tenant deploy {tenant}" if tenant else f"workbuoy deploy {stack} --create"
        findings.append(engine.secrets_provider(stack, project.stack_file(stack), place, make))
    settings = f"Pulumi.{base or stack}.yaml"
    files = account.Files(account=settings, residency=record_path(project.root, tenant) if tenant else settings)
    return [*findings, *account.account(stack or "", place, files)]


def _rows(findings: "list[Finding]") -> list[dict[str, object]]:
    return [
        {
            "name": one.name,
            "state": one.state,
            "found": one.found,
            "mend": one.mend or None,
            "neededFor": sorted(one.needed_for),
        }
        for one in findings
    ]


def _table(findings: "list[Finding]") -> str:
    width = max(len(one.name) for one in findings) + 2
    lines: list[str] = []
    for one in findings:
        head = f"{one.state:<8} {one.name:<{width}}"
        mend = f" -> {one.mend}" if one.mend else ""
        indent = " " * len(head)
        lines += wrapped(one.found, head, indent)
        if mend:
            lines.append(f"{indent}{mend.strip()}")
    return "\n".join(lines)
