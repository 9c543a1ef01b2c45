"""The five dashboards of a stack: service, database, tenants, objectives, logs."""

from typing import Final

from components.names import WAF_LOG_PREFIX
from components.searches import SEARCHES
from monitoring.alerts import MEMORY_SHARE
from monitoring.dashboards.panels import AlarmPanel, Board, Panel, Query, SearchPanel, Unit
from monitoring.objectives import BURNS, KINDS, REQUESTS, Kind, budget, ratio, recorded
from monitoring.rules import QUANTILES, quantile
from monitoring.watched import Watched

_STORAGE: Final = "workbuoy_storage_call_duration_seconds"
_MOST_TENANTS = 10  # as many lines as a person can tell apart
_KIND_TITLES: Final[dict[Kind, str]] = {"errors": "failed", "slow_requests": "slow"}


def boards(watched: Watched) -> tuple[Board, ...]:
    """Every dashboard of a stack."""
    return (_service(watched), _database(watched), _tenants(watched), _objectives(watched), _logs(watched))


def _panel(
    title: str, meaning: str, *queries: tuple[str, str], unit: Unit = "short", threshold: float | None = None
) -> Panel:
    named_queries = [Query(expression=expression, legend=legend) for expression, legend in queries]
    return Panel(title=title, meaning=meaning, queries=named_queries, unit=unit, threshold=threshold)


def _rate(watched: Watched, metric: str, by: str, more: str = "") -> str:
    return f"sum by ({by}) (rate({metric}{{{watched.selector}{more}}}[5m]))"


def _service(watched: Watched) -> Board:
    own, seconds = watched.selector, f"{REQUESTS}_bucket"
    memory = MEMORY_SHARE * watched.memory_mib * 1024**2
    return Board(
        name="service",
        title="Service",
        panels=(
            _panel(
                "Requests by status", "", (_rate(watched, f"{REQUESTS}_count", "status"), "{{status}}"), unit="reqps"
            ),
            _panel(
                "Failed requests",
                "Share of requests that end in a 5xx, over five minutes.",
                (ratio(watched, "errors", "5m"), "failed"),
                unit="percentunit",
                threshold=watched.observability.service_error_percent / 100,
            ),
            _panel(
                "Response time",
                "Half of all requests, 95 and 99 of a hundred are faster.",
                *((f'{quantile(q)}{{stack="{watched.stack}"}}', f"p{q * 100:.0f}") for q in QUANTILES),
                unit="s",
                threshold=watched.observability.service_response_seconds,
            ),
            _panel(
                "Slowest routes",
                "95 of a hundred requests are faster.",
                (f"topk(10, histogram_quantile(0.95, {_rate(watched, seconds, 'route, le')}))", "{{route}}"),
                unit="s",
            ),
            _panel(
                "Requests under way",
                "Of each task.",
                (f"workbuoy_http_requests_in_progress{{{own}}}", "{{instance}}"),
            ),
            _panel(
                "Memory",
                "Of each task; from the line on there is an alert.",
                (f"process_resident_memory_bytes{{{own}}}", "{{instance}}"),
                unit="bytes",
                threshold=memory,
            ),
            _panel(
                "CPU", "Cores in use by each task.", (f"rate(process_cpu_seconds_total{{{own}}}[5m])", "{{instance}}")
            ),
            _panel(
                "Releases",
                "Tasks of each release.",
                (f"sum by (version) (workbuoy_build_info{{{own}}})", "{{version}}"),
            ),
            _panel("Tasks that answer the scrape", "", (f"sum by (stack) (up{{{own}}})", "tasks")),
            _panel("Logins", "By their outcome.", (_rate(watched, "workbuoy_logins_total", "outcome"), "{{outcome}}")),
            _panel(
                "Calls to the bucket",
                "",
                (_rate(watched, f"{_STORAGE}_count", "operation, outcome"), "{{operation}}: {{outcome}}"),
                unit="ops",
            ),
            _panel(
                "Time of calls to the bucket",
                "95 of a hundred are faster.",
                (
                    f"histogram_quantile(0.95, {_rate(watched, f'{_STORAGE}_bucket', 'operation, le')})",
                    "{{operation}}",
                ),
                unit="s",
            ),
            _panel(
                "Deletions that the bucket owes",
                "Attachments that a customer deleted and that are still there.",
                (f"max by (stack) (workbuoy_object_removals_owed{{{own}}})", "objects"),
                (
                    f"max by (stack) (workbuoy_object_removals_oldest_age_seconds{{{own}}})",
                    "age of the oldest, seconds",
                ),
            ),
            *(AlarmPanel(alarm=one) for one in watched.service_alarms("$loadbalancer", "$targetgroup")),
        ),
    )


def _database(watched: Watched) -> Board:
    own = watched.selector
    return Board(
        name="database",
        title="Database",
        panels=(
            _panel(
                "Connections of the pool",
                "Of all tasks together.",
                (f"sum by (stack) (workbuoy_database_pool_size{{{own}}})", "open"),
                (f"sum by (stack) (workbuoy_database_pool_available{{{own}}})", "idle"),
            ),
            _panel(
                "Requests that wait for a connection",
                "In the task where most wait; more than none for five minutes is an alert.",
                (f"max by (stack) (workbuoy_database_requests_waiting{{{own}}})", "waiting"),
                threshold=0,
            ),
            _panel(
                "Requests that got no connection",
                "Each was answered with a 503.",
                (_rate(watched, "workbuoy_database_requests_failed_total", "stack"), "a second"),
                unit="ops",
            ),
            _panel(
                "Connections made and lost",
                "A rotation of the login, a failover and a restart show here.",
                (_rate(watched, "workbuoy_database_connection_attempts_total", "stack"), "attempts"),
                (_rate(watched, "workbuoy_database_connection_failures_total", "stack"), "failures"),
                (_rate(watched, "workbuoy_database_connections_lost_total", "stack"), "found dead"),
                unit="ops",
            ),
            *(AlarmPanel(alarm=one) for one in watched.database_alarms()),
        ),
    )


def _tenants(watched: Watched) -> Board:
    """Labels are bounded: a task tells a hundred tenants apart and counts all others together as `other`."""
    requests, seconds = "workbuoy_tenant_requests_total", "workbuoy_tenant_request_seconds_total"
    refused = ',outcome="refused"'

    def most(expression: str) -> tuple[str, str]:
        return f"topk({_MOST_TENANTS}, {expression})", "{{tenant}}"

    return Board(
        name="tenants",
        title="Tenants",
        panels=(
            _panel("Most requests", "", most(_rate(watched, requests, "tenant")), unit="reqps"),
            _panel(
                "Most failed requests",
                "5xx.",
                most(_rate(watched, requests, "tenant", ',outcome="failed"')),
                unit="reqps",
            ),
            _panel("Most refused requests", "4xx.", most(_rate(watched, requests, "tenant", refused)), unit="reqps"),
            _panel(
                "Most time",
                "Seconds of work a second: 1 keeps one request under way all the time.",
                most(_rate(watched, seconds, "tenant")),
            ),
            _panel(
                "Slowest on average",
                "Time of a request.",
                most(f"{_rate(watched, seconds, 'tenant')} / {_rate(watched, requests, 'tenant')}"),
                unit="s",
            ),
        ),
    )


def _objectives(watched: Watched) -> Board:
    objectives = watched.observability.objectives

    def of(kind: Kind) -> tuple[Panel, ...]:
        return (
            _panel(
                f"Budget left: {_KIND_TITLES[kind]}",
                f"The share of what may be {_KIND_TITLES[kind]} in {objectives.days} days that is left; below zero the "
                "objective is missed.",
                (recorded(watched, f"{kind}:budget_left"), "left"),
                unit="percentunit",
                threshold=0,
            ),
            *(
                _panel(
                    f"Burn over {burn.long}: {_KIND_TITLES[kind]}",
                    f"Both windows above the line: a {burn.severity}.",
                    (ratio(watched, kind, burn.long), burn.long),
                    (ratio(watched, kind, burn.short), burn.short),
                    unit="percentunit",
                    threshold=float(f"{burn.rate * budget(watched, kind):.6g}"),
                )
                for burn in BURNS
            ),
        )

    return Board(name="objectives", title="Objectives", panels=tuple(panel for kind in KINDS for panel in of(kind)))


def _logs(watched: Watched) -> Board:
    groups = {
        "service": f"/workbuoy/{watched.name}/service",
        "rotation": f"/aws/lambda/{watched.name}-rotation",
        "database": f"/aws/rds/instance/{watched.name}-database/postgresql",
        **({"waf": f"{WAF_LOG_PREFIX}{watched.name}"} if watched.has_waf else {}),
    }
    panels = tuple(SearchPanel(search=one, log_group=groups[one.log]) for one in SEARCHES if one.log in groups)
    return Board(name="logs", title="Logs", panels=panels)
