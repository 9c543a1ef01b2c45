"""Where a stack stands: its account and region, as its files say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bootstrap.home import home_region
from infra.problems import Problem, ProblemsError
from infra.tenants.files import find_tenant_problems, read_tenant
from project.files import Project, read_config
from project.silos import base_of, residency_of, tenant_of, whole_config


class PlacementError(ProblemsError):
    """A stack's settings do not say where it stands."""


@dataclass(frozen=True, kw_only=True)
class Placement:
    """An account and a region; `endpoint_url` names a moto server in place of AWS, which knows no accounts.

    `admits` are the address ranges that may reach the service. The account keeps Pulumi's state and its key in its
    `home` region, where that is not the stack's own.
    """

    account: str
    region: str
    residency: tuple[str, ...] = ()
    endpoint_url: str | None = None
    home: str | None = None
    admits: tuple[str, ...] = ()

    @property
    def state_region(self) -> str:
        """Where Pulumi's state and its key stand."""
        return self.home or self.region


def placement_of(project: Project, stack: str) -> Placement:
    """The placement in a stack's settings; a customer's own stack lies where its base stack does.

    Raises ProblemsError for a file that cannot be read, PlacementError for one that names no account or region.
    """
    config = read_config(project, stack)
    settings = whole_config(project, stack, config).get(f"{project.name}:settings")
    found: Mapping[str, Any] = settings if isinstance(settings, Mapping) else {}
    missing = [key for key in ("account", "region") if not isinstance(found.get(key), str)]
    if missing:
        if (tenant := tenant_of(project, config)) is not None:
            _expect_record(project, tenant)
        message = f"settings name no {' and no '.join(missing)}; fill them in"
        file = project.stack_file(base_of(project, stack) or stack)
        raise PlacementError([Problem(file=file.name, message=message)])
    return Placement(
        account=found["account"],
        region=found["region"],
        admits=tuple(map(str, (found.get("service") or {}).get("allowedCidrBlocks") or ())),
        home=home_region(project.root, str(found.get("environment")), found["account"]),
        residency=tuple(residency_of(project, stack)),
        endpoint_url=found.get("endpointUrl"),
    )


def _expect_record(project: Project, tenant: str) -> None:
    """Raises PlacementError for a customer's record that does not say on which base stack they stand."""
    try:
        problems = find_tenant_problems(project.root, read_tenant(project.root, tenant))
    except ProblemsError as error:
        problems = list(error.problems)
    if problems:
        raise PlacementError(problems)
