"""A rehearsal's resources in the form that the policies judge."""

from pathlib import Path

from infra.problems import ProblemsError
from operations.review.errors import InputError
from policies.graph import Resource
from project.files import find_project
from rehearsal.errors import ProgramError, RefusedError
from rehearsal.policy_graph import policy_graph
from rehearsal.run import Options, rehearse


def declare(stack: str, start: Path) -> list[Resource]:
    """The graph that a stack's program declares, without creating anything; it is the same in every run.

    Raises InputError for an unknown stack, wrong settings or a program that fails.
    """
    try:
        return policy_graph(rehearse(find_project(start), stack, Options(declare_only=True)))
    except ProblemsError as error:
        raise InputError(*map(str, error.problems)) from error
    except (RefusedError, ProgramError) as error:
        raise InputError(f"{stack}: {' '.join(str(error).split())}") from error
