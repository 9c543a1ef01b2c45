"""Secret entries hold values that nobody wrote here, and only their users read them."""

from typing import Any

import pytest

from tests.conftest import Declare, DeclareWith, Graph


def refusals(graph: Graph, entry: str) -> dict[str, Any]:
    return {
        statement["Action"][0]: statement["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
        for one, statement in graph.documents("SecretPolicy")
        if one.name == f"secrets-{entry}-policy"
    }


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_no_value_is_declared_for_any_secret(declared: Declare) -> None:
    for stack in ("dev", "prod"):
        assert declared(stack).of("SecretVersion") == []


def test_only_task_and_rotation_read_the_login_and_only_rotation_writes_it(declared: Declare) -> None:
    graph = declared("prod")
    task, rotation = (graph.named(f"{name}-role").outputs["arn"] for name in ("service-task", "rotation"))
    assert refusals(graph, "database-login") == {
        "secretsmanager:GetSecretValue": [task, rotation],
        "secretsmanager:PutSecretValue": [rotation],
    }


def test_an_operator_may_fill_oidc_s_entry_but_not_read_it(declared: Declare) -> None:
    graph = declared("prod")
    task = graph.named("service-task-role").outputs["arn"]
    assert refusals(graph, "oidc-client") == {"secretsmanager:GetSecretValue": [task]}
    assert graph.named("secrets-oidc-client").declared.inputs["tags"]["rotation"] == "manual"


def test_dev_with_the_mock_login_has_no_oidc_entry(declared: Declare) -> None:
    names = [one.name for one in declared("dev").of("secretsmanager/secret:Secret")]
    assert sorted(names) == ["secrets-database-login", "secrets-restored-login"]


@pytest.mark.parametrize(("stack", "days"), [("prod", 30), ("dev", 0)])
def test_a_deleted_secret_waits_in_prod_and_frees_its_name_in_dev(declared: Declare, stack: str, days: int) -> None:
    for secret in declared(stack).of("secretsmanager/secret:Secret"):
        assert secret.declared.inputs["recoveryWindowInDays"] == days


def test_the_first_rotation_starts_only_when_it_can_succeed(declared: Declare) -> None:
    graph = declared("prod")
    assert graph.needs("rotation-schedule") >= {
        "rotation-function",
        "rotation-called-by-secrets-manager",
        "rotation-policy",
        "database-instance",
        "secrets-database-login-policy",
        "network-secretsmanager",
        "rotation-to-database-on-5432",
        "database-from-rotation-on-5432",
        "rotation-to-network-endpoints-on-443",
        "network-endpoints-from-10-40-16-0-20-on-443",
    }


def test_the_service_starts_after_the_first_rotation_is_ordered(declared: Declare) -> None:
    assert "rotation-schedule" in declared("prod").needs("service-service")


def test_secrets_manager_may_call_the_function_for_this_secret_alone(declared: Declare) -> None:
    graph = declared("prod")
    (permission,) = graph.of("lambda/permission:Permission")
    assert permission.declared.inputs["sourceArn"] == graph.named("secrets-database-login").outputs["arn"]
    assert permission.declared.inputs["sourceAccount"] == graph.rehearsal.account


def test_the_login_rotates_as_often_as_the_setting_says(declared_with: DeclareWith) -> None:
    graph = declared_with("dev", lambda settings: settings["secrets"].update(rotationDays=12))
    (rotation,) = graph.of("SecretRotation")
    assert rotation.declared.inputs["rotationRules"] == {"automaticallyAfterDays": 12}
