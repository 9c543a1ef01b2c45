"""What a record of processing says beside the stores: the processor, its sub-processors, and the measures that hold.

Source of what belongs there: GDPR article 30(2), https://eur-lex.europa.eu/eli/reg/2016/679/oj
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from bootstrap.home import account_file, account_settings, account_stack
from bootstrap.settings import ProcessorSettings, SubProcessor
from infra.environments import environment_of
from infra.problems import Problem, ProblemsError
from infra.stack_files import settings_in, stack_file
from infra.tenants.residency import allowed_regions
from infra.validation import find_problems
from operations.locate.sources import Estate
from policies.catalogue import catalogue
from policies.runner import check


class Part(StrEnum):
    """What a sub-processor does."""

    CLOUD = "cloud"
    REPOSITORY = "repository"
    LOGIN = "login"
    MAIL = "mail"


class Measure(StrEnum):
    """A technical measure (article 32), with the controls that show it."""

    AT_REST = "encrypted at rest"
    IN_TRANSIT = "encrypted in transit"
    CLOSED = "closed to the internet"
    LEAST_RIGHTS = "least rights"
    SECOND_FACTOR = "second factor"
    BACKUPS = "backups"
    STANDBY = "standby"
    NOT_DELETED = "guarded against deletion"
    LOGGED = "logged"
    RENEWED = "keys and passwords are renewed"


SHOWN_BY: Final[Mapping[Measure, tuple[str, ...]]] = {
    Measure.AT_REST: (
        "database-encrypt-storage",
        "bucket-encrypt-with-customer-key",
        "secret-encrypt-with-customer-key",
        "log-group-encrypt",
    ),
    Measure.IN_TRANSIT: ("database-force-tls", "bucket-require-tls"),
    Measure.CLOSED: ("database-refuse-public-access", "bucket-block-public-access", "service-refuse-public-ip"),
    Measure.LEAST_RIGHTS: ("role-name-actions", "role-name-resources", "role-refuse-escalation"),
    Measure.SECOND_FACTOR: ("role-require-mfa",),
    Measure.BACKUPS: ("database-keep-backups", "bucket-keep-versions"),
    Measure.STANDBY: ("database-span-zones",),
    Measure.NOT_DELETED: ("database-protect-from-deletion", "bucket-refuse-force-destroy", "key-delay-deletion"),
    Measure.LOGGED: ("database-export-logs", "bucket-log-access", "task-log"),
    Measure.RENEWED: ("key-rotate", "secret-rotate"),
}


OF_PEOPLE: Final = (Measure.LEAST_RIGHTS, Measure.SECOND_FACTOR)
"""What a stack alone cannot show: people's and workflows' roles are the account's."""


@dataclass(frozen=True)
class Shown:
    """The controls that are not passed by all they cover, or that nothing shows, and how many exemptions there are."""

    failing: tuple[str, ...]
    exceptions: int


@dataclass(frozen=True, kw_only=True)
class Processing:
    """`issuer` is the login's address, `own_login` whether the customer runs it."""

    processor: ProcessorSettings | None
    repository: str
    issuer: str
    own_login: bool
    shown: Mapping[Measure, Shown]
    file: str

    def company(self, part: Part) -> SubProcessor | None:
        """Who does a part, as the account's file states it."""
        if self.processor is None:
            return None
        stated: SubProcessor | None = getattr(self.processor.sub_processors, part.value)
        return stated

    @property
    def parts(self) -> tuple[Part, ...]:
        """The sub-processors that there are; a login that the customer runs itself is none."""
        return tuple(one for one in Part if one is not Part.LOGIN or (self.issuer and not self.own_login))

    @property
    def lacks(self) -> tuple[str, ...]:
        """What the record cannot state, each with where to put it, and the measures that do not hold."""
        missing = [] if self.processor else [f"{self.file}: processor is missing: who Workbuoy is, and its contact"]
        missing += [
            f"{self.file}: processor.subProcessors.{part.value} is missing"
            for part in self.parts
            if self.processor and self.company(part) is None
        ]
        broken = [
            f"not shown: {measure.value} ({', '.join(shown.failing)})"
            for measure, shown in self.shown.items()
            if shown.failing
        ]
        return (*missing, *broken)


def processing(root: Path, estate: Estate, *others: Estate) -> Processing:
    """What is stated and what holds; `others` are the further places of a customer who moves.

    Raises ProblemsError where the account's file states it wrongly.
    """
    settings = settings_in(stack_file(root, estate.tenant.base)) or {}
    environment = str(settings.get("environment") or environment_of(estate.tenant.base))
    stack = account_stack(root, environment, settings.get("account"))
    account = account_settings(root, stack)
    github = account.get("github")
    login = estate.tenant.login
    return Processing(
        processor=_processor(stack, account.get("processor")),
        repository=f"{github.get('owner')}/{github.get('repository')}" if isinstance(github, Mapping) else "",
        issuer=str(login.issuer_url or "") if login else _issuer(settings),
        own_login=login is not None,
        shown=measures(estate, *others),
        file=account_file(stack),
    )


def measures(*estates: Estate) -> Mapping[Measure, Shown]:
    """What the controls show of each measure, over the customer's stacks, their bases and the account."""
    regions = allowed_regions(estates[0].tenant.residency)
    graphs = {(one.project, one.stack): one for estate in estates for one in estate.everybody}
    reports = [check(one.resources, one.stack, allowed_regions=regions) for one in graphs.values()]
    findings = [finding for report in reports for finding in report.findings]
    status = {name: [one.status for one in findings if one.control == name] for name in catalogue()}

    def holds(name: str) -> bool:
        return "pass" in status[name] and set(status[name]) <= {"pass", "exempt"}

    unknown = OF_PEOPLE if any(one.account is None for one in estates) else ()
    return {
        measure: Shown(
            failing=tuple(name for name in names if measure in unknown or not holds(name)),
            exceptions=sum(status[name].count("exempt") for name in names),
        )
        for measure, names in SHOWN_BY.items()
    }


def _processor(stack: str, stated: Any) -> ProcessorSettings | None:
    if stated is None:
        return None
    problems: Sequence[Problem] = find_problems(ProcessorSettings, stated)
    if problems:
        file = account_file(stack)
        raise ProblemsError([Problem(file=file, path=f"processor.{one.path}", message=one.message) for one in problems])
    return ProcessorSettings.model_validate_json(json.dumps(stated))


def _issuer(settings: Mapping[str, Any]) -> str:
    service = settings.get("service")
    login = service.get("login") if isinstance(service, Mapping) else None
    return str(login.get("issuerUrl") or "") if isinstance(login, Mapping) else ""
