"""Runners that die, hang, come back and lose answers at any moment: nobody is done twice, and nobody is lost."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from operations.engine.errors import UnreachableError
from operations.fleet.control import resume
from operations.fleet.journal import HeldError, OverError
from operations.fleet.lease import Lease, LostError
from operations.fleet.records import Entry, Run, Watched
from tests.operations.fleet.world import Memory, journal_of, plan_of

SECONDS = 300.0


def begun(held: Lease, name: str) -> Entry:
    """One who was left, and is begun now."""
    entry = held.begin(name)
    assert entry is not None
    return entry


def lease(store: Memory, owner: str, shard: str = "canaries-1") -> Lease:
    journal = journal_of(store)
    return Lease(journal, journal.require(), shard, owner=owner, seconds=SECONDS, clock=lambda: store.now)


@pytest.fixture
def store() -> Memory:
    """With a run of one shard of three customers."""
    memory = Memory()
    journal_of(memory).begin(plan_of([("canaries-1", 3)]), "commit")
    return memory


def test_two_runners_never_hold_one_shard(store: Memory) -> None:
    lease(store, "one")
    store.now += SECONDS - 1
    with pytest.raises(HeldError, match="shard canaries-1 is one's, who wrote 299 s ago"):
        lease(store, "two")


def test_a_runner_goes_on_where_another_died(store: Memory) -> None:
    dead = lease(store, "one")
    done, running = dead.record.left(1)[:2]
    dead.end(done, replace(begun(dead, done), state="done"))
    dead.begin(running)
    store.now += SECONDS
    heir = lease(store, "two")
    assert done not in heir.record.left(1)
    assert heir.record.customers[running].state == "interrupted"
    assert heir.record.customers[running].cause == "its runner one is gone"


def test_a_runner_that_comes_back_from_the_dead_notices_and_changes_nothing(store: Memory) -> None:
    dead = lease(store, "one")
    name = dead.record.left(1)[0]
    entry = begun(dead, name)
    store.now += SECONDS
    heir = lease(store, "two")
    before = dict(store.objects)
    acts: tuple[Callable[[], object], ...] = (
        lambda: dead.end(name, replace(entry, state="done")),
        lambda: dead.begin(name),
        dead.renew,
        dead.release,
    )
    for act in acts:
        with pytest.raises(LostError):
            act()
    assert store.objects == before
    heir.end(name, replace(begun(heir, name), state="done"))
    assert heir.record.customers[name].begun == 2


def test_one_whose_clock_stood_still_is_refused_by_the_store(store: Memory) -> None:
    """A machine that slept does not know that its lease is over; the version that it names does."""
    stuck = Lease(
        journal_of(store), journal_of(store).require(), "canaries-1", owner="one", seconds=SECONDS, clock=lambda: 0.0
    )
    store.now += SECONDS
    lease(store, "two")
    assert not stuck.expired
    with pytest.raises(LostError, match="another runner has taken it"):
        stuck.renew()
    assert stuck.expired


def test_a_lease_that_is_renewed_lasts(store: Memory) -> None:
    held = lease(store, "one")
    for _ in range(10):
        store.now += SECONDS / 4
        held.renew()
    with pytest.raises(HeldError):
        lease(store, "two")


def test_a_runner_that_cannot_renew_begins_nobody(store: Memory) -> None:
    held = lease(store, "one")
    store.now += SECONDS / 2
    store.fail_next = "instead"
    with pytest.raises(UnreachableError):
        held.renew()
    store.now += SECONDS / 2
    with pytest.raises(LostError, match="could not renew"):
        held.begin(held.record.left(1)[0])


def test_a_write_whose_answer_is_lost_does_not_lose_the_shard(store: Memory) -> None:
    held = lease(store, "one")
    store.fail_next = "after"
    with pytest.raises(UnreachableError):
        held.renew()
    held.renew()


def test_an_end_whose_answer_is_lost_is_never_written_over(store: Memory) -> None:
    held = lease(store, "one")
    name = held.record.left(1)[0]
    entry = begun(held, name)
    store.fail_next = "after"
    with pytest.raises(UnreachableError):
        held.end(name, replace(entry, state="done"))
    assert held.begin(name) is None
    assert held.record.customers[name].state == "done"


def test_a_failure_whose_answer_is_lost_is_not_tried_again_in_its_round(store: Memory) -> None:
    held = lease(store, "one")
    name = held.record.left(1)[0]
    entry = begun(held, name)
    store.fail_next = "after"
    with pytest.raises(UnreachableError):
        held.end(name, replace(entry, state="failed", cause="no health"))
    assert held.begin(name) is None
    assert held.record.customers[name] == replace(entry, state="failed", cause="no health")


def test_a_stopped_run_begins_nobody(store: Memory) -> None:
    held = lease(store, "one")
    journal_of(store).stop(["logins fail"])
    with pytest.raises(OverError, match="is stopped: logins fail"):
        held.begin(held.record.left(1)[0])
    with pytest.raises(OverError):
        lease(store, "two")


def test_who_is_tried_again_has_to_be_watched_again(store: Memory) -> None:
    """A runner that dies as it watches the second round leaves no shard that the first round's watch has finished."""
    held = lease(store, "one")
    first, *others = held.record.left(1)
    held.end(first, replace(begun(held, first), state="failed"))
    for name in others:
        held.end(name, replace(begun(held, name), state="done"))
    held.watched(Watched())
    held.release()
    journal = journal_of(store)
    assert journal.shard(held.record.run, "canaries-1").finished(1)
    journal.stop(["1 failed"])
    resume(journal, None)
    again = lease(store, "two")
    again.end(first, replace(begun(again, first), state="done"))
    store.now += SECONDS  # it died before its watch was over
    left = lease(store, "three")
    assert left.record.left(2) == ()
    assert not left.record.finished(2)
    left.watched(Watched())
    assert left.record.finished(2)


class Fleet(RuleBasedStateMachine):
    """Four runners and two shards. A runner is a lease and what it has begun; dying is being forgotten, or put away."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Memory()
        self.run: Run = journal_of(self.store).begin(plan_of([("canaries-1", 3), ("canaries-2", 2)]), "commit")
        self.runners: dict[str, Lease] = {}
        self.at_work: dict[str, str] = {}
        self.watching: dict[str, int] = {}
        self.away: list[tuple[Lease, str | None, int | None]] = []
        self.last_end: dict[str, int] = {}
        self.ended: dict[str, str] = {}
        self.number = 0

    @rule(shard=st.sampled_from(["canaries-1", "canaries-2"]))
    def take(self, shard: str) -> None:
        self.number += 1
        owner = f"r{self.number}"
        try:
            self.runners[owner] = lease(self.store, owner, shard)
        except HeldError:
            return
        holders = [one for one in self.runners.values() if one.record.head.name == shard and not one.expired]
        assert len(holders) == 1

    @precondition(lambda self: self.runners)
    @rule(data=st.data())
    def begin_somebody(self, data: st.DataObject) -> None:
        owner = data.draw(st.sampled_from(sorted(self.runners)))
        held = self.runners[owner]
        left = [] if owner in self.at_work else held.record.left(1)
        if not left:
            return
        try:
            if held.begin(left[0]) is None:
                assert left[0] in self.ended  # its end was written, and the answer was lost
                assert self._noted(left[0]) == self.ended[left[0]]
                return
        except LostError:
            assert held.expired
            del self.runners[owner]
            return
        assert left[0] not in self.ended
        assert left[0] not in {
            name for other, name in self.at_work.items() if other in self.runners and not self.runners[other].expired
        }
        self.at_work[owner] = left[0]

    @precondition(lambda self: self.at_work)
    @rule(
        data=st.data(), trouble=st.sampled_from(["", "", "instead", "after"]), state=st.sampled_from(["done", "failed"])
    )
    def end_somebody(self, data: st.DataObject, trouble: str, state: str) -> None:
        owner = data.draw(st.sampled_from(sorted(self.at_work)))
        name = self.at_work.pop(owner)
        if owner in self.runners:
            self._end(self.runners[owner], name, trouble, state)

    def _end(self, held: Lease, name: str, trouble: str, state: str) -> None:
        self.store.fail_next = trouble
        entry = held.record.customers[name]
        try:
            held.end(name, replace(entry, state=state))  # type: ignore[arg-type]
        except (LostError, UnreachableError):
            self.store.fail_next = ""
        noted = self._noted(name)
        if noted in ("done", "failed") and name not in self.ended:
            self.ended[name] = noted
            self.last_end[name.rpartition("-")[0]] = int(self.store.now)

    @precondition(lambda self: self.runners)
    @rule(data=st.data())
    def begin_to_watch(self, data: st.DataObject) -> None:
        owner = data.draw(st.sampled_from(sorted(self.runners)))
        record = self.runners[owner].record
        if not record.left(1) and record.watched is None:
            self.watching.setdefault(owner, int(self.store.now))

    @precondition(lambda self: self.watching)
    @rule(data=st.data(), trouble=st.sampled_from(["", "", "instead", "after"]))
    def note_what_was_seen(self, data: st.DataObject, trouble: str) -> None:
        owner = data.draw(st.sampled_from(sorted(self.watching)))
        began = self.watching.pop(owner)
        if owner in self.runners:
            self._note_watch(self.runners[owner], began, trouble)

    def _note_watch(self, held: Lease, began: int, trouble: str) -> None:
        self.store.fail_next = trouble
        try:
            held.watched(Watched(error_lines={"began": began}))
        except (LostError, UnreachableError):
            self.store.fail_next = ""

    @precondition(lambda self: self.runners)
    @rule(data=st.data())
    def die(self, data: st.DataObject) -> None:
        owner = data.draw(st.sampled_from(sorted(self.runners)))
        """At work on somebody, in the middle of a watch, or between the two."""
        self.away.append((self.runners.pop(owner), self.at_work.pop(owner, None), self.watching.pop(owner, None)))

    @precondition(lambda self: self.away)
    @rule(data=st.data())
    def come_back(self, data: st.DataObject) -> None:
        held, name, watched_from = self.away.pop(data.draw(st.integers(0, len(self.away) - 1)))
        if name is not None:
            self._end(held, name, "", "done")
            return
        if watched_from is not None:
            self._note_watch(held, watched_from, "")
            return
        try:
            held.renew()
        except LostError:
            return
        self.runners[f"back{self.number}"] = held
        self.number += 1

    @rule(seconds=st.sampled_from([10.0, 100.0, SECONDS]))
    def time_passes(self, seconds: float) -> None:
        self.store.now += seconds
        self.runners = {owner: one for owner, one in self.runners.items() if not one.expired}

    def _noted(self, name: str) -> str:
        shard = name.rpartition("-")[0]
        return journal_of(self.store).shard(self.run.run, shard).customers[name].state

    @invariant()
    def what_ended_stays_as_it_ended(self) -> None:
        """In one round, and this is one: what failed is tried again in a later one alone."""
        assert {name: self._noted(name) for name in self.ended} == self.ended

    @invariant()
    def who_counts_as_watched_was_watched_after_the_last_of_the_shard_had_ended(self) -> None:
        for shard in ("canaries-1", "canaries-2"):
            record = journal_of(self.store).shard(self.run.run, shard)
            if record.finished(1):
                assert record.watched is not None
                assert record.watched.error_lines["began"] >= self.last_end.get(shard, 0)

    def teardown(self) -> None:
        """Whatever happened, one more runner finds everybody who is left, and nobody who is not."""
        self.store.now += SECONDS
        for shard in ("canaries-1", "canaries-2"):
            last = lease(self.store, "last", shard)
            for name in last.record.left(1):
                assert name not in self.ended
                last.end(name, replace(begun(last, name), state="done"))
            assert not last.record.left(1)
            if last.record.watched is None:
                last.watched(Watched(error_lines={"began": int(self.store.now)}))
            assert journal_of(self.store).shard(self.run.run, shard).finished(1)
            states = {one.state for one in journal_of(self.store).shard(self.run.run, shard).customers.values()}
            assert states <= {"done", "failed"}


TestAnyOrderOfEvents = Fleet.TestCase
TestAnyOrderOfEvents.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
