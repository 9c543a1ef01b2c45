"""Our evaluator, case by case against AWS's documented evaluation logic."""

from typing import Any

import pytest

from facts.permissions.errors import PolicyError
from facts.permissions.evaluate import Decision, Held, Policies, Principal, Request, Undecided, decide, held_statements

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


def test_a_user_named_by_a_resource_s_policy_is_not_limited_by_a_boundary_and_a_role_is() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html, resource-based policies."""
    user = f"arn:aws:iam::{HOME}:user/ada"
    ada = Principal(arn=user, account=HOME)
    assert decide_with_resource(statement(Principal={"AWS": user}), principal=ada, boundary=[]).allowed
    assert not decide_with_resource(statement(Principal={"AWS": ROLE}), boundary=[]).allowed


def test_whether_a_boundary_limits_what_everyone_is_granted_is_not_documented() -> None:
    everyone = held(statement(Principal="*"))
    assert not of(Undecided.REFUSES, resource=everyone, boundary=[]).allowed
    assert of(Undecided.GRANTS, resource=everyone, boundary=[]).allowed


@pytest.mark.parametrize("named", ["*", {"AWS": "*"}])
def test_somebody_anonymous_is_let_in_by_a_policy_for_everyone_alone(named: Any) -> None:
    """reference_policies_elements_principal.html: "all principals" are everyone, also without credentials."""
    nobody = Principal()
    assert decide_with_resource(statement(Principal=named), principal=nobody).allowed
    assert not decide_with_resource(statement(Principal={"AWS": HOME}), principal=nobody).allowed
    assert not decide_with_resource(identity=held(statement()), principal=nobody).allowed


def test_the_account_s_root_needs_no_policy_and_obeys_a_deny() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html."""
    root = Principal(arn=f"arn:aws:iam::{HOME}:root", account=HOME)
    assert decide_with_resource(principal=root).allowed
    assert not decide_with_resource(statement("Deny", Principal="*"), principal=root).allowed
    assert not decide_with_resource(principal=root, resource_account=ABROAD).allowed


@pytest.mark.parametrize(
    ("audience", "subject", "allowed"),
    [
        ("sts.amazonaws.com", "repo:org/infra:environment:prod", True),
        ("sts.amazonaws.com", "repo:org/other:environment:prod", False),
        ("somebody-else", "repo:org/infra:environment:prod", False),
    ],
)
def test_a_provider_s_trust_is_judged_by_its_conditions(audience: str, subject: str, allowed: bool) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html."""
    issuer = "token.actions.githubusercontent.com"
    provider = f"arn:aws:iam::{HOME}:oidc-provider/{issuer}"
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": provider},
        "Condition": {
            "StringEquals": {f"{issuer}:aud": "sts.amazonaws.com"},
            "StringLike": {f"{issuer}:sub": "repo:org/infra:*"},
        },
    }
    common: dict[str, Any] = {"action": "sts:AssumeRoleWithWebIdentity", "resource_arn": ROLE, "resource_decides": True}
    context = {f"{issuer}:aud": (audience,), f"{issuer}:sub": (subject,)}
    workflow = Principal(federated=provider)
    assert decide_with_resource(trust, principal=workflow, context=context, **common).allowed is allowed
    other = Principal(federated=f"arn:aws:iam::{HOME}:oidc-provider/gitlab.com")
    assert not decide_with_resource(trust, principal=other, context=context, **common).allowed


def test_a_service_is_denied_by_a_deny_of_everyone() -> None:
    """reference_policies_condition-keys.html, aws:PrincipalIsAWSService: such a Deny has to spare services itself."""
    ecs = Principal(account=HOME, service="ecs-tasks.amazonaws.com")
    named = statement(Principal={"Service": "ecs-tasks.amazonaws.com"})
    assert decide_with_resource(named, principal=ecs).allowed
    assert not decide_with_resource(named, statement("Deny", Principal="*"), principal=ecs).allowed


def of(undecided: Undecided, *, unknown: tuple[str, ...] = (), resource_arn: str = OBJECT, **policies: Any) -> Decision:
    request = Request(
        principal=Principal(arn=SESSION, role_arn=ROLE, account=HOME),
        action="s3:GetObject",
        resource=resource_arn,
        resource_account=HOME,
        unknown=unknown,
    )
    return decide(request, Policies(**policies), undecided)


REGIONAL = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
TAGGED = {"StringEquals": {"aws:PrincipalTag/team": "core"}}


@pytest.mark.parametrize("condition", [REGIONAL, TAGGED, {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}])
def test_a_condition_that_is_not_decided_counts_by_what_a_verdict_is_for(condition: Document) -> None:
    allow, deny = statement(Condition=condition), statement("Deny", Condition=condition)
    assert of(Undecided.GRANTS, unknown=("aws:*",), identity=held(allow)).allowed
    assert not of(Undecided.REFUSES, unknown=("aws:*",), identity=held(allow)).allowed
    assert of(Undecided.GRANTS, unknown=("aws:*",), identity=held(statement(), deny)).allowed
    assert not of(Undecided.REFUSES, unknown=("aws:*",), identity=held(statement(), deny)).allowed


@pytest.mark.parametrize("undecided", Undecided)
def test_a_key_that_the_request_is_known_not_to_carry_is_decided(undecided: Undecided) -> None:
    assert not of(undecided, unknown=("kms:*",), identity=held(statement(Condition=TAGGED))).allowed


def test_a_resource_named_by_an_unknown_variable_is_not_decided() -> None:
    own = held(statement(resource="arn:aws:s3:::files/${aws:PrincipalTag/tenant}/*"))
    assert of(Undecided.GRANTS, unknown=("aws:*",), identity=own).allowed
    assert not of(Undecided.REFUSES, unknown=("aws:*",), identity=own).allowed
    assert not of(Undecided.GRANTS, unknown=("aws:*",), resource_arn="arn:aws:s3:::other/a/b", identity=own).allowed


def test_an_exception_whose_variable_has_no_value_is_not_decided() -> None:
    """reference_policies_variables.html says that such a resource matches nothing, and nothing of NotResource."""
    apart = held({"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::files/${aws:username}/*"})
    assert of(Undecided.GRANTS, identity=apart).allowed
    assert not of(Undecided.REFUSES, identity=apart).allowed


@pytest.mark.parametrize("version", ["2008-10-17", None])
def test_an_older_document_has_no_variables(version: str | None) -> None:
    """reference_policies_elements_version.html: variables are treated as literal strings."""
    written = {"Statement": [statement(resource="arn:aws:s3:::files/${aws:username}/*")]}
    document = written | ({"Version": version} if version else {})
    context: dict[str, tuple[str, ...]] = {"aws:username": ("ada",)}
    common: dict[str, Any] = {"context": context, "identity": held_statements("own", document)}
    assert not ask(resource="arn:aws:s3:::files/ada/x", **common).allowed
    assert ask(resource="arn:aws:s3:::files/${aws:username}/x", **common).allowed
    newer = held_statements("own", written | {"Version": "2012-10-17"})
    assert ask(resource="arn:aws:s3:::files/ada/x", context=context, identity=newer).allowed


def test_a_wildcard_in_a_variable_s_value_is_none() -> None:
    """reference_policies_variables.html: a value is inserted as it stands."""
    own = held(statement(resource="arn:aws:s3:::files/${aws:PrincipalTag/tenant}/*"))
    for value in ("*", "?"):
        context: dict[str, tuple[str, ...]] = {"aws:principaltag/tenant": (value,)}
        assert not ask(resource="arn:aws:s3:::files/b/x", context=context, identity=own).allowed
        assert ask(resource=f"arn:aws:s3:::files/{value}/x", context=context, identity=own).allowed


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"Effect": "allow"}, "Effect"),
        ({"NotAction": "s3:*"}, "both Action and NotAction"),
        ({"NotResource": "*"}, "both Resource and NotResource"),
        ({"Principal": "*", "NotPrincipal": "*"}, "both Principal and NotPrincipal"),
        ({"Action": []}, "names no action"),
        ({"Action": {"a": "b"}}, "not a text"),
        ({"Condition": {"StringEqual": {"k": "v"}}}, "StringEqual is not a condition operator"),
    ],
)
def test_a_statement_that_aws_would_not_take_is_an_error_and_named(wrong: Document, message: str) -> None:
    with pytest.raises(PolicyError, match=f"Test: .*{message}"):
        ask(action="ec2:RunInstances", identity=held({**statement(), **wrong}))
