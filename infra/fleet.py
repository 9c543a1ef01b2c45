"""`fleet.yaml`: how a release goes to customers' own stacks, who gets it first, and what stops it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar, Final

from pydantic import Field

from components.settings import AccountId, BrokenRule, NonBlank, Region, Rule, Settings, given_twice
from infra.problems import Problem, ProblemsError
from infra.tenants.record import TenantName
from infra.validation import find_problems
from infra.yaml_text import read_yaml

FILE: Final = "fleet.yaml"
MOST_IN_A_SHARD: Final = 80
"""At four at once and three minutes each an hour, within the two hours of a deploy role's session."""


class StopRule(Settings):
    """What is looked at when a wave is done; anything beyond it stops the rollout before the next wave."""

    failed: Annotated[int, Field(ge=0, description="Customers of a wave whose deployment may fail")] = 0
    alarms: Annotated[int, Field(ge=0, description="Alarms of a wave's stacks that may fire")] = 0
    burn_rate: Annotated[
        float,
        Field(gt=0, description="How many times faster than its objective allows a customer's requests may fail"),
    ] = 6.0
    error_lines: Annotated[
        int, Field(ge=0, description="Lines of errors that one customer's service may log while it is watched")
    ] = 100


class GrantedQuota(Settings):
    """What AWS granted an account in a region, where that is not the default that docs/limits.md has."""

    account: AccountId
    region: Region
    name: Annotated[NonBlank, Field(description="As docs/limits.md calls it", examples=["RDS instances"])]
    granted: Annotated[int, Field(ge=1)]


def _canaries_stand_once(fleet: "FleetSettings") -> Iterator[BrokenRule]:
    yield from given_twice(fleet.canaries, "canaries")


class FleetSettings(Settings):
    """Everything that decides the waves of a release."""

    canaries: Annotated[
        tuple[TenantName, ...],
        Field(min_length=1, max_length=50, description="Customers with stacks of their own who get a release first"),
    ]
    share_percent: Annotated[
        int, Field(ge=1, le=50, description="Share of each base stack's customers in the second wave")
    ] = 10
    shard_customers: Annotated[
        int, Field(ge=1, le=MOST_IN_A_SHARD, description="The most customers that one runner deploys")
    ] = 25
    parallel: Annotated[int, Field(ge=1, le=16, description="How many of them at once")] = 4
    watch_minutes: Annotated[
        int, Field(ge=0, le=60, description="How long a shard's stacks are watched after their deployment")
    ] = 10
    lease_minutes: Annotated[
        int, Field(ge=2, le=30, description="A runner that says nothing for so long has lost its shard")
    ] = 5
    stop: StopRule = StopRule()
    quotas: Annotated[
        tuple[GrantedQuota, ...], Field(description="Quotas that AWS has raised, or not yet given to a new account")
    ] = ()

    rules: ClassVar[tuple[Rule, ...]] = (_canaries_stand_once,)


def load_fleet(root: Path) -> FleetSettings:
    """The settings of a project's `fleet.yaml`.

    Raises ProblemsError where there is none, or for every problem in it: nobody guesses who the first customers are.
    """
    file = root / FILE
    if not file.is_file():
        message = f"there is no {FILE}, which names the customers who get a release first: `canaries: [NAME]`"
        raise ProblemsError([Problem(message=message)])
    read = read_yaml(file)
    problems = find_problems(FleetSettings, read.content)
    if problems:
        raise ProblemsError(read.locate(problems))
    return FleetSettings.model_validate_json(json.dumps(read.content))
