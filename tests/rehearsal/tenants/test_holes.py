"""A seeded hole turns exactly its cells red."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from facts.permissions.evaluate import Undecided
from rehearsal.permissions.gate import open_gate
from rehearsal.tenants import roles
from rehearsal.tenants.attempts import OBJECT_KEY, Attempt
from rehearsal.tenants.holdings import EXPORT, LOGIN, RESTORE, TASK
from rehearsal.tenants.matrix import rows
from rehearsal.tenants.result import Outcome
from rehearsal.tenants.sql import Work, asking
from tests.rehearsal.service.test_surroundings import installed
from tests.rehearsal.tenants.conftest import Beside, Red, red_of

PROD, NORDIC, ACME, GLOBEX = "prod", "prod-eu-north-1", "prod-acme", "prod-eu-north-1-globex"
BUCKET, OBJECT, LOGS = "bucket files", "object in files", "object in files-logs"
COPIED, FILES_KEY = "object copied out of its bucket", "files key through S3"
SECRETS_KEY = "secrets key through Secrets Manager"
THROUGH_S3 = {"StringLike": {"kms:ViaService": "s3.*.amazonaws.com"}}


@contextmanager
def widened(beside: Beside, stack: str, *statements: dict[str, Any]) -> Iterator[None]:
    """One silo's task role with more statements than it was declared with."""
    iam, role = beside.cloud.client("iam"), beside.holdings(stack).roles[TASK].rpartition("/")[2]
    more = [{"Effect": "Allow", **one} for one in statements]
    document = json.dumps({"Version": "2012-10-17", "Statement": more})
    iam.put_role_policy(RoleName=role, PolicyName="hole", PolicyDocument=document)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="hole")


@contextmanager
def policy_changed(read: Callable[[], str], write: Callable[[str], Any], *more: dict[str, Any]) -> Iterator[None]:
    """A resource's policy with more statements; one with the Sid of an old one replaces it."""
    before = read()
    document = json.loads(before)
    sids = {one["Sid"] for one in more}
    document["Statement"] = [*(one for one in document["Statement"] if one["Sid"] not in sids), *more]
    write(json.dumps(document))
    try:
        yield
    finally:
        write(before)


def bucket_policy(beside: Beside, stack: str, *more: dict[str, Any]) -> Any:
    s3, bucket = beside.cloud.client("s3"), beside.holdings(stack).bucket
    return policy_changed(
        lambda: str(s3.get_bucket_policy(Bucket=bucket)["Policy"]),
        lambda text: s3.put_bucket_policy(Bucket=bucket, Policy=text),
        *more,
    )


def login_policy(beside: Beside, stack: str, *more: dict[str, Any]) -> Any:
    holdings = beside.holdings(stack)
    client, arn = beside.cloud.client("secretsmanager", holdings.region), holdings.secrets[LOGIN]
    return policy_changed(
        lambda: str(client.get_resource_policy(SecretId=arn)["ResourcePolicy"]),
        lambda text: client.put_resource_policy(SecretId=arn, ResourcePolicy=text),
        *more,
    )


def key_policy(beside: Beside, stack: str, kind: str, *more: dict[str, Any]) -> Any:
    holdings = beside.holdings(stack)
    client, arn = beside.cloud.client("kms", holdings.region), holdings.keys[kind]
    return policy_changed(
        lambda: str(client.get_key_policy(KeyId=arn, PolicyName="default")["Policy"]),
        lambda text: client.put_key_policy(KeyId=arn, PolicyName="default", Policy=text),
        *more,
    )


def by_task(who: str, whom: str, *cells: tuple[str, str]) -> Red:
    return {(who, TASK, whom, what, call) for what, call in cells}


def test_without_a_hole_nothing_is_red(beside: Beside) -> None:
    assert beside.red_roles() == set()


def test_a_widened_task_role_reads_everyone_s_objects(beside: Beside) -> None:
    read = {"Action": "s3:GetObject", "Resource": "*"}
    key = {"Action": "kms:Decrypt", "Resource": "*", "Condition": THROUGH_S3}
    with widened(beside, ACME, read, key):
        found = beside.red_roles()
    reached = [(OBJECT, "s3:GetObject"), (FILES_KEY, "kms:Decrypt"), (COPIED, "s3:CopyObject"), (LOGS, "s3:GetObject")]
    assert found == set().union(*(by_task(ACME, other, *reached) for other in (PROD, NORDIC, GLOBEX)))


def test_a_widened_task_role_without_the_key_reads_only_what_no_customer_key_guards(beside: Beside) -> None:
    with widened(beside, ACME, {"Action": "s3:GetObject", "Resource": "*"}):
        found = beside.red_roles()
    assert found == set().union(*(by_task(ACME, other, (LOGS, "s3:GetObject")) for other in (PROD, NORDIC, GLOBEX)))


REGIONAL = {"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-north-1"]}}
TAGGED = {"StringEquals": {"aws:PrincipalTag/team": "core"}}


@pytest.mark.parametrize("condition", [REGIONAL, TAGGED, {"StringLike": {"aws:SourceVpce": "vpce-*"}}])
def test_a_condition_that_cannot_be_decided_here_hides_no_hole(beside: Beside, condition: dict[str, Any]) -> None:
    with widened(beside, ACME, {"Action": "s3:*", "Resource": "*", "Condition": condition}):
        found = beside.red_roles()
    expected = (LOGS, "s3:GetObject")
    assert {(ACME, TASK, other, *expected) for other in (PROD, NORDIC, GLOBEX)} <= found
    assert {one[:2] for one in found} == {(ACME, TASK)}


def test_a_refusal_that_cannot_be_decided_here_closes_no_hole(beside: Beside) -> None:
    read = {"Action": "s3:GetObject", "Resource": "*"}
    elsewhere = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Null": {"aws:SourceVpce": "true"}}}
    with widened(beside, ACME, read, elsewhere):
        found = beside.red_roles()
    assert found == set().union(*(by_task(ACME, other, (LOGS, "s3:GetObject")) for other in (PROD, NORDIC, GLOBEX)))


def test_a_key_shared_by_two_stacks_opens_both_to_each_other(beside: Beside) -> None:
    s3, acme, prod = beside.cloud.client("s3"), beside.holdings(ACME), beside.holdings(PROD)
    before = s3.get_bucket_encryption(Bucket=acme.bucket)["ServerSideEncryptionConfiguration"]

    def encrypt(rules: Any) -> None:
        s3.put_bucket_encryption(Bucket=acme.bucket, ServerSideEncryptionConfiguration=rules)

    shared = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": prod.keys["files"]}}
    encrypt({"Rules": [{**shared, "BucketKeyEnabled": True}]})
    use = {"Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": prod.keys["files"], "Condition": THROUGH_S3}
    key = [(FILES_KEY, "kms:Decrypt"), (FILES_KEY, "kms:GenerateDataKey")]
    both = by_task(ACME, PROD, *key) | by_task(PROD, ACME, *key)
    # Whoever brings prod's data back may use prod's key, and so acme's; acme's own may not use prod's.
    both |= {(PROD, RESTORE, ACME, *one) for one in key}
    own = ((OBJECT, "s3:PutObject"), (FILES_KEY, "kms:GenerateDataKey"))
    both |= {(ACME, RESTORE, ACME, *one) for one in own}
    # Whoever hands prod's data over may read with prod's key, and so acme's; acme's own may not use prod's.
    both |= {(PROD, EXPORT, ACME, FILES_KEY, "kms:Decrypt")}
    both |= {(ACME, EXPORT, ACME, *one) for one in ((OBJECT, "s3:GetObject"), (FILES_KEY, "kms:Decrypt"))}
    try:
        with widened(beside, ACME, use):
            assert beside.red_roles() == both
            read = {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{acme.bucket}/*"}
            with widened(beside, PROD, read):
                found = beside.red_roles()
        assert found == both | by_task(PROD, ACME, (OBJECT, "s3:GetObject"), (COPIED, "s3:CopyObject"))
    finally:
        encrypt(before)


def test_a_bucket_policy_admits_another_s_role(beside: Beside) -> None:
    bucket = f"arn:aws:s3:::{beside.holdings(GLOBEX).bucket}"
    admitted = {
        "Sid": "Hole",
        "Effect": "Allow",
        "Principal": {"AWS": beside.holdings(ACME).roles[TASK]},
        "Action": ["s3:ListBucket", "s3:DeleteObject", "s3:GetObject"],
        "Resource": [bucket, f"{bucket}/*"],
    }
    with bucket_policy(beside, GLOBEX, admitted):
        found = beside.red_roles()
    # What it may get it cannot decrypt: the key still refuses.
    assert found == by_task(ACME, GLOBEX, (BUCKET, "s3:ListBucket"), (OBJECT, "s3:DeleteObject"))


def test_a_secret_s_policy_opened_to_another_role_needs_the_key_too(beside: Beside) -> None:
    stranger = beside.holdings(GLOBEX).roles[TASK]
    hole: dict[str, Any] = {"Sid": "Hole", "Effect": "Allow", "Principal": {"AWS": stranger}, "Resource": "*"}
    opened = {**hole, "Action": "secretsmanager:*"}
    refusal = {"Sid": "RefuseOtherReaders", "Effect": "Deny", "Principal": "*", "Action": "none:None", "Resource": "*"}
    through = {"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}}
    with login_policy(beside, ACME, opened, refusal):
        assert beside.red_roles() == set()
        with key_policy(beside, ACME, "secrets", {**hole, "Action": "kms:Decrypt", "Condition": through}):
            found = beside.red_roles()
    opened_cells = [(f"secret {LOGIN}", "secretsmanager:GetSecretValue"), (SECRETS_KEY, "kms:Decrypt")]
    assert found == by_task(GLOBEX, ACME, *opened_cells)


OWN = "tenant_id = (select session_tenant())"
EVERY_VERB = ("select", "insert", "update", "delete")
ROW_HOLES: dict[str, tuple[str, str, dict[str, tuple[str, ...]]]] = {
    "row-level security off": (
        "alter table things disable row level security",
        "alter table things enable row level security",
        {"things": EVERY_VERB},
    ),
    "off on a table that is empty": (
        "alter table object_removals disable row level security",
        "alter table object_removals enable row level security",
        {"object_removals": EVERY_VERB},
    ),
    "a policy of true": (
        "alter policy own on things using (true) with check (true)",
        f"alter policy own on things using ({OWN}) with check ({OWN})",
        {"things": EVERY_VERB},
    ),
    "a policy of true on a table that is empty": (
        "create policy hole on idempotency_keys for select to workbuoy_app using (true)",
        "drop policy hole on idempotency_keys",
        {"idempotency_keys": ("select",)},
    ),
    "a policy that is true of every tenant": (
        "create policy hole on attachments for delete using (tenant_id is not null)",
        "drop policy hole on attachments",
        {"attachments": ("delete",)},
    ),
    "rows handed to another": (
        f"alter policy own on things using ({OWN}) with check (true)",
        f"alter policy own on things using ({OWN}) with check ({OWN})",
        {"things": ("insert", "update")},
    ),
    "a new table that nobody thought of": (
        "create table notes (tenant_id uuid not null); grant select, insert on notes to workbuoy_app",
        "drop table notes",
        {"notes": ("select", "insert")},
    ),
    "a view that its owner reads": (
        "create view seen as select * from things; grant select on seen to workbuoy_app",
        "drop view seen",
        {"seen": ("select",)},
    ),
}


@installed
@pytest.mark.slow
@pytest.mark.parametrize(("hole", "mend", "opened"), ROW_HOLES.values(), ids=ROW_HOLES)
def test_a_hole_in_row_level_security_turns_exactly_its_cells_red(
    beside: Beside, hole: str, mend: str, opened: dict[str, tuple[str, ...]]
) -> None:
    change_as_owner(beside, hole)
    try:
        found = red_of(list(rows(beside.grounds)))
    finally:
        change_as_owner(beside, mend)
    pairs = (("initech", "neighbour"), ("neighbour", "initech"))
    assert found == {
        (one, "SQL in its session", other, f"rows of {table}", f"SQL {verb}")
        for one, other in pairs
        for table, verbs in opened.items()
        for verb in verbs
    }


def change_as_owner(beside: Beside, statements: str) -> None:
    owner = beside.grounds.owners[PROD]
    work = Work(login=owner, statements=[(one, []) for one in statements.split("; ")], keeps=True)
    with asking(beside.grounds.app) as ask:
        (answer,) = ask([work])
    assert answer.rows is not None, answer.why


@installed
@pytest.mark.slow
def test_a_login_that_is_more_than_a_member_of_its_group_is_past_row_level_security(beside: Beside) -> None:
    login = json.loads(
        beside.cloud.client("secretsmanager").get_secret_value(SecretId=beside.holdings(PROD).secrets[LOGIN])[
            "SecretString"
        ]
    )["username"]
    change_as_owner(beside, f"create role hole; grant hole to {login}")
    try:
        found = red_of(list(rows(beside.grounds)))
    finally:
        change_as_owner(beside, "drop role hole")
    past = ("everything, past row-level security", "SQL set role")
    pairs = (("initech", "neighbour"), ("neighbour", "initech"))
    assert found == {(one, "SQL in its session", other, *past) for one, other in pairs}


def test_what_fails_for_another_reason_is_not_proved(beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    s3, bucket = beside.cloud.client("s3"), beside.holdings(ACME).bucket
    monkeypatch.setattr(roles, "prepare", lambda *_: {})

    def only(own: Any, other: Any, *_: Any) -> Iterator[Attempt]:
        if own.stack == other.stack == ACME:
            thing = {"Bucket": bucket, "Key": OBJECT_KEY}
            yield Attempt(what=OBJECT, call="s3:GetObject", service="s3", operation="get_object", params=thing)
        if (own.stack, other.stack) == (ACME, GLOBEX):
            # A request that our evaluator cannot read is refused, which proves nothing.
            given = {"Bucket": beside.holdings(GLOBEX).bucket}
            yield Attempt(
                what=BUCKET, call="s3:GetBucketWebsite", service="s3", operation="get_bucket_website", params=given
            )

    monkeypatch.setattr(roles, "attempts", only)
    with open_gate(beside.cloud, remembers=True, undecided=Undecided.GRANTS) as (gate, _):
        s3.delete_object(Bucket=bucket, Key=OBJECT_KEY)
        cells = list(roles.cells_of_roles(beside.grounds.stacks, beside.cloud, gate))
    by_call = {one.call: one for one in cells if one.who_as == TASK}
    assert {call: one.got for call, one in by_call.items()} == {
        "s3:GetObject": Outcome.NOT_PROVED,
        "s3:GetBucketWebsite": Outcome.NOT_PROVED,
    }
    assert all(one.red for one in by_call.values())
    assert "NoSuchKey" in by_call["s3:GetObject"].why


@installed
@pytest.mark.slow
def test_a_database_that_could_not_be_made_is_not_proved(beside: Beside) -> None:
    owners = {stack: owner for stack, owner in beside.grounds.owners.items() if stack != ACME}
    grounds = replace(beside.grounds, owners=owners, no_database={ACME: "initdb failed"}, members=())
    red = [one for one in rows(grounds) if one.red]
    assert {one.got for one in red} == {Outcome.NOT_PROVED}
    assert {one.why for one in red} == {"initdb failed"}
    assert all(ACME in (one.who, one.whom) for one in red)
    assert len(red) == 7  # with three others both ways, and itself
