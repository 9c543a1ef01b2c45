"""Each output of `--json` as a model, and the schema and the page that are made of it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field
from pydantic.alias_generators import to_snake

from operations.outputs import number_of
from operations.outputs.accessed import Access
from operations.outputs.audited import Backups
from operations.outputs.evidence import Evidence
from operations.outputs.fleet import FleetCells, FleetPlan, FleetRun, FleetStatus
from operations.outputs.handed_over import PersonErase, PersonExport, TenantExport, TenantLink, TenantRemains
from operations.outputs.policies import PoliciesCheck, PoliciesLint, PoliciesMatrix
from operations.outputs.printed import Printed
from operations.outputs.rehearsed import Rehearse, RehearseAll
from operations.outputs.restored import Drills, Restore
from operations.outputs.reviewed import Review
from operations.outputs.tenants import (
    Locate,
    LocateAll,
    TenantCheck,
    TenantDeployAll,
    TenantList,
    TenantMove,
    TenantPromote,
    TenantShow,
)


class BaseStack(Printed):
    """A base stack that a change touches; no value where its account or region is a placeholder."""

    stack: str
    environment: str
    account: str
    region: str
    repository: str
    backend: str


class Customer(BaseStack):
    """A customer that a change touches, with where its base stands."""

    tenant: str
    isolation: Literal["pool", "silo"]


class Changed(Printed):
    """Which stacks and tenants a change touches, and the bootstrap of which accounts."""

    stacks: list[BaseStack]
    tenants: list[Customer]
    accounts: list[str]
    removed: list[str]
    new: list[str]


class ByUse(Printed):
    """A price that counts only what is used; amounts are text, as exact as they were read."""

    price: str
    label: str
    unit_price: str | None
    per: str
    price_region: str | None
    verified: bool
    read_on: str | None


class AtRest(ByUse):
    """A line of the sum."""

    quantity: str
    per_month: str


class Unpriced(Printed):
    """Something that the sum leaves out though it may cost money."""

    what: str
    quantity: str
    mend: str


class Cost(Printed):
    """What a stack costs a month at rest, in US dollars."""

    stack: str
    region: str
    currency: Literal["USD"]
    per_month: str
    complete: bool
    prices_read_on: str
    at_rest: list[AtRest]
    by_use: list[ByUse]
    unpriced: list[Unpriced]


class DeployStep(Printed):
    """A step of a deployment; `problem` where it failed."""

    name: str
    seconds: float
    detail: str
    problem: str


class Deploy(Printed):
    """A deployment: what was done, and what runs now."""

    stack: str
    outcome: str
    image: str | None
    image_before: str | None
    steps: list[DeployStep]
    next: str | None


class DoctorFinding(Printed):
    """One thing that a machine or an account needs, and the command that puts it right."""

    name: str
    state: str
    found: str
    mend: str | None
    needed_for: list[str]


class Doctor(Printed):
    """What is here and what is missing."""

    for_: Literal["rehearse", "deploy"] = Field(alias="for")
    ready: bool
    findings: list[DoctorFinding]


class Drifted(Printed):
    """A resource that differs from what was deployed: the paths of its values; a danger names its two values."""

    urn: str
    gone: bool
    properties: list[str]
    dangers: list[str]


class Drift(Printed):
    """What was changed beside the program; `refreshedAt` where a refresh took it into the state."""

    stack: str
    drifted: bool
    refreshed_at: str | None
    resources: list[Drifted]


class DriftAccount(Drift):
    """What was added in the account beside what a stack declares, and what could not be read."""

    unread: list[str]


class ImageBuild(Printed):
    """An image that was built."""

    id: str
    platform: str
    compressed_bytes: int
    archive: str
    sbom: str


class StoredImage(Printed):
    """An image in a registry; `moved` is false where it was there already."""

    repository: str
    digest: str
    moved: bool


class ImagePush(Printed):
    """Where an image now lies."""

    images: list[StoredImage]


class LocalChange(Printed):
    """A resource that a step changed; a reason where that is known of moto."""

    urn: str
    what: str
    reason: str | None


class LocalStep(Printed):
    """A step of the life of the stack `local`."""

    name: str
    seconds: float
    changes: dict[str, int]
    changed: list[LocalChange]
    problems: list[str]


class Local(Printed):
    """The life of the stack `local` by the real engine; `left` is null where that could not be asked."""

    passed: bool
    left: int | None
    steps: list[LocalStep]


class Release(Printed):
    """An image that a service has run; the time is UTC."""

    digest: str
    declared_at: str | None
    task_definition: str
    runs: bool


class Releases(Printed):
    """The images that a service has run, newest first."""

    stack: str
    releases: list[Release]


class Rollout(Printed):
    """A service that runs what was declared."""

    stack: str
    task_definition: str
    completed: Literal[True]


class Answer(Printed):
    """What one address answered."""

    path: str
    status: int
    milliseconds: int


class Smoke(Printed):
    """What a service answers at its public address."""

    stack: str
    url: str
    answers: list[Answer]


class Leak(Printed):
    """Where a secret value stands in clear; never the value."""

    urn: str
    path: str
    kind: str
    fix: str


class StateCheck(Printed):
    """Secret values that stand in clear in a state."""

    resources: int
    leaks: list[Leak]


OUTPUTS: Final[Mapping[str, type[Printed]]] = {
    to_snake(model.__name__).replace("_", "-"): model
    for model in (
        *(Access, Backups, Changed, Cost, Deploy, Doctor, Drift),
        *(DriftAccount, Drills, Evidence, FleetCells, FleetPlan, FleetRun, FleetStatus),
        *(ImageBuild, ImagePush, Local, Locate, LocateAll, PersonErase, PersonExport),
        *(PoliciesCheck, PoliciesLint, PoliciesMatrix, Rehearse, RehearseAll, Restore, Releases),
        *(Review, Rollout, Smoke, StateCheck, TenantCheck, TenantDeployAll, TenantExport),
        *(TenantLink, TenantList, TenantMove, TenantPromote, TenantRemains, TenantShow),
    )
}
"""By their names, as commands print them: `FleetCells` is `fleet-cells`."""
_COMMANDS: Final[Mapping[str, str]] = {
    "rehearse-all": "`workbuoy rehearse --all`",
    "access": "`workbuoy access TENANT`",
    "backups": "`workbuoy backups STACK`, `workbuoy backups CUSTOMER`",
    "deploy": "`workbuoy deploy STACK`, `workbuoy tenant deploy NAME`",
    "drift-account": "`workbuoy drift STACK --account`",
    "fleet-run": "`workbuoy fleet status`, `workbuoy fleet deploy`",
    "fleet-status": "`workbuoy fleet status --looks`",
    "image-push": "`workbuoy image push`, `workbuoy image copy`",
    "locate": "`workbuoy locate TENANT`",
    "locate-all": "`workbuoy locate`",
    "restore": ", ".join(
        f"`workbuoy restore {one}`" for one in ("drill", "tenant", "undo", "stack", "switch", "files")
    ),
    "review": "`workbuoy review`, `workbuoy tenant preview`",
    "tenant-deploy-all": "`workbuoy tenant deploy --all`",
}
_PAGE: Final = """\
# What `--json` prints

Every command with `--json` prints one JSON object on stdout and nothing else; progress and errors go to stderr. Its
key `schema` is a number, and the file named below with that number is the output's JSON Schema (draft 2020-12). The
number grows when a key goes, appears or changes its meaning, and the schemas of earlier numbers stay here. So a program
that sees another number than it was written for should stop, and one that sees its own can rely on every key.

Exit codes are the same as without `--json`: 3 where a check failed, with the whole output printed.

| output | printed by | schema |
|---|---|---|
"""


def schema_of(name: str) -> dict[str, Any]:
    """The JSON Schema of an output as it is printed now."""
    schema = OUTPUTS[name].model_json_schema(by_alias=True)
    number = {"const": number_of(name), "title": "Number of this schema"}
    schema["properties"] = {"schema": number, **schema["properties"]}
    schema["required"] = ["schema", *schema["required"]]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def schema_text(name: str, file: Path) -> str:
    """What the file of a schema holds: one that is there is never changed, since programs rely on it."""
    if file.exists():
        return file.read_text(encoding="utf-8")
    return json.dumps(schema_of(name), indent=2, ensure_ascii=False) + "\n"


def file_of(name: str) -> str:
    """The file of an output's schema, below `docs/schemas`."""
    return f"{name}.{number_of(name)}.json"


def page() -> str:
    """`docs/json.md`."""
    rows = [
        f"| {' '.join((OUTPUTS[name].__doc__ or '').split())} | {_COMMANDS.get(name) or _command(name)} "
        f"| [{file_of(name)}](schemas/{file_of(name)}) |"
        for name in sorted(OUTPUTS)
    ]
    return _PAGE + "\n".join(rows) + "\n"


def _command(name: str) -> str:
    return f"`workbuoy {name.replace('-', ' ')}`"
