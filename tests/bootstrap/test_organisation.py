"""Service control policies: nobody leaves residency or stops the trail, and every role still does what it is for."""

import json
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
import yaml
from click.testing import CliRunner
from moto import mock_aws

from bootstrap.home import SETTINGS_KEY
from bootstrap.names import PREVIEW_ROLE, TRAIL, TRAIL_KEY_ALIAS, deploy_role, trail_bucket
from bootstrap.organisation import KEEP_TRAIL, MOST_BYTES, RESIDENCY, as_text, policies
from bootstrap.settings import AccountSettings
from components.context import OPERATORS_ROLE
from facts.permissions.evaluate import Held, Policies, Principal, Request, decide, held_statements
from operations.bootstrap import perform
from operations.bootstrap.command import bootstrap
from project.files import Project
from tests.bootstrap.conftest import BOOTSTRAP, Account
from tests.bootstrap.proof import Proof
from tests.bootstrap.test_operators_role import ALLOWED

ACCOUNT = "210000000003"
FULL = held_statements(
    "FullAWSAccess", {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)


def settings_text() -> str:
    text = (BOOTSTRAP / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    return text.replace("000000000003", ACCOUNT).replace('"000000000"', '"500000005"')


@pytest.fixture(scope="module")
def settings() -> AccountSettings:
    configured = yaml.safe_load(settings_text())["config"][SETTINGS_KEY]
    return AccountSettings.model_validate_json(json.dumps(configured))


@pytest.fixture(scope="module")
def organization(settings: AccountSettings) -> list[Held]:
    """What the account is under: AWS's own policy that allows all, and ours."""
    return [*FULL, *(one for name, document in policies(settings).items() for one in held_statements(name, document))]


def ask(
    organization: list[Held], action: str, resource: str, region: str = "eu-west-1", name: str = "admin", **key: str
) -> bool:
    """Whether an administrator, or the account's root, may do it under the organisation."""
    arn = f"arn:aws:iam::{ACCOUNT}:{'root' if name == 'root' else f'user/{name}'}"
    request = Request(
        principal=Principal(arn=arn, account=ACCOUNT),
        action=action,
        resource=resource,
        resource_account=ACCOUNT,
        context={"aws:requestedregion": (region,), **{f"kms:{one}": (value,) for one, value in key.items()}},
    )
    return decide(request, Policies(identity=FULL, organization=organization)).allowed


@pytest.mark.parametrize("who", ["admin", "root"])
@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("cloudtrail:StopLogging", f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/{TRAIL}"),
        ("cloudtrail:DeleteTrail", f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/{TRAIL}"),
        ("cloudtrail:UpdateTrail", f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/{TRAIL}"),
        ("cloudtrail:PutEventSelectors", f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/{TRAIL}"),
        ("s3:DeleteObjectVersion", f"arn:aws:s3:::{trail_bucket(ACCOUNT, 'eu-west-1')}/AWSLogs/one.json.gz"),
        ("s3:PutBucketPolicy", f"arn:aws:s3:::{trail_bucket(ACCOUNT, 'eu-west-1')}"),
        ("kms:DeleteAlias", f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/workbuoy-trail"),
        ("kms:UpdateAlias", f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/workbuoy-trail"),
        ("organizations:LeaveOrganization", "*"),
    ],
)
def test_nobody_stops_the_trail_or_leaves_the_organisation(
    organization: list[Held], who: str, action: str, resource: str
) -> None:
    assert ask(FULL, action, resource, name=who)
    assert not ask(organization, action, resource, name=who)


@pytest.mark.parametrize("action", ["kms:DisableKey", "kms:ScheduleKeyDeletion", "kms:PutKeyPolicy"])
def test_nobody_takes_the_trails_key_away_and_every_other_key_is_the_accounts_own(
    organization: list[Held], action: str, prod: Account
) -> None:
    aliases = {
        one.declared.inputs["name"]
        for one in prod.bootstrap.resources
        if one.type == "aws:kms/alias:Alias" and one.name.startswith("trail-")
    }
    assert aliases == {TRAIL_KEY_ALIAS}  # by its alias, since AWS chooses a key's id
    key = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
    assert not ask(organization, action, key, resourcealiases=TRAIL_KEY_ALIAS)
    assert ask(organization, action, key, resourcealiases="alias/workbuoy-prod-database")
    assert ask(organization, action, key)


@pytest.mark.parametrize(
    ("action", "region", "allowed"),
    [
        ("rds:CreateDBInstance", "us-east-1", False),
        ("dynamodb:CreateTable", "us-east-1", False),
        ("s3:CreateBucket", "ap-southeast-2", False),
        ("bedrock:InvokeModel", "us-west-2", False),
        ("rds:CreateDBInstance", "eu-west-1", True),
        ("iam:CreateRole", "us-east-1", True),
        ("budgets:ModifyBudget", "us-east-1", True),
        ("sts:AssumeRole", "us-east-1", True),
        ("s3:PutAccountPublicAccessBlock", "us-east-1", True),
        ("servicequotas:GetServiceQuota", "us-east-1", True),
        ("servicequotas:RequestServiceQuotaIncrease", "us-east-1", False),
    ],
)
def test_nothing_that_keeps_data_is_made_outside_the_residency(
    organization: list[Held], action: str, region: str, allowed: bool
) -> None:
    assert ask(organization, action, "*", region) is allowed


def test_the_policies_grant_nothing_by_themselves(settings: AccountSettings) -> None:
    ours = [one for name, document in policies(settings).items() for one in held_statements(name, document)]
    assert all(one.read.denies for one in ours)
    assert not ask(ours, "rds:CreateDBInstance", "*")


def under(account: Account, role: str, organization: list[Held]) -> Proof:
    proof = account.proof(role)
    return replace(proof, own=replace(proof.policies(), organization=organization))


def test_a_deploy_does_under_them_all_that_it_does_without(prod: Account, organization: list[Held]) -> None:
    role = deploy_role("prod")
    alone = {str(one.requested): one for one in prod.proof(role).judge_calls(prod.calls) if one.decision.allowed}
    held = {str(one.requested): one for one in under(prod, role, organization).judge_calls(prod.calls)}
    assert len(alone) > 200
    assert [name for name in alone if not held[name].decision.allowed] == []


@pytest.mark.parametrize("duty", ALLOWED)
def test_operators_keep_their_duties(duty: str, prod: Account, organization: list[Held]) -> None:
    asked = ALLOWED[duty](prod)
    judged = under(prod, OPERATORS_ROLE, organization).judge(asked, "eu-west-1")
    assert judged.decision.allowed, str(judged)


def test_a_preview_reads_under_them_all_that_it_reads_without(prod: Account, organization: list[Held]) -> None:
    alone = [one for one in prod.proof(PREVIEW_ROLE).judge_calls(prod.calls) if one.decision.allowed]
    held = under(prod, PREVIEW_ROLE, organization)
    assert len(alone) > 80
    assert [str(one) for one in alone if not held.judge(one.requested, one.region).decision.allowed] == []


def test_an_organisation_takes_them_and_has_them_as_they_were_written(settings: AccountSettings) -> None:
    """In moto, whose organisation knows policies, targets and what is attached to whom."""
    with mock_aws():
        client = boto3.client("organizations", region_name="us-east-1")
        client.create_organization(FeatureSet="ALL")
        member = client.create_account(AccountName="prod", Email="aws@example.org")["CreateAccountStatus"]["AccountId"]
        root = client.list_roots()["Roots"][0]["Id"]
        client.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
        for name, document in policies(settings).items():
            text = as_text(document)
            assert len(text.encode()) <= MOST_BYTES
            made = client.create_policy(Name=name, Description=name, Content=text, Type="SERVICE_CONTROL_POLICY")
            client.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=member)
        attached = client.list_policies_for_target(TargetId=member, Filter="SERVICE_CONTROL_POLICY")["Policies"]
        found = {one["Name"]: one["Id"] for one in attached}
        assert {RESIDENCY, KEEP_TRAIL, "FullAWSAccess"} == set(found)
        for name, document in policies(settings).items():
            assert json.loads(client.describe_policy(PolicyId=found[name])["Policy"]["Content"]) == document


def test_the_command_writes_each_document_for_whoever_administers_the_organisation(
    account_files: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = account_files.root
    (root / "Pulumi.prod.yaml").write_text(settings_text(), encoding="utf-8")
    monkeypatch.setattr(perform, "bootstrap_project", lambda _: account_files)
    result = CliRunner().invoke(bootstrap, ["guardrails", "prod", "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert f"--target-id {ACCOUNT}" in result.stderr
    assert {one.name for one in (tmp_path / "out").iterdir()} == {f"{RESIDENCY}.json", f"{KEEP_TRAIL}.json"}
    (root / "Pulumi.prod.yaml").write_text((BOOTSTRAP / "Pulumi.prod.yaml").read_text(), encoding="utf-8")
    refused = CliRunner().invoke(bootstrap, ["guardrails", "prod", "--out", str(tmp_path / "none")])
    assert refused.exit_code == 1
    assert "is a placeholder account" in refused.stderr
    assert not (tmp_path / "none").exists()


def test_the_evaluator_lets_an_organisation_refuse_what_nothing_of_it_allows() -> None:
    assert not ask([], "rds:CreateDBInstance", "*", name="root")
