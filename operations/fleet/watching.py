"""What CloudWatch says of stacks after a deployment: alarms that fire, error budgets, lines of errors.

Which metrics those are is read from the stacks' own alarms, so that nothing here repeats how they are declared.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from components.objectives import ObjectivesSettings
from infra.stack_files import settings_in, stack_file
from operations.aws import items_of
from operations.fleet.records import Entry, ShardHead, Watched

ERRORS, LINES = "service-errors", "service-error-lines"
_FAILED: Final = ("failed", "unanswered")


@dataclass(frozen=True, kw_only=True)
class _MetricQuery:
    stack: str
    part: str
    query: Mapping[str, Any]


class Watching:
    """Asks CloudWatch of the region that a shard stands in, with the credentials of its runner."""

    def __init__(self, root: Path, minutes: int, client: Any | None = None) -> None:
        self._root, self._minutes, self._client = root, max(minutes, 5), client

    def __call__(self, head: ShardHead, customers: Mapping[str, Entry]) -> Watched:
        """What it says of the customers who were deployed; what it cannot be asked is named, and stops the rollout."""
        from botocore.exceptions import BotoCoreError, ClientError

        stacks = [one.stack for one in customers.values() if one.state == "done"]
        if not stacks:
            return Watched()
        try:
            client = self._client or _client(head.region)
            found = {one["AlarmName"]: one for one in alarms_of(client, stacks)}
            values = _sums(client, _metric_queries(found, stacks), self._minutes)
        except (BotoCoreError, ClientError) as error:
            return Watched(unknown=(f"{head.name}: CloudWatch: {' '.join(str(error).split())}",))
        allowed = 100 - _availability(self._root, head.base)
        return Watched(
            alarms=tuple(sorted(name for name, one in found.items() if one["StateValue"] == "ALARM")),
            burn_rates={stack: _burn(values, stack, allowed) for stack in stacks},
            error_lines={stack: round(values.get((stack, "lines"), 0)) for stack in stacks},
            unknown=tuple(
                f"{stack} has no alarm {name}"
                for stack in stacks
                for name in (ERRORS, LINES)
                if f"workbuoy-{stack}-{name}" not in found
            ),
        )


def _client(region: str) -> Any:
    import boto3  # a third of a second that help must not pay for
    from botocore.config import Config

    return boto3.client(
        "cloudwatch", region_name=region, config=Config(retries={"mode": "adaptive", "max_attempts": 10})
    )


def alarms_of(client: Any, stacks: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    """Every alarm of these stacks: a prefix also fits the stacks of customers whose names begin alike."""
    for stack in stacks:
        asked = {"AlarmNamePrefix": f"workbuoy-{stack}-", "AlarmTypes": ["MetricAlarm"]}
        listed = items_of(client, "describe_alarms", "MetricAlarms", **asked)
        yield from (one for one in listed if _is_own(one, stack))


def _is_own(alarm: Mapping[str, Any], stack: str) -> bool:
    """Whether the alarm tells the topic of this very stack."""
    return any(str(arn).rpartition(":")[2] == f"workbuoy-{stack}-alarms" for arn in alarm.get("AlarmActions", ()))


def _metric_queries(found: Mapping[str, Mapping[str, Any]], stacks: Iterable[str]) -> Iterator[_MetricQuery]:
    for stack in stacks:
        errors = found.get(f"workbuoy-{stack}-{ERRORS}", {})
        for one in errors.get("Metrics", ()):
            if "MetricStat" in one:
                yield _MetricQuery(stack=stack, part=one["Id"], query=one["MetricStat"]["Metric"])
        if lines := found.get(f"workbuoy-{stack}-{LINES}"):
            metric = {key: lines[key] for key in ("Namespace", "MetricName", "Dimensions") if key in lines}
            yield _MetricQuery(stack=stack, part="lines", query=metric)


def _sums(client: Any, queries: Iterable[_MetricQuery], minutes: int) -> dict[tuple[str, str], float]:
    """Each metric's sum over the last minutes; 0 where nothing was counted."""
    end = datetime.now(UTC)
    values: dict[tuple[str, str], float] = {}
    for one in queries:
        found = client.get_metric_statistics(
            **one.query, StartTime=end - timedelta(minutes=minutes), EndTime=end, Period=60, Statistics=["Sum"]
        )
        values[one.stack, one.part] = float(sum(point["Sum"] for point in found["Datapoints"]))
    return values


def _burn(values: Mapping[tuple[str, str], float], stack: str, allowed_percent: float) -> float:
    """How many times faster than the objective allows requests failed; 0 where there were none."""
    requests = values.get((stack, "requests"), 0.0)
    failed = sum(values.get((stack, part), 0.0) for part in _FAILED)
    if not requests:
        return 0.0 if not failed else 100 / allowed_percent
    return round(100 * failed / requests / allowed_percent, 1)


def _availability(root: Path, base: str) -> float:
    settings = settings_in(stack_file(root, base)) or {}
    objectives = (settings.get("observability") or {}).get("objectives") or {}
    return float(objectives.get("availabilityPercent", ObjectivesSettings().availability_percent))
