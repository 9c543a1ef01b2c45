"""What must hold of the files that an owner edits: stacks, customers, accounts. It judges them and copies no value."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from graph.errors import InputError
from infra.problems import ProblemsError
from operations.fleet.plan import find_fleet_problems
from operations.tenant.files_check import read_checked
from project.accounts import find_account_problems
from project.files import Project, find_project
from project.silos import base_of
from rehearsal.errors import RefusedError
from rehearsal.run import Options
from rehearsal.whole import rehearse_whole
from tests.declared import DECLARE, declared_once

Outputs = Mapping[str, Mapping[str, Any]]  # by stack


def judge(project: Project, stacks: Iterable[str] | None = None, bases: Outputs | None = None) -> list[str]:
    """Every problem of a project's customers and of its stacks (all, or these), a line each; none where all is well.

    `bases` are outputs of base stacks that need not be declared again for a customer's own stack.
    """
    read = read_checked(project.root)
    problems = [str(one) for one in (*read.problems, *find_fleet_problems(project.root, read.tenants))]
    for stack in project.stacks() if stacks is None else stacks:
        problems += _of_stack(project, stack, bases or {})
    return problems


def accounts(root: Path) -> Project:
    """The project of what each account needs once."""
    return find_project(root / "bootstrap")


def _of_stack(project: Project, stack: str, bases: Outputs) -> list[str]:
    try:
        problems = find_account_problems(project, stack)
        if (base := base_of(project, stack)) and base not in bases:
            bases = {base: declared_once(project, base, DECLARE).exports, **bases}
        options = Options(declare_only=True, references=bases)
        report = rehearse_whole(project, stack, options).policies
    except (ProblemsError, InputError) as mistake:
        return [str(one) for one in mistake.problems]
    except RefusedError as refused:
        return [f"{stack}: {refused}"]
    return [*map(str, problems), *(f"{stack}: {one.message}" for one in (report.violations if report else ()))]
