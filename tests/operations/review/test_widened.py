"""Grants on synthetic plans: who may do more stops or is read, by whatever resource it is said."""

import json
from typing import Any

import pytest

from facts import tokens as t
from operations.review.judging import judge
from tests.operations.review.synthetic import UNKNOWN, plan, provider, step


def opened(*steps: dict[str, Any]) -> list[str]:
    return [danger.what for danger in judge(plan(*steps)).stopping]


def noted(*steps: dict[str, Any]) -> list[str]:
    return [danger.what for danger in judge(plan(*steps)).noted]


def statement(actions: Any, resources: Any = "arn:aws:s3:::files/*", **more: Any) -> dict[str, Any]:
    return {"Sid": "Use", "Effect": "Allow", "Action": actions, "Resource": resources, **more}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def role(old: str | None, new: str) -> dict[str, Any]:
    before = None if old is None else {"policy": old}
    return step("update" if old else "create", t.ROLE_POLICY, before, {"policy": new})


TWO = ["s3:GetObject", "s3:PutObject"]


@pytest.mark.parametrize(
    "new",
    [
        statement("s3:*"),
        statement(TWO, "*"),
        statement("iam:PassRole", "arn:aws:iam::333333333333:role/x"),
        {"Sid": "Use", "Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:aws:s3:::files/*"},
        {"Sid": "Use", "Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::x/*"},
    ],
)
def test_a_role_that_gets_something_wide_stops_also_when_it_is_new(new: dict[str, Any]) -> None:
    assert opened(role(document(statement(TWO)), document(new)))
    assert opened(role(None, document(new)))


def test_one_more_exact_action_is_noted_with_what_was_there_before() -> None:
    change = role(document(statement(TWO)), document(statement([*TWO, "s3:DeleteObject"])))
    assert opened(change) == []
    assert noted(change) == [
        "`s3:GetObject`, `s3:PutObject`, `s3:DeleteObject` on `arn:aws:s3:::files/*` "
        "(was `s3:GetObject`, `s3:PutObject` on `arn:aws:s3:::files/*`)"
    ]


def test_a_new_role_with_exact_actions_is_nothing_to_look_at() -> None:
    change = step("create", t.ROLE_POLICY, None, {"role": "r", "policy": document(statement(TWO))})
    new = step("create", t.ROLE, None, {"name": "r"}, name="role")
    assert (opened(new, change), noted(new, change)) == ([], [])
    standing = step("same", t.ROLE, {"name": "r"}, {"name": "r"}, name="role")
    assert (opened(standing, change), len(noted(standing, change))) == ([], 1)


@pytest.mark.parametrize(
    "new",
    [
        document(statement(TWO)),
        document(statement(list(reversed(TWO)))),
        document(statement("s3:GetObject")),
        document(statement(TWO, "arn:aws:s3:::files/own/*")),
        document(statement(TWO) | {"Sid": "Renamed"}),
        document(statement(TWO, Condition={"Bool": {"aws:SecureTransport": "true"}})),
    ],
)
def test_what_was_allowed_before_is_no_widening(new: str) -> None:
    change = role(document(statement(TWO)), new)
    assert (opened(change), noted(change)) == ([], [])


def test_a_condition_taken_away_stops() -> None:
    limited = statement(TWO, Condition={"StringEquals": {"kms:ViaService": "s3"}})
    assert opened(role(document(limited), document(statement(TWO)))) == ["a condition of Use is taken away or changed"]


def test_a_deny_taken_away_stops() -> None:
    deny = {"Sid": "RefuseHttp", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    change = step("update", t.BUCKET_POLICY, {"policy": document(deny)}, {"policy": document()})
    assert opened(change) == ["the Deny RefuseHttp is taken away or changed"]
    renamed = step("update", t.BUCKET_POLICY, {"policy": document(deny)}, {"policy": document(deny | {"Sid": "X"})})
    assert opened(renamed) == []


def grant(principal: Any) -> str:
    return document({"Sid": "Read", "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject"})


def test_a_resource_policy_that_opens_to_everybody_or_another_account_stops() -> None:
    own = grant({"AWS": "arn:aws:iam::333333333333:role/a"})
    assert opened(step("update", t.BUCKET_POLICY, {"policy": own}, {"policy": grant("*")}))
    foreign = grant({"AWS": "arn:aws:iam::999999999999:root"})
    assert opened(step("update", t.BUCKET_POLICY, {"policy": own}, {"policy": foreign}))
    added = document(json.loads(own)["Statement"][0], json.loads(foreign)["Statement"][0] | {"Sid": "New"})
    assert opened(step("update", t.BUCKET_POLICY, {"policy": own}, {"policy": added}))
    same_account = grant({"AWS": "arn:aws:iam::333333333333:role/b"})
    change = step("update", t.BUCKET_POLICY, {"policy": own}, {"policy": same_account})
    assert opened(change) == []
    assert len(noted(change)) == 1


def test_a_trust_policy_that_lets_somebody_new_in_stops() -> None:
    old, new = grant({"Service": "ecs-tasks.amazonaws.com"}), grant({"Service": "ec2.amazonaws.com"})
    assert opened(step("update", t.ROLE, {"assumeRolePolicy": old}, {"assumeRolePolicy": new}))
    assert not opened(step("create", t.ROLE, None, {"assumeRolePolicy": new}))
    assert opened(step("create", t.ROLE, None, {"assumeRolePolicy": grant("*")}))


def test_an_attached_policy_counts_by_what_it_allows_and_an_unknown_one_stops() -> None:
    def attached(arn: str, kind: str = t.ROLE_ATTACHMENT, **owner: Any) -> list[str]:
        return opened(step("create", kind, None, {"policyArn": arn, **(owner or {"role": "r"})}))

    assert "`*` on `*`" in attached("arn:aws:iam::aws:policy/AdministratorAccess")
    assert attached("arn:aws:iam::aws:policy/job-function/SystemAdministrator")
    every = "aws:iam/policyAttachment:PolicyAttachment"
    assert attached("arn:aws:iam::aws:policy/AdministratorAccess", every, roles=["r"])
    assert attached("arn:aws:iam::1:policy/own") == ["own is attached, whose content is not known here"]


def test_a_document_that_is_not_known_or_none_stops_where_it_was_read_before() -> None:
    assert "cannot be read" in opened(role(document(statement(TWO)), UNKNOWN))[0]
    assert opened(role(document(statement(TWO)), "{"))
    assert opened(role("[secret]", "[secret]"))


BOUNDARY = {"permissionsBoundary": "arn:aws:iam::1:policy/limits"}


def test_a_boundary_that_is_dropped_or_changed_widens_the_role() -> None:
    assert opened(step("update", t.ROLE, BOUNDARY, {})) == ["the permissions boundary limits is taken away"]
    other = {"permissionsBoundary": "arn:aws:iam::1:policy/other"}
    assert opened(step("update", t.ROLE, BOUNDARY, other)) == ["the permissions boundary is other instead of limits"]
    assert opened(step("update", t.ROLE, {}, BOUNDARY)) == []


def test_a_condition_dropped_under_another_sid_is_a_widening() -> None:
    limited = statement(TWO, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})
    change = role(document(limited), document(statement(TWO) | {"Sid": "Other"}))
    assert opened(change) == ["a condition of Use is taken away or changed"]


@pytest.mark.parametrize(
    "resource",
    [
        "*",
        "arn:aws:secretsmanager:*:*:secret:*",
        "arn:aws:iam::1:role/*",
        "arn:aws:s3:::*",
        "arn:aws:s3:::*-*/*",
        "arn:*",
    ],
)
def test_every_one_of_a_type_is_wide_in_any_spelling(resource: str) -> None:
    assert opened(role(None, document(statement("secretsmanager:DescribeSecret", resource))))


@pytest.mark.parametrize("action", ["s3:*", "s3:Get*", "s3:???Object"])
def test_a_pattern_of_actions_is_wide(action: str) -> None:
    assert opened(role(document(statement(TWO)), document(statement(action))))


def test_what_moves_between_a_role_and_its_policies_is_no_widening() -> None:
    inline = {"name": "r", "inlinePolicies": [{"name": "use", "policy": document(statement(TWO))}]}
    moved = (
        step("update", t.ROLE, {"name": "r"}, inline, name="role"),
        step("delete", t.ROLE_POLICY, {"role": "r", "policy": document(statement(TWO))}, None),
    )
    assert opened(*moved) == []


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        (t.SECRET_POLICY, {"secretArn": "s", "policy": grant({"AWS": "arn:aws:iam::999999999999:root"})}),
        (t.SECRET_POLICY, {"secretArn": "s", "policy": grant({"Federated": "cognito-identity.amazonaws.com"})}),
        (t.BUCKET_POLICY, {"bucket": "b", "policy": grant({"AWS": "AIDAEXAMPLEUNIQUEID"})}),
        (t.BUCKET_POLICY, {"bucket": "b", "policy": grant({"CanonicalUser": "79a5"})}),
        ("aws:sqs/queue:Queue", {"policy": grant("*")}),
        ("aws:kms/grant:Grant", {"granteePrincipal": "arn:aws:iam::999999999999:root", "operations": ["Decrypt"]}),
        ("aws:lambda/permission:Permission", {"principal": "999999999999", "action": "lambda:InvokeFunction"}),
        ("aws:lambda/permission:Permission", {"principal": "*", "action": "lambda:InvokeFunction"}),
    ],
)
def test_somebody_outside_who_gets_in_stops_even_by_a_new_resource(kind: str, inputs: dict[str, Any]) -> None:
    assert opened(step("create", kind, None, inputs))


def test_a_policy_that_refused_stops_when_it_goes() -> None:
    deny = {"Sid": "OnlyReaders", "Effect": "Deny", "Principal": "*", "Action": "secretsmanager:GetSecretValue"}
    gone = step("delete", t.SECRET_POLICY, {"secretArn": "s", "policy": document(deny)}, None)
    assert opened(gone) == ["the Deny OnlyReaders is taken away or changed"]


def endpoint(*, conditions: dict[str, Any]) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": conditions}
    return {"policy": json.dumps({"Statement": [statement]})}


def test_a_new_endpoint_s_policy_opens_nothing_and_a_loosened_one_does() -> None:
    """Without a policy of its own an endpoint lets everything through, so that any policy narrows it."""
    own = endpoint(conditions={"StringEquals": {"aws:PrincipalAccount": "111111111111"}})
    assert opened(step("create", t.ENDPOINT, None, own)) == []
    assert opened(step("update", t.ENDPOINT, own, endpoint(conditions={})))


def test_an_endpoint_without_its_policy_lets_everything_through() -> None:
    own = endpoint(conditions={"StringEquals": {"aws:PrincipalAccount": "111111111111"}})
    assert opened(step("update", t.ENDPOINT, own, {})) == ["everybody is allowed `*` on `*`"]


@pytest.mark.parametrize("id_", ["vpce-1", UNKNOWN])
def test_an_endpoint_s_policy_of_its_own_is_judged_as_the_endpoint_s(id_: str) -> None:
    own = endpoint(conditions={"StringEquals": {"aws:PrincipalAccount": "111111111111"}}) | {"vpcEndpointId": id_}
    wide = endpoint(conditions={}) | {"vpcEndpointId": id_}
    assert opened(step("create", t.ENDPOINT, None, {}), step("create", t.ENDPOINT_POLICY, None, own, name="own")) == []
    assert opened(step("create", t.ENDPOINT_POLICY, None, own)) == []  # the endpoint may be another stack's
    assert opened(step("update", t.ENDPOINT_POLICY, own, wide))
    stands = step("same", t.ENDPOINT, {}, {}, new_more={"id": "vpce-1"}, old_more={"id": "vpce-1"})
    assert opened(stands, step("delete", t.ENDPOINT_POLICY, own, None, name="own"))


def test_what_a_permission_set_allows_is_a_grant_however_it_is_said() -> None:
    arn = {"permissionSetArn": "arn:aws:sso:::permissionSet/i/ps", "instanceArn": "arn:aws:sso:::instance/i"}
    wide = {**arn, "inlinePolicy": document(statement("*", "*"))}
    assert opened(step("create", t.PERMISSION_SET_POLICY, None, wide))
    narrow = {**arn, "inlinePolicy": document(statement("s3:GetObject"))}
    more = {"outputs": {"arn": arn["permissionSetArn"]}}
    declared = step("same", t.PERMISSION_SET, {}, {}, name="set", old_more=more, new_more=more)
    assert not opened(declared, step("create", t.PERMISSION_SET_POLICY, None, narrow))
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert opened(step("create", t.PERMISSION_SET_ATTACHMENT, None, {**arn, "managedPolicyArn": admin}))
    assert opened(step("create", t.PERMISSION_SET_ATTACHMENTS, None, {**arn, "managedPolicyArns": [admin]}))


COPIES = "BackupCopy$workbuoy:aws:Role"
EXEMPT = document(statement(["cloudwatch:GetMetricData"], "*"))


def exempted(op: str, old: str | None) -> tuple[list[str], list[str]]:
    """What stops and what is noted of the role for copies, which is exempt from naming what it measures buckets by."""
    inputs = {"role": "backup", "policy": EXEMPT}
    before = None if old is None else {"role": "backup", "policy": old}
    name = {"name": "backup"}
    role = step("same" if old else "create", t.ROLE, name if old else None, name, name="role", component=COPIES)
    policy = step(op, t.ROLE_POLICY, before, inputs, name="backup-policy", component=COPIES)
    return opened(role, policy), noted(role, policy)


def test_what_a_new_role_is_exempt_from_is_noted_with_the_reason() -> None:
    stopping, read = exempted("create", None)
    assert stopping == []
    assert len(read) == 1
    assert read[0].startswith("`cloudwatch:GetMetricData` on `*`: Classic metrics of S3 belong to no resource")


def test_what_a_role_that_stands_gets_more_stops_although_it_is_exempt() -> None:
    assert exempted("update", document(statement(["rds:DescribeDBInstances"])))[0]


def test_an_exemption_from_one_control_does_not_cover_another() -> None:
    inputs = {"role": "backup", "policy": document(statement(["cloudwatch:*"], "*"))}
    assert opened(step("create", t.ROLE_POLICY, None, inputs, name="backup-policy", component=COPIES))


THROUGH_RDS = {"StringEquals": {"kms:ViaService": ["rds.eu-north-1.amazonaws.com"]}}


def test_what_an_account_is_let_into_for_copies_is_for_the_plan_that_copies_there_to_say() -> None:
    vault = "arn:aws:backup:eu-north-1:999999999999:backup-vault:copies"
    share = statement(["kms:Decrypt"], "*", Principal={"AWS": "arn:aws:iam::999999999999:root"}, Condition=THROUGH_RDS)
    key = step("update", t.KEY, {"policy": document()}, {"policy": document(share)}, name="key")
    plan = step("create", t.BACKUP_PLAN, None, {"rules": [{"copyActions": [{"destinationVaultArn": vault}]}]})
    own = provider("eu-north-1", "eu-north-1", "111111111111")
    assert len(opened(own, key)) == 1
    assert opened(own, key, plan) == ["names something of another account, 999999999999"]
    assert len(opened(own, key, step("create", t.BACKUP_PLAN, None, {"rules": []}))) == 1


def test_where_the_stacks_own_account_is_not_known_none_that_is_named_passes() -> None:
    vault = "arn:aws:backup:eu-north-1:999999999999:backup-vault:copies"
    plan = step("create", t.BACKUP_PLAN, None, {"rules": [{"copyActions": [{"destinationVaultArn": vault}]}]})
    assert opened(plan) == [
        "names something of account 999999999999, and the provider names no allowedAccountIds to compare it with"
    ]
    share = statement(["kms:Decrypt"], "*", Principal={"AWS": "arn:aws:iam::999999999999:root"}, Condition=THROUGH_RDS)
    key = step("update", t.KEY, {"policy": document()}, {"policy": document(share)}, name="key")
    assert len(opened(key, plan)) == 2


ONE_KEY = {"StringEquals": {"kms:ViaService": ["s3.eu-west-1.amazonaws.com", "s3.eu-north-1.amazonaws.com"]}}


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}},
        {**ONE_KEY, "Bool": {"aws:SecureTransport": "true"}},
        {"StringEquals": {**ONE_KEY["StringEquals"], "aws:PrincipalTag/team": "data"}},
    ],
)
@pytest.mark.parametrize(("kind", "name"), [(t.ROLE_POLICY, "policy"), (t.ROLE, "assumeRolePolicy")])
def test_a_condition_with_fewer_values_or_one_more_key_is_no_widening(
    kind: str, name: str, condition: dict[str, Any]
) -> None:
    who = {"Principal": {"Service": "lambda.amazonaws.com"}} if kind == t.ROLE else {}
    old, new = (document(statement(TWO, Condition=one, **who)) for one in (ONE_KEY, condition))
    change = step("update", kind, {name: old}, {name: new})
    assert opened(change) == []
    assert not any("condition" in line for line in noted(change))


LOGS = "arn:aws:logs:eu-west-1:333333333333:log-group:*"


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": "*"}},
        {"ArnLikeIfExists": {"kms:EncryptionContext:aws:logs:arn": LOGS}},
        {"ForAllValues:ArnLike": {"kms:EncryptionContext:aws:logs:arn": LOGS}},
        {"Null": {"kms:EncryptionContext:aws:logs:arn": "false"}},
    ],
)
def test_a_condition_of_a_resources_policy_that_is_loosened_stops(condition: dict[str, Any]) -> None:
    def key(limit: dict[str, Any]) -> dict[str, Any]:
        who = {"Service": "logs.eu-west-1.amazonaws.com"}
        return {"policy": document(statement(["kms:Decrypt"], "*", Principal=who, Condition=limit))}

    limited = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": LOGS}}
    assert opened(step("update", t.KEY, key(limited), key(condition))) == [
        "a condition of Use is taken away or changed"
    ]


def test_one_more_exact_value_of_a_resources_policy_is_to_be_read() -> None:
    def topic(*accounts: str) -> dict[str, Any]:
        limit = {"StringEquals": {"aws:SourceAccount": list(accounts)}}
        who = {"Service": "cloudwatch.amazonaws.com"}
        return {"policy": document(statement(["sns:Publish"], "*", Principal=who, Condition=limit))}

    change = step("update", t.TOPIC_POLICY, topic("333333333333"), topic("333333333333", "444444444444"))
    assert opened(change) == []
    assert len(noted(change)) == 1


@pytest.mark.parametrize(
    ("actions", "wide"),
    [
        ("kms:*", True),
        (["kms:Decrypt", "kms:Put*"], True),
        (["kms:Decrypt", "kms:GenerateDataKey*"], False),
        (["kms:Decrypt", "kms:Encrypt"], False),
    ],
)
@pytest.mark.parametrize("who", [{"AWS": "arn:aws:iam::333333333333:role/a"}, {"Service": "sns.amazonaws.com"}])
def test_a_wildcard_in_a_resources_policy_stops_whoever_gets_it(actions: Any, wide: bool, who: dict[str, str]) -> None:
    def key(allowed: Any) -> dict[str, Any]:
        return {"policy": document(statement(allowed, "*", Principal=who))}

    own = provider("eu-west-1", "eu-west-1", "333333333333")
    changed = step("update", t.KEY, key(["kms:Decrypt"]), key(actions))
    assert bool(opened(own, changed)) == wide
    assert opened(own, step("update", t.KEY, key("kms:*"), key(["kms:*", "kms:Decrypt"]))) == []
    assert opened(own, step("create", t.KEY, None, key(actions))) == []


SPARED = ["arn:aws:iam::333333333333:role/a", "arn:aws:iam::333333333333:role/b"]


def readers(spared: list[str], actions: Any = "s3:GetObject") -> dict[str, Any]:
    limit = {"ArnNotEquals": {"aws:PrincipalArn": spared}}
    return {"Effect": "Deny", "Principal": "*", "Action": actions, "Resource": "*", "Condition": limit}


@pytest.mark.parametrize(
    "new",
    [
        [readers(SPARED[:1])],
        [readers(SPARED, ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"])],
        [readers(SPARED), readers(SPARED, "s3:PutObject")],
    ],
)
def test_a_deny_that_refuses_as_much_in_other_words_or_more_stops_nothing(new: list[dict[str, Any]]) -> None:
    old = document(readers(SPARED, ["s3:GetObject", "s3:PutObject"] if len(new) == 2 else "s3:GetObject"))
    assert opened(step("update", t.BUCKET_POLICY, {"policy": old}, {"policy": document(*new)})) == []


def test_a_deny_that_spares_one_more_stops_and_one_that_spares_one_less_is_to_be_read() -> None:
    """Who is refused may be who restores, or writes the log."""
    few, many = {"policy": document(readers(SPARED[:1]))}, {"policy": document(readers(SPARED))}
    assert opened(step("update", t.BUCKET_POLICY, few, many))
    less = step("update", t.BUCKET_POLICY, many, few)
    assert (opened(less), noted(less)) == ([], ["the Deny without a Sid refuses more than before"])


def test_a_second_policy_of_one_bucket_may_take_the_first_ones_place() -> None:
    """AWS keeps one policy a bucket, the last that was put."""
    deny = {"bucket": "b", "policy": document(readers(SPARED))}
    first = step("same", t.BUCKET_POLICY, deny, deny)
    second = step("create", t.BUCKET_POLICY, None, {"bucket": "b", "policy": document()}, name="second")
    assert "the Deny without a Sid is taken away or changed" in opened(first, second)


def test_a_grant_of_a_key_that_loses_its_constraint_stops() -> None:
    use = {"keyId": "k", "granteePrincipal": "arn:aws:iam::333333333333:role/a", "operations": ["Decrypt"]}
    limited = use | {"constraints": [{"encryptionContextEquals": {"tenant": "acme"}}]}
    assert opened(step("replace", "aws:kms/grant:Grant", limited, use, keys=["constraints"]))


def test_a_service_that_may_not_do_any_more_what_it_did_is_to_be_read() -> None:
    def topic(*services: str) -> dict[str, Any]:
        return {"policy": document(statement(["sns:Publish"], "*", Principal={"Service": list(services)}))}

    both = topic("cloudwatch.amazonaws.com", "events.rds.amazonaws.com")
    change = step("update", t.TOPIC_POLICY, both, topic("cloudwatch.amazonaws.com"))
    assert opened(change) == []
    assert noted(change) == ["`events.rds.amazonaws.com` is not allowed all of `sns:Publish` any more"]
    nobody = step("update", t.TOPIC_POLICY, both, topic("s3.amazonaws.com"))
    assert (
        "`cloudwatch.amazonaws.com`, `events.rds.amazonaws.com` are not allowed all of `sns:Publish` any more"
        in noted(nobody)
    )
    reordered = topic("events.rds.amazonaws.com", "cloudwatch.amazonaws.com")
    assert noted(step("update", t.TOPIC_POLICY, both, reordered)) == []


def stands(kind: str, name: str, id_: str, **inputs: Any) -> dict[str, Any]:
    return step("same", kind, inputs, inputs, name=name, old_more={"id": id_}, new_more={"id": id_})


ROLES = (
    stands(t.ROLE, "narrow", "narrow"),
    stands(t.ROLE, "wide", "wide"),
    stands(t.ROLE_POLICY, "of-narrow", "p1", role="narrow", policy=document(statement(TWO))),
    stands(t.ROLE_POLICY, "of-wide", "p2", role="wide", policy=document(statement("s3:*"))),
    stands(t.TASK_DEFINITION, "narrow-task", "narrow-task", taskRoleArn="narrow"),
    stands(t.TASK_DEFINITION, "wide-task", "wide-task", taskRoleArn="wide"),
)


@pytest.mark.parametrize(
    ("kind", "name", "narrow", "wide"),
    [
        (t.TASK_DEFINITION, "taskRoleArn", "narrow", "wide"),
        (t.FUNCTION, "role", "narrow", "wide"),
        (t.SERVICE, "taskDefinition", "narrow-task", "wide-task"),
    ],
)
def test_what_runs_under_another_role_may_do_what_that_one_may(kind: str, name: str, narrow: str, wide: str) -> None:
    assert opened(*ROLES, step("update", kind, {name: narrow}, {name: wide})) == [
        "it runs under wide: `s3:*` on `arn:aws:s3:::files/*`"
        " (was `s3:GetObject`, `s3:PutObject` on `arn:aws:s3:::files/*`)"
    ]
    assert not opened(*ROLES, step("update", kind, {name: wide}, {name: narrow}))
    assert not opened(*ROLES, step("create", kind, None, {name: wide}))
    assert not opened(*ROLES, step("update", kind, {name: narrow, "tags": {}}, {name: narrow}))
    for change in (step("update", kind, {name: narrow}, {name: "x"}), step("create", kind, None, {name: "x"})):
        assert opened(*ROLES, change) == [f"{name} is x, which nothing here declares: nobody knows what it may do"]


def test_a_task_made_along_with_its_role_or_after_a_new_revision_stops_nothing() -> None:
    assert not opened(step("create", t.TASK_DEFINITION, None, {"taskRoleArn": UNKNOWN}))
    assert not opened(step("update", t.SERVICE, {"taskDefinition": "task:1"}, {"taskDefinition": UNKNOWN}))
    task = stands(t.TASK_DEFINITION, "task", "arn:aws:ecs:x:1:task-definition/task:2", family="task")
    before, after = ({"taskDefinition": f"arn:aws:ecs:x:1:task-definition/task:{number}"} for number in (2, 1))
    assert not opened(task, step("update", t.SERVICE, before, after))
    assert opened(step("update", t.FUNCTION, {"role": "narrow"}, {"role": UNKNOWN}))
