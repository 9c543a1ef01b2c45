"""What a person, or the job between two waves, does with a run: go on, stop, resume, bring a wave back, end it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from infra.fleet import StopRule
from operations.engine.errors import FailedError, MistakenError
from operations.engine.messages import some
from operations.fleet.journal import Journal, back_of
from operations.fleet.records import RUNNING, UNDER_WAY, Entry, Run, ShardRecord
from operations.fleet.rule import reasons_to_stop


class UnfinishedError(FailedError):
    """Somebody in the wave is still to be done, or to be watched."""


class StoppedError(FailedError):
    """The stop rule holds the rollout."""


def go_on(journal: Journal, rule: StopRule, after: str | None = None) -> Run:
    """Judge the wave that is done, and open the next one; after the last, the run is done.

    Where `after` names a wave that the run has left behind, nothing is done: a job that is run again may ask twice.

    Raises:
        UnfinishedError: the wave is not done yet. StoppedError: the rule holds the rollout, which is then stopped.
        MistakenError: the run is not one that may go on.
    """
    run = journal.require()
    if run.state in ("done", "rolled back") or _has_left(journal, run, after):
        return run
    if run.state not in RUNNING:
        raise StoppedError(f"{run.called} is {run.state}", "`workbuoy fleet resume`, or `rollback`", run.because)
    records = journal.wave(run)
    open_ = [one.head.name for one in records if not one.finished(run.round)]
    if open_:
        raise UnfinishedError(
            f"wave {run.wave}: {len(open_)} of {len(records)} shards are not finished: {some(open_)}",
            "`workbuoy fleet deploy --shard NAME` does one, or goes on where its runner was lost",
        )
    if run.state == "rolling back":
        return _brought_back(journal, run, records)
    reasons = [] if run.wave in run.accepted else reasons_to_stop(run.wave, records, rule)
    if reasons:
        journal.stop(reasons)
        raise StoppedError(
            f"{run.called} is stopped", "`workbuoy fleet rollback`, or mend it and `resume`", tuple(reasons)
        )
    waves = journal.planned(run.run).waves
    coming = waves[waves.index(run.wave) + 1 :]
    return journal.change(run, wave=coming[0]) if coming else journal.change(run, state="done")


def _has_left(journal: Journal, run: Run, wave: str | None) -> bool:
    if wave is None or wave == run.wave:
        return False
    waves = journal.planned(run.run).waves
    if wave not in waves:
        raise MistakenError(f"{run.called} has no wave {wave}", f"it has {', '.join(waves)}")
    if waves.index(wave) > waves.index(run.wave):
        raise MistakenError(f"{run.called} is in wave {run.wave}, which comes before {wave}")
    return True


def _brought_back(journal: Journal, run: Run, records: Sequence[ShardRecord]) -> Run:
    entries = (entry for record in records for entry in record.customers.items())
    if causes := tuple(f"{name}: {one.cause}" for name, one in entries if one.state != "done"):
        journal.stop([f"{len(causes)} could not be brought back", *causes])
        raise StoppedError(f"{len(causes)} could not be brought back", "a person must look at each", causes)
    return journal.change(run, state="rolled back")


def resume(journal: Journal, accept: str | None) -> Run:
    """Let a stopped run go on in the wave that it is in: who failed is done again.

    `accept` is a reason for which what the rule found in this wave is let pass, kept in the journal.
    """
    run = journal.require()
    if run.state != "stopped":
        raise MistakenError(f"{run.called} is {run.state}; what is stopped can be resumed")
    accepted = {**run.accepted, run.wave: accept} if accept else run.accepted
    back = any(one.head.name.endswith(back_of("")) for one in _back_records(journal, run))
    return journal.change(
        run,
        state="rolling back" if back else "running",
        because=(),
        accepted=accepted,
        round=run.round if accept else run.round + 1,
    )


def roll_back(journal: Journal) -> Run:
    """Bring everybody in the present wave back to the image that ran before, by shards of their own.

    Raises MistakenError while a runner still holds a shard of the wave.
    """
    run = journal.require()
    if run.state == "rolling back":
        return run
    if run.state == "running":
        run = journal.stop(["a person brings the wave back"])
    if run.state != "stopped":
        raise MistakenError(f"{run.called} is {run.state}; a run that is under way can be brought back")
    records = [one for one in _forward(journal, run) if _touched(one)]
    held = [f"{one.head.name} ({holder})" for one in records if (holder := journal.holder(run, one.head.name))]
    if held:
        raise MistakenError(
            f"{run.called} is stopped, and runners still end what they began: {some(held)}", "wait for them"
        )
    for one in records:
        entries = {name: _back(entry, run) for name, entry in _touched(one).items()}
        head = replace(one.head, name=back_of(one.head.name), customers=len(entries))
        journal.add_shard(ShardRecord(run=one.run, head=head, customers=entries))
    return journal.change(run, state="rolling back" if records else "rolled back", because=())


def end(journal: Journal) -> Run:
    """Give a stopped run up, so that another one may begin. Nothing is brought back."""
    run = journal.require()
    if run.state != "stopped":
        first = (
            "; stop it first: `workbuoy fleet stop`"
            if run.state in UNDER_WAY
            else " already: nothing is left to give up"
        )
        raise MistakenError(f"{run.called} is {run.state}{first}")
    return journal.change(run, state="ended")


def _back(entry: Entry, run: Run) -> Entry:
    """What brings a customer back; where nobody knows what ran before, a person must look."""
    back = Entry(stack=entry.stack, digest=entry.digest, image=entry.before or "", round=run.round)
    if entry.before:
        return back
    cause = f"what ran before is not known: `workbuoy releases {entry.stack}`, then deploy it by hand"
    return replace(back, state="left out", cause=cause)


def _touched(record: ShardRecord) -> dict[str, Entry]:
    """Customers to bring back: not those who were never begun, nor those who run the older image again."""
    return {name: one for name, one in record.customers.items() if one.begun and not one.went_back}


def _forward(journal: Journal, run: Run) -> list[ShardRecord]:
    return journal.wave(replace(run, state="stopped"))


def _back_records(journal: Journal, run: Run) -> Iterable[ShardRecord]:
    return journal.wave(replace(run, state="rolling back"))
