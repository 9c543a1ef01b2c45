"""A plan and a run as a person reads them, as JSON, and as matrices of a workflow."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from operations.changed.estate import Base
from operations.fleet.journal import counts
from operations.fleet.plan import WAVES, FleetPlan
from operations.fleet.records import RUNNING, Run, ShardHead, ShardRecord
from project.terminal import count

_NOT_SHOWN: Final = ("plan", "writes")
"""Of a run, what the journal alone needs."""


def plan_text(plan: FleetPlan) -> str:
    """The waves, a line each, and the first customers by name."""
    everyone = sum(len(one.customers) for one in plan.shards)
    lines = [f"{plan.environment}: {count(everyone, 'customer')} with a stack of their own: {plan.image}"]
    for wave in plan.waves:
        shards = plan.of(wave)
        customers = [one.name for shard in shards for one in shard.customers]
        bases, accounts = {one.head.base for one in shards}, {one.head.account for one in shards}
        where = f"{count(len(bases), 'base stack')}, {count(len(accounts), 'account')}"
        lines.append(
            f"  {wave:<9} {count(len(customers), 'customer'):>16} in {count(len(shards), 'shard')}, on {where}"
        )
        if wave == WAVES[0]:
            lines.append(f"            {', '.join(customers)}")
    return "\n".join(lines)


def plan_json(plan: FleetPlan) -> dict[str, Any]:
    """Every shard with its customers' names."""
    shards = [{**_job(one.head), "tenants": [unit.name for unit in one.customers]} for one in plan.shards]
    return {
        "environment": plan.environment,
        "image": plan.image,
        "release": plan.release,
        "plan": plan.run,
        "waves": list(plan.waves),
        "shards": shards,
    }


def outputs(heads: Sequence[ShardHead], home: Base) -> dict[str, str]:
    """Outputs of a workflow's step: a matrix a wave, an entry a shard; and where the journal is kept."""
    jobs = {wave: [_job(one) for one in heads if one.wave == wave] for wave in WAVES}
    matrices = {wave: json.dumps(entries, separators=(",", ":")) for wave, entries in jobs.items()}
    return {"account": home.account, "region": home.region, **matrices}


def _job(head: ShardHead) -> dict[str, Any]:
    return {("shard" if key == "name" else key): value for key, value in asdict(head).items()}


def run_text(run: Run, records: Sequence[ShardRecord]) -> str:
    """How far a run is, one row a cause and not a customer."""
    lines = [f"{run.called}, {run.environment}, commit {run.commit[:9] or 'unknown'}: {run.state}, wave {run.wave}"]
    lines += [f"  {one}" for one in run.because]
    lines += [f"  accepted in wave {wave}: {reason}" for wave, reason in run.accepted.items()]
    found = counts(records)
    lines.append("  " + (", ".join(f"{number} {state}" for state, number in found.items()) or "nobody"))
    lines += [
        f"  {row['state']} ({len(row['tenants'])}): {row['cause']}: {some(row['tenants'])}" for row in causes(records)
    ]
    lines += [
        f"  shard {one.head.name} is held by {one.claim.owner}: {len(one.left(run.round))} left"
        for one in records
        if one.claim is not None
    ]
    if run.state in RUNNING:
        free = [one.head.name for one in records if one.claim is None and not one.finished(run.round)]
        lines += [f"  shards that no runner has: {', '.join(free)}"] if free else []
    return "\n".join(lines)


def some(names: Sequence[str], most: int = 5) -> str:
    """The first names, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "")


def causes(records: Sequence[ShardRecord]) -> list[dict[str, Any]]:
    """Whatever went otherwise than planned: a row a state and cause, with those whom it befell."""
    rows: dict[tuple[str, str], list[str]] = {}
    for record in records:
        for name, entry in record.customers.items():
            if entry.cause:
                rows.setdefault((entry.state, _without(name, entry.stack, entry.cause)), []).append(name)
    worst = sorted(rows.items(), key=lambda one: -len(one[1]))
    return [{"state": state, "cause": cause, "tenants": names} for (state, cause), names in worst]


def _without(name: str, stack: str, cause: str) -> str:
    """A cause that many have alike, though each message names its own customer."""
    return cause.replace(stack, "STACK").replace(name, "NAME")


def run_json(run: Run, records: Sequence[ShardRecord]) -> dict[str, Any]:
    """The same for programs."""
    of_the_run = {key: value for key, value in asdict(run).items() if key not in _NOT_SHOWN}
    return {
        **of_the_run,
        "because": list(run.because),
        "customers": dict(counts(records)),
        "causes": causes(records),
        "shards": list(map(_shard, records)),
    }


def _shard(record: ShardRecord) -> Mapping[str, Any]:
    watched = record.watched
    return {
        **_job(record.head),
        "heldBy": record.claim.owner if record.claim else None,
        "claims": record.claims,
        "watched": watched is not None,
        "alarms": list(watched.alarms) if watched else [],
        "unknown": list(watched.unknown) if watched else [],
    }


def wave_rows(waves: Sequence[str], heads: Sequence[ShardHead]) -> Iterator[str]:
    """Waves of a run that has begun, a line each."""
    for wave in waves:
        of_wave = [one for one in heads if one.wave == wave]
        yield f"  {wave:<9} {sum(one.customers for one in of_wave):>6,} customers in {len(of_wave):>3} shards"
