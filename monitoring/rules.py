"""Recording and alerting rules as Prometheus reads them.

Source: https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/
"""

from typing import Any, Final

from monitoring.alerts import Alert, alerts
from monitoring.objectives import REQUESTS, recordings
from monitoring.watched import Watched

QUANTILES: Final = (0.5, 0.95, 0.99)


def rules(watched: Watched, *, holds: bool = True) -> dict[str, Any]:
    """The content of a rule file.

    Args:
        watched: the stack.
        holds: whether alerts wait before they fire; a trial of some seconds cannot.
    """
    records = [{"record": name, "expr": expression} for name, expression in _recordings(watched).items()]
    return {
        "groups": [
            {"name": f"{watched.name}-recorded", "rules": records},
            {"name": f"{watched.name}-alerts", "rules": [_rule(watched, one, holds=holds) for one in alerts(watched)]},
        ]
    }


def quantile(q: float) -> str:
    """What the recorded series of a quantile is called."""
    return f"stack:workbuoy_request_seconds:p{q * 100:.0f}"


def _recordings(watched: Watched) -> dict[str, str]:
    buckets = f"sum by (stack, le) (rate({REQUESTS}_bucket{{{watched.selector}}}[5m]))"
    return {
        **recordings(watched),
        **{quantile(q): f"histogram_quantile({q}, {buckets})" for q in QUANTILES},
    }


def _rule(watched: Watched, alert: Alert, *, holds: bool) -> dict[str, Any]:
    return {
        "alert": alert.name,
        "expr": alert.expression,
        **({"for": alert.hold} if holds else {}),
        "labels": {
            "severity": alert.severity,
            "stack": watched.stack,
            **({"silo": watched.tenant} if watched.tenant else {}),
        },
        "annotations": {
            "summary": f"{watched.name}: {alert.name}",
            "description": alert.advice,
            "search": f"{watched.name}/{alert.search}",
            "runbook_url": watched.observability.runbook(alert.name),
        },
    }
