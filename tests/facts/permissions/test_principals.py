"""Whom a resource's policy names, case by case against AWS's "Principal" and "NotPrincipal"."""

from typing import Any

import pytest

from facts.permissions.errors import PrincipalError
from facts.permissions.principals import Grant, Principal, check_principals, grant, is_denied

HOME = "111111111111"
ROOT, ROLE = f"arn:aws:iam::{HOME}:root", f"arn:aws:iam::{HOME}:role/task"
SESSION, USER = f"arn:aws:sts::{HOME}:assumed-role/task/one", f"arn:aws:iam::{HOME}:user/ada"
IN_ROLE = Principal(arn=SESSION, role_arn=ROLE, account=HOME)
ADA = Principal(arn=USER, account=HOME)
SERVICE = Principal(service="s3.amazonaws.com", account=HOME)


@pytest.mark.parametrize(
    ("named", "who", "expected"),
    [
        ("*", IN_ROLE, Grant.EVERYONE),
        ({"AWS": "*"}, IN_ROLE, Grant.EVERYONE),
        ({"AWS": HOME}, IN_ROLE, Grant.ACCOUNT),
        ({"AWS": ROOT}, ADA, Grant.ACCOUNT),
        ({"AWS": [ROOT, ROLE]}, IN_ROLE, Grant.ROLE),
        ({"AWS": SESSION}, IN_ROLE, Grant.DIRECT),
        ({"AWS": SESSION.replace("one", "two")}, IN_ROLE, Grant.NONE),
        ({"AWS": USER}, ADA, Grant.DIRECT),
        ({"AWS": USER}, IN_ROLE, Grant.NONE),
        ({"Service": "s3.amazonaws.com"}, SERVICE, Grant.DIRECT),
        ({"Service": ["ecs.amazonaws.com"]}, SERVICE, Grant.NONE),
        ({"AWS": HOME}, SERVICE, Grant.NONE),
        ({"Service": "s3.amazonaws.com"}, IN_ROLE, Grant.NONE),
        ({"Federated": "accounts.google.com"}, Principal(federated="accounts.google.com"), Grant.DIRECT),
        ({"Federated": "accounts.google.com"}, Principal(), Grant.NONE),
        ({"CanonicalUser": "79a5"}, IN_ROLE, Grant.NONE),
        ({"AWS": "AROAEXAMPLEEXAMPLE1"}, IN_ROLE, Grant.NONE),
    ],
)
def test_a_principal_is_reached_as_far_as_it_is_named(named: Any, who: Principal, expected: Grant) -> None:
    """reference_policies_elements_principal.html."""
    assert grant({"Principal": named}, who) is expected


@pytest.mark.parametrize(
    ("spared", "who", "bounded", "denied"),
    [
        ([ROLE, ROOT], IN_ROLE, False, False),
        ([ROLE, HOME], IN_ROLE, False, False),
        ([SESSION, ROLE, ROOT], IN_ROLE, False, False),
        # "The NotPrincipal element with a Deny effect will always deny any principal that has a permissions boundary".
        ([SESSION, ROLE, ROOT], IN_ROLE, True, True),
        ([USER, ROOT], ADA, True, True),
        # "You must also specify the account ARN": AWS "might" deny the whole account, or the role before its session.
        ([SESSION, ROLE], IN_ROLE, False, None),
        ([SESSION], IN_ROLE, False, None),
        ([SESSION, ROOT], IN_ROLE, False, None),
        ([ROOT], IN_ROLE, False, None),
        ([USER], ADA, False, None),
        ([USER, ROOT], ADA, False, False),
        ([USER, ROOT], IN_ROLE, False, None),
        ([f"{ROLE}-other"], IN_ROLE, False, True),
        (["arn:aws:iam::222222222222:root"], IN_ROLE, False, True),
        ([ROOT], Principal(arn=ROOT, account=HOME), False, False),
        ([ROOT], SERVICE, False, True),
        ([ROOT], Principal(), False, True),
    ],
)
def test_a_deny_with_not_principal_spares_only_who_is_named_with_their_account(
    spared: list[str], who: Principal, bounded: bool, denied: bool | None
) -> None:
    """reference_policies_elements_notprincipal.html; None is where its text says that AWS "might" deny."""
    assert is_denied({"NotPrincipal": {"AWS": spared}}, who, bounded=bounded) is denied


def test_not_principal_spares_a_service_by_its_name() -> None:
    assert is_denied({"NotPrincipal": {"Service": "s3.amazonaws.com"}}, SERVICE, bounded=False) is False


def test_an_allow_with_not_principal_lets_in_everybody_else() -> None:
    """AWS does not support it any more and warned that it lets in even anonymous users, so that is what it is."""
    statement = {"NotPrincipal": {"AWS": USER}}
    assert grant(statement, ADA) is Grant.NONE
    assert grant(statement, Principal()) is Grant.EVERYONE


@pytest.mark.parametrize(
    "element",
    [
        "everyone",
        {},
        [],
        {"Aws": HOME},
        {"AWS": f"arn:aws:iam::{HOME}:role/*"},
        {"AWS": "arn:aws:iam::*:root"},
        {"AWS": "1234"},
        {"AWS": ""},
        {"AWS": [{"Ref": "x"}]},
        {"Service": "*.amazonaws.com"},
        {"Federated": 5},
    ],
)
def test_a_malformed_principal_is_an_error_of_its_own(element: Any) -> None:
    with pytest.raises(PrincipalError):
        check_principals(element)
