"""What bootstrap makes once in an account, as far as it is declared: roles of people and workflows, state, trail."""

from graph import Graph
from infra.problems import ProblemsError
from project.files import Project, find_project
from rehearsal.as_graph import graph_of
from rehearsal.errors import ProgramError, RefusedError
from rehearsal.result import Rehearsal
from rehearsal.run import Options, rehearse

_FOLDER = "bootstrap"


def declared_account(project: Project, base: Rehearsal) -> tuple[Graph | None, str]:
    """The graph of the account that a base stack stands in, or None and why it is not known."""
    folder = project.root / _FOLDER
    if not (folder / "Pulumi.yaml").is_file():
        return None, f"the account's own roles: there is no {_FOLDER}/"
    try:
        bootstrap = find_project(folder)
        # The one whose name the stack bears first: each takes as long to declare as a stack.
        for environment in sorted(bootstrap.stacks(), key=lambda one: not base.stack.startswith(one)):
            found = rehearse(bootstrap, environment, Options(declare_only=True))
            if found.account == base.account:
                return graph_of(found), ""
    except (ProblemsError, ProgramError, RefusedError) as error:
        return None, f"the account's own roles: {_FOLDER}/ cannot be declared: {' '.join(str(error).split())}"
    return None, f"the account's own roles: no file in {_FOLDER}/ is for account {base.account}"
