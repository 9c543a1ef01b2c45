"""Waivers: a possible loss that somebody has accepted, for a while and with a name to it."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from components.settings import Settings
from graph.errors import InputError
from graph.plan import Plan
from infra.problems import Problem, ProblemsError
from infra.yaml_text import locate, read_yaml_tree
from operations.review.effects import KINDS, Danger, EffectKind
from policies.entries import name_of, valid_entries
from policies.exemptions import stack_of

LONGEST_DAYS: Final = 90


def _known_kind(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"{kind} is none of {', '.join(KINDS)}")
    return kind


def _says_something(text: str) -> str:
    if sum(one.isalnum() for one in text) < 2:
        raise ValueError("says nothing: name a person or a team, with letters")
    return text


def _is_a_reason(text: str) -> str:
    if sum(one.isalnum() for one in text) < 15:
        raise ValueError("says too little: why it is right, for whoever reads it in a year")
    return text


class Waiver(Settings):
    """One accepted effect of one resource, from what to what, up to and including its last day."""

    urn: Annotated[str, Field(pattern=r"^urn:pulumi:[^:]+::[^:]+::.+::.+$", description="The resource, exactly")]
    effect: Annotated[str, AfterValidator(_known_kind), Field(description="The kind that the review names")]
    change: Annotated[str, Field(min_length=1, description="From what to what, in the review's own words")]
    reason: Annotated[
        str,
        Field(min_length=20, description="Why it is right, for whoever reads it in a year"),
        AfterValidator(_is_a_reason),
    ]
    owner: Annotated[str, Field(min_length=2, description="Who answers for it"), AfterValidator(_says_something)]
    last_day: Annotated[datetime.date, Field(description=f"At most {LONGEST_DAYS} days ahead")]


@dataclass(frozen=True, slots=True)
class Filed:
    """A waiver with the file and the line in which it begins."""

    waiver: Waiver
    place: str

    def accepts(self, danger: Danger) -> bool:
        """Whether it is for this very change: another value needs another waiver."""
        named = (self.waiver.urn, self.waiver.effect, " ".join(self.waiver.change.split()))
        return named == (danger.urn, danger.kind, " ".join(danger.what.split()))


def accepting(danger: Danger, *, reason: str, owner: str, last_day: datetime.date) -> Waiver:
    """A waiver for exactly one danger."""
    kind: EffectKind = danger.kind
    return Waiver(urn=danger.urn, effect=kind, change=danger.what, reason=reason, owner=owner, last_day=last_day)


def read_waivers(folder: Path, today: datetime.date) -> list[Filed]:
    """Every waiver in `folder/*.yaml`; raises InputError with every problem, expired ones included."""
    filed: list[Filed] = []
    problems: list[Problem] = []
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        try:
            read, wrong = _read(path, today)
        except ProblemsError as error:
            problems += error.problems
            continue
        filed += read
        problems += wrong
    if problems:
        raise InputError(*map(str, problems))
    return filed


def _read(path: Path, today: datetime.date) -> tuple[list[Filed], list[Problem]]:
    """One file's waivers, and what is wrong with the others. Raises ProblemsError where it holds none at all."""
    name = name_of(path)
    if path.name.startswith("."):
        message = "a hidden file waives nothing; name it after its stack, such as prod.yaml"
        raise ProblemsError([Problem(file=name, message=message)])
    entries, tree = read_yaml_tree(path, name)
    if not isinstance(entries, list):
        message = "a file of waivers is a list, each with urn, effect, change, reason, owner and lastDay"
        raise ProblemsError([Problem(file=name, message=message)])
    filed: list[Filed] = []
    valid, problems = valid_entries(Waiver, entries)
    for place, waiver in valid.items():
        problems += _dates(waiver, today, f"{place}.lastDay")
        (begins,) = locate([Problem(path=place, message="")], name, tree)
        filed.append(Filed(waiver, f"{name}:{begins.line}"))
    return filed, locate(problems, name, tree)


def _dates(waiver: Waiver, today: datetime.date, path: str) -> Iterator[Problem]:
    latest = today + datetime.timedelta(days=LONGEST_DAYS)
    if waiver.last_day < today:
        yield Problem(path=path, message=f"expired on {waiver.last_day}; take it away, or decide again")
    if waiver.last_day > latest:
        message = f"{waiver.last_day} is more than {LONGEST_DAYS} days ahead; {latest} at the latest"
        yield Problem(path=path, message=message)


def of_stack(filed: Sequence[Filed], plan: Plan) -> list[Filed]:
    """The waivers of the reviewed stack; raises InputError where one names a resource that the stack has not.

    Only a whole plan can tell: `pulumi preview --json` leaves unchanged resources out, and such a waiver is unused.
    """
    own = [one for one in filed if stack_of(one.waiver.urn) == plan.stack]
    known = {*plan.by_urn, plan.stack_urn}
    unknown = [f"{one.place}: urn: {plan.stack} has no {one.waiver.urn}" for one in own if one.waiver.urn not in known]
    if unknown and plan.whole:
        raise InputError(*unknown)
    return own
