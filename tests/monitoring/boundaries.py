"""Cases at each limit of the objectives' alerts, on recorded shares; and the value of each recorded series.

Written by hand, apart from the rules. They are small, so that each of many changed rules can be held to them
(`test_mutations.py`); that shares over days come out of requests is tried in `cases.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.monitoring.cases import OWN, REQUESTS, Case, counter, gauge

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
    """As `promtool test rules` reads them: a steady half hour, one without any failure, and one that turns.

    `series` are names, each with the recorded series whose value it must have. Each expression ends with its name as a
    comment, which promtool prints.
    """
    well = {f'{REQUESTS}_count{{{OWN},instance="a",method="GET",route="/api/things",status="200"}}': "0+60x30"}
    return [
        _recorded(dict(_requests()), series, VALUES, minute=25),
        _recorded(well, series, WITHOUT_FAILURES, minute=25),
        _recorded(_turning(), series, THREE_MINUTES_AFTER, minute=23),
    ]


# In the twentieth minute 60 fast requests a minute become 120 slow ones that fail: of five minutes two and three.
THREE_MINUTES_AFTER = {
    "stack:workbuoy_requests:rate5m": 480 / 300,
    "stack:workbuoy_timed_requests:rate5m": 480 / 300,
    "stack:workbuoy_errors:rate5m": 360 / 300,
    "stack:workbuoy_slow_requests:rate5m": 360 / 300,
    "stack:workbuoy_request_seconds:p50": 2.5 + 2.5 * 120 / 360,
    "stack:workbuoy_request_seconds:p95": 2.5 + 2.5 * 336 / 360,
    "stack:workbuoy_request_seconds:p99": 2.5 + 2.5 * 355.2 / 360,
}


def _turning() -> dict[str, str]:
    labels = f'{OWN},instance="a",method="GET",route="/api/things"'
    fast, slow, any_ = ((20, 60), (10, 0)), ((20, 0), (10, 120)), ((20, 60), (10, 120))
    within = dict.fromkeys(_BOUNDS[:3], fast) | dict.fromkeys(_BOUNDS[3:], any_)
    buckets = {f'{REQUESTS}_bucket{{{labels},status="200",le="{bound}"}}': counter(of) for bound, of in within.items()}
    counts = {
        f'{REQUESTS}_count{{{labels},status="{status}"}}': counter(of) for status, of in ((200, fast), (503, slow))
    }
    return buckets | counts


# Each share with how many minutes it looks back, and of which series it is made.
_BACK = {"30m": 30, "1h": 60, "2h": 120, "6h": 360, "1d": 1440, "3d": 3 * 1440}
_OF = {"errors": ("errors", "requests"), "slow_requests": ("slow_requests", "timed_requests")}
WINDOWS = {
    **{f"stack:workbuoy_{kind}:ratio_rate{name}": (kind, back, None) for kind in _OF for name, back in _BACK.items()},
    "stack:workbuoy_errors:budget_left": ("errors", 28 * 1440, 0.001),
    "stack:workbuoy_slow_requests:budget_left": ("slow_requests", 28 * 1440, 0.01),
}


def window_test(of: str, series: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """How often rules are evaluated, and a test in which a share grows by one with each sixth of its window.

    At the twelfth sixth the mean of a window is 9, or 9.5 for a Prometheus (3.x) that leaves out its first moment.
    """
    kind, back, budget = WINDOWS[of]
    step, (bad, all_) = f"{back // 6}m", _OF[kind]
    least, most = (8.9, 9.6) if budget is None else (1 - 9.6 / budget, 1 - 8.9 / budget)
    given = {bad: "0+1x14", all_: "1+0x14"}
    return step, {
        "interval": step,
        "input_series": [
            {"series": f'stack:workbuoy_{name}:rate5m{{stack="prod"}}', "values": values}
            for name, values in given.items()
        ],
        "promql_expr_test": [
            {
                "expr": f'{name}{{stack="prod"}} >= bool {least} and {name}{{stack="prod"}} <= {most} # {name}',
                "eval_time": f"{2 * back}m",
                "exp_samples": [{"labels": '{stack="prod"}', "value": 1}],
            }
            for name in series
        ],
    }


def _requests() -> Iterator[tuple[str, str]]:
    for (route, own), (well, failed, within) in _ROUTES.items():
        labels = f'{own},instance="a",method="GET",route="{route}"'
        yield f'{REQUESTS}_count{{{labels},status="200"}}', f"0+{well}x30"
        yield f'{REQUESTS}_count{{{labels},status="503"}}', f"0+{failed}x30"
        for bound, number in zip(_BOUNDS, within, strict=True):
            yield f'{REQUESTS}_bucket{{{labels},status="200",le="{bound}"}}', f"0+{number}x30"


def _recorded(
    given: Mapping[str, str], series: Mapping[str, str], expected: Mapping[str, float], *, minute: int
) -> dict[str, Any]:
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in given.items()],
        "promql_expr_test": [
            {
                "expr": f'round({_DIGITS} * {name}{{stack="prod"}}) # {name}',
                "eval_time": f"{minute}m",
                "exp_samples": [{"labels": '{stack="prod"}', "value": round(_DIGITS * expected[of])}],
            }
            for name, of in series.items()
            if of in expected
        ],
    }
