"""Prometheus's alerts. One for the same symptom as an alarm of CloudWatch's has its name, and so its runbook."""

from dataclasses import dataclass
from typing import Final

from monitoring.objectives import Kind, Severity, burning
from monitoring.watched import Watched

STORAGE_FAILURE_SHARE = 0.05
MEMORY_SHARE = 0.9
OWED_SECONDS = 3600
FROZEN_SECONDS = 600  # and five minutes that it holds: as long as app/workbuoy_app/sweeper.py waits
HOLDS: Final[dict[Severity, str]] = {"page": "2m", "ticket": "15m"}


@dataclass(frozen=True, kw_only=True)
class Alert:
    """When `expression` has had a value for `hold`. `search` is the title of the saved search to begin with."""

    name: str
    severity: Severity
    expression: str
    hold: str
    advice: str
    search: str


def alerts(watched: Watched) -> list[Alert]:
    """Every alert of a stack."""
    return [*_objectives(watched), *_tasks(watched), *_dependencies(watched)]


def _objectives(watched: Watched) -> list[Alert]:
    objectives = watched.observability.objectives

    def of(kind: Kind, name: str, search: str, what: str, promise: str) -> list[Alert]:
        return [
            Alert(
                name=name,
                severity=severity,
                expression=burning(watched, kind, severity),
                hold=hold,
                search=search,
                advice=f"{what} so fast that the objective ({promise} over {objectives.days} days) is in danger.",
            )
            for severity, hold in HOLDS.items()
        ]

    answered = f"{objectives.availability_percent:g} % answered"
    in_time = f"{objectives.response_percent:g} % within {objectives.response_milliseconds} ms"
    return [
        *of("errors", "service-errors", "errors", "Requests fail", answered),
        *of("slow_requests", "service-response-time", "slow requests", "Requests miss their time", in_time),
    ]


def _tasks(watched: Watched) -> list[Alert]:
    own = watched.selector
    return [
        Alert(
            name="service-unhealthy-tasks",
            severity="page",
            # Of all tasks, and over the minutes between two of them: one that is replaced again and again lives shorter
            # than any alert waits.
            expression=f"min by (stack) (min_over_time(up{{{own}}}[3m])) == 0",
            hold="7m",
            search="starts and stops",
            advice="A task runs and does not answer the scrape, or is replaced again and again by one that does not.",
        ),
        Alert(
            name="service-not-scraped",
            severity="page",
            expression=f"absent(up{{{own}}})",
            hold="10m",
            search="starts and stops",
            advice="Prometheus finds no task of the service, so that no other alert can fire.",
        ),
        Alert(
            name="service-memory",
            severity="ticket",
            expression=f"process_resident_memory_bytes{{{own}}} > {MEMORY_SHARE * watched.memory_mib * 1024**2:.0f}",
            hold="10m",
            search="starts and stops",
            advice=f"A task uses more than {MEMORY_SHARE:.0%} of service.memoryMib; past it ECS ends the task.",
        ),
    ]


def _dependencies(watched: Watched) -> list[Alert]:
    calls = "workbuoy_storage_call_duration_seconds_count"
    failed, made = _rate(watched, calls, outcome="failure"), _rate(watched, calls)
    return [
        Alert(
            name="service-owed-deletions",
            severity="ticket",
            expression=f"{_most(watched, 'workbuoy_object_removals_oldest_age_seconds')} > {OWED_SECONDS}",
            hold="5m",
            search="storage calls",
            advice="An attachment that a customer deleted is still in the bucket.",
        ),
        Alert(
            name="service-standing-freeze",
            severity="page",
            expression=f"{_most(watched, 'workbuoy_freeze_oldest_age_seconds')} > {FROZEN_SECONDS}",
            hold="5m",
            search="errors",
            advice="A restore, a move or a promotion stopped half-way and left its customer unable to write.",
        ),
        Alert(
            name="storage-failures",
            severity="ticket",
            expression=f"{failed} / {made} > {STORAGE_FAILURE_SHARE}",
            hold="5m",
            search="storage calls",
            advice=f"More than {STORAGE_FAILURE_SHARE:.0%} of the calls to the bucket fail.",
        ),
        Alert(
            name="login-unavailable",
            severity="page",
            expression=f"{_rate(watched, 'workbuoy_logins_total', outcome='unavailable')} > 0",
            hold="10m",
            search="errors",
            advice="Members cannot log in: the provider does not answer, or the client's secret cannot be read.",
        ),
        Alert(
            name="database-pool",
            severity="ticket",
            expression=f"{_most(watched, 'workbuoy_database_requests_waiting')} > 0",
            hold="5m",
            search="slow requests",
            advice="Requests wait for a connection to the database: all of the pool are in use.",
        ),
        Alert(
            name="database-unreachable",
            severity="page",
            # After an attempt that failed the pool waits longer and longer: a single one is no alert, two are.
            expression=f"{_rate(watched, 'workbuoy_database_connection_failures_total')} > 0",
            hold="6m",
            search="errors",
            advice="The service cannot connect to the database.",
        ),
    ]


def _rate(watched: Watched, counter: str, outcome: str = "") -> str:
    """How often a second, of all tasks together."""
    more = f',outcome="{outcome}"' if outcome else ""
    return f"sum by (stack) (rate({counter}{{{watched.selector}{more}}}[5m]))"


def _most(watched: Watched, gauge: str) -> str:
    """In the task where it is highest."""
    return f"max by (stack) ({gauge}{{{watched.selector}}})"
