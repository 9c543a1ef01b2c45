"""`workbuoy drills STACK`: how the drills of a restore went, and how old the last good one is."""

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from operations.ending import CHECK_FAILED, JSON, notify, print_result, report_errors
from operations.restore.running import guarded, place_of_stack, region_of, work_at

if TYPE_CHECKING:
    from operations.restore.steps import Restore


@click.command()
@click.argument("stack")
@click.option("--measure", is_flag=True, help="Also give the age to CloudWatch, for the alarm `restore-drill`.")
@JSON
@report_errors
def drills(*, stack: str, measure: bool, json_wanted: bool) -> None:
    """Show how STACK's restore drills went, the newest first, from the evidence in its bucket.

    Exits with 3 where the last good one is older than `observability.drillWithinDays`, or there is none.
    """
    from operations.restore import evidence

    now, within = datetime.now(UTC), within_days(stack)
    work = work_at(place_of_stack(stack), now)
    found = guarded(work, lambda: {"drills": evidence.of(work).read(evidence.DRILLS)})["drills"]
    last = evidence.last_good(found)
    if measure:
        guarded(work, lambda: _measure(work, last, now))
    overdue = is_overdue(last, within, now)
    text = _as_text(stack, found, f"{evidence.age_text(last, now)}{_than(within)}")
    print_result("drills", _as_json(stack, found, last, within, overdue=overdue), text, json_wanted=json_wanted)
    sys.exit(CHECK_FAILED if overdue else 0)


def is_overdue(last: datetime | None, within: int | None, now: datetime) -> bool:
    """Whether the last good drill is too old; never where no setting says so."""
    return within is not None and (last is None or now - last > timedelta(days=within))


def within_days(stack: str) -> int | None:
    """`observability.drillWithinDays` of a stack, or of the base of a customer's own."""
    from project.files import find_project, read_config
    from project.silos import whole_config

    project = find_project(Path.cwd())
    settings = whole_config(project, stack, read_config(project, stack)).get(f"{project.name}:settings") or {}
    found = (settings.get("observability") or {}).get("drillWithinDays")
    return found if isinstance(found, int) else None


def warnings(stack: str) -> list[str]:
    """What a review of a stack that stands says of its drills, by the alarm's state; nothing where none are wanted."""
    if (within := within_days(stack)) is None:
        return []
    import boto3  # half a second
    from botocore.exceptions import BotoCoreError, ClientError

    from components.alarms import DRILL_ALARM  # reads Pulumi

    cloudwatch = boto3.Session().client("cloudwatch", region_name=region_of(stack))
    try:
        found = cloudwatch.describe_alarms(AlarmNames=[f"workbuoy-{stack}-{DRILL_ALARM}"])["MetricAlarms"]
    except (BotoCoreError, ClientError) as error:
        return [f"{stack}: whether a restore was tried lately could not be asked: {error}"]
    if found and found[0]["StateValue"] == "OK":
        return []
    return [
        f"{stack}: no restore was tried with success within {within} days, or nobody measured: workbuoy drills {stack}"
    ]


def _measure(work: "Restore", last: datetime | None, now: datetime) -> Mapping[str, Any]:
    """Nothing where no drill ended well: the alarm takes that for too old."""
    if last is None:
        notify("no drill has ended well, so there is no age to measure")
        return {}
    from components.alarms import DRILL_METRIC, log_namespace  # reads Pulumi

    days = (now - last).total_seconds() / 86_400
    work.session.client("cloudwatch", region_name=work.place.tasks.region).put_metric_data(
        Namespace=log_namespace(f"workbuoy-{work.place.tasks.stack}"),
        MetricData=[{"MetricName": DRILL_METRIC, "Value": days, "Unit": "None"}],
    )
    return {}


def _than(within: int | None) -> str:
    return f"; it may be {within} days old" if within else "; no setting says how old it may be"


def _rows(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for one in found:
        checks = one.get("checks") or {}
        shown = {key: one[key] for key in ("writtenAt", "at", "good", "problem", "rpoSeconds", "rtoSeconds", "by")}
        rows.append({**shown, **{key: checks.get(key) for key in ("tenants", "rows", "files")}})
    return rows


def _as_json(
    stack: str, found: Sequence[Mapping[str, Any]], last: datetime | None, within: int | None, *, overdue: bool
) -> dict[str, Any]:
    return {
        "stack": stack,
        "lastGoodAt": last.isoformat() if last else None,
        "withinDays": within,
        "overdue": overdue,
        "drills": _rows(found),
    }


def _as_text(stack: str, found: Sequence[Mapping[str, Any]], headline: str) -> str:
    lines = [f"{stack}: {headline}"]
    if found:
        lines += ["", f"{'drilled (UTC)':18}{'':6}{'RPO s':>7}{'RTO s':>8}{'customers':>11}{'rows':>12}{'files':>10}"]
    for one in _rows(found):
        at = datetime.fromisoformat(one["writtenAt"]).astimezone(UTC)
        numbers = f"{one['rpoSeconds']:7}{one['rtoSeconds']:8.0f}" + "".join(
            f"{'-' if one[key] is None else format(one[key], ','):>{width}}"
            for key, width in (("tenants", 11), ("rows", 12), ("files", 10))
        )
        lines.append(f"{at:%Y-%m-%d %H:%M}  {'good' if one['good'] else 'BAD':6}{numbers}")
        if not one["good"]:
            lines.append(f"    {one['problem']}")
    return "\n".join(lines)
