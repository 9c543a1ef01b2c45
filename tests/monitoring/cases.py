"""What must make each alert fire, what must not, and when it must be over: written by hand, apart from the rules.

Values lie a tenth or so beyond, and below, where an alert promises to fire in the example stack prod: 99.9 % answered,
99 % within half a second, 1024 MiB a task.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

OWN = 'job="workbuoy-prod",stack="prod"'
REQUESTS = "workbuoy_http_request_duration_seconds"
HOUR, DAY = 60, 24 * 60
Pieces = tuple[tuple[int, float], ...]
"""Minutes, and how much is added in each of them."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """Series by the minute, and whether the alert fires at some minutes."""

    name: str
    alert: str
    severity: str
    series: Mapping[str, str]
    fires: tuple[int, ...] = ()
    quiet: tuple[int, ...] = ()
    evaluated_every: str = field(default="1m")

    def document(self) -> dict[str, Any]:
        """As `promtool test rules` reads it. The name is a comment of the expressions, which promtool prints."""
        return self.document_of({self.name: self.alert})

    def document_of(self, alerts: Mapping[str, str]) -> dict[str, Any]:
        """The same for alerts of these names at once, each by the comment that is printed where it fails."""
        return {
            "interval": "1m",
            "input_series": [{"series": name, "values": values} for name, values in self.series.items()],
            "promql_expr_test": [one for told, alert in alerts.items() for one in self._expected(alert, told)],
        }

    def _expected(self, alert: str, told: str) -> Iterator[dict[str, Any]]:
        labels = f'alertname="{alert}",alertstate="firing",severity="{self.severity}",stack="prod"'
        firing = [{"labels": f'{{alertname="{alert}"}}', "value": 1}]
        for minutes, samples in ((self.fires, firing), (self.quiet, [])):
            for minute in minutes:
                expression = f"max by (alertname) (ALERTS{{{labels}}}) # {told}"
                yield {"expr": expression, "eval_time": f"{minute}m", "exp_samples": samples}


def counter(pieces: Pieces) -> str:
    """A counter that grows piece by piece, in promtool's notation."""
    value, texts = 0.0, ["0"]
    for minutes, added in pieces:
        texts.append(f"{value + added:.10g}+{added:.10g}x{minutes - 1}")
        value += minutes * added
    return " ".join(texts)


def gauge(*pieces: tuple[int, float]) -> str:
    return " ".join(f"{value:.10g}+0x{minutes - 1}" for minutes, value in pieces)


def requests(kind: str, pieces: tuple[tuple[int, float, float], ...]) -> dict[str, str]:
    """Requests of one route: minutes, requests in each, and the share of them that fails or is slow."""
    labels = f'{OWN},instance="a",method="GET",route="/api/things"'
    good: Pieces = tuple((minutes, number * (1 - share)) for minutes, number, share in pieces)
    bad: Pieces = tuple((minutes, number * share) for minutes, number, share in pieces)
    if kind == "errors":
        return {
            f'{REQUESTS}_count{{{labels},status="200"}}': counter(good),
            f'{REQUESTS}_count{{{labels},status="503"}}': counter(bad),
        }
    both: Pieces = tuple((minutes, number) for minutes, number, _ in pieces)
    return {
        f'{REQUESTS}_count{{{labels},status="200"}}': counter(both),
        f'{REQUESTS}_bucket{{{labels},status="200",le="0.5"}}': counter(good),
    }


def _objectives(alert: str, kind: str, budget: float) -> Iterator[Case]:
    def case(name: str, severity: str, pieces: Any, *, fires: tuple[int, ...], quiet: tuple[int, ...]) -> Case:
        return Case(
            name=f"{alert}, {severity}: {name}",
            alert=alert,
            severity=severity,
            series=requests(kind, pieces),
            fires=fires,
            quiet=quiet,
            evaluated_every="15m" if severity == "ticket" else "2m",
        )

    calm, one, end = (6 * HOUR, 60, 0.0), 7 * HOUR, (2 * HOUR, 60, 0.0)
    yield case(
        "an hour's storm fires and is over minutes after it",
        "page",
        (calm, (HOUR, 60, 16 * budget), end),
        fires=(one,),
        quiet=(6 * HOUR, one + 15),
    )
    yield case("an hour below it does not", "page", (calm, (HOUR, 60, 13 * budget)), fires=(), quiet=(one,))
    six = 6 * HOUR
    yield case(
        "six hours at seven times the pace fire and are over within the hour",
        "page",
        ((six, 60, 6.6 * budget), end),
        fires=(six,),
        quiet=(six + HOUR,),
    )
    yield case("six hours below it do not", "page", ((six, 60, 5.4 * budget),), fires=(), quiet=(six,))
    busy, day, late = (2 * DAY, 600, 0.0), 3 * DAY, 3 * DAY + 2 * HOUR
    yield case(
        "a quiet day after busy ones fires and is over hours after it",
        "ticket",
        (busy, (DAY + 2 * HOUR, 60, 3.4 * budget), (12 * HOUR, 60, 0.0)),
        fires=(late,),
        quiet=(2 * DAY, late + 4 * HOUR),
    )
    yield case("a day below it does not", "ticket", (busy, (DAY + 2 * HOUR, 60, 2.6 * budget)), fires=(), quiet=(late,))
    yield case(
        "three days just over the pace fire and are over within half a day",
        "ticket",
        ((day, 60, 1.12 * budget), (DAY, 60, 0.0)),
        fires=(day,),
        quiet=(day + 12 * HOUR,),
    )
    yield case("three days within the budget do not", "ticket", ((day, 60, 0.88 * budget),), fires=(), quiet=(day,))


def _of_gauge(alert: str, severity: str, series: str, *, limit: float, hold: int) -> Iterator[Case]:
    """Beyond a limit it fires once that has held, and ends with it; at the limit's good side it never does."""
    past, short = (1.05 * limit, 0.95 * limit) if limit else (1, 0)
    yield Case(
        name=f"{alert}: past the limit it fires, and ends with it",
        alert=alert,
        severity=severity,
        series={series: gauge((5, short), (hold + 5, past), (10, short))},
        fires=(5 + hold + 2,),
        quiet=(5 + hold - 1, 5 + hold + 8),
    )
    yield Case(
        name=f"{alert}: short of the limit it stays quiet",
        alert=alert,
        severity=severity,
        series={series: gauge((hold + 20, short))},
        quiet=(hold + 15,),
    )


def _of_storage() -> Iterator[Case]:
    name = f'workbuoy_storage_call_duration_seconds_count{{{OWN},instance="a",operation="put",outcome='

    def case(told: str, *pieces: tuple[int, float, float], fires: tuple[int, ...] = (), quiet: tuple[int, ...]) -> Case:
        """Pieces are minutes, calls in each, and how many of them fail."""
        return Case(
            name=f"storage-failures: {told}",
            alert="storage-failures",
            severity="ticket",
            series={
                f'{name}"success"}}': counter(tuple((minutes, calls - failed) for minutes, calls, failed in pieces)),
                f'{name}"failure"}}': counter(tuple((minutes, failed) for minutes, _, failed in pieces)),
            },
            fires=fires,
            quiet=quiet,
        )

    # Over five minutes, so the share is past its limit in the fifth minute of a fault.
    fault = ((10, 100, 0), (20, 100, 5.3), (20, 100, 0))
    yield case("just over five of a hundred fire, and it ends with them", *fault, fires=(21,), quiet=(10, 19, 45))
    yield case("just below five of a hundred do not", (40, 100, 4.7), quiet=(35,))
    fewer = ((20, 100, 0), (20, 20, 1.5))
    yield case("calls that become fewer are set against those of the same minutes", *fewer, fires=(31,), quiet=(29,))


def _of_counters() -> Iterator[Case]:
    logins = f'workbuoy_logins_total{{{OWN},instance="a",outcome="unavailable"}}'
    yield Case(
        name="login-unavailable: one now and then, for a quarter of an hour, fires",
        alert="login-unavailable",
        severity="page",
        series={logins: " ".join(["0x5", *(f"{n}x3" for n in range(1, 6)), "5x20"])},
        fires=(20,),
        quiet=(12, 40),
    )
    yield Case(
        name="login-unavailable: a single one does not",
        alert="login-unavailable",
        severity="page",
        series={logins: "0x5 1x30"},
        quiet=tuple(range(6, 30, 3)),
    )
    yield Case(
        name="login-unavailable: two that are seven minutes apart do not",
        alert="login-unavailable",
        severity="page",
        series={logins: "0x5 1x6 2x30"},
        quiet=tuple(range(6, 32, 2)),
    )
    failures = f'workbuoy_database_connection_failures_total{{{OWN},instance="a"}}'
    yield Case(
        name="database-unreachable: attempts that fail ever more rarely fire",
        alert="database-unreachable",
        severity="page",
        series={failures: "0x4 3x1 4x2 5x3 6x3 6x30"},
        fires=(13, 16),
        quiet=(9, 30),
    )
    yield Case(
        name="database-unreachable: a single failure does not",
        alert="database-unreachable",
        severity="page",
        series={failures: "0x5 1x30"},
        quiet=tuple(range(6, 30, 3)),
    )


def _of_scrapes() -> Iterator[Case]:
    up, well = f'up{{{OWN},instance="b"}}', f'up{{{OWN},instance="a"}}'

    def case(alert: str, told: str, *, fires: tuple[int, ...] = (), quiet: tuple[int, ...], **series: str) -> Case:
        named = {{"well": well, "up": up}[name]: values for name, values in series.items()}
        return Case(name=f"{alert}: {told}", alert=alert, severity="page", series=named, fires=fires, quiet=quiet)

    task, none = "service-unhealthy-tasks", "service-not-scraped"
    away, restarted = gauge((5, 1), (8, 0), (20, 1)), gauge((5, 1), (4, 0), (20, 1))
    yield case(task, "one of two does not answer", well="1x40", up=away, fires=(13,), quiet=(11, 16))
    yield case(task, "a restart is none", well="1x40", up=restarted, quiet=(8, 9, 11, 12))
    # Each lives for three minutes, and the next one comes two minutes after it has gone.
    lives = {f'up{{{OWN},instance="{n}"}}': " ".join(["_"] * (5 + 5 * n) + ["0x2", "stale"]) for n in range(6)}
    yield Case(
        name=f"{task}: one that is replaced again and again, beside one that answers, fires",
        alert=task,
        severity="page",
        series={well: "1x60", **lives},
        fires=(13, 20),
        quiet=(11, 37),
    )
    yield case(none, "nothing is found", up="_x14 1x20", fires=(12,), quiet=(8, 16))
    yield case(none, "one is found", up="0x40", quiet=(12, 30))


CASES = (
    *_objectives("service-errors", "errors", 0.001),
    *_objectives("service-response-time", "slow", 0.01),
    *_of_scrapes(),
    *_of_gauge(
        "service-memory",
        "ticket",
        f'process_resident_memory_bytes{{{OWN},instance="a"}}',
        limit=0.9 * 1024 * 1024**2,
        hold=10,
    ),
    *_of_gauge(
        "service-owed-deletions",
        "ticket",
        f'workbuoy_object_removals_oldest_age_seconds{{{OWN},instance="a"}}',
        limit=3600,
        hold=5,
    ),
    *_of_gauge(
        "service-standing-freeze",
        "page",
        f'workbuoy_freeze_oldest_age_seconds{{{OWN},instance="a"}}',
        limit=600,
        hold=5,
    ),
    *_of_storage(),
    *_of_gauge("database-pool", "ticket", f'workbuoy_database_requests_waiting{{{OWN},instance="a"}}', limit=0, hold=5),
    *_of_counters(),
)
