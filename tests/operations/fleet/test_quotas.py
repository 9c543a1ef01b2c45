"""What AWS grants an account now decides how many fit, and never under another limit's name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner
from moto import mock_aws

from operations.engine import account as signed_in
from operations.fleet import quotas
from operations.fleet.cells import lower_than_files, read_cells
from operations.fleet.quotas import LiveQuotas, ask
from operations.limits.uses import uses
from operations.tenant.command import tenant
from tests.operations.fleet.conftest import Run
from tests.operations.fleet.world import ACCOUNT

SUBSCRIPTIONS = "RDS event subscriptions"
LISTED = {one.quota.live.code: one.quota for one in uses() if one.quota.live}


def code_of(name: str) -> str:
    return next(code for code, one in LISTED.items() if one.name == name)


class ServiceQuotas:
    """Answers each quota with the file's number under the right name; a test says otherwise by the quota's code."""

    class exceptions:  # noqa: N801 as a client of boto3 has it
        class NoSuchResourceException(ClientError):  # type: ignore[misc]  # noqa: N818 as AWS calls it
            pass

    def __init__(self) -> None:
        self.granted: dict[str, float] = {code_of("vCPUs of Fargate"): 5000}  # else no silo fits
        self.names: dict[str, str] = {}
        self.default_alone: set[str] = set()
        self.refused: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self.region = ""

    def client(self, service: str, region_name: str) -> "ServiceQuotas":
        assert service == "service-quotas"
        self.region = region_name
        return self

    def get_service_quota(self, ServiceCode: str, QuotaCode: str) -> Any:  # noqa: N803 as boto3 calls them
        self.asked.append((ServiceCode, self.region))
        if QuotaCode in self.refused:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetServiceQuota")
        if QuotaCode in self.default_alone:
            raise self.exceptions.NoSuchResourceException({"Error": {"Code": "NoSuchResource"}}, "GetServiceQuota")
        return self.get_aws_default_service_quota(ServiceCode, QuotaCode)

    def get_aws_default_service_quota(self, ServiceCode: str, QuotaCode: str) -> Any:  # noqa: N803
        assert ServiceCode
        listed = LISTED[QuotaCode]
        assert listed.live is not None
        value = self.granted.get(QuotaCode, listed.quota)
        return {"Quota": {"QuotaName": self.names.get(QuotaCode, listed.live.name), "Value": value}}


@pytest.fixture
def service(root: Path, monkeypatch: pytest.MonkeyPatch) -> ServiceQuotas:
    """Whoever types is signed in to the account of prod and prod-1."""
    assert root
    made = ServiceQuotas()
    monkeypatch.setattr(boto3, "Session", lambda: made)
    monkeypatch.setattr(signed_in, "who_am_i", lambda *_: {"Account": ACCOUNT})
    return made


@pytest.fixture
def moto() -> Iterator[boto3.Session]:
    with mock_aws():
        yield boto3.Session(aws_access_key_id="a", aws_secret_access_key="b")


def test_motos_quotas_are_of_the_names_that_are_expected(moto: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Moto lists the quotas of a VPC alone."""
    of_a_vpc = [(one.name, one.live) for one in LISTED.values() if one.live and one.live.service == "vpc"]
    monkeypatch.setattr(quotas, "_limits", lambda: iter(of_a_vpc))
    found = ask(moto, ACCOUNT, ["eu-west-1"])
    assert found.granted == {
        (ACCOUNT, "eu-west-1", "Network interfaces"): 5000,
        (ACCOUNT, "eu-west-1", "Security groups"): 2500,
    }
    assert found.unknown == ()


@pytest.mark.lengthy
def test_a_global_service_is_asked_where_it_answers(service: ServiceQuotas) -> None:
    ask(service, ACCOUNT, ["eu-west-1", "eu-north-1"])
    assert {region for name, region in service.asked if name == "iam"} == {quotas.GLOBAL_REGION}
    assert {region for name, region in service.asked if name == "rds"} == {"eu-west-1", "eu-north-1"}


@pytest.mark.lengthy
def test_what_aws_raised_moves_the_wall_and_nothing_is_lower(run: Run, service: ServiceQuotas) -> None:
    service.granted[code_of(SUBSCRIPTIONS)] = 200
    service.default_alone = {code_of("RDS instances")}
    result = run("cells", "--live")
    assert result.exit_code == 0, result.output
    assert "Certificates on a load balancer" in result.stdout
    assert SUBSCRIPTIONS not in result.stdout


@pytest.mark.lengthy
def test_a_quota_lower_than_the_default_is_named_and_exits_with_3(run: Run, service: ServiceQuotas) -> None:
    service.granted[code_of(SUBSCRIPTIONS)] = 15
    result = run("cells", "--live")
    assert result.exit_code == 3, result.output
    assert "prod" in result.stdout
    said = " ".join(result.stderr.split())
    assert f"{SUBSCRIPTIONS} in {ACCOUNT}, eu-west-1: AWS grants 15, and docs/limits.md counts on 20" in said
    assert [one.room for one in read_cells(Path.cwd(), live=ask(service, ACCOUNT, ["eu-west-1"]))] == [1, 1]


def test_a_quota_lower_than_fleet_yaml_says_is_named_with_that_file(root: Path, service: ServiceQuotas) -> None:
    with (root / "fleet.yaml").open("a") as file:
        file.write(f'quotas: [{{account: "{ACCOUNT}", region: eu-west-1, name: {SUBSCRIPTIONS}, granted: 200}}]\n')
    (told,) = lower_than_files(root, ask(service, ACCOUNT, ["eu-west-1"]))
    assert told.startswith(f"{SUBSCRIPTIONS} in {ACCOUNT}, eu-west-1: AWS grants 20, and fleet.yaml counts on 200;")


def test_an_answer_of_another_limit_counts_nothing_and_exits_with_4(run: Run, service: ServiceQuotas) -> None:
    service.names[code_of(SUBSCRIPTIONS)] = "Proxies"
    service.granted[code_of(SUBSCRIPTIONS)] = 5000
    service.refused = {code_of("RDS instances")}
    result = run("cells", "--live")
    assert result.exit_code == 4, result.output
    assert "is Proxies, and Event subscriptions was expected" in " ".join(result.stderr.split())
    assert f"RDS instances in {ACCOUNT}, eu-west-1: Service Quotas: AccessDeniedException" in " ".join(
        result.stderr.split()
    )
    assert f"{SUBSCRIPTIONS} (20)" in result.stdout


def test_an_account_without_a_base_stack_is_reported_in_one_line(
    run: Run, service: ServiceQuotas, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert service
    monkeypatch.setattr(signed_in, "who_am_i", lambda *_: {"Account": "999999999999"})
    result = run("cells", "--live")
    assert result.exit_code == 1
    assert "you are signed in to 999999999999, where no base stack stands" in result.stderr


def test_a_new_customer_is_placed_by_what_aws_grants_now(root: Path, service: ServiceQuotas) -> None:
    service.granted[code_of(SUBSCRIPTIONS)] = 13
    wish = ("create", "hooli", "--isolation", "silo", "--residency", "eea", "--legal-name", "Hooli", "--base")
    whom = ("--contact", "privacy: Kari <kari@hooli.example>", "--certificate-arn", "base")
    assert root
    named = CliRunner().invoke(tenant, [*wish, "prod", "--live", *whom])
    assert named.exit_code == 2
    refused = CliRunner().invoke(tenant, [*wish, "auto", "--live", *whom])
    assert refused.exit_code == 1, refused.output
    assert f"is full: {SUBSCRIPTIONS} (13)" in " ".join(refused.stderr.split())
    assert "AWS grants 13" in " ".join(refused.stderr.split())


def test_every_limit_that_is_asked_has_a_number_or_a_name_that_a_file_can_give() -> None:
    assert len(LISTED) == len({one.name for one in LISTED.values()}) >= 17
    assert LiveQuotas().granted == {}


def test_what_no_limit_counts_is_named_below_the_cells(run: Run) -> None:
    result = run("cells")
    assert result.exit_code == 0, result.output
    assert "not counted" in result.stdout
    assert "amp/scraper" in result.stdout
