"""What SOC 2, ISO 27001:2022, GDPR and CIS ask, and the controls and evidence that answer it: one table."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graph.errors import InputError
from policies.catalogue import FOLDER, catalogue
from policies.entries import entries

FILE: Final = FOLDER / "frameworks/requirements.yaml"
CIS: Final = "CIS AWS Foundations 5.0.0"
_CIS_ID: Final = "CIS 5.0.0/"

EvidenceKind = Literal[
    "permissions", "matrix", "drills", "restores", "backups", "reviews", "waivers", "erasures", "drift"
]


class Requirement(BaseModel):
    """One requirement, with the names of the controls and the kinds of evidence that answer it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(min_length=2)]
    title: Annotated[str, Field(min_length=5)]
    controls: tuple[str, ...]
    evidence: tuple[EvidenceKind, ...]


class Framework(BaseModel):
    """A framework with its source, and its requirements that this project answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    framework: str
    source: Annotated[str, Field(min_length=8)]
    requirements: Annotated[tuple[Requirement, ...], Field(min_length=1)]


@cache
def frameworks(file: Path = FILE) -> tuple[Framework, ...]:
    """Every framework; CIS's requirements come from the ids of the controls. Raises InputError with all problems."""
    problems: list[str] = []
    found: list[Framework] = []
    for entry in entries(file):
        try:
            found.append(Framework.model_validate(entry))
        except ValidationError as error:
            problems += [f"{file.name}: {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
    for framework in found:
        problems += [f"{file.name}: {framework.framework} {one}" for one in _mistakes(framework)]
    if problems:
        raise InputError(*problems)
    return (*found, _cis())


def _mistakes(framework: Framework) -> Iterator[str]:
    seen: set[str] = set()
    for one in framework.requirements:
        if one.id in seen:
            yield f"{one.id}: stands there twice"
        seen.add(one.id)
        if not one.controls and not one.evidence:
            yield f"{one.id}: nothing answers it"
        for name in one.controls:
            if name not in catalogue():
                yield f"{one.id}: no control is named {name}"


def _cis() -> Framework:
    by_id: dict[str, list[str]] = {}
    for control in catalogue().values():
        for public in control.ids:
            if public.startswith(_CIS_ID):
                by_id.setdefault(public.removeprefix(_CIS_ID), []).append(control.name)
    order = sorted(by_id.items(), key=lambda one: [int(part) for part in one[0].rstrip("*").split(".")])
    titles: Mapping[str, str] = {name: control.title for name, control in catalogue().items()}
    return Framework(
        framework=CIS,
        source="CIS Amazon Web Services Foundations Benchmark 5.0.0; the ids stand with the controls",
        requirements=tuple(
            Requirement(id=number, title=titles[names[0]], controls=tuple(names), evidence=())
            for number, names in order
        ),
    )
