"""What the stack declares for the service: containers, function, roles and secrets, read from the rehearsed graph."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from facts import tokens as t
from graph import Graph
from rehearsal.permissions.bounds import Tags
from rehearsal.result import Rehearsal, Rehearsed
from rehearsal.service.by_aws import InRolesName, asked_by_aws


class NoServiceError(Exception):
    """The stack declares no service that could be tried."""


@dataclass(frozen=True, kw_only=True)
class Container:
    """One container of the task: its environment, and secrets as `variable -> (secret ARN, JSON key)`.

    `entry` is what its own entry point puts before the arguments, where it has one.
    """

    entry: tuple[str, ...]
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    secrets: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class DeclaredService:
    """Everything that AWS would start the service with."""

    stack: str
    migrate: Container
    service: Container
    one_off: Container
    administration: Container
    restore: Container
    drill: Container
    export: Container
    execution_role_arn: str
    task_role_arn: str
    restore_role_arn: str
    export_role_arn: str
    cluster_task_arn: str
    rotation_arguments: tuple[str, ...]
    rotation_environment: Mapping[str, str]
    rotation_role_arn: str
    rotation_function_arn: str
    rotated_secret_arn: str
    owner_secret_arn: str
    database_address: str
    scheme: str
    """What the load balancer speaks to the service's port: `http` or `https`."""
    roles: tuple[str, ...]
    tags: Tags
    by_aws: tuple[InRolesName, ...]


def declared_service(rehearsal: Rehearsal) -> DeclaredService:
    """Read it from the graph. Raises NoServiceError where the stack has no such service."""
    task, one_off, administration, restore, drill, export = _task_definitions(rehearsal)
    function = _only(rehearsal, t.FUNCTION)
    rotation = _only(rehearsal, t.SECRET_ROTATION)
    database = _only(rehearsal, t.DATABASE)
    containers = _containers(task)
    (first,) = [one for one in containers if not one["essential"]]
    (main,) = [one for one in containers if one["essential"]]
    on_duty, alone, back, tried, out = (
        _containers(one)[0] for one in (one_off, administration, restore, drill, export)
    )
    of_function = function.declared.inputs
    return DeclaredService(
        stack=rehearsal.stack,
        migrate=_container(first),
        service=_container(main),
        one_off=_container(on_duty),
        administration=_container(alone),
        restore=_container(back),
        drill=_container(tried),
        export=_container(out),
        execution_role_arn=task.declared.inputs["executionRoleArn"],
        task_role_arn=task.declared.inputs["taskRoleArn"],
        restore_role_arn=restore.declared.inputs["taskRoleArn"],
        export_role_arn=export.declared.inputs["taskRoleArn"],
        cluster_task_arn=f"arn:aws:ecs:{rehearsal.region}:{rehearsal.account}:task/rehearsal",
        rotation_arguments=tuple(of_function["imageConfig"]["commands"]),
        rotation_environment=of_function["environment"]["variables"],
        rotation_role_arn=of_function["role"],
        rotation_function_arn=function.outputs["arn"],
        rotated_secret_arn=rotation.declared.inputs["secretId"],
        owner_secret_arn=database.outputs["masterUserSecrets"][0]["secretArn"],
        database_address=database.outputs["address"],
        scheme=str(_only(rehearsal, t.TARGET_GROUP).declared.inputs["protocol"]).lower(),
        roles=tuple(str(one.outputs["arn"]) for one in rehearsal.resources if one.type == t.ROLE),
        tags={str(one.outputs["arn"]): one.outputs["tagsAll"] for one in rehearsal.resources if _is_tagged(one)},
        by_aws=tuple(asked_by_aws(rehearsal)),
    )


def _is_tagged(one: Rehearsed) -> bool:
    return bool(one.outputs.get("arn") and one.outputs.get("tagsAll"))


def as_before(declared: DeclaredService, former: Graph) -> DeclaredService:
    """The same with the variables that the service had in a former graph.

    Where both have one, its value is today's: what stands is today's stack. A former graph without a service, or whose
    containers are not shown, changes nothing.
    """
    tasks = [task for one in former.of(t.SERVICE) for task in former.referred(one, "taskDefinition", t.TASK_DEFINITION)]
    if len(tasks) != 1 or not isinstance(tasks[0].inputs.get("containerDefinitions"), str):
        return declared
    containers = {one["essential"]: _container(one) for one in json.loads(tasks[0].inputs["containerDefinitions"])}
    if set(containers) != {True, False}:
        return declared
    migrate, service = (
        _with_today(containers[kind], now) for kind, now in ((False, declared.migrate), (True, declared.service))
    )
    scheme = "https" if service.environment.get("TLS_ENABLED") == "true" else "http"  # as its load balancer spoke to it
    return replace(declared, migrate=migrate, service=service, scheme=scheme)


def _with_today(former: Container, now: Container) -> Container:
    return replace(
        former,
        environment={name: now.environment.get(name, value) for name, value in former.environment.items()},
        secrets={name: now.secrets.get(name, value) for name, value in former.secrets.items()},
    )


def _task_definitions(rehearsal: Rehearsal) -> list[Rehearsed]:
    """The one that the ECS service names, and those for work as the owner: by people on duty, who get an entry point
    that lets through named commands alone; by those who administer the account; and three with roles of their own: by
    those who bring data back, which needs a copy of the database, by a schedule that tries it, and by those who hand
    data over.
    """
    service = _only(rehearsal, t.SERVICE).declared.inputs["taskDefinition"]
    found = [one for one in rehearsal.resources if one.type == t.TASK_DEFINITION]
    of_service = [one for one in found if one.outputs["arn"] == service]
    role = of_service[0].declared.inputs["taskRoleArn"] if of_service else ""
    others = [one for one in found if one.outputs["arn"] != service]
    with_own_role = [one for one in others if one.declared.inputs["taskRoleArn"] != role]
    export = [one for one in with_own_role if "EXPORTS_BUCKET" in _container(_containers(one)[0]).environment]
    drill = [one for one in with_own_role if "drill" in (_containers(one)[0].get("entryPoint") or ())]
    restore = [one for one in with_own_role if one not in export and one not in drill]
    on_duty = [one for one in others if one not in with_own_role and _containers(one)[0].get("entryPoint")]
    rest = [one for one in others if one not in on_duty and one not in with_own_role]
    kinds = (of_service, on_duty, rest, restore, drill, export)
    if any(len(kind) != 1 for kind in kinds):
        raise NoServiceError(
            f"the stack declares {len(found)} task definitions; it needs the service's, one for one-off work with an "
            "entry point of its own, one for administration, and three with other roles: one that brings data back, "
            "one that tries it, and one with EXPORTS_BUCKET that hands data over"
        )
    return [kind[0] for kind in kinds]


def _containers(task: Rehearsed) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(task.declared.inputs["containerDefinitions"])
    return found


def _only(rehearsal: Rehearsal, type_: str) -> Rehearsed:
    found = [one for one in rehearsal.resources if one.type == type_]
    if len(found) != 1:
        raise NoServiceError(f"the stack declares {len(found)} of {type_}; the service needs one")
    return found[0]


def _container(definition: Mapping[str, Any]) -> Container:
    return Container(
        entry=tuple(definition.get("entryPoint", ()))[1:],
        arguments=tuple(definition["command"]),
        environment={one["name"]: one["value"] for one in definition["environment"]},
        secrets={one["name"]: _secret(one["valueFrom"]) for one in definition.get("secrets", [])},
    )


def _secret(value_from: str) -> tuple[str, str]:
    """`arn:key:stage:version` as ECS reads it: an ARN of a secret has seven parts, the rest is ours."""
    parts = value_from.split(":")
    return ":".join(parts[:7]), parts[7] if len(parts) > 7 else ""
