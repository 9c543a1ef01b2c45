"""Exemptions: a control that one resource need not meet, with the reason."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from components.settings import Settings
from graph.errors import InputError
from infra.environments import ENVIRONMENTS, Environment, environment_of
from infra.problems import Problem
from infra.suggestion import suggestion
from infra.yaml_text import locate
from policies.catalogue import catalogue
from policies.entries import entries_and_tree, name_of, valid_entries

FILE = Path(__file__).parent / "exemptions.yaml"


class Exemption(Settings):
    """One control that one resource need not meet, up to and including a day."""

    control: str
    urn: Annotated[
        str,
        Field(
            pattern=r"^urn:pulumi:(\*|[^*?\[:]+)::[^*?\[]+$",
            description="The whole URN; only its stack may be `*`, since each customer's stack is a further copy",
        ),
    ]
    until: Annotated[date, Field(description="The last day on which it exempts")]
    environments: tuple[Environment, ...] = ENVIRONMENTS
    reason: Annotated[str, Field(min_length=20)]

    def matches(self, urn: str) -> bool:
        same = urn == self.urn.replace("urn:pulumi:*::", f"urn:pulumi:{stack_of(urn)}::", 1)
        return same and environment_of(stack_of(urn)) in self.environments and self.until >= today()


def today() -> date:
    """The day by which exemptions end."""
    return datetime.now(UTC).date()


def stack_of(urn: str) -> str:
    """The stack's name in a URN, `urn:pulumi:STACK::PROJECT::TYPE::NAME`."""
    return urn.removeprefix("urn:pulumi:").split("::", 1)[0]


@cache
def exemptions(path: Path = FILE) -> Mapping[str, Sequence[Exemption]]:
    """Exemptions by control; raises InputError with every problem of the file."""
    found: dict[str, list[Exemption]] = {}
    listed, tree = entries_and_tree(path)
    valid, problems = valid_entries(Exemption, listed)
    for place, exemption in valid.items():
        if exemption.control not in catalogue():
            message = f"no control is named {exemption.control}{suggestion(exemption.control, catalogue())}"
            problems.append(Problem(path=f"{place}.control", message=message))
        found.setdefault(exemption.control, []).append(exemption)
    if problems:
        raise InputError(*map(str, locate(problems, name_of(path), tree)))
    return found


def exemption_for(control: str, urn: str) -> Exemption | None:
    """What exempts a resource from a control today, by the control's name; None where it must meet it."""
    return next((one for one in exemptions().get(control, ()) if one.matches(urn)), None)
