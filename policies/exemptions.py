"""Exemptions: a control that one resource need not meet, with the reason."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from policies.catalogue import catalogue, environment_of
from policies.entries import entries
from policies.errors import PolicyError

FILE = Path(__file__).parent / "exemptions.yaml"


class Exemption(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    control: str
    urn: Annotated[
        str,
        Field(
            pattern=r"^urn:pulumi:(\*|[^*?\[:]+)::[^*?\[]+$",
            description="The whole URN; only its stack may be `*`, since each customer's stack is a further copy",
        ),
    ]
    until: Annotated[date, Field(description="The last day on which it exempts")]
    environments: tuple[Literal["local", "dev", "staging", "prod"], ...] = ("local", "dev", "staging", "prod")
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
    """Exemptions by control; raises PolicyError with every problem of the file."""
    problems: list[str] = []
    found: dict[str, list[Exemption]] = {}
    for position, entry in enumerate(entries(path), 1):
        try:
            exemption = Exemption.model_validate(entry)
        except ValidationError as error:
            problems += [
                f"{path.name}: exemption {position}: {'.'.join(map(str, p['loc'])) or 'entry'}: {p['msg']}"
                for p in error.errors()
            ]
            continue
        if exemption.control not in catalogue():
            problems.append(f"{path.name}: exemption {position}: no control is named {exemption.control}")
        found.setdefault(exemption.control, []).append(exemption)
    if problems:
        raise PolicyError(problems)
    return found


def exemption_for(control: str, urn: str) -> Exemption | None:
    """What exempts a resource from a control today, by the control's name; None where it must meet it."""
    return next((one for one in exemptions().get(control, ()) if one.matches(urn)), None)
