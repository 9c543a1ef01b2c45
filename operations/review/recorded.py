"""A rehearsal's resources in the form that the policies judge."""

from pathlib import Path

from graph import Resource
from graph.errors import InputError
from infra.problems import ProblemsError
from project.files import find_project
from rehearsal.as_graph import graph_of
from rehearsal.errors import ProgramError, RefusedError
from rehearsal.run import Options, rehearse


def declare(stack: str, start: Path) -> list[Resource]:
    """The graph that a stack's program declares, without creating anything; it is the same in every run.

    Raises InputError for an unknown stack, wrong settings or a program that fails.
    """
    try:
        return list(graph_of(rehearse(find_project(start), stack, Options(declare_only=True))).resources)
    except ProblemsError as error:
        raise InputError(*map(str, error.problems)) from error
    except (RefusedError, ProgramError) as error:
        raise InputError(f"{stack}: {' '.join(str(error).split())}") from error
