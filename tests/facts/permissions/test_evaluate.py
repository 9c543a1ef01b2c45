"""Our evaluator, case by case against AWS's documented evaluation logic."""

from typing import Any

import pytest

from facts.permissions.conditions import UnknownOperatorError, conditions_hold
from facts.permissions.evaluate import Decision, Held, Policies, Principal, Request, decide
from facts.permissions.patterns import fill_variables, matches, matches_arn

HOME, ABROAD = "111111111111", "222222222222"
ROLE = f"arn:aws:iam::{HOME}:role/task"
SESSION = f"arn:aws:sts::{HOME}:assumed-role/task/one"
OBJECT = "arn:aws:s3:::files/a/b.txt"

Document = dict[str, Any]


def statement(
    effect: str = "Allow", action: Any = "s3:GetObject", resource: Any = "arn:aws:s3:::files/*", **more: Any
) -> Document:
    return {"Sid": "Test", "Effect": effect, "Action": action, "Resource": resource, **more}


def held(*statements: Document) -> list[Held]:
    return [Held("policy", one) for one in statements]


def ask(
    *,
    action: str = "s3:GetObject",
    resource: str = OBJECT,
    account: str = HOME,
    resource_account: str = HOME,
    context: dict[str, tuple[str, ...]] | None = None,
    service: str = "",
    **policies: Any,
) -> Decision:
    principal = Principal(
        arn=SESSION.replace(HOME, account), role_arn=ROLE.replace(HOME, account), account=account, service=service
    )
    return decide(
        Request(
            principal=principal,
            action=action,
            resource=resource,
            resource_account=resource_account,
            context=context or {},
        ),
        Policies(**policies),
    )


def test_what_nothing_allows_is_refused() -> None:
    assert not ask().allowed


def test_an_identity_policy_alone_allows_in_its_own_account() -> None:
    assert ask(identity=held(statement())).allowed


def test_a_deny_wins_over_every_allow() -> None:
    decision = ask(identity=held(statement(), statement("Deny", "s3:*", "*")), resource=OBJECT)
    assert not decision.allowed
    assert decision.reason == "denied by policy/Test"


@pytest.mark.parametrize("kind", ["boundary", "session"])
def test_a_limit_that_does_not_allow_refuses(kind: str) -> None:
    narrow: dict[str, Any] = {kind: held(statement(action="s3:PutObject"))}
    wide: dict[str, Any] = {kind: held(statement(action="s3:*"))}
    assert not ask(identity=held(statement()), **narrow).allowed
    assert ask(identity=held(statement()), **wide).allowed


def test_an_empty_limit_allows_nothing() -> None:
    assert not ask(identity=held(statement()), boundary=[]).allowed


def test_a_limit_grants_nothing_by_itself() -> None:
    assert not ask(boundary=held(statement()), session=held(statement())).allowed


def test_a_deny_in_a_boundary_denies() -> None:
    assert not ask(
        identity=held(statement()), boundary=held(statement(action="*", resource="*"), statement("Deny"))
    ).allowed


@pytest.mark.parametrize("named", ["*", {"AWS": "*"}, {"AWS": ROLE}, {"AWS": [ROLE]}, {"AWS": SESSION}])
def test_a_resource_s_policy_alone_allows_in_the_same_account(named: Any) -> None:
    allow = ask(resource=OBJECT, identity=[], boundary=None)
    assert not allow.allowed
    assert decide_with_resource(statement(Principal=named)).allowed


def decide_with_resource(*statements: Document, **more: Any) -> Decision:
    request = Request(
        principal=more.pop("principal", Principal(arn=SESSION, role_arn=ROLE, account=HOME)),
        action=more.pop("action", "s3:GetObject"),
        resource=more.pop("resource_arn", OBJECT),
        resource_account=more.pop("resource_account", HOME),
        context=more.pop("context", {}),
    )
    return decide(request, Policies(resource=held(*statements), **more))


@pytest.mark.parametrize("account", [HOME, f"arn:aws:iam::{HOME}:root"])
def test_a_resource_s_policy_that_names_the_account_leaves_it_to_identity_policies(account: str) -> None:
    named = statement(Principal={"AWS": account})
    assert not decide_with_resource(named).allowed
    assert decide_with_resource(named, identity=held(statement())).allowed


def test_a_boundary_limits_what_a_resource_grants_to_a_role_but_not_to_a_session() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html, resource-based policies."""
    assert not decide_with_resource(statement(Principal={"AWS": ROLE}), boundary=[]).allowed
    assert decide_with_resource(statement(Principal={"AWS": SESSION}), boundary=[]).allowed


def test_a_deny_in_a_resource_s_policy_hits_only_whom_it_names() -> None:
    other = statement("Deny", Principal={"AWS": f"arn:aws:iam::{HOME}:role/other"})
    everyone = statement("Deny", Principal="*")
    assert decide_with_resource(other, identity=held(statement())).allowed
    assert not decide_with_resource(everyone, identity=held(statement())).allowed


def test_a_deny_of_the_whole_account_hits_its_roles() -> None:
    denial = statement("Deny", Principal={"AWS": f"arn:aws:iam::{HOME}:root"})
    assert not decide_with_resource(denial, identity=held(statement())).allowed


def test_not_principal_spares_whom_it_names() -> None:
    denial = statement("Deny", NotPrincipal={"AWS": ROLE})
    assert decide_with_resource(denial, identity=held(statement())).allowed
    stranger = Principal(arn=SESSION.replace("task", "other"), role_arn=ROLE.replace("task", "other"), account=HOME)
    assert not decide_with_resource(denial, identity=held(statement()), principal=stranger).allowed


def test_another_account_needs_both_sides() -> None:
    named = statement(Principal={"AWS": ROLE})
    assert not decide_with_resource(named, resource_account=ABROAD).allowed
    assert not decide_with_resource(resource_account=ABROAD, identity=held(statement())).allowed
    assert decide_with_resource(named, resource_account=ABROAD, identity=held(statement())).allowed


def test_another_account_may_be_let_in_as_a_whole() -> None:
    named = statement(Principal={"AWS": HOME})
    assert decide_with_resource(named, resource_account=ABROAD, identity=held(statement())).allowed


def test_a_boundary_limits_across_accounts_too() -> None:
    named = statement(Principal={"AWS": SESSION})
    assert not decide_with_resource(named, resource_account=ABROAD, identity=held(statement()), boundary=[]).allowed


def test_a_key_s_policy_decides_whether_identity_policies_count() -> None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html."""
    use = statement(action="kms:Decrypt", resource="*")
    arn = f"arn:aws:kms:eu-west-1:{HOME}:key/1"
    account = statement(action="kms:*", resource="*", Principal={"AWS": f"arn:aws:iam::{HOME}:root"})
    common: dict[str, Any] = {"action": "kms:Decrypt", "resource_arn": arn, "resource_decides": True}
    assert not decide_with_resource(identity=held(use), **common).allowed
    assert decide_with_resource(account, identity=held(use), **common).allowed
    assert not decide_with_resource(account, **common).allowed


def test_a_trust_policy_admits_the_service_that_it_names() -> None:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
    common: dict[str, Any] = {"action": "sts:AssumeRole", "resource_arn": ROLE, "resource_decides": True}
    ecs = Principal(arn="", account=HOME, service="ecs-tasks.amazonaws.com")
    lambda_ = Principal(arn="", account=HOME, service="lambda.amazonaws.com")
    assert decide_with_resource(trust, principal=ecs, **common).allowed
    assert not decide_with_resource(trust, principal=lambda_, **common).allowed


def test_a_trust_policy_with_mfa_refuses_without_it() -> None:
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": ROLE},
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    }
    common: dict[str, Any] = {"action": "sts:AssumeRole", "resource_arn": ROLE, "resource_decides": True}
    assert not decide_with_resource(trust, **common).allowed
    assert decide_with_resource(trust, context={"aws:multifactorauthpresent": ("true",)}, **common).allowed


def test_not_action_covers_everything_else() -> None:
    everything_but_deletion = {"Sid": "Test", "Effect": "Allow", "NotAction": ["s3:Delete*"], "Resource": "*"}
    assert ask(identity=held(everything_but_deletion)).allowed
    assert not ask(action="s3:DeleteObject", identity=held(everything_but_deletion)).allowed


def test_not_resource_covers_everything_else() -> None:
    elsewhere = {"Sid": "Test", "Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::files/*"}
    allow = statement(action="s3:*", resource="*")
    assert ask(identity=held(allow, elsewhere)).allowed
    assert not ask(resource="arn:aws:s3:::other/x", identity=held(allow, elsewhere)).allowed


def test_actions_match_in_any_case_and_resources_in_their_own() -> None:
    assert ask(identity=held(statement(action="S3:getobject"))).allowed
    assert not ask(identity=held(statement(resource="arn:aws:s3:::FILES/*"))).allowed


def test_a_bucket_is_not_its_objects() -> None:
    assert not ask(
        action="s3:ListBucket", resource="arn:aws:s3:::files", identity=held(statement(action="s3:*"))
    ).allowed


def test_a_refusal_of_plain_http_leaves_tls_alone() -> None:
    """moto's own evaluator takes every Condition in a Deny as true, which makes this usual policy refuse everything."""
    refusal = statement("Deny", "s3:*", Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}})
    over_tls = {"aws:securetransport": ("true",)}
    in_plain = {"aws:securetransport": ("false",)}
    assert decide_with_resource(refusal, identity=held(statement()), context=over_tls).allowed
    assert not decide_with_resource(refusal, identity=held(statement()), context=in_plain).allowed


@pytest.mark.parametrize(
    ("block", "context", "holds"),
    [
        ({"StringEquals": {"k": "a"}}, {"k": ("a",)}, True),
        ({"StringEquals": {"K": ["b", "a"]}}, {"k": ("a",)}, True),
        ({"StringEquals": {"k": "a"}}, {}, False),
        ({"StringEqualsIfExists": {"k": "a"}}, {}, True),
        ({"StringEqualsIfExists": {"k": "a"}}, {"k": ("b",)}, False),
        ({"StringNotEquals": {"k": "a"}}, {}, True),
        ({"StringNotEquals": {"k": ["a", "b"]}}, {"k": ("b",)}, False),
        ({"StringNotEquals": {"k": ["a", "b"]}}, {"k": ("c",)}, True),
        ({"StringEqualsIgnoreCase": {"k": "AbC"}}, {"k": ("aBc",)}, True),
        ({"StringLike": {"k": "a*c?"}}, {"k": ("abbcd",)}, True),
        ({"StringLike": {"k": "[ab]*"}}, {"k": ("a",)}, False),
        ({"StringNotLike": {"k": "a*"}}, {"k": ("b",)}, True),
        ({"Bool": {"k": "true"}}, {"k": ("true",)}, True),
        ({"Bool": {"k": True}}, {"k": ("true",)}, True),
        ({"Bool": {"k": "false"}}, {}, False),
        ({"Null": {"k": "true"}}, {}, True),
        ({"Null": {"k": "false"}}, {}, False),
        ({"Null": {"k": "false"}}, {"k": ("x",)}, True),
        ({"NumericLessThan": {"k": "300"}}, {"k": ("299",)}, True),
        ({"NumericLessThan": {"k": "300"}}, {"k": ("not a number",)}, False),
        ({"NumericGreaterThanEquals": {"k": 5}}, {"k": ("5",)}, True),
        ({"DateGreaterThan": {"k": "2026-01-01T00:00:00Z"}}, {"k": ("2026-11-22T00:00:00Z",)}, True),
        ({"DateLessThan": {"k": "1767225600"}}, {"k": ("2025-01-01T00:00:00Z",)}, True),
        ({"IpAddress": {"k": "192.0.2.0/24"}}, {"k": ("192.0.2.7",)}, True),
        ({"NotIpAddress": {"k": "192.0.2.0/24"}}, {"k": ("192.0.2.7",)}, False),
        ({"ArnLike": {"k": "arn:aws:s3:::*"}}, {"k": ("arn:aws:s3:::b/c",)}, True),
        ({"ArnLike": {"k": "arn:aws:iam::*"}}, {"k": ("arn:aws:iam::1:role/x",)}, False),
        ({"ArnNotEquals": {"k": ROLE}}, {"k": (ROLE,)}, False),
        ({"ForAllValues:StringEquals": {"k": ["a", "b"]}}, {"k": ("a", "b")}, True),
        ({"ForAllValues:StringEquals": {"k": ["a"]}}, {"k": ("a", "b")}, False),
        ({"ForAllValues:StringEquals": {"k": ["a"]}}, {}, True),
        ({"ForAnyValue:StringEquals": {"k": ["a"]}}, {"k": ("a", "b")}, True),
        ({"ForAnyValue:StringEquals": {"k": ["a"]}}, {}, False),
        ({"ForAnyValue:StringNotEquals": {"k": ["a"]}}, {"k": ("a", "b")}, True),
        ({"StringEquals": {"k": "${aws:username}"}}, {"k": ("ada",), "aws:username": ("ada",)}, True),
        ({"StringEquals": {"k": "${aws:username}"}}, {"k": ("ada",)}, False),
        ({"StringEquals": {"k": "a", "l": "b"}}, {"k": ("a",)}, False),
        ({"StringEquals": {"k": "a"}, "Bool": {"l": "true"}}, {"k": ("a",), "l": ("false",)}, False),
        ({}, {}, True),
    ],
)
def test_conditions_hold_as_documented(block: Any, context: dict[str, tuple[str, ...]], holds: bool) -> None:
    assert conditions_hold(block, context) is holds


@pytest.mark.parametrize("operator", ["StringEqual", "ForSomeValues:StringEquals", "Matches"])
def test_an_operator_that_aws_does_not_know_is_an_error(operator: str) -> None:
    with pytest.raises(UnknownOperatorError, match=operator):
        conditions_hold({operator: {"k": "a"}}, {"k": ("a",)})


def test_a_foreign_key_in_a_put_is_refused_and_none_is_not() -> None:
    header = "s3:x-amz-server-side-encryption-aws-kms-key-id"
    refusal = statement(
        "Deny",
        "s3:PutObject",
        Principal="*",
        Condition={"StringNotEquals": {header: "ours"}, "Null": {header: "false"}},
    )
    allow = held(statement(action="s3:PutObject"))
    common: dict[str, Any] = {"action": "s3:PutObject", "identity": allow}
    assert decide_with_resource(refusal, **common).allowed
    assert decide_with_resource(refusal, context={header: ("ours",)}, **common).allowed
    assert not decide_with_resource(refusal, context={header: ("theirs",)}, **common).allowed


def test_variables_stand_for_values_of_the_request() -> None:
    home = statement(resource="arn:aws:s3:::files/${aws:PrincipalTag/tenant}/*")
    assert ask(identity=held(home), context={"aws:principaltag/tenant": ("a",)}).allowed
    assert not ask(identity=held(home), context={"aws:principaltag/tenant": ("b",)}).allowed
    assert not ask(identity=held(home)).allowed


def test_a_variable_may_have_a_default_and_an_asterisk_may_be_meant() -> None:
    assert fill_variables("${aws:PrincipalTag/team, 'none'}", {}) == "none"
    assert matches(fill_variables("a${*}b", {}) or "", "a*b")
    assert not matches(fill_variables("a${*}b", {}) or "", "axb")


def test_arns_are_compared_part_by_part() -> None:
    assert matches_arn("arn:aws:logs:*:111111111111:log-group:*", "arn:aws:logs:eu-west-1:111111111111:log-group:/a:b")
    assert not matches_arn("arn:aws:*:log-group", "arn:aws:logs:eu-west-1:111111111111:log-group")
