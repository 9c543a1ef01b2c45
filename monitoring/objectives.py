"""Objectives as recorded ratios and burn rates: how fast what may fail is being used up.

Source of windows and rates: https://sre.google/workbook/alerting-on-slos/ (multiwindow, multi-burn-rate alerts). At
14.4 times the budget's pace one hour uses 2 % of a budget of 30 days; a short window beside the long one ends the alert
soon after the cause has ended.
"""

from dataclasses import dataclass
from typing import Final, Literal

from monitoring.watched import Watched

Severity = Literal["page", "ticket"]
Kind = Literal["errors", "slow_requests"]

PROBES: Final = "/healthz|/readyz"
TRANSFERS: Final = ".*/attachments(/.*/content)?"
REQUESTS: Final = "workbuoy_http_request_duration_seconds"


@dataclass(frozen=True, kw_only=True)
class Burn:
    """One pair of windows: both must burn at `rate` times the pace at which the budget lasts its whole period."""

    severity: Severity
    long: str
    short: str
    rate: float


BURNS: Final = (
    Burn(severity="page", long="1h", short="5m", rate=14.4),
    Burn(severity="page", long="6h", short="30m", rate=6),
    Burn(severity="ticket", long="1d", short="2h", rate=3),
    Burn(severity="ticket", long="3d", short="6h", rate=1),
)
WINDOWS: Final = tuple(dict.fromkeys(window for burn in BURNS for window in (burn.short, burn.long)))
KINDS: Final[tuple[Kind, ...]] = ("errors", "slow_requests")
_OF: Final[dict[Kind, str]] = {"errors": "requests", "slow_requests": "timed_requests"}


def budget(watched: Watched, kind: Kind) -> float:
    """The share of requests that may fail, or be slow."""
    objectives = watched.observability.objectives
    percent = objectives.availability_percent if kind == "errors" else objectives.response_percent
    return round(1 - percent / 100, 6)


def recorded(watched: Watched, series: str) -> str:
    """A recorded series of the stack, as other expressions select it."""
    return f'stack:workbuoy_{series}{{stack="{watched.stack}"}}'


def ratio(watched: Watched, kind: Kind, window: str) -> str:
    """The recorded share over a window."""
    return recorded(watched, f"{kind}:ratio_rate{window}")


def recordings(watched: Watched) -> dict[str, str]:
    """Recording rules in the order in which they build on each other: name to expression."""
    seconds = watched.observability.objectives.response_milliseconds / 1000
    own, of_all = watched.selector, f'route!~"{PROBES}"'
    timed = f'route!~"{PROBES}|{TRANSFERS}"'
    rules = {
        "requests:rate5m": f"sum by (stack) (rate({REQUESTS}_count{{{own},{of_all}}}[5m]))",
        "timed_requests:rate5m": f"sum by (stack) (rate({REQUESTS}_count{{{own},{timed}}}[5m]))",
        # Without a failure there is no series of it, which would leave the share without a value.
        "errors:rate5m": f'sum by (stack) (rate({REQUESTS}_count{{{own},{of_all},status=~"5.."}}[5m]))'
        f" or 0 * {recorded(watched, 'requests:rate5m')}",
        "slow_requests:rate5m": f"{recorded(watched, 'timed_requests:rate5m')}"
        f' - sum by (stack) (rate({REQUESTS}_bucket{{{own},{timed},le="{seconds}"}}[5m]))',
    }
    for kind in KINDS:
        for window in WINDOWS:
            rules[f"{kind}:ratio_rate{window}"] = _ratio(watched, kind, window)
        period = f"{watched.observability.objectives.days}d"
        rules[f"{kind}:budget_left"] = f"1 - ({_ratio(watched, kind, period)}) / {budget(watched, kind):g}"
    return {f"stack:workbuoy_{name}": expression for name, expression in rules.items()}


def _ratio(watched: Watched, kind: Kind, window: str) -> str:
    """Sums of rates, so that a quiet hour weighs as little as it should."""
    bad, of_all = recorded(watched, f"{kind}:rate5m"), recorded(watched, f"{_OF[kind]}:rate5m")
    if window == "5m":
        return f"{bad} / {of_all}"
    return f"sum_over_time({bad}[{window}]) / sum_over_time({of_all}[{window}])"


def burning(watched: Watched, kind: Kind, severity: Severity) -> str:
    """When a budget is used up too fast: any pair of windows of this severity is enough."""
    pairs = [burn for burn in BURNS if burn.severity == severity]
    return " or ".join(f"({_both(watched, kind, burn)})" for burn in pairs)


def _both(watched: Watched, kind: Kind, burn: Burn) -> str:
    limit = f"{burn.rate * budget(watched, kind):.6g}"
    return " and ".join(f"{ratio(watched, kind, window)} > {limit}" for window in (burn.long, burn.short))
