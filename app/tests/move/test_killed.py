"""Whichever command of a move is killed (SIGKILL) before whichever of its calls, the move goes on to its end."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from tests.killing import kill_at_every_call
from tests.move.scene import NAME, PATIENCE_SECONDS, Two, part, place, serves
from tests.move.test_round_trip import same
from tests.promotion.scene import awaited, everything, fill, rows, tenant_id
from workbuoy_app.devtools.embedded_postgres import Postgres
from workbuoy_app.move import send as sending
from workbuoy_app.move.cut_over import cut_over
from workbuoy_app.move.ending import drop, end, take_back

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="only POSIX forks and kills like this"),
]
Step = Callable[[Two], object]
Killed = Callable[..., None]


@pytest.fixture
def killed(empty: Two, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Killed:
    """A row or two of each table, one of which takes two batches; takes the steps before, the killed one, what then."""
    fill(empty.source, NAME, things=2, objects=1, chunks=1)
    monkeypatch.setattr(sending, "ROWS_AT_ONCE", 4)

    def try_all(before: tuple[Step, ...], *steps: Step) -> None:
        for step in before:
            step(empty)
        works = (lambda sides, step=one: step(Two(*sides)) for one in steps)
        kill_at_every_call(postgres, (empty.source, empty.target), *works)

    return try_all


def sent(two: Two) -> object:
    return two.send()


def received(two: Two) -> object:
    return two.receive()


def changed(two: Two) -> object:
    """A row that was sent, and new ones with a file of each kind."""
    fill(two.source, NAME, things=1, objects=1, chunks=1)
    return rows(two.source, "update things set body = 'changed meanwhile' where title like 'acme plain'")


def handed_over(two: Two) -> object:
    """The sender's part of a cut-over."""
    return cut_over(two.source, NAME, *place(two.target), within_seconds=PATIENCE_SECONDS)


def taken_over(two: Two) -> object:
    """The receiver's part of it."""
    return two.receive(wait=PATIENCE_SECONDS)


def moved(two: Two) -> object:
    return two.cut_over()


def removed(two: Two) -> object:
    return two.remove()


def ended(two: Two) -> object:
    return end(two.target, NAME, *place(two.source))


def dropped(two: Two) -> object:
    return drop(two.target, NAME, *place(two.source))


def given_up(two: Two) -> object:
    return end(two.source, NAME, *place(two.target))


def dropped_when_handed_over(two: Two) -> object:
    """By a cut-over that was killed before it could say so."""
    rows(two.source, "update copies set part = 'holds'")
    rows(two.source, "insert into freezes (tenant_id, frozen_at) select tenant_id, now() from copies")
    return dropped(two)


def taken_back(two: Two) -> object:
    return take_back(two.source, NAME, *place(two.target))


def moved_whole(two: Two) -> None:
    """It is served in the new place alone; nothing is lost, doubled or left on its way."""
    two.cut_over()
    assert (serves(two.source), serves(two.target)) == (False, True)
    same(two)
    assert two.keys(two.target, "imports/") == ["imports/acme/manifest.json"]


@pytest.mark.parametrize(
    ("before", "work"),
    [((), sent), ((sent, changed), sent), ((sent,), received), ((sent, received, changed, sent), received)],
    ids=["sending", "sending changes", "receiving", "receiving changes"],
)  # fmt: skip
def test_a_copy_goes_on(killed: Killed, before: tuple[Step, ...], work: Step) -> None:
    def after(two: Two) -> None:
        assert (serves(two.source), serves(two.target)) == (True, False)
        work(two)
        moved_whole(two)

    killed(before, work, after)


@pytest.mark.parametrize(("work", "other"), [(handed_over, taken_over), (taken_over, handed_over)])
def test_a_cut_over_ends_in_one_place(killed: Killed, work: Step, other: Step) -> None:
    def after(two: Two) -> None:
        assert not (serves(two.source) and serves(two.target))
        assert serves(two.source) or serves(two.target) or awaited(two.source)
        moved_whole(two)
        assert not awaited(two.source)

    killed((sent, received, changed), work, after, other)


def test_a_removal_goes_on_and_leaves_nothing(killed: Killed) -> None:
    def after(two: Two) -> None:
        own, there = tenant_id(two.target), everything(two.target)
        removed(two)
        for table in ("members", "things", "attachments", "audit_events", "copies", "row_changes", "freezes"):
            assert rows(two.source, f"select 1 from {table} where tenant_id = %s", [own]) == []
        assert two.keys(two.source, "tenants/") == []
        assert everything(two.target) == there

    killed((sent, received, moved), removed, after)


def test_an_end_goes_on(killed: Killed) -> None:
    def after(two: Two) -> None:
        ended(two)
        assert (part(two.target), serves(two.target)) == (None, True)
        assert rows(two.target, "select 1 from row_changes") == []
        assert two.keys(two.target, "imports/") == ["imports/acme/manifest.json"]

    killed((sent, received, moved, removed), ended, after)


@pytest.mark.parametrize(
    ("before", "work"),
    [((sent, received), dropped), ((sent, received, dropped), given_up)],
    ids=["dropping", "ending"],
)
def test_a_move_is_given_up_and_leaves_nothing(killed: Killed, before: tuple[Step, ...], work: Step) -> None:
    def after(two: Two) -> None:
        work(two)
        given_up(two)
        assert (part(two.source), serves(two.source)) == (None, True)
        assert rows(two.target, "select 1 from tenants") == []
        assert two.keys(two.target) == ["imports/acme/manifest.json"]
        two.send()
        moved_whole(two)

    killed(before, work, after)


def test_a_customer_is_taken_back_whose_copy_was_dropped(killed: Killed) -> None:
    def after(two: Two) -> None:
        taken_back(two)
        assert (part(two.source), serves(two.source)) == (None, True)

    killed((sent, received, dropped_when_handed_over), taken_back, after)
