"""The stop rule: whether what a wave came to lets the next one begin. It reads the journal and nothing else."""

from collections.abc import Iterator, Sequence

from infra.fleet import StopRule
from operations.engine.messages import some
from operations.fleet.records import ShardRecord
from project.terminal import count


def reasons_to_stop(wave: str, records: Sequence[ShardRecord], rule: StopRule) -> list[str]:
    """Everything that stops a rollout after this wave; none where the next may begin.

    What could not be looked at stops it too, and so does a wave in which nobody was deployed.
    """
    return [f"wave {wave}: {reason}" for reason in _reasons(records, rule)]


def failures_stop(failed: int, rule: StopRule) -> bool:
    """Whether so many failed deployments already stop the wave that is under way."""
    return failed > rule.failed


def _reasons(records: Sequence[ShardRecord], rule: StopRule) -> Iterator[str]:
    yield from _of_deployments(records, rule)
    unwatched = [record.head.name for record in records if record.watched is None]
    watched = [record.watched for record in records if record.watched is not None]
    unknown = [reason for one in watched for reason in one.unknown]
    if unknown or unwatched:
        yield f"could not be watched: {some([*unknown, *unwatched])}"
    firing = [alarm for one in watched for alarm in one.alarms]
    if len(firing) > rule.alarms:
        yield f"{count(len(firing), 'alarm')} raised, and {rule.alarms} may be: {some(firing)}"
    rates = {stack: rate for one in watched for stack, rate in one.burn_rates.items() if rate > rule.burn_rate}
    if rates:
        worst = max(rates.values())
        yield f"error budgets are used up to {worst:.1f} times too fast, {rule.burn_rate:g} may be: {some(list(rates))}"
    lines = {stack: count for one in watched for stack, count in one.error_lines.items() if count > rule.error_lines}
    if lines:
        yield f"up to {max(lines.values())} lines of errors, and {rule.error_lines} may be: {some(list(lines))}"


def _of_deployments(records: Sequence[ShardRecord], rule: StopRule) -> Iterator[str]:
    entries = [entry for record in records for entry in record.customers.items()]  # who moves is in two of them
    failed = [(name, one.cause) for name, one in entries if one.state == "failed"]
    if failures_stop(len(failed), rule):
        names, causes = [name for name, _ in failed], list(dict.fromkeys(cause for _, cause in failed))
        yield f"{len(failed)} failed, and {rule.failed} may: {some(names)}: {'; '.join(causes[:3])}"
    if not any(one.state == "done" for _, one in entries):
        left_out = "; ".join(dict.fromkeys(f"{name}: {one.cause}" for name, one in entries if one.state == "left out"))
        yield "nobody was deployed, so nothing is known of the release" + (f" ({left_out})" if left_out else "")
