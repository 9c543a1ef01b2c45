"""The evaluator on 2,000 random cases: against a second reading of the documents, and against what must always hold."""

from collections import Counter
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from facts.permissions.evaluate import Undecided, decide
from tests.facts.permissions.generated import Case, case, expected

pytestmark = pytest.mark.slow  # each judges two thousand cases

SEEDS = range(2000)


@cache
def cases() -> list[Case]:
    """Made by who first asks, since every worker reads this file and one runs it."""
    return [case(seed) for seed in SEEDS]


def allowed(one: Case, undecided: Undecided = Undecided.REFUSES, /, **changes: Any) -> bool:
    changed = replace(one, **changes)
    return decide(changed.request(), changed.policies(), undecided).allowed


def test_two_readings_of_the_documents_agree() -> None:
    wrong = []
    for seed, one in zip(SEEDS, cases(), strict=True):
        want = expected(one)
        found = {undecided: allowed(one, undecided) for undecided in Undecided}
        wants = {Undecided.GRANTS: want is not False, Undecided.REFUSES: want is True}
        if found != wants:
            wrong.append((seed, wants, found))
    assert not wrong, f"{len(wrong)} differ, first {wrong[:3]}"


def test_the_cases_are_worth_trying() -> None:
    """Enough of them are allowed, and enough refused for each reason."""
    reasons = Counter(decide(one.request(), one.policies()).reason.partition(" by ")[0].split()[-1] for one in cases())
    assert min(reasons.values()) > 100, reasons
    assert 300 < sum(map(allowed, cases())) < 1700


@pytest.mark.parametrize("undecided", Undecided)
def test_a_further_deny_never_allows_and_a_further_allow_never_refuses(undecided: Undecided) -> None:
    deny = {"Effect": "Deny", "Action": "s3:Get*", "Resource": "arn:aws:s3:::files/a/*"}
    allow = {**deny, "Effect": "Allow"}
    for one in cases():
        before = allowed(one, undecided)
        more = {
            "identity": [*one.identity, deny],
            "resource_policy": [*one.resource_policy, {**deny, "Principal": "*"}],
        }
        less = {
            "identity": [*one.identity, allow],
            "resource_policy": [*one.resource_policy, {**allow, "Principal": "*"}],
        }
        for name, value in more.items():
            assert not allowed(one, undecided, **{name: value}) or before
        for name, value in less.items():
            assert allowed(one, undecided, **{name: value}) or not before


def test_taking_an_allow_away_never_allows_and_a_limit_never_widens() -> None:
    for one in cases():
        if not allowed(one):
            for name in ("identity", "resource_policy"):
                for held in (kept for kept in getattr(one, name) if kept["Effect"] == "Allow"):
                    assert not allowed(one, **{name: [other for other in getattr(one, name) if other is not held]})
            assert one.boundary is not None or not allowed(one, boundary=[])
            assert one.session is not None or not allowed(one, session=[])


def test_names_order_and_spelling_of_lists_change_nothing() -> None:
    def respelt(statements: list[Any] | None) -> list[Any] | None:
        if statements is None:
            return None
        return [
            {
                "Sid": f"s{n}",
                **{k: [v] if k in ("Action", "Resource") and isinstance(v, str) else v for k, v in s.items()},
            }
            for n, s in enumerate(reversed(statements))
        ]

    for one in cases():
        changes: dict[str, Any] = {
            name: respelt(getattr(one, name)) for name in ("identity", "boundary", "session", "resource_policy")
        }
        assert allowed(one, **changes) is allowed(one)


def test_an_account_renamed_everywhere_changes_nothing() -> None:
    def renamed(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace("111111111111", "333333333333")
        if isinstance(value, dict):
            return {key: renamed(item) for key, item in value.items()}
        return [renamed(item) for item in value] if isinstance(value, list) else value

    for one in cases():
        who = replace(one.principal, **{n: renamed(getattr(one.principal, n)) for n in ("arn", "account", "role_arn")})
        changes: dict[str, Any] = {"principal": who, "resource_policy": renamed(one.resource_policy)}
        assert allowed(one, resource_account=renamed(one.resource_account), **changes) is allowed(one)


def test_knowing_less_only_ever_opens_a_verdict_and_closes_a_right() -> None:
    """What holds whatever the unknown keys are holds when they are known."""
    for one in cases():
        request = replace(one.request(), context={}, unknown=("*",))
        known = decide(one.request(), one.policies()).allowed
        assert decide(request, one.policies(), Undecided.GRANTS).allowed or not known
        assert known or not decide(request, one.policies(), Undecided.REFUSES).allowed
