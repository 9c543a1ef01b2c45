"""Saved searches of CloudWatch Logs Insights: each alarm names the one that a person begins with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

Log = Literal["service", "rotation", "database", "waf"]


@dataclass(frozen=True, kw_only=True)
class Search:
    """A query over one of the stack's logs, under a title that runbooks, alarms and alerts use."""

    title: str
    log: Log
    lines: Sequence[str]

    @property
    def query(self) -> str:
        """The whole query; it shows at most 200 lines."""
        return "\n| ".join((*self.lines, "limit 200"))


# A stack without a firewall has no log of one, and so none of its searches.
# The service's fields are those of app/workbuoy_app/logs.py.
SEARCHES: Final = (
    Search(
        title="errors",
        log="service",
        lines=(
            "fields @timestamp, request_id, trace_id, route, status, error, message, tenant_name, frozen_by, trace",
            "filter level = 'error' or ispresent(frozen_seconds)",  # no error of the service's, and somebody's to mend
            "sort @timestamp desc",
        ),
    ),
    Search(
        title="slow requests",
        log="service",
        lines=(
            "fields @timestamp, request_id, trace_id, tenant, route, duration_ms",
            "filter duration_ms > 500",
            "sort duration_ms desc",
        ),
    ),
    Search(
        title="failures by route",
        log="service",
        lines=(
            "filter status >= 500",
            "stats count(*) as failures by route, bin(5m)",
            "sort failures desc",
        ),
    ),
    Search(
        title="one request",
        log="service",
        lines=(
            "fields @timestamp, level, message, method, route, status, duration_ms, tenant, operation, error, trace",
            "filter request_id = 'PUT-THE-ID-HERE' or trace_id = 'PUT-THE-ID-HERE'",
            "sort @timestamp asc",
        ),
    ),
    Search(
        title="starts and stops",
        log="service",
        lines=(
            "fields @timestamp, @logStream, level, message, error",
            "filter message in ['started', 'stopped', 'failed'] or (level = 'error' and not ispresent(request_id))",
            "sort @timestamp desc",
        ),
    ),
    Search(
        title="storage calls",
        log="service",
        lines=(
            "fields @timestamp, request_id, operation, level, message, error, owed, oldest_age_seconds",
            "filter ispresent(operation) or ispresent(oldest_age_seconds)",
            "sort @timestamp desc",
        ),
    ),
    Search(
        title="rotation steps",
        log="rotation",
        lines=(
            "fields @timestamp, level, step, message, error",
            "filter ispresent(step) or level = 'error'",
            "sort @timestamp desc",
        ),
    ),
    Search(
        title="slow statements",
        log="database",
        lines=(
            "fields @timestamp, @message",
            "filter @message like /duration: |still waiting for/",
            "sort @timestamp desc",
        ),
    ),
    Search(
        title="database messages",
        log="database",
        lines=(
            "fields @timestamp, @message",
            "filter @message like /WARNING: |ERROR: |FATAL: |PANIC: /",
            "sort @timestamp desc",
        ),
    ),
    # https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html
    Search(
        title="blocked requests",
        log="waf",
        lines=(
            "filter action = 'BLOCK'",
            'parse @message /"terminatingRule":\\{"ruleId":"(?<rule_of_group>[^"]+)"/',
            "stats count(*) as requests, count_distinct(httpRequest.clientIp) as addresses "
            "by terminatingRuleId, rule_of_group, httpRequest.uri",
            "sort requests desc",
        ),
    ),
)
