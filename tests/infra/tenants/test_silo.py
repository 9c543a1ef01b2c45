"""A customer's own stack: what it takes from its record, what from its base, and what is its own."""

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.problems import ProblemsError
from infra.tenants.silo import Silo, load_silo
from infra.yaml_text import read_yaml
from project.files import Project
from rehearsal import stand_ins
from tests.conftest import PROJECT, ROOT, SILOS, Declare, Graph
from tests.declared import declared_with_base
from tests.infra.tenants.conftest import Edit, problems_when


def load(root: Path, stack: str, name: str) -> Silo:
    """As a rehearsal does: with stand-ins for placeholders."""
    record = read_yaml(root / "tenants" / f"{name}.yaml").content
    base = root / f"Pulumi.{record.get('base')}.yaml"
    settings = read_yaml(base).content["config"]["workbuoy:settings"] if base.is_file() else None
    (record, settings), _ = stand_ins.replace([record, settings])
    return load_silo(root, stack, name, settings, record)


def test_sizes_follow_the_tier_and_everything_else_the_base() -> None:
    silo = load(PROJECT, "prod-eu-north-1-globex", "globex")
    assert silo.settings.database.instance_class == "db.t4g.medium"
    assert silo.settings.database.backup_retention_days == 30
    assert silo.settings.database.multi_az
    assert silo.settings.permanent
    assert silo.settings.service.host_name == "globex.workbuoy.example"


def test_a_customer_may_bring_an_own_login() -> None:
    assert load(PROJECT, "prod-eu-north-1-globex", "globex").settings.service.login.issuer_url == (
        "https://login.globex.example"
    )
    assert load(PROJECT, "prod-acme", "acme").settings.service.login.issuer_url == "https://login.workbuoy.example"


def test_residency_comes_from_the_record_alone() -> None:
    assert load(PROJECT, "prod-eu-north-1-globex", "globex").settings.residency == ("eu-north-1",)
    assert "eu-central-1" in load(PROJECT, "prod-acme", "acme").settings.residency


def test_a_record_edited_to_another_base_and_region_is_refused_on_the_old_stack(edit: Edit) -> None:
    edit("acme", "base: prod", "base: prod-eu-north-1")
    edit("acme", "acm:eu-west-1", "acm:eu-north-1")
    edit("acme", "listenerPriority: 100", "listenerPriority: 101")
    root = edit("acme", "region: eu-west-1", "region: eu-north-1")
    (told,) = problems_when(lambda: load(root, "prod-acme", "acme"))
    assert "acme has stack prod-eu-north-1-acme, and this stack is prod-acme" in told
    assert "moving is a second stack" in told


def test_a_silo_s_file_that_decides_anything_itself_is_refused(root: Path) -> None:
    file = root / "Pulumi.prod-acme.yaml"
    content = yaml.safe_load(file.read_text())
    content["config"]["workbuoy:settings"] = {"region": "us-east-1"}
    file.write_text(yaml.safe_dump(content))
    told = problems_when(lambda: load(root, "prod-acme", "acme"))
    assert any("this file holds workbuoy:tenant alone" in problem for problem in told)


def test_a_base_with_a_mistake_is_reported_with_the_base_s_own_line(root: Path) -> None:
    base = root / "Pulumi.prod.yaml"
    base.write_text(base.read_text().replace("multiAz: true", "multiAz: yes please"))
    assert any(
        problem.startswith("Pulumi.prod.yaml:") for problem in problems_when(lambda: load(root, "prod-acme", "acme"))
    )


def test_the_engine_takes_no_placeholder_of_a_customer(root: Path) -> None:
    base = root / "Pulumi.prod.yaml"
    base.write_text(
        base.read_text().replace("000000000003", "330000000000").replace("sha256:" + "0" * 64, "sha256:" + "1" * 64)
    )
    with pytest.raises(ProblemsError, match=r"tenants/acme.yaml:11: certificateArn: .* placeholder account"):
        load_silo(root, "prod-acme", "acme")


@pytest.mark.parametrize("stack", SILOS)
def test_everything_that_holds_data_or_rights_is_the_customer_s_own(declared: Declare, stack: str) -> None:
    silo = declared(stack)
    types = {one.type for one in silo.resources}
    for token in (
        "aws:rds/instance:Instance",
        "aws:s3/bucket:Bucket",
        "aws:kms/key:Key",
        "aws:secretsmanager/secret:Secret",
        "aws:iam/role:Role",
        "aws:cloudwatch/logGroup:LogGroup",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        "aws:ecs/service:Service",
        "aws:lambda/function:Function",
    ):
        assert token in types, token
    assert not types & {
        "aws:ec2/vpc:Vpc",
        "aws:ec2/subnet:Subnet",
        "aws:lb/loadBalancer:LoadBalancer",
        "aws:lb/listener:Listener",
        "aws:ecs/cluster:Cluster",
    }


def test_each_of_a_customer_s_resources_carries_its_name(declared: Declare) -> None:
    tags = {
        one.declared.inputs["tags"]["tenant"]
        for one in declared("prod-acme").resources
        if "tags" in one.declared.inputs
    }
    assert tags == {"acme"}


def test_a_customer_s_policies_name_nothing_of_the_base_s_or_another_s(declared: Declare) -> None:
    documents = json.dumps(
        [
            statement
            for _, statement in declared("prod-acme").documents(
                "RolePolicy", "Policy", "BucketPolicy", "SecretPolicy", "Key"
            )
        ]
    )
    assert "workbuoy-prod-acme" in documents
    assert "workbuoy-prod-eu" not in documents
    assert "workbuoy-prod-service" not in documents
    assert "workbuoy-prod-files" not in documents


def test_requests_come_by_the_customer_s_host_name_and_certificate(declared: Declare) -> None:
    silo, base = declared("prod-acme"), declared("prod")
    (rule,) = silo.of("ListenerRule")
    assert rule.declared.inputs["priority"] == 100
    assert rule.declared.inputs["conditions"] == [{"hostHeader": {"values": ["acme.workbuoy.example"]}}]
    assert rule.declared.inputs["listenerArn"] == base.rehearsal.exports["listenerArn"]
    (certificate,) = silo.of("ListenerCertificate")
    assert ":certificate/ac3e" in certificate.declared.inputs["certificateArn"]


@pytest.mark.lengthy
def test_a_customer_under_the_base_s_wildcard_puts_no_certificate_on_its_listener(edit: Edit) -> None:
    arn = "arn:aws:acm:eu-west-1:000000000003:certificate/ac3e0000-0000-4000-8000-0123456789ab"
    silo = declared_when(edit("acme", arn, "base"), "prod-acme")
    assert silo.of("ListenerCertificate") == []
    assert silo.of("ListenerRule")


def test_an_alarm_of_a_customer_does_not_count_the_others_failures(declared: Declare) -> None:
    errors = declared("prod-acme").named("observability-service-errors").declared.inputs["metricQueries"]
    names = {query["metric"]["metricName"] for query in errors if "metric" in query}
    assert "HTTPCode_ELB_5XX_Count" not in names
    assert "TargetConnectionErrorCount" in names


def test_the_load_balancer_delivers_no_log_into_a_customer_s_bucket(declared: Declare) -> None:
    sids = {statement["Sid"] for _, statement in declared("prod-acme").documents("BucketPolicy")}
    assert "DeliverLoadBalancerLogs" not in sids
    assert "DeliverLoadBalancerLogs" in {
        statement["Sid"] for _, statement in declared("prod").documents("BucketPolicy")
    }


def declared_when(root: Path, stack: str) -> Graph:
    return Graph(declared_with_base(Project("workbuoy", root, ROOT / "infra"), stack))


@pytest.mark.lengthy
def test_retiring_lifts_what_refuses_a_deletion_and_keeps_what_outlives_it(edit: Edit) -> None:
    root = edit("acme", "signed: 2026-10-01", "signed: 2026-10-01\n  retiring: 2027-01-31")
    silo = declared_when(root, "prod-acme")
    assert [one.name for one in silo.resources if one.declared.protect] == []
    database: dict[str, Any] = dict(silo.named("database-instance").declared.inputs)
    assert database["deletionProtection"] is False
    assert database["skipFinalSnapshot"] is False
    assert database["deleteAutomatedBackups"] is False
    assert all(one.declared.retain_on_delete for one in silo.of("kms/key:Key"))
    assert {one.declared.inputs["recoveryWindowInDays"] for one in silo.of("Secret")} == {30}


POOL_ROLE = "arn:aws:iam::210000000003:role/workbuoy-prod-service-task"


def grants_to(silo: Graph, role_arn: str) -> set[tuple[str, str]]:
    """Kind of policy and action of everything that names a role."""
    return {
        (one.type.rsplit(":", 1)[1], action)
        for one, statement in silo.documents("BucketPolicy", "Key", "SecretPolicy")
        if role_arn in json.dumps(statement.get("Principal", ""))
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }


def test_the_pool_s_service_may_put_an_export_while_a_promotion_is_open_and_never_else(edit: Edit) -> None:
    root = edit("acme", "dates:\n", "promotion: open\ndates:\n")
    silo = declared_when(root, "prod-acme")
    assert grants_to(silo, POOL_ROLE) == {
        ("BucketPolicy", "s3:AbortMultipartUpload"),
        ("BucketPolicy", "s3:PutObject"),
        ("Key", "kms:Decrypt"),
        ("Key", "kms:GenerateDataKey"),
    }
    (taking,) = [one for _, one in silo.documents("BucketPolicy") if one["Sid"] == "TakeExport"]
    assert json.dumps(taking["Resource"]).endswith('/imports/acme/*"')
    (key,) = [one for kind, one in silo.documents("Key") if one["Sid"] == "TakeExport"]
    pattern = key["Condition"]["ArnLike"]["kms:EncryptionContext:aws:s3:arn"]
    buckets = [
        one["Resource"].partition("/")[0] for _, one in silo.documents("BucketPolicy") if one["Sid"] == "TakeExport"
    ]
    assert all(fnmatchcase(one, pattern) for one in buckets)
    assert not fnmatchcase(buckets[0].replace("-files-", "-files-logs-"), pattern)
    (own,) = [one for _, one in silo.documents("RolePolicy") if one.get("Sid") == "TakeInExport"]
    assert json.dumps(own["Resource"]).endswith('/imports/acme/*"')


def test_without_a_promotion_no_other_stack_s_role_is_named(declared: Declare) -> None:
    silo = declared("prod-acme")
    assert grants_to(silo, POOL_ROLE) == set()
    assert "imports/" not in json.dumps([statement for _, statement in silo.documents("BucketPolicy", "RolePolicy")])
