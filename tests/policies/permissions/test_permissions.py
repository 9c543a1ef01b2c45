"""Linter, escalation, action data and matrix, each on both sides."""

import json
from typing import Any

import pytest

from facts.permissions.actions import STAR_ONLY, details, takes_condition, takes_resource, writes
from facts.permissions.documents import Document, PolicyKind, accounts_of, documents, is_open, principals, statements
from facts.permissions.escalation import HANDS_OUT_CREDENTIALS, RAISES_RIGHTS, READS_DATA, escalations
from graph import Resource
from policies.permissions.linter import lint, lint_document
from policies.permissions.matrix import Grant, grants, page
from tests.policies.good_graph import allow, document, good_graph, not_known
from tests.policies.seeds import seed

FILES = ["arn:aws:s3:::files/*"]


def rules(*found: dict[str, Any], kind: PolicyKind = "identity") -> set[str]:
    return {fault.rule for fault in lint_document(Document("urn", "policy", kind, document(*found)))}


def test_every_document_of_the_good_graph_is_without_fault() -> None:
    assert lint(good_graph()) == []


def test_a_document_is_found_wherever_a_resource_carries_one() -> None:
    found = {(d.kind, d.property) for r in good_graph() for d in documents(r.urn, r.type, r.inputs)}
    assert found == {("trust", "assumeRolePolicy"), ("identity", "policy"), ("resource", "policy")}
    role = {"inlinePolicies": [{"policy": document()}, {"name": "empty"}], "assumeRolePolicy": document()}
    assert [d.property for d in documents("u", "aws:iam/role:Role", role)] == ["assumeRolePolicy", "inlinePolicies"]


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        (allow(["*"], ["*"]), "everything"),
        (allow(["iam:PassRole"], ["arn:aws:iam::333333333333:role/x"]), "escalation"),
        (allow(["s3:GetObjet"], FILES), "unknown-action"),
        (allow(["s4:GetObject"], FILES), "unknown-service"),
        (allow(["s3:Frobnicate*"], FILES), "unknown-action"),
        (allow(["ecr:GetAuthorizationToken"], ["arn:aws:ecr:eu-north-1:333333333333:repository/x"]), "needs-star"),
        (allow(["s3:GetObject"], FILES, Condition={"StringEquals": {"s3:NoSuchKey": "x"}}), "unknown-condition"),
        (allow(["s3:GetObject"], ["files/*"]), "INVALID_ARN"),
        (allow(["s3:GetObject"], FILES, Condition={"StringEqualz": {"s3:prefix": "x"}}), "UNKNOWN_OPERATOR"),
        ({"Effect": "Permit", "Action": "s3:GetObject", "Resource": FILES}, "MALFORMED"),
    ],
)
def test_a_faulty_statement_is_found(statement: dict[str, Any], rule: str) -> None:
    assert rule in rules(statement)
    assert rules(allow(["s3:GetObject"], FILES)) == set()


def test_two_statements_of_one_name_are_found() -> None:
    assert rules(allow(["s3:GetObject"], FILES), allow(["s3:PutObject"], FILES)) == {"DUPLICATE_SID"}


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        (allow(["s3:GetObject"], ["arn:aws:s3:::files"]), "RESOURCE_MISMATCH"),
        (allow(["s3:ListBucket"], FILES), "RESOURCE_MISMATCH"),
        (allow(["s3:Get*"], FILES), "RESOURCE_MISMATCH"),
        (allow(["kms:Decrypt"], ["arn:aws:kms:eu-north-1:333333333333:k*"]), "RESOURCE_MISMATCH"),
        (allow(["s3:GetObject"], ["arn:aws:s3::somebody:files/*"]), "INVALID_ARN"),
        (allow(["s3:GetObject"], ["arn:aws:s3:north:333333333333:files/*"]), "INVALID_ARN"),
        (allow(["s3:GetObject"], ["arn:amazon:s3:::files/*"]), "INVALID_ARN"),
        (allow(["s3:GetObject"], FILES, Sid="Read-objects"), "INVALID_SID"),
        (allow(["s3:GetObject"], FILES, NotAction="s3:*"), "MALFORMED"),
        (allow(["s3:GetObject"], FILES, Conditions={}), "MALFORMED"),
        (allow(["s3:GetObject"], FILES, Condition=[]), "MALFORMED"),
        (allow(["s3:GetObject"], FILES, Condition={"Bool": "true"}), "MALFORMED"),
        ({"Effect": "Allow", "Action": "s3:GetObject"}, "MALFORMED"),
        ({"Effect": "Allow", "Resource": FILES}, "MALFORMED"),
        (allow(["s3:GetObject"], FILES, Principal={"AWS": "somebody"}), "UNKNOWN_PRINCIPAL"),
        (allow(["s3:GetObject"], FILES, Principal={"Group": "x"}), "UNKNOWN_PRINCIPAL"),
        (allow(["s3:GetObject"], FILES, Principal={"Federated": "example.com"}), "UNKNOWN_FEDERATION_SOURCE"),
        (
            allow(["s3:GetObject"], FILES, Condition={"Null": {"aws:SourceIp": "perhaps"}}),
            "MISMATCHED_TYPE_OPERATION_TO_NULL",
        ),
        (
            allow(["s3:GetObject"], FILES, Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}}),
            "BAD_PATTERN_FOR_MFA",
        ),
        (allow(["s3:PutBucketPolicy"], ["arn:aws:s3:::files"]), "RESOURCE_POLICY_PRIVILEGE_ESCALATION"),
    ],
)
def test_what_the_grammar_refuses_or_what_grants_nothing_is_found(statement: dict[str, Any], rule: str) -> None:
    assert rule in rules(statement)


@pytest.mark.parametrize(
    "statement",
    [
        allow(["s3:Get*Object"], FILES),
        allow(["s3:ListBucket", "s3:GetObject"], ["arn:aws:s3:::files", *FILES]),
        allow(["s3:GetObject"], ["arn:aws:s3:::files/${aws:PrincipalTag/tenant}/*"]),
        allow(["kms:Decrypt"], ["arn:aws:kms:eu-north-1:333333333333:*"]),
        allow(["ec2:GetManagedPrefixListEntries"], ["arn:aws:ec2:eu-north-1:aws:prefix-list/*"]),
        allow(["elasticloadbalancing:ModifyRule"], ["arn:aws:elasticloadbalancing:*:*:listener-rule/app/*"]),
        allow(["s3:GetObject"], FILES, Condition={"ForAnyValue:StringLikeIfExists": {"aws:SourceVpc": "vpc-*"}}),
        allow(["s3:GetObject"], FILES, Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}),
    ],
)
def test_what_is_sound_is_left_alone(statement: dict[str, Any]) -> None:
    assert rules(statement) == set()


def test_a_right_over_a_bucket_is_no_escalation_where_its_objects_are_granted_or_it_is_denied() -> None:
    taking = allow(["s3:PutBucketPolicy"], ["arn:aws:s3:::files"])
    objects = allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], FILES, Sid="Objects")
    denied = {"Sid": "Never", "Effect": "Deny", "Action": "s3:PutBucketPolicy", "Resource": "*"}
    escalation = "RESOURCE_POLICY_PRIVILEGE_ESCALATION"
    assert escalation not in rules(taking, objects)
    assert escalation not in rules(taking, denied)
    assert escalation in rules(taking, denied | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}})


@pytest.mark.parametrize(
    ("version", "rule"), [(None, "NO_VERSION"), ("2008-10-17", "OLD_VERSION"), ("2026-01-01", "INVALID_VERSION")]
)
def test_a_document_says_which_language_it_is_in(version: str | None, rule: str) -> None:
    text = json.dumps({"Statement": [allow(["s3:GetObject"], FILES)]} | ({"Version": version} if version else {}))
    assert [fault.rule for fault in lint_document(Document("urn", "policy", "identity", text))] == [rule]
    (fault, *_) = lint_document(Document("urn", "policy", "identity", '{"Version": "2012-10-17", "Statements": []}'))
    assert (fault.rule, fault.message) == ("MALFORMED", "AWS knows no element Statements of a policy")


@pytest.mark.parametrize("text", ["{", "[]", "3", '"text"'])
def test_what_is_no_document_is_a_fault_and_no_traceback(text: str) -> None:
    (fault,) = lint_document(Document("urn", "policy", "identity", text))
    assert fault.rule == "malformed"


def test_an_unknown_document_is_skipped() -> None:
    broken = seed("", "task-policy", "policy", "{").applied(good_graph())
    assert lint([r for r in broken if r.name == "task-policy"])
    assert lint([not_known(r, "policy") for r in broken if r.name == "task-policy"]) == []


@pytest.mark.parametrize("action", [*RAISES_RIGHTS, *HANDS_OUT_CREDENTIALS])
def test_every_action_that_raises_rights_or_hands_out_credentials_exists_and_is_caught(action: str) -> None:
    assert details(action)
    assert list(escalations([allow([action], ["arn:aws:iam::333333333333:role/one"])]))


@pytest.mark.parametrize("action", READS_DATA)
def test_reading_data_is_caught_at_large_and_allowed_on_an_exact_arn(action: str) -> None:
    assert details(action)
    service = action.partition(":")[0]
    assert list(escalations([allow([action], ["*"])]))
    assert list(escalations([allow([action], [f"arn:aws:{service}:::*"])]))
    assert not list(escalations([allow([action], [f"arn:aws:{service}:::exactly-this"])]))


@pytest.mark.parametrize(
    ("condition", "caught"),
    [
        ({"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}, False),
        ({"StringLike": {"iam:PassedToService": ["ecs-tasks.amazonaws.com"]}}, False),
        ({"StringEqualsIfExists": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}, True),
        ({"StringNotEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}, True),
        ({"StringLike": {"iam:PassedToService": "*"}}, True),
        ({}, True),
    ],
)
def test_passing_a_role_names_the_service(condition: dict[str, Any], caught: bool) -> None:
    passing = allow(["iam:PassRole"], ["arn:aws:iam::333333333333:role/x"], Condition=condition)
    assert bool(list(escalations([passing]))) == caught


def test_a_wildcard_covers_what_raises_rights() -> None:
    assert list(escalations([allow(["iam:*"], ["arn:aws:iam::333333333333:role/x"])]))
    assert list(escalations([allow(["iam:Put*"], ["arn:aws:iam::333333333333:role/x"])]))


def test_actions_know_whether_they_take_a_resource_write_or_take_a_condition() -> None:
    assert takes_resource("s3:GetObject")
    assert not takes_resource("ecr:GetAuthorizationToken")
    assert takes_resource("no-such:Action")
    assert not any(takes_resource(action) for action in STAR_ONLY)
    assert writes("s3:PutObject")
    assert writes("s3:*")
    assert writes("sns:TagResource")  # two access levels at once: tagging, and a write
    assert writes("iam:PutRolePolicy")
    assert not writes("s3:ListBucket")
    assert not writes("kms:Decrypt")
    assert takes_condition("kms:Decrypt", "kms:viaservice")
    assert takes_condition("kms:Decrypt", "kms:encryptioncontext:aws:logs:arn")
    assert takes_condition("s3:GetObject", "aws:sourceip")
    assert not takes_condition("kms:Decrypt", "iam:passedtoservice")


def test_principals_are_read_in_every_form() -> None:
    assert principals({"Principal": "*"}) == ["*"]
    assert principals({"Principal": {"AWS": ["a", "b"], "Service": "s"}}) == ["a", "b"]
    assert principals({"Principal": {"Service": "s"}}, "Service") == ["s"]
    assert principals({}) == []
    assert is_open({"NotPrincipal": {"AWS": "a"}})
    assert not is_open({"Principal": {"Service": "s"}})
    assert accounts_of(["333333333333", "arn:aws:iam::444444444444:root", "ecs.amazonaws.com"]) == {
        "333333333333",
        "444444444444",
    }
    assert statements(json.dumps({"Statement": {"Effect": "Allow"}})) == [{"Effect": "Allow"}]


def test_the_matrix_has_one_line_a_grant_and_shows_a_widened_role_as_one_more() -> None:
    before = page("prod", grants(good_graph())).splitlines()
    widened = allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], ["arn:aws:s3:::workbuoy-prod-files/*"])
    kept = allow(["kms:Decrypt"], [good_graph()[1].inputs["arn"]]) | {"Sid": "Own1"}
    after = page("prod", grants(seed("", "task-policy", "policy", document(widened, kept)).applied(good_graph())))
    assert set(after.splitlines()) - set(before) == {"| s3:DeleteObject | files-bucket/* |  |"}
    assert set(before) <= set(after.splitlines())


def test_the_matrix_names_conditions_denials_attachments_and_what_is_not_known() -> None:
    never = {"Effect": "Deny", "NotAction": "s3:*", "NotResource": "x", "Condition": {"Bool": {"aws:X": "true"}}}
    graph = seed("", "task-policy", "policy", document(never)).applied(good_graph())
    graph = [not_known(r, "policy") if r.name == "preview-policy" else r for r in graph]
    found = grants(graph)
    assert Grant("task-role", "all but s3:*", "all but x", "Deny", "Bool aws:x true") in found
    assert Grant("preview-role", "(not known yet)", "preview-policy") in found
    assert Grant("operator-role", "(managed policy)", "arn:aws:iam::333333333333:policy/operator") in found
    assert "| never all but s3:* | all but x | Bool aws:x true |" in page("prod", found)


def test_the_matrix_names_a_resource_by_its_logical_name_and_rds_own_secret_without_its_id() -> None:
    secret = "arn:aws:secretsmanager:eu-north-1:333333333333:secret:rds!db-60c19e6c-e32d-1c28-9d88-cf13e749ac0c-60c1"
    reading = allow(["secretsmanager:GetSecretValue"], [secret])
    graph: list[Resource] = seed("", "task-policy", "policy", document(reading)).applied(good_graph())
    found = {grant.resource for grant in grants(graph)}
    assert "arn:aws:secretsmanager:eu-north-1:333333333333:secret:rds!db-..." in found
    assert "secrets-database" in found
