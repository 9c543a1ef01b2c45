"""ECS clusters, task definitions and services."""

import json
from typing import Any

from facts import tokens as t
from rehearsal.kinds.kind import (
    AT_DELETION,
    IN_PROVIDER,
    NOT_HELD,
    Call,
    Change,
    F,
    Form,
    Kind,
    Name,
    Out,
    Read,
    tag_list,
    unchecked,
)

_ARN = "arn:aws:ecs:{region}:{account}:"


_TAGS = F("tags", form=tag_list("key", "value"))

CLUSTER = Kind(
    type_=t.CLUSTER,
    service="ecs",
    calls=(Call("create_cluster"),),
    fields={
        "name": F("clusterName"),
        "settings": F("settings", shape={"name": F("name"), "value": F("value")}, unordered=True),
        "configuration": F(
            "configuration",
            shape={
                "executeCommandConfiguration": F(
                    "executeCommandConfiguration",
                    shape={"logging": F("logging"), "kmsKeyId": F("kmsKeyId")},
                )
            },
        ),
        "tags": _TAGS,
    },
    reads=(
        Read(
            "describe_clusters",
            {"clusters": ["$name"], "include": ["TAGS", "SETTINGS", "CONFIGURATIONS"]},
            "clusters[0]",
        ),
    ),
    updates=(Change("update_cluster", {"settings": "", "configuration": ""}, {"cluster": "$name"}),),
    deletes=(Change("delete_cluster", params={"cluster": "$name"}),),
    ending="status == 'INACTIVE'",
    document="$made.cluster",
    id="$document.clusterArn",
    made_up_id=_ARN + "cluster/{name}",
    outputs={"arn": "{id}"},
    name=Name(),
)


def _containers(value: str) -> Any:
    return json.loads(value)


def _sorted_environment(value: Any) -> Any:
    """Environment and secrets are sets to ECS: brought into one order by name."""
    for container in value if isinstance(value, list) else ():
        for key in ("environment", "secrets"):
            if isinstance(container.get(key), list):
                container[key] = sorted(container[key], key=lambda one: str(one.get("name")))
    return value


def _with_tags(answer: Any) -> Any:
    return {**answer["taskDefinition"], "tags": answer.get("tags", [])}


TASK_DEFINITION = Kind(
    type_=t.TASK_DEFINITION,
    service="ecs",
    calls=(Call("register_task_definition"),),
    fields={
        "family": F("family"),
        "containerDefinitions": F(
            "containerDefinitions", form=Form(send=_containers, norm=_sorted_environment, by_leaf=True)
        ),
        "cpu": F("cpu"),
        "memory": F("memory"),
        "networkMode": F("networkMode"),
        "requiresCompatibilities": F("requiresCompatibilities", unordered=True),
        "executionRoleArn": F("executionRoleArn"),
        "taskRoleArn": F("taskRoleArn"),
        "pidMode": F("pidMode"),
        "ipcMode": F("ipcMode"),
        "runtimePlatform": F(
            "runtimePlatform",
            shape={
                "cpuArchitecture": F("cpuArchitecture"),
                "operatingSystemFamily": F("operatingSystemFamily"),
            },
        ),
        "ephemeralStorage": F("ephemeralStorage", shape={"sizeInGib": F("sizeInGiB")}),
        "volumes": F("volumes", shape={"name": F("name"), "hostPath": F("host.sourcePath")}, unordered=True),
        "enableFaultInjection": unchecked(NOT_HELD, "enableFaultInjection"),
        "skipDestroy": unchecked(AT_DELETION),
        "trackLatest": unchecked(IN_PROVIDER),
        "tags": _TAGS,
    },
    reads=(Read("describe_task_definition", {"taskDefinition": "$outputs.arn", "include": ["TAGS"]}, _with_tags),),
    deletes=(Change("deregister_task_definition", params={"taskDefinition": "$outputs.arn"}),),
    ending="status == 'INACTIVE'",
    document="$made.taskDefinition",
    id="$document.family",
    made_up_id="{family}",
    outputs={
        "arn": Out("taskDefinitionArn", _ARN + "task-definition/{family}:1"),
        "arnWithoutRevision": _ARN + "task-definition/{family}",
        "revision": Out("revision", 1),
    },
)

SERVICE = Kind(
    type_=t.SERVICE,
    service="ecs",
    calls=(Call("create_service"),),
    fields={
        "name": F("serviceName"),
        "cluster": F("cluster", "clusterArn"),
        "taskDefinition": F("taskDefinition"),
        "desiredCount": F("desiredCount"),
        "launchType": F("launchType"),
        "platformVersion": F("platformVersion"),
        "schedulingStrategy": F("schedulingStrategy"),
        "deploymentCircuitBreaker": F(
            "deploymentConfiguration.deploymentCircuitBreaker",
            shape={"enable": unchecked(NOT_HELD, "enable"), "rollback": unchecked(NOT_HELD, "rollback")},
        ),
        "deploymentMaximumPercent": unchecked(NOT_HELD, "deploymentConfiguration.maximumPercent"),
        "deploymentMinimumHealthyPercent": unchecked(NOT_HELD, "deploymentConfiguration.minimumHealthyPercent"),
        "deploymentController": F("deploymentController", shape={"type": F("type")}),
        "alarms": F(
            "deploymentConfiguration.alarms",
            shape={
                "alarmNames": unchecked(NOT_HELD, "alarmNames"),
                "enable": unchecked(NOT_HELD, "enable"),
                "rollback": unchecked(NOT_HELD, "rollback"),
            },
        ),
        "networkConfiguration": F(
            "networkConfiguration.awsvpcConfiguration",
            shape={
                "subnets": F("subnets", unordered=True),
                "securityGroups": F("securityGroups", unordered=True),
                "assignPublicIp": F(
                    "assignPublicIp",
                    form=Form(send=lambda on: "ENABLED" if on is True else "DISABLED" if on is False else on),
                ),
            },
        ),
        "loadBalancers": F(
            "loadBalancers",
            shape={
                "targetGroupArn": F("targetGroupArn"),
                "containerName": F("containerName"),
                "containerPort": F("containerPort"),
                "elbName": F("loadBalancerName"),
            },
        ),
        "serviceRegistries": F("serviceRegistries", shape={"registryArn": F("registryArn")}, unwrap=True),
        "healthCheckGracePeriodSeconds": unchecked(NOT_HELD, "healthCheckGracePeriodSeconds"),
        "propagateTags": F("propagateTags"),
        "enableEcsManagedTags": F("enableECSManagedTags"),
        "enableExecuteCommand": unchecked(NOT_HELD, "enableExecuteCommand"),
        "availabilityZoneRebalancing": unchecked(NOT_HELD, "availabilityZoneRebalancing"),
        "capacityProviderStrategies": F(
            "capacityProviderStrategy",
            shape={"capacityProvider": F("capacityProvider"), "weight": F("weight"), "base": F("base")},
        ),
        "waitForSteadyState": unchecked(IN_PROVIDER),
        "forceNewDeployment": unchecked(IN_PROVIDER),
        "sigintRollback": unchecked(IN_PROVIDER),
        "triggers": unchecked(IN_PROVIDER),
        "forceDelete": unchecked(AT_DELETION),
        "tags": _TAGS,
    },
    updates=(Change("update_service", None, {"service": "$name"}),),
    deletes=(
        Change("update_service", params={"service": "$name", "cluster": "$cluster", "desiredCount": 0}),
        Change("delete_service", params={"service": "$name", "cluster": "$cluster"}),
    ),
    ending="status == 'INACTIVE'",
    reads=(
        Read("describe_services", {"cluster": "$cluster", "services": ["$name"], "include": ["TAGS"]}, "services[0]"),
    ),
    document="$made.service",
    id="$document.serviceArn",
    made_up_id=_ARN + "service/{name}",
    outputs={"arn": "{id}"},
    name=Name(),
)

KINDS = (CLUSTER, TASK_DEFINITION, SERVICE)
