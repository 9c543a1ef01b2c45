"""What somebody added in the account beside what `prod` declares, made in moto and found by boto3."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import pytest
from botocore.exceptions import ClientError

from facts import tokens as t
from graph import Graph
from operations.drift.account import Compared, compare
from operations.drift.account.look import as_markdown
from operations.drift.account.running import RUNNING
from operations.drift.account.undeclared import Stack
from operations.locate.live.account import Account
from operations.locate.live.names import names_of
from operations.restore.copy import EXPIRES, KEPT
from project.files import find_project
from rehearsal.as_graph import graph_of
from rehearsal.cloud import Cloud, running
from rehearsal.run import rehearse
from tests.conftest import PROJECT
from tests.operations.drift.conftest import Invoke
from tests.operations.drift.world import plain

EVERYTHING = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
OUTSIDE = "999999999999"
STRANGE, CUSTOMERS = (f"arn:aws:acm:eu-west-1:{OUTSIDE}:certificate/{id_}" for id_ in ("5eed0000", "5eed0001"))


@dataclass
class World:
    """The account in moto, and the state of what was made in it."""

    cloud: Cloud
    graph: Graph

    def account(self, refused: str = "") -> Account:
        """Reads it; AWS refuses one operation."""
        made = Account(self.cloud.account, "eu-west-1", self.cloud.client)
        if refused:
            read = made.items

            def items(service: str, region: str, operation: str, result: str, **parameters: Any) -> Iterator[Any]:
                if operation == refused:
                    raise ClientError({"Error": {"Code": "AccessDenied"}}, "".join(map(str.title, refused.split("_"))))
                return read(service, region, operation, result, **parameters)

            made.items = items  # type: ignore[method-assign]
        return made

    def compared(self, refused: str = "") -> Compared:
        project = find_project(PROJECT)
        others = [names_of(one, "prod", PROJECT, project.stacks()) for one in project.stacks() if one != "prod"]
        return compare(
            self.account(refused), self.graph, lambda name: not any(one.own(name) for one in others), {CUSTOMERS}
        )

    def id_of(self, name: str) -> str:
        (found,) = [one.id for one in self.graph.resources if one.name == name and one.custom]
        return found

    def export(self) -> dict[str, Any]:
        """What `pulumi stack export` would say."""
        resources = [
            {
                "urn": one.urn,
                "type": one.type,
                "id": one.id,
                "custom": one.custom,
                "parent": one.parent,
                "inputs": plain(one.inputs),
                "outputs": plain(one.outputs),
                "propertyDependencies": {key: list(urns) for key, urns in one.property_dependencies.items()},
            }
            for one in self.graph.resources
        ]
        return {"version": 3, "deployment": {"manifest": {}, "resources": resources}}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with running() as moto:
        stood = rehearse(find_project(PROJECT), "prod", None, moto)
        yield World(moto.cloud(stood.account, stood.region), graph_of(stood))


@pytest.fixture(scope="module")
def untouched(world: World) -> Compared:
    return world.compared()


@pytest.fixture(scope="module")
def seeded(world: World, untouched: Compared) -> Compared:
    """The same account after somebody's work by hand."""
    assert untouched
    iam, ec2 = world.cloud.client("iam"), world.cloud.client("ec2")
    role, group = world.id_of("service-task-role"), world.id_of("database-group")
    world.cloud.load_managed_policy(ADMINISTRATOR)
    iam.attach_role_policy(RoleName=role, PolicyArn=ADMINISTRATOR)
    iam.put_role_policy(RoleName=role, PolicyName="more", PolicyDocument=EVERYTHING)
    everybody = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[everybody])
    vpc = world.id_of("network-vpc")
    foreign = ec2.create_security_group(GroupName="mine", Description="untagged", VpcId=vpc)["GroupId"]
    ec2.create_security_group(GroupName="workbuoy-prod-acme-service", Description="a customer's", VpcId=vpc)
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.40.200.0/24")["Subnet"]["SubnetId"]
    ec2.create_network_interface(SubnetId=subnet, Groups=[foreign])
    table = next(
        one.id for one in world.graph.resources if one.name.startswith("network-data-") and "Table" in one.type
    )
    gateway = world.id_of("network-internet-gateway")
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    world.cloud.client("rds").create_db_snapshot(
        DBSnapshotIdentifier="taken", DBInstanceIdentifier="workbuoy-prod-database"
    )
    world.cloud.client("rds").modify_db_snapshot_attribute(
        DBSnapshotIdentifier="taken", AttributeName="restore", ValuesToAdd=[OUTSIDE]
    )
    world.cloud.client("kms").create_grant(
        KeyId=world.id_of("keys-files"), GranteePrincipal=f"arn:aws:iam::{OUTSIDE}:root", Operations=["Decrypt"]
    )
    world.cloud.client("lambda").add_permission(
        FunctionName=world.id_of("rotation-function"),
        StatementId="me",
        Action="lambda:InvokeFunction",
        Principal=OUTSIDE,
    )
    _listed(world, world.id_of)
    return world.compared()


def _listed(world: World, id_of: Callable[[str], str]) -> None:
    """What AWS lists of a declared resource, and what follows a database or guards its owner's login."""
    elb, cloud = world.cloud.client("elbv2"), world.cloud
    elsewhere = {"Type": "redirect", "RedirectConfig": {"Host": "elsewhere.example", "StatusCode": "HTTP_302"}}
    everything = [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}]
    for priority, tenant in ((1, "shared"), (2, "acme"), (3, "nobody")):
        tags = [{"Key": "application", "Value": "workbuoy"}, {"Key": "tenant", "Value": tenant}]
        elb.create_rule(
            ListenerArn=id_of("load-balancer-https"),
            Conditions=everything,
            Priority=priority,
            Actions=[elsewhere],
            Tags=tags,
        )
    balancer = id_of("load-balancer-alb")
    elb.create_listener(LoadBalancerArn=balancer, Port=8081, Protocol="HTTP", DefaultActions=[elsewhere])
    group = next(one.id for one in world.graph.resources if one.name == "logs-service-group")
    cloud.client("logs").put_subscription_filter(
        logGroupName=group, filterName="copy", filterPattern="", destinationArn=_function_arn(world)
    )
    cloud.client("rds").create_db_instance_read_replica(
        DBInstanceIdentifier="followed", SourceDBInstanceIdentifier="workbuoy-prod-database"
    )
    for end, until in (("restored", EXPIRES), ("before", KEPT)):
        cloud.client("rds").restore_db_instance_to_point_in_time(
            SourceDBInstanceIdentifier="workbuoy-prod-database",
            TargetDBInstanceIdentifier=f"workbuoy-prod-database-{end}",
            UseLatestRestorableTime=True,
            Tags=[{"Key": until, "Value": "20260101T000000Z"}],
        )
    (database,) = [one for one in world.graph.resources if one.name == "database-instance"]
    owner = database.outputs["masterUserSecrets"][0]["secretArn"]
    cloud.client("secretsmanager").put_resource_policy(SecretId=owner, ResourcePolicy=EVERYTHING)
    cloud.client("s3control").create_access_point(AccountId=cloud.account, Name="aside", Bucket=id_of("files-bucket"))
    told = {"TopicArn": cloud.client("sns").create_topic(Name="aside")["TopicArn"], "Events": ["s3:ObjectCreated:*"]}
    cloud.client("s3").put_bucket_notification_configuration(
        Bucket=id_of("files-bucket"), NotificationConfiguration={"TopicConfigurations": [told]}
    )
    ecs = cloud.client("ecs")
    ecs.register_task_definition(family="mine", containerDefinitions=[{"name": "mine", "image": "mine", "memory": 512}])
    for name in ("miner", "workbuoy-prod-acme-service"):
        ecs.create_service(cluster=id_of("cluster-cluster"), serviceName=name, taskDefinition="mine", desiredCount=0)
    _running(world, id_of)


def _running(world: World, id_of: Callable[[str], str]) -> None:
    """Tasks, targets, versions of a function, a certificate and a firewall that somebody added by hand."""
    cloud, cluster = world.cloud, id_of("cluster-cluster")
    ecs, elb, function = cloud.client("ecs"), cloud.client("elbv2"), cloud.client("lambda")
    (group,) = [one.id for one in world.graph.resources if one.type == t.TARGET_GROUP]
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.40.9.9", "Port": 8080}])
    subnet = cloud.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    inside = {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": []}}
    needs = {"CPU": 0, "MEMORY": 0, "PORTS": [], "PORTS_UDP": []}  # moto adds up what Fargate's containers leave out
    backend = "moto.ecs.models.EC2ContainerServiceBackend"  # imported above, each worker would read EC2's whole model
    with patch(f"{backend}._calculate_task_resource_requirements", lambda *_: needs):
        for family in ("workbuoy-prod-service", "workbuoy-prod-one-off", "mine"):
            ecs.run_task(
                cluster=cluster,
                taskDefinition=family,
                launchType="FARGATE",
                startedBy="me",
                networkConfiguration=inside,
            )
    rotation = id_of("rotation-function")
    number = function.publish_version(FunctionName=rotation)["Version"]
    function.create_alias(FunctionName=rotation, Name="old", FunctionVersion=number)
    listener = id_of("load-balancer-https")
    for arn in (STRANGE, CUSTOMERS):
        cloud.stand_in_certificate(arn, "eu-west-1")
        elb.add_listener_certificates(ListenerArn=listener, Certificates=[{"CertificateArn": arn}])
    waf = cloud.client("wafv2")
    seen = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": False, "MetricName": "x"}
    acl = waf.create_web_acl(
        Name="blocks-everybody", Scope="REGIONAL", DefaultAction={"Block": {}}, VisibilityConfig=seen
    )["Summary"]["ARN"]
    waf.associate_web_acl(WebACLArn=acl, ResourceArn=id_of("load-balancer-alb"))


def _function_arn(world: World) -> str:
    return next(str(one.outputs["arn"]) for one in world.graph.resources if one.name == "rotation-function")


def test_an_account_that_holds_what_the_stack_declares_has_nothing_undeclared(untouched: Compared) -> None:
    assert [(one.type, one.name) for one in untouched.added] == []
    assert untouched.unread == ()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("AdministratorAccess on service-task-role", "iam detach-role-policy"),
        ("more on service-task-role", "iam delete-role-policy"),
        (" of database-group", "ec2 revoke-security-group-ingress"),
        ("0.0.0.0/0 of ", "ec2 delete-route"),
        ("taken", f"--values-to-remove {OUTSIDE}"),
        (" of keys-files", "kms revoke-grant"),
        ("me of rotation-function", "lambda remove-permission"),
        ("of load-balancer-alb", "elbv2 delete-listener"),
        ("copy of logs-service-group", "logs delete-subscription-filter"),
        ("followed", "rds delete-db-instance"),
        ("workbuoy-prod-database-restored", "workbuoy restore end prod"),
        ("workbuoy-prod-database-before", "workbuoy restore switch prod --remove-old workbuoy-prod-database-before"),
        (" of database-instance", "secretsmanager delete-resource-policy"),
        ("aside of files-bucket", "s3control delete-access-point"),
        ("miner of cluster-cluster", "ecs delete-service"),
        (" of workbuoy-prod-service", "ecs stop-task"),
        (" of mine", "ecs stop-task"),
        ("10.40.9.9 of service-targets", "elbv2 deregister-targets"),
        ("1 of rotation-function", "lambda delete-function"),
        ("old of rotation-function", "lambda delete-alias"),
        ("5eed0000 of load-balancer-https", "elbv2 remove-listener-certificates"),
        ("blocks-everybody before load-balancer-alb", "wafv2 disassociate-web-acl"),
    ],
)
def test_each_thing_that_was_added_is_found_with_what_takes_it_away(seeded: Compared, name: str, said: str) -> None:
    (found,) = [one for one in seeded.added if name in one.name]
    assert said in seeded.undo[found.urn]


def test_foreign_things_in_the_network_are_found_and_a_customer_s_are_not(seeded: Compared) -> None:
    kinds = sorted(one.type.rpartition(":")[2] for one in seeded.added)
    assert kinds.count("SecurityGroup") == 1
    assert kinds.count("Subnet") == 1
    assert kinds.count("NetworkInterface") == 1


def test_a_one_off_task_and_a_certificate_that_a_customer_s_record_names_are_nobody_s_drift(seeded: Compared) -> None:
    names = " ".join(one.name for one in seeded.added)
    assert "of workbuoy-prod-one-off" not in names
    assert CUSTOMERS.rpartition("/")[2] not in names


def test_a_task_that_its_service_started_is_nobody_s_drift_and_is_served(world: World) -> None:
    stack = Stack(_Answering(world), world.graph, lambda _: True)
    (service,) = [one for one in world.graph.resources if one.type == t.SERVICE]
    (group,) = [one for one in world.graph.resources if one.type == t.TARGET_GROUP]
    found = {
        look.what: list(look.undeclared(stack, one))
        for look in RUNNING
        for one in (service, group)
        if one.type in look.types
    }
    assert [one.resource.name for one in found["tasks in its cluster"]] == ["b of workbuoy-prod-service"]
    assert [one.resource.name for one in found["addresses in the target group"]] == [f"10.0.0.2 of {group.name}"]


class _Answering(Account):
    """An account in which the service runs one task, and somebody else started another that claims to be its."""

    def __init__(self, world: World) -> None:
        super().__init__(world.cloud.account, "eu-west-1", lambda *_: self)
        (service,) = [one for one in world.graph.resources if one.type == t.SERVICE]
        (task,) = world.graph.referred(service, "taskDefinition", t.TASK_DEFINITION)
        self._service, self._definition = str(service.inputs["name"]), task.arn

    def items(self, service: str, region: str, operation: str, result: str, **parameters: Any) -> Iterator[Any]:  # noqa: ARG002
        targets = (
            {"Target": {"Id": f"10.0.0.{end}", "Port": 8080}, "TargetHealth": {"State": state}}
            for end, state in ((1, "healthy"), (2, "initial"), (3, "draining"))
        )
        yield from {"list_tasks": ["t/a", "t/b"], "describe_target_health": targets}[operation]

    def describe_tasks(self, **_: Any) -> Any:
        def task(name: str, started_by: str, address: str) -> dict[str, Any]:
            details = [{"name": "privateIPv4Address", "value": address}]
            return {
                "taskArn": f"t/{name}",
                "taskDefinitionArn": self._definition,
                "group": f"service:{self._service}",
                "startedBy": started_by,
                "attachments": [{"details": details}],
            }

        return {"tasks": [task("a", "ecs-svc/1", "10.0.0.1"), task("b", "ecs-svc/mine", "10.0.0.2")]}

    def describe_services(self, **_: Any) -> Any:
        return {"services": [{"serviceName": self._service, "deployments": [{"id": "ecs-svc/1"}]}]}


def test_a_rule_of_the_listener_is_somebody_s_unless_a_customer_of_this_stack_has_it(seeded: Compared) -> None:
    found = [one for one in seeded.added if one.type == "aws:lb/listenerRule:ListenerRule"]
    assert sorted(leaf.found for one in found for leaf in one.differences if leaf.path == "priority") == ["1", "3"]


def test_a_bucket_that_announces_its_objects_is_found(seeded: Compared) -> None:
    assert [one.name for one in seeded.added if one.type == "aws:s3/bucketNotification:BucketNotification"] == [
        "of files-bucket"
    ]


def test_what_is_not_looked_at_is_said_in_any_case(untouched: Compared, seeded: Compared) -> None:
    for compared in (untouched, seeded):
        text = as_markdown("prod", compared)
        assert "Not looked at:\n\n- tasks of the definitions for one-off work" in text


def test_what_a_review_would_stop_comes_first_with_its_sentence(seeded: Compared) -> None:
    dangerous = [bool(one.dangers) for one in seeded.added]
    assert dangerous == sorted(dangerous, reverse=True)
    said = " / ".join(danger for one in seeded.added for danger in one.dangers)
    assert "5432 open to the whole internet" in said
    (attached,) = [one for one in seeded.added if one.name.startswith("AdministratorAccess")]
    assert attached.dangers


def test_what_may_not_be_read_is_named_and_never_counts_as_nothing(world: World, seeded: Compared) -> None:
    found = world.compared(refused="list_attached_role_policies")
    refused = [one for one in found.unread if one.startswith("service-task-role: policies attached to it: ")]
    assert refused == ["service-task-role: policies attached to it: ListAttachedRolePolicies is refused (AccessDenied)"]
    assert len(found.added) == len(seeded.added) - 1, "one refusal must not hide the rest"


@pytest.mark.parametrize(("refused", "code"), [("", 3), ("list_role_policies", 4)])
@pytest.mark.usefixtures("seeded")
def test_the_command_ends_with_what_it_found(
    world: World, invoke: Invoke, monkeypatch: pytest.MonkeyPatch, refused: str, code: int
) -> None:
    monkeypatch.setattr(Account, "of", lambda *_: world.account(refused))
    result = invoke("drift", "prod", "--account", stack_export={"out": json.dumps(world.export())})
    assert result.exit_code == code, result.stderr
    assert "`AdministratorAccess on service-task-role` (aws:iam/rolePolicyAttachment" in result.stdout
    assert "away with `aws iam detach-role-policy" in result.stdout
    assert ("Not read, so what stands there is not known:" in result.stdout) == bool(refused)


def test_a_stack_in_which_nothing_stands_is_no_clean_account(invoke: Invoke) -> None:
    result = invoke("drift", "prod", "--account")
    assert result.exit_code == 1
    assert "nothing stands in it" in result.stderr
