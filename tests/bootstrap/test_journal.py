"""Two accounts of one environment: the further one's runners keep the journal in the first, and do nothing else there.

Both are bootstrapped in one moto. What the real store sends is judged by the policies that stand in each.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml

from bootstrap.home import SETTINGS_KEY, account_stack, home_region
from bootstrap.load import load_settings
from bootstrap.names import deploy_role, fleet_folder, state_bucket
from facts.permissions.evaluate import Policies, Principal, Request, decide
from infra.problems import ProblemsError
from operations.fleet.store import S3Store
from policies.runner import check
from project.files import Project
from rehearsal.as_graph import graph_of
from rehearsal.cloud import Cloud, Moto
from rehearsal.permissions.estate import MotoAccount
from rehearsal.permissions.gate import moto_leaves_judging_to_us
from rehearsal.permissions.request import HttpRequest, RequestedAction
from rehearsal.permissions.requested import read_request
from rehearsal.result import Rehearsal
from rehearsal.run import rehearse
from tests.bootstrap.conftest import BOOTSTRAP, Account
from tests.conftest import ROOT

HERE, FIRST, FURTHER = "eu-west-1", "210000000013", "210000000014"
BUCKET, KEY = state_bucket(FIRST, HERE), f"{fleet_folder('prod')}/current.json"


def write_accounts(project: Project, home: str = "000000000013", further: str = "000000000014") -> dict[str, Any]:
    """Prod's account file and a further one beside it, as `workbuoy fleet cells --next` makes it; both contents."""
    contents = {}
    for stack, account in (("prod", home), ("prod-2", further)):
        content = yaml.safe_load((BOOTSTRAP / "Pulumi.prod.yaml").read_text())
        settings = content["config"][SETTINGS_KEY]
        settings["account"] = account
        settings |= (
            {"journalWriters": [further]}
            if stack == "prod"
            else {"journal": {"account": home, "region": settings["region"]}}
        )
        settings["github"] |= {"ownerId": "500000005", "repositoryId": "500000006"}
        project.stack_file(stack).write_text(yaml.safe_dump(content, sort_keys=False))
        contents[stack] = settings
    return contents


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Both accounts, and who of the further one asks."""

    first: Cloud
    further: Cloud
    rehearsed: dict[str, Rehearsal]

    def may(self, asked: RequestedAction, role: str = deploy_role("prod")) -> bool:
        """Whether a role of the further account may do something in the first, by both accounts' policies."""
        arn = f"arn:aws:iam::{FURTHER}:role/{role}"
        principal = Principal(arn=f"arn:aws:sts::{FURTHER}:assumed-role/{role}/job", role_arn=arn, account=FURTHER)
        owner, holder = MotoAccount(self.first), asked.resource
        if holder.startswith("arn:aws:s3:::"):
            holder = holder.partition("/")[0]
        own = MotoAccount(self.further).policies_for(principal, "")
        request = Request(
            principal=principal,
            action=asked.action,
            resource=asked.resource,
            resource_account=FIRST,
            context={
                "aws:principalarn": (arn,),
                "aws:principalaccount": (FURTHER,),
                "aws:requestedregion": (HERE,),
                "aws:securetransport": ("true",),
                **asked.context,
            },
        )
        on = owner.policies_on(holder)
        return decide(request, Policies(identity=own.identity, resource=on, resource_decides=":kms:" in holder)).allowed


@pytest.fixture(scope="module")
def fleet(moto: Moto, tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    project = Project("workbuoy-bootstrap", tmp_path_factory.mktemp("accounts"), ROOT / "bootstrap")
    project.stack_file("prod").parent.joinpath("Pulumi.yaml").write_text((BOOTSTRAP / "Pulumi.yaml").read_text())
    write_accounts(project)
    rehearsed = {stack: rehearse(project, stack, None, moto) for stack in ("prod-2", "prod")}
    return Fleet(first=moto.cloud(FIRST, HERE), further=moto.cloud(FURTHER, HERE), rehearsed=rehearsed)


@pytest.fixture(scope="module")
def sent(fleet: Fleet) -> list[RequestedAction]:
    """What a runner's store asks for: every way in which the journal is read and written."""
    requests: list[HttpRequest] = []
    client = fleet.first.client("s3", HERE)

    def note(request: Any, **_: Any) -> None:
        parts = urlsplit(request.url)
        requests.append(
            HttpRequest(
                service="s3",
                region=HERE,
                method=request.method,
                path=parts.path,
                query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                headers={
                    name.lower(): value.decode() if isinstance(value, bytes) else str(value)
                    for name, value in request.headers.items()
                },
                body=b"",
            )
        )

    client.meta.events.register("before-send.s3", note)
    try:
        store = S3Store(client, BUCKET)
        with moto_leaves_judging_to_us():
            version = store.create(KEY, b"{}")
            assert version is not None
            assert store.read(KEY) is not None
            assert store.replace(KEY, b"[]", version) is not None
            assert store._is_absent(
                f"{fleet_folder('prod')}/none.json"
            )  # S3 refuses the object to who lists a part alone
    finally:
        client.meta.events.unregister("before-send.s3", note)
    return [asked for one in requests for asked in read_request(one, MotoAccount(fleet.first))]


def test_both_accounts_rehearse_and_keep_every_mandatory_control(fleet: Fleet) -> None:
    for stack, one in fleet.rehearsed.items():
        assert one.passed, one.failures
        failing = [
            found for found in check(graph_of(one).resources, stack).having("fail") if found.level == "mandatory"
        ]
        assert failing == []
    assert len({one.account for one in fleet.rehearsed.values()}) == 2


def test_a_runner_of_the_further_account_does_all_that_the_store_asks_for(
    fleet: Fleet, sent: list[RequestedAction]
) -> None:
    assert {one.action for one in sent} == {
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
        "kms:Decrypt",
        "kms:GenerateDataKey",
    }
    assert [str(one) for one in sent if not fleet.may(one)] == []


def test_each_account_has_to_allow_it(fleet: Fleet, sent: list[RequestedAction]) -> None:
    """The further account's other roles may not, though their account is named; nor may anybody by their own policy."""
    for role in ("workbuoy-preview", "workbuoy-operators", "workbuoy-drill"):
        assert [str(one) for one in sent if fleet.may(one, role)] == [], role
    before = fleet.first.client("s3").get_bucket_policy(Bucket=BUCKET)["Policy"]
    without = [one for one in json.loads(before)["Statement"] if not one["Sid"].startswith("LetFurther")]
    try:
        text = json.dumps({"Version": "2012-10-17", "Statement": without})
        fleet.first.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=text)
        assert [str(one) for one in sent if one.action.startswith("s3:") and fleet.may(one)] == []
    finally:
        fleet.first.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=before)


def _object(key: str, action: str = "s3:GetObject", **context: tuple[str, ...]) -> RequestedAction:
    named = {name.replace("_", "-"): value for name, value in context.items()}
    return RequestedAction(
        action=action, resource=f"arn:aws:s3:::{BUCKET}/{key}", context={f"s3:{k}": v for k, v in named.items()}
    )


def _key(cloud: Cloud, action: str, **context: tuple[str, ...]) -> RequestedAction:
    arn = cloud.client("kms", HERE).describe_key(KeyId="alias/workbuoy-state")["KeyMetadata"]["Arn"]
    return RequestedAction(action=action, resource=arn, context=context)


def _of_bucket(action: str, prefix: str) -> RequestedAction:
    return RequestedAction(action=action, resource=f"arn:aws:s3:::{BUCKET}", context={"s3:prefix": (prefix,)})


NEW = {"if_none_match": ("*",)}
REFUSED: dict[str, Callable[[Fleet], RequestedAction]] = {
    "reading a stack's state": lambda _: _object(".pulumi/stacks/workbuoy/prod.json"),
    "writing a stack's state": lambda _: _object(".pulumi/stacks/workbuoy/prod.json", "s3:PutObject", **NEW),
    "the journal of another environment": lambda _: _object(f"{fleet_folder('dev')}/current.json"),
    "writing the journal without naming what it saw": lambda _: _object(KEY, "s3:PutObject"),
    "deleting from the journal": lambda _: _object(KEY, "s3:DeleteObject"),
    "listing the state": lambda _: _of_bucket("s3:ListBucket", ".pulumi/"),
    "changing the bucket's policy": lambda _: _of_bucket("s3:PutBucketPolicy", ""),
    "the secrets of a stack": lambda fleet: _key(fleet.first, "kms:Decrypt"),
    "what lies in another bucket under the key": lambda fleet: RequestedAction(
        action="kms:Decrypt",
        resource=_key(fleet.first, "kms:Decrypt").resource,
        context={
            "kms:viaservice": (f"s3.{HERE}.amazonaws.com",),
            "kms:encryptioncontext:aws:s3:arn": ("arn:aws:s3:::another",),
        },
    ),
    "disabling the key": lambda fleet: _key(fleet.first, "kms:DisableKey"),
    "a database of the first account": lambda _: RequestedAction(
        action="rds:DeleteDBInstance", resource=f"arn:aws:rds:{HERE}:{FIRST}:db:workbuoy-prod-database"
    ),
    "becoming the first account's deploy role": lambda _: RequestedAction(
        action="sts:AssumeRole", resource=f"arn:aws:iam::{FIRST}:role/{deploy_role('prod')}"
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_nothing_else_of_the_first_account_is_open_to_it(what: str, fleet: Fleet) -> None:
    assert not fleet.may(REFUSED[what](fleet))


def test_the_first_accounts_own_runner_names_what_it_saw_as_well(prod: Account) -> None:
    proof = prod.proof(deploy_role("prod"))
    own = f"arn:aws:s3:::{state_bucket(prod.id, HERE)}/{KEY}"
    asked = RequestedAction(action="s3:PutObject", resource=own)
    assert not proof.judge(asked, HERE).decision.allowed
    for name in ("s3:if-match", "s3:if-none-match"):
        assert proof.judge(replace(asked, context={name: ("x",)}), HERE).decision.allowed


WIDER: dict[str, Callable[[dict[str, Any]], object]] = {
    "the whole bucket": lambda one: one.update(Resource=[f"arn:aws:s3:::{BUCKET}/*"]),
    "deleting": lambda one: one.update(Action=["s3:DeleteObject"]),
    "every role of the account": lambda one: one.pop("Condition"),
    "any role by a pattern": lambda one: one["Condition"].update(
        ArnEquals={"aws:PrincipalArn": [f"arn:aws:iam::{FURTHER}:role/*"]}
    ),
    "an account more than there are roles": lambda one: one.update(
        Principal={"AWS": [f"arn:aws:iam::{FURTHER}:root", "arn:aws:iam::999999999999:root"]}
    ),
}


@pytest.mark.parametrize("what", WIDER)
def test_a_bucket_that_shares_more_than_a_prefix_with_one_role_is_caught(what: str, fleet: Fleet) -> None:
    def change(text: str) -> str:
        document = json.loads(text)
        WIDER[what](next(one for one in document["Statement"] if one["Sid"] == "LetFurtherAccountsKeepJournal"))
        return json.dumps(document)

    assert _failing(fleet, "state-policy", change) == {"bucket-name-principals"}


@pytest.mark.parametrize("operator", ["StringNotLike", "StringLikeIfExists", "ForAllValues:StringLike"])
def test_a_bucket_that_lets_another_account_list_beyond_a_prefix_is_caught(operator: str, fleet: Fleet) -> None:
    def change(text: str) -> str:
        document = json.loads(text)
        found = next(one for one in document["Statement"] if one["Sid"] == "LetFurtherAccountsFindJournal")
        found["Condition"][operator] = found["Condition"].pop("StringLike")
        return json.dumps(document)

    assert _failing(fleet, "state-policy", change) == {"bucket-name-principals"}


@pytest.mark.parametrize("lost", ["kms:ViaService", "kms:EncryptionContext:aws:s3:arn"])
def test_a_key_that_another_account_may_use_for_more_than_that_bucket_is_caught(lost: str, fleet: Fleet) -> None:
    def change(text: str) -> str:
        document = json.loads(text)
        opened = next(one for one in document["Statement"] if one["Sid"] == "LetFurtherAccountsKeepJournal")
        del opened["Condition"]["StringEquals"][lost]
        return json.dumps(document)

    assert "resource-policy-refuse-outsiders" in _failing(fleet, "state-key", change)


def _failing(fleet: Fleet, name: str, change: Callable[[str], str]) -> set[str]:
    resources = [
        replace(one, inputs={**one.inputs, "policy": change(one.inputs["policy"])}) if one.name == name else one
        for one in graph_of(fleet.rehearsed["prod"]).resources
    ]
    return {one.control for one in check(resources, "prod").having("fail") if one.urn.endswith(f"::{name}")} - {
        "bucket-require-tls"
    }


Break = Callable[[dict[str, dict[str, Any]]], object]
BROKEN: dict[str, tuple[Break, str, str]] = {
    "no journal": (lambda s: s["prod-2"].pop("journal"), "journal", "is missing: a further account of prod"),
    "another account's journal": (
        lambda s: s["prod-2"]["journal"].update(account="111111111111"),
        "journal.account",
        "is 111111111111, but Pulumi.prod.yaml names 222222222222",
    ),
    "another region's journal": (
        lambda s: s["prod-2"]["journal"].update(region="eu-north-1"),
        "journal.region",
        "is eu-north-1, but Pulumi.prod.yaml names eu-west-1",
    ),
    "a journal outside residency": (
        lambda s: s["prod-2"].update(residency=["eu-north-1"], region="eu-north-1", imageRegions=["eu-north-1"]),
        "journal.region",
        "eu-west-1 lies outside residency",
    ),
    "its own journal": (
        lambda s: s["prod-2"].update(account="222222222222"),
        "account",
        "is also the account of Pulumi.prod.yaml",
    ),
    "nobody lets it in": (
        lambda s: s["prod"].pop("journalWriters"),
        "journal",
        "add it to journalWriters there, then run `workbuoy bootstrap up prod`",
    ),
    "writers of its own": (
        lambda s: s["prod-2"].update(journalWriters=["444444444444"]),
        "journalWriters",
        "take one of the two out",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_mistake_between_the_two_files_is_named_with_its_place(what: str, account_files: Project) -> None:
    change, path, words = BROKEN[what]
    contents = write_accounts(account_files, "222222222222", "333333333333")
    change(contents)
    for stack, settings in contents.items():
        account_files.stack_file(stack).write_text(yaml.safe_dump({"config": {SETTINGS_KEY: settings}}))
    with pytest.raises(ProblemsError) as refused:
        load_settings(account_files.root, "prod-2", contents["prod-2"])
    found = [(one.path.removeprefix(f"config.{SETTINGS_KEY}."), one.message) for one in refused.value.problems]
    assert any(place == path and words in message for place, message in found), found


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        (lambda s: s.update(journal={"account": "444444444444", "region": HERE}), "journal", "first account"),
        (lambda s: s.update(journalWriters=["222222222222"]), "journalWriters[0]", "is this account"),
        (lambda s: s.update(journalWriters=["3" * 12, "3" * 12]), "journalWriters[1]", "journalWriters[0]"),
        (lambda s: s.update(journalWriters=["000000000014"]), "journalWriters[0]", "is a placeholder account"),
    ],
)
def test_the_first_accounts_file_says_who_keeps_the_journal_and_not_where(
    change: Callable[[dict[str, Any]], object], path: str, words: str, account_files: Project
) -> None:
    settings = write_accounts(account_files, "222222222222", "333333333333")["prod"]
    settings.pop("journalWriters")
    change(settings)
    with pytest.raises(ProblemsError) as refused:
        load_settings(account_files.root, "prod", settings)
    found = [(one.path.removeprefix(f"config.{SETTINGS_KEY}."), one.message) for one in refused.value.problems]
    assert any(place == path and words in message for place, message in found), found


@pytest.fixture
def project_root(tmp_path: Path) -> Path:
    (tmp_path / "bootstrap").mkdir()
    write_accounts(Project("workbuoy-bootstrap", tmp_path / "bootstrap", ROOT / "bootstrap"))
    return tmp_path


def test_a_stacks_account_file_is_the_one_that_names_its_account(project_root: Path) -> None:
    assert account_stack(project_root, "prod", "000000000014") == "prod-2"
    assert account_stack(project_root, "prod", "000000000013") == "prod"
    assert account_stack(project_root, "prod", "999999999999") == "prod"
    assert home_region(project_root, "prod", "000000000014") == HERE


def test_its_deploy_role_trusts_the_same_environment_of_github(fleet: Fleet) -> None:
    (trusted,) = [
        one.inputs["assumeRolePolicy"]
        for one in graph_of(fleet.rehearsed["prod-2"]).resources
        if one.name == "deploy-role"
    ]
    assert "environment:prod" in trusted
