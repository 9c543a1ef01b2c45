"""The service starts only when it can, and is reached only by the door."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from components.service import GRACE_SECONDS
from components.task import MIGRATE_TIMEOUT_SECONDS
from infra.environment import service_environment
from project.files import Project
from rehearsal.run import Options, rehearse
from tests.conftest import SILOS, STACKS, Change, Declare, DeclareWith, Graph


def environment(container: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in container["environment"]}


def test_the_service_waits_for_migrate_to_succeed(declared: Declare) -> None:
    containers = declared("prod").containers()
    assert containers["service"]["dependsOn"] == [{"containerName": "migrate", "condition": "SUCCESS"}]
    assert containers["migrate"]["essential"] is False
    assert containers["service"]["essential"] is True


def test_no_task_is_killed_for_its_health_while_migrate_runs(declared: Declare) -> None:
    (service,) = declared("prod").of("ecs/service:Service")
    migrate = declared("prod").containers()["migrate"]
    assert 2 <= migrate["startTimeout"] == MIGRATE_TIMEOUT_SECONDS <= 120
    assert service.declared.inputs["healthCheckGracePeriodSeconds"] == GRACE_SECONDS > MIGRATE_TIMEOUT_SECONDS


def test_only_migrate_and_one_off_work_get_the_owner_s_login(declared: Declare) -> None:
    containers = declared("prod").containers()
    for name in ("migrate", "one-off", "administration"):
        assert {one["name"] for one in containers[name]["secrets"]} == {
            "DATABASE_OWNER_USER",
            "DATABASE_OWNER_PASSWORD",
        }
    assert "secrets" not in containers["service"]


@pytest.mark.parametrize("stack", [*STACKS, *SILOS])
def test_one_off_work_is_the_services_image_alone_with_its_roles_and_settings(declared: Declare, stack: str) -> None:
    graph = declared(stack)
    of_service, one_off = (graph.named(f"{name}-task").declared.inputs for name in ("service", "one-off"))
    assert one_off["family"] == f"workbuoy-{stack}-one-off"
    for same in ("cpu", "memory", "networkMode", "runtimePlatform", "executionRoleArn", "taskRoleArn"):
        assert one_off[same] == of_service[same]
    (container,) = json.loads(one_off["containerDefinitions"])
    migrate = graph.containers()["migrate"]
    alike = ("image", "environment", "secrets", "user", "linuxParameters")
    assert {name: container[name] for name in alike} == {name: migrate[name] for name in alike}
    assert container["logConfiguration"]["options"]["awslogs-stream-prefix"] == "one-off"
    assert (container["essential"], container["command"]) == (True, ["--help"])
    program, kind, settings = container["entryPoint"]  # nobody who starts it can override these
    assert (program, kind) == ("/usr/bin/workbuoy-app", "one-off")
    assert json.loads(settings) == {one["name"]: one["value"] for one in container["environment"]}
    assert not {"startTimeout", "dependsOn", "portMappings"} & set(container)


def test_administration_takes_any_command_by_the_image_s_own_entry_point(declared: Declare) -> None:
    container = declared("prod").containers()["administration"]
    assert "entryPoint" not in container
    assert container["secrets"] == declared("prod").containers()["one-off"]["secrets"]


def test_the_service_runs_its_own_task_definition(declared: Declare) -> None:
    graph = declared("prod")
    (service,) = graph.of("ecs/service:Service")
    assert service.declared.inputs["taskDefinition"] == graph.named("service-task").outputs["arn"]
    assert graph.rehearsal.exports["oneOffTaskDefinitionArn"] == graph.named("one-off-task").outputs["arn"]


@pytest.mark.parametrize("stack", STACKS)
def test_no_container_can_write_gain_rights_or_run_as_root(declared: Declare, stack: str) -> None:
    for container in declared(stack).containers().values():
        assert container["readonlyRootFilesystem"] is True
        assert container["privileged"] is False
        assert container["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}
        assert container["user"].split(":")[0] not in ("0", "root", "")


@pytest.mark.parametrize("stack", STACKS)
def test_no_environment_carries_a_login(declared: Declare, stack: str) -> None:
    for container in declared(stack).containers().values():
        assert "@" not in environment(container)["DATABASE_URL"]
        assert not {name for name in environment(container) if name.endswith(("PASSWORD", "SECRET", "ACCESS_KEY"))}


def test_prod_runs_as_production_with_a_real_login(declared: Declare) -> None:
    variables = environment(declared("prod").containers()["service"])
    assert variables["NODE_ENV"] == "production"
    assert variables["OIDC_DEV_MOCK"] == "0"
    assert variables["OIDC_ISSUER"] == "https://login.workbuoy.example"
    assert variables["PUBLIC_URL"] == "https://app.workbuoy.example"


def test_dev_runs_the_mock_login_as_development(declared: Declare) -> None:
    variables = environment(declared("dev").containers()["service"])
    assert (variables["NODE_ENV"], variables["OIDC_DEV_MOCK"]) == ("development", "1")
    assert "OIDC_ISSUER" not in variables


def test_the_service_gets_what_the_guide_names(declared: Declare) -> None:
    graph = declared("prod")
    variables = environment(graph.containers()["service"])
    (database,) = graph.of("rds/instance:Instance")
    assert variables["DATABASE_URL"] == (
        f"postgresql://{database.outputs['address']}:5432/workbuoy?schema=public&sslmode=verify-full"
    )
    assert variables["DATABASE_SECRET_ID"] == graph.named("secrets-database-login").outputs["arn"]
    assert variables["S3_BUCKET"] == graph.named("files-bucket").outputs["bucket"]
    assert variables["S3_REGION"] == graph.rehearsal.region
    assert variables["OIDC_SECRET_ID"] == graph.named("secrets-oidc-client").outputs["arn"]
    assert variables["METRICS_ENABLED"] == "true"


def test_every_container_runs_the_same_image_by_digest(declared: Declare) -> None:
    graph = declared("prod")
    (function,) = graph.of("lambda/function:Function")
    images = {one["image"] for one in graph.containers().values()} | {function.declared.inputs["imageUri"]}
    assert len(images) == 1
    assert "@sha256:" in images.pop()


def test_task_and_function_run_on_the_architecture_of_the_setting(declared_with: DeclareWith) -> None:
    graph = declared_with("dev", lambda settings: settings["service"].update(architecture="x86_64"))
    (function,) = graph.of("lambda/function:Function")
    for task in graph.of("TaskDefinition"):
        assert task.declared.inputs["runtimePlatform"]["cpuArchitecture"] == "X86_64"
    assert function.declared.inputs["architectures"] == ["x86_64"]


def test_prod_redirects_to_https_and_answers_nobody_else(declared: Declare) -> None:
    listeners = {
        one.declared.inputs["port"]: one.declared.inputs for one in declared("prod").of("lb/listener:Listener")
    }
    assert listeners[80]["defaultActions"][0]["redirect"]["protocol"] == "HTTPS"
    assert listeners[443]["protocol"] == "HTTPS"
    assert listeners[443]["sslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2")
    assert listeners[443]["defaultActions"][0]["type"] == "fixed-response"
    (rule,) = declared("prod").of("ListenerRule")
    assert rule.declared.inputs["conditions"] == [{"hostHeader": {"values": ["app.workbuoy.example"]}}]


def test_a_new_deployment_that_fails_goes_back_by_itself(declared: Declare) -> None:
    (service,) = declared("prod").of("ecs/service:Service")
    assert service.declared.inputs["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert service.declared.inputs["waitForSteadyState"] is False


def test_an_up_leaves_the_number_of_tasks_to_autoscaling(declared: Declare) -> None:
    (service,) = declared("prod").of("ecs/service:Service")
    (target,) = declared("prod").of("appautoscaling/target:Target")
    assert service.declared.ignore_changes == ("desiredCount",)
    assert (target.declared.inputs["minCapacity"], target.declared.inputs["maxCapacity"]) == (3, 12)


def test_health_is_asked_without_a_shell(declared: Declare) -> None:
    command = declared("prod").containers()["service"]["healthCheck"]["command"]
    assert command[0] == "CMD"
    assert declared("prod").of("TargetGroup")[0].declared.inputs["healthCheck"]["path"] == "/healthz"


def test_tasks_have_no_public_address(declared: Declare) -> None:
    (service,) = declared("prod").of("ecs/service:Service")
    assert service.declared.inputs["networkConfiguration"]["assignPublicIp"] is False


def test_the_service_starts_only_when_its_way_is_open(declared: Declare) -> None:
    assert declared("prod").needs("service-service") >= {
        "service-rule",
        "service-task-policy",
        "service-execution-policy",
        "service-to-network-endpoints-on-443",
        "network-endpoints-from-10-40-16-0-20-on-443",
        "service-to-database-on-5432",
        "service-from-load-balancer-on-8080",
        "database-instance",
    }


def test_the_load_balancer_speaks_tls_to_the_tasks_where_the_setting_says_so(
    declared: Declare, declared_with: DeclareWith
) -> None:
    def in_both(graph: Graph) -> tuple[str, str, str | None]:
        (group,) = graph.of("lb/targetGroup:TargetGroup")
        asked = group.declared.inputs
        told = environment(graph.containers()["service"]).get("TLS_ENABLED")
        return asked["protocol"], asked["healthCheck"]["protocol"], told

    assert in_both(declared("prod")) == ("HTTP", "HTTP", None), "it is off by default, and nothing changes for anyone"
    on = declared_with("dev", lambda settings: settings["service"].update(targetTls=True))
    assert in_both(on) == ("HTTPS", "HTTPS", "true")


@pytest.mark.lengthy
@pytest.mark.parametrize("target_tls", [True, False])
def test_a_load_balancer_and_a_service_that_do_not_speak_the_same_protocol_are_refused_by_name(
    change: Callable[[str, Change], Project], monkeypatch: pytest.MonkeyPatch, target_tls: bool
) -> None:
    """The target group follows the setting; what the container is told is turned round."""

    def turned_round(*args: Any, **more: Any) -> Any:
        told = {name: value for name, value in service_environment(*args, **more).items() if name != "TLS_ENABLED"}
        return told if target_tls else {**told, "TLS_ENABLED": "true"}

    monkeypatch.setattr("infra.workload.service_environment", turned_round)
    project = change("dev", lambda settings: settings["service"].update(targetTls=target_tls))
    rehearsal = rehearse(project, "dev", Options(declare_only=True))
    assert [one.check for one in rehearsal.refusals] == ["ecs-target-protocol"]
    assert not rehearsal.passed
