"""Many at once: each ends in one recorded outcome, whatever the operation does."""

import json
import random
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.problems import ProblemsError
from operations.tenant.deployment import journal as journals
from operations.tenant.deployment.journal import RolloutPlan
from operations.tenant.deployment.scheduler import ASKS, Scheduler, SiloOutcome, Stop

DONE = SiloOutcome("done")


def scheduler(operation, record=lambda *_: None, *, parallel=4, timeout=60.0, grace=0.02) -> Scheduler:  # type: ignore[no-untyped-def]
    return Scheduler(operation, record, parallel=parallel, timeout_seconds=timeout, grace_seconds=grace)


def test_no_more_than_the_limit_run_at_once() -> None:
    running, most, lock, three = 0, 0, threading.Lock(), threading.Barrier(3)

    def operation(_name: str, _stop: Stop) -> SiloOutcome:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        three.wait(60)
        with lock:
            running -= 1
        return DONE

    outcomes = scheduler(operation, parallel=3).run([str(number) for number in range(30)])
    assert most == 3
    assert set(outcomes.values()) == {DONE}


def test_an_operation_that_raises_is_a_failure_with_its_cause() -> None:
    def operation(name: str, _stop: Stop) -> SiloOutcome:
        if name == "b":
            raise RuntimeError("no such bucket")
        return DONE

    outcomes = scheduler(operation).run(["a", "b", "c"])
    assert outcomes == {"a": DONE, "b": SiloOutcome("failed", "RuntimeError: no such bucket"), "c": DONE}


def test_an_overdue_operation_is_asked_to_stop_and_says_why_it_ended() -> None:
    def operation(_name: str, stop: Stop) -> SiloOutcome:
        assert stop.wait(60)
        return SiloOutcome("interrupted", "117 resources stand")

    outcomes = scheduler(operation, timeout=0.01).run(["a"])
    assert outcomes["a"] == SiloOutcome("failed", "took longer than 0.01 s and was stopped: 117 resources stand")


@pytest.mark.lengthy
def test_one_that_never_ends_is_given_up_and_its_late_answer_counts_no_more() -> None:
    release, records, asked = threading.Event(), [], []

    def operation(name: str, stop: Stop) -> SiloOutcome:
        if name != "hangs":
            return DONE
        release.wait(60)
        asked.append(stop.times)
        return DONE

    def record(name: str, outcome: SiloOutcome) -> None:
        records.append((name, outcome.state))
        if (name, outcome.state) == ("hangs", "failed"):
            release.set()

    outcomes = scheduler(operation, record, parallel=1, timeout=1.0, grace=0.2).run(["hangs", "next", "last"])
    assert outcomes["hangs"].state == "failed"
    assert "may still run" in outcomes["hangs"].cause
    assert Counter(records)["hangs", "failed"] == 1
    assert ("hangs", "done") not in records
    assert outcomes["last"] == DONE
    assert ASKS == 3


def test_an_interruption_starts_nothing_more_and_records_what_ran() -> None:
    started, both = [], threading.Barrier(3)

    def operation(name: str, stop: Stop) -> SiloOutcome:
        started.append(name)
        both.wait(60)
        stop.wait(60)
        return SiloOutcome("interrupted", "cancelled")

    one = scheduler(operation, parallel=2)

    def interrupt() -> None:
        both.wait(60)
        one.interrupt()

    threading.Thread(target=interrupt).start()
    outcomes = one.run([str(number) for number in range(10)])
    assert one.interrupted
    assert sorted(started) == ["0", "1"]
    assert Counter(outcome.state for outcome in outcomes.values()) == {"interrupted": 2, "waiting": 8}


def test_a_second_interruption_asks_more_firmly() -> None:
    def operation(_name: str, stop: Stop) -> SiloOutcome:
        one.interrupt()
        stop.wait(60)
        one.interrupt()
        for _ in range(12_000):
            if stop.times == 2:
                return SiloOutcome("interrupted", "at once")
            time.sleep(0.005)
        return DONE

    one = scheduler(operation)
    assert one.run(["a"]) == {"a": SiloOutcome("interrupted", "at once")}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 8), st.integers(0, 40))
def test_every_name_ends_in_one_recorded_state_none_twice_none_lost(seed: int, parallel: int, count: int) -> None:
    chance, records = random.Random(seed), []  # noqa: S311
    names = [f"t{number}" for number in range(count)]
    ways = {name: chance.choice(["done", "failed", "raise", "interrupt", "hang"]) for name in names}
    interrupt_at = chance.choice([None, *names]) if names else None

    def operation(name: str, stop: Stop) -> SiloOutcome:
        if name == interrupt_at:
            one.interrupt()
        if ways[name] == "raise":
            raise OSError(name)
        if ways[name] == "hang":
            stop.wait(60)
            return SiloOutcome("interrupted", name)
        return SiloOutcome("interrupted" if ways[name] == "interrupt" else ways[name], name)  # type: ignore[arg-type]

    one = scheduler(operation, lambda name, outcome: records.append((name, outcome)), parallel=parallel, timeout=0.01)
    outcomes = one.run(names)
    assert list(outcomes) == names
    ended = [name for name, outcome in records if outcome.state != "running"]
    began = [name for name, outcome in records if outcome.state == "running"]
    assert len(set(began)) == len(began)
    assert sorted(ended) == sorted(began)
    assert {name for name, outcome in outcomes.items() if outcome.state == "waiting"} == set(names) - set(began)
    assert dict(one_ for one_ in records if one_[1].state != "running") == {
        name: outcome for name, outcome in outcomes.items() if outcome.state != "waiting"
    }
    if interrupt_at is None:
        assert not one.interrupted


STATES = st.sampled_from(["running", "done", "failed", "interrupted"])
ENTRIES = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), STATES, st.text(max_size=20)), max_size=20)
PLAN = RolloutPlan(version="1", image="2", tenants=("a", "b", "c"))


@settings(max_examples=40, deadline=None)
@given(entries=ENTRIES, torn=st.integers(0, 60))
def test_a_journal_reads_back_its_latest_states_however_its_last_line_is_torn(
    tmp_path_factory: pytest.TempPathFactory, entries: list[tuple[str, str, str]], torn: int
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    journal = journals.begin(folder, PLAN)
    sizes = [journal.file.stat().st_size]
    for name, state, cause in entries:
        journal.record(name, SiloOutcome(state, cause))  # type: ignore[arg-type]
        sizes.append(journal.file.stat().st_size)
    journal.close()
    kept = max(sizes[-1] - torn, sizes[0])
    with journal.file.open("r+b") as file:
        file.truncate(kept)
    whole = sum(size <= kept for size in sizes) - 1
    expected = {name: SiloOutcome("waiting") for name in PLAN.tenants}
    expected |= {name: SiloOutcome(state, cause) for name, state, cause in entries[:whole]}  # type: ignore[arg-type]
    recorded = journals.read(journal.file)
    assert recorded is not None
    assert recorded.outcomes == expected
    again = journals.Journal(journal.file)  # what goes on after a torn line starts on a line of its own
    again.record("b", DONE)
    again.close()
    read = journals.read(journal.file)
    assert read is not None
    assert read.outcomes == expected | {"b": DONE}


def test_only_what_is_not_done_is_left(tmp_path: Path) -> None:
    journal = journals.begin(tmp_path, PLAN)
    journal.record("a", SiloOutcome("running"))
    journal.record("a", DONE)
    journal.record("b", SiloOutcome("running"))  # and then the run was killed
    journal.close()
    recorded = journals.latest(tmp_path, PLAN)
    assert recorded is not None
    assert recorded.left == ("b", "c")


def test_another_commit_image_or_set_of_customers_is_another_run(tmp_path: Path) -> None:
    journals.begin(tmp_path, PLAN).close()
    assert journals.latest(tmp_path, PLAN) is not None
    for other in (("2", "2", PLAN.tenants), ("1", "3", PLAN.tenants), ("1", "2", ("a", "b"))):
        assert journals.latest(tmp_path, RolloutPlan(version=other[0], image=other[1], tenants=other[2])) is None


@pytest.mark.parametrize(
    "line", ["nothing", "{}", "[]", '{"tenant": "z", "state": "done"}', '{"tenant": "a", "state": "well"}', "null"]
)
def test_a_line_that_is_no_record_stops_with_its_place(tmp_path: Path, line: str) -> None:
    journal = journals.begin(tmp_path, PLAN)
    journal.close()
    with journal.file.open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(ProblemsError, match=r"\.jsonl:2: is no record of a deployment; move the file away"):
        journals.read(journal.file)


def test_a_journal_torn_in_its_first_line_is_as_none(tmp_path: Path) -> None:
    (tmp_path / "20260101.jsonl").write_text(json.dumps({"version": "1"})[:-3])
    assert journals.latest(tmp_path, PLAN) is None


def test_two_runs_at_once_are_refused(tmp_path: Path) -> None:
    with journals.only_one(tmp_path), pytest.raises(ProblemsError, match="wait for it"), journals.only_one(tmp_path):
        pass
    with journals.only_one(tmp_path):
        pass
