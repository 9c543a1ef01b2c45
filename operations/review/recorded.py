"""A rehearsal's resources in the form that the policies judge."""

from pathlib import Path
from typing import Any

from infra.problems import ProblemsError
from operations.review.errors import InputError
from policies.graph import Resource, with_identities
from rehearsal.as_json import masked
from rehearsal.errors import ProgramError, RefusedError
from rehearsal.program import find_project, read_config
from rehearsal.result import Rehearsal, Rehearsed, State
from rehearsal.run import Options, rehearse


def recorded_graph(rehearsal: Rehearsal) -> list[Resource]:
    """Every resource of a rehearsal, providers and components included: providers place what names no region."""
    return [
        Resource(
            urn=one.urn,
            type=one.type,
            name=one.name,
            properties=_properties(one),
            parent=one.declared.parent,
            provider=one.declared.provider,
            dependencies=one.declared.dependencies,
            property_dependencies=one.declared.property_dependencies,
            protect=one.declared.protect,
            retain_on_delete=one.declared.retain_on_delete,
            aliases=one.declared.aliases,
        )
        for one in rehearsal.resources
    ]


def _properties(one: Rehearsed) -> dict[str, Any]:
    """What is declared wins over what was made: defaults and inventions of a rehearsal are not the program's."""
    declared = masked(one.declared.properties, one.declared.secret_paths)
    return dict(declared) if one.state is State.COMPONENT else with_identities(declared, one.outputs, one.id)


def declare(stack: str, start: Path) -> list[Resource]:
    """The graph that a stack's program declares, without creating anything; it is the same in every run.

    Raises InputError for an unknown stack, wrong settings or a program that fails.
    """
    try:
        return recorded_graph(rehearse(find_project(start), stack, Options(declare_only=True)))
    except ProblemsError as error:
        raise InputError(*map(str, error.problems)) from error
    except (RefusedError, ProgramError) as error:
        raise InputError(f"{stack}: {' '.join(str(error).split())}") from error


def residency_of(stack: str, start: Path) -> list[str]:
    """The regions that a stack's settings allow."""
    settings = read_config(find_project(start), stack).get("workbuoy:settings")
    return list(settings.get("residency") or ()) if isinstance(settings, dict) else []
