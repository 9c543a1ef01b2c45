"""Cases at each limit of the objectives' alerts, on recorded shares; and the value of each recorded series.

Written by hand, apart from the rules. They are small, so that each of many changed rules can be held to them
(`test_mutations.py`); that shares over days come out of requests is tried in `cases.py`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.monitoring.cases import OWN, REQUESTS, Case, gauge

JUST = 0.02
PAIRS = {"page": (2, (("1h", "5m", 14.4), ("6h", "30m", 6))), "ticket": (15, (("1d", "2h", 3), ("3d", "6h", 1)))}


def _of_objective(alert: str, kind: str, budget: float) -> Iterator[Case]:
    for severity, (hold, pairs) in PAIRS.items():
        none = {window: 0.0 for pair in pairs for window in pair[:2]}
        for long, short, rate in pairs:
            above, below, far = ((1 + JUST) * rate * budget, (1 - JUST) * rate * budget, 3 * rate * budget)
            held, ended = 5 + hold, 5 + hold + 5 + 3
            tried = (
                (
                    "just above in both fires once it held, and ends with it",
                    above,
                    above,
                    (held + 1,),
                    (held - 1, ended),
                ),
                ("just below in the long one does not", below, far, (), (held + 3,)),
                ("just below in the short one does not", far, below, (), (held + 3,)),
            )
            for told, of_long, of_short, fires, quiet in tried:
                shares = none | {long: of_long, short: of_short}
                yield Case(
                    name=f"{alert}, {severity}, {long} and {short}: {told}",
                    alert=alert,
                    severity=severity,
                    series={
                        _share(kind, each): gauge((5, 0), (hold + 5, share), (9, 0)) for each, share in shares.items()
                    },
                    fires=fires,
                    quiet=quiet,
                )


def _share(kind: str, window: str) -> str:
    return f'stack:workbuoy_{kind}:ratio_rate{window}{{stack="prod"}}'


BOUNDARIES = (
    *_of_objective("service-errors", "errors", 0.001),
    *_of_objective("service-response-time", "slow_requests", 0.01),
)

# A minute's requests of one route: how many end well, fail, and how many are answered within each bound in seconds.
_BOUNDS = ("0.5", "1.0", "2.5", "5.0", "+Inf")
_ROUTES = {
    ("/api/things", OWN): (54, 6, (48, 60, 60, 60, 60)),
    ("/healthz", OWN): (0, 30, (10, 30, 30, 30, 30)),  # a probe counts for percentiles alone
    ("/readyz", OWN): (0, 30, (10, 30, 30, 30, 30)),
    ("/api/things/{thing_id}/attachments", OWN): (20, 0, (5, 5, 10, 17, 20)),  # a transfer may take its time
    ("/api/things", 'job="workbuoy-prod",stack="dev"'): (0, 600, (0, 0, 0, 0, 600)),
    ("/api/things", 'job="other",stack="prod"'): (0, 600, (0, 0, 0, 0, 600)),
}
_RECORDED = {
    "requests:rate5m": 80 / 60,
    "timed_requests:rate5m": 60 / 60,
    "errors:rate5m": 6 / 60,
    "slow_requests:rate5m": 12 / 60,
    **{f"errors:ratio_rate{window}": 6 / 80 for window in ("5m", "30m", "1h", "2h", "6h", "1d", "3d")},
    **{f"slow_requests:ratio_rate{window}": 12 / 60 for window in ("5m", "30m", "1h", "2h", "6h", "1d", "3d")},
    "errors:budget_left": 1 - 6 / 80 / 0.001,
    "slow_requests:budget_left": 1 - 12 / 60 / 0.01,
}
# Of 140 requests a minute 73 take half a second, 52 more one, 5 more two and a half, 7 more five, and 3 longer.
_PERCENTILES = {"p50": 0.5 * 70 / 73, "p95": 2.5 + 2.5 * 3 / 7, "p99": 5.0}
_DIGITS = 10_000


VALUES = {f"stack:workbuoy_{name}": value for name, value in _RECORDED.items()} | {
    f"stack:workbuoy_request_seconds:{name}": value for name, value in _PERCENTILES.items()
}
"""Of each recorded series in a steady half hour."""
WITHOUT_FAILURES = {f"stack:workbuoy_errors:{name}": 0.0 for name in ("rate5m", "ratio_rate5m", "ratio_rate1h")}


def recorded_tests(series: Mapping[str, str]) -> list[dict[str, Any]]:
    """As `promtool test rules` reads them: a steady half hour, and one without any failure.

    `series` are names, each with the recorded series whose value it must have. Each expression ends with its name as a
    comment, which promtool prints.
    """
    well = {f'{REQUESTS}_count{{{OWN},instance="a",method="GET",route="/api/things",status="200"}}': "0+60x30"}
    return [_steady(dict(_requests()), series, VALUES), _steady(well, series, WITHOUT_FAILURES)]


def _requests() -> Iterator[tuple[str, str]]:
    for (route, own), (well, failed, within) in _ROUTES.items():
        labels = f'{own},instance="a",method="GET",route="{route}"'
        yield f'{REQUESTS}_count{{{labels},status="200"}}', f"0+{well}x30"
        yield f'{REQUESTS}_count{{{labels},status="503"}}', f"0+{failed}x30"
        for bound, number in zip(_BOUNDS, within, strict=True):
            yield f'{REQUESTS}_bucket{{{labels},status="200",le="{bound}"}}', f"0+{number}x30"


def _steady(given: Mapping[str, str], series: Mapping[str, str], expected: Mapping[str, float]) -> dict[str, Any]:
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in given.items()],
        "promql_expr_test": [
            {
                "expr": f'round({_DIGITS} * {name}{{stack="prod"}}) # {name}',
                "eval_time": "25m",
                "exp_samples": [{"labels": '{stack="prod"}', "value": round(_DIGITS * expected[of])}],
            }
            for name, of in series.items()
            if of in expected
        ],
    }
