"""What is waited for in a rehearsal ends where it can no longer come."""

from types import SimpleNamespace
from typing import Any

import pytest

from rehearsal.service import trial
from rehearsal.service.trial import StepError, answers


def trial_with(*denials: str) -> Any:
    return SimpleNamespace(gate=SimpleNamespace(denials=lambda: list(denials)))


def waiting(one: Any, *statuses: int) -> list[bool]:
    coming = iter(statuses)
    ready = answers(one, lambda: next(coming), 200)
    return [ready() for _ in statuses]


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "_REFUSED_SECONDS", -1.0)


def test_a_service_that_was_refused_something_and_stays_unavailable_is_not_waited_for() -> None:
    with pytest.raises(StepError, match="stays unavailable, and something that it asked for was refused"):
        waiting(trial_with("s3:ListBucket"), 503)


def test_whoever_was_refused_nothing_is_waited_for() -> None:
    assert waiting(trial_with(), 503, 503, 200) == [False, False, True]


def test_a_service_that_does_not_answer_yet_or_answers_all_the_same_is_not_given_up() -> None:
    assert waiting(trial_with("s3:ListBucket"), 0, 200) == [False, True]


def test_it_is_given_a_few_seconds_in_which_more_may_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "_REFUSED_SECONDS", 300.0)
    assert waiting(trial_with("s3:ListBucket"), 503, 503, 200) == [False, False, True]
