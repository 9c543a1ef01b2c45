"""Task definitions of the image: the service, whose `migrate` must succeed first, and those for work as the owner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from components.context import StackContext
from components.json_text import json_text
from components.log_group import LogGroup
from components.role import Role
from components.service_settings import ServiceSettings

PORT = 8080
METRICS_PORT = 9090
USER = "10001:10001"
MIGRATE_TIMEOUT_SECONDS = 120  # the longest startTimeout that ECS takes; `migrate` itself ends within 100
STOP_TIMEOUT_SECONDS = 60
ONE_OFF = "one-off"
ADMINISTRATION = "administration"
RESTORE = "restore"
DRILL = "drill"
EXPORT = "export"
PROGRAM = "/usr/bin/workbuoy-app"  # the image's entry point: app/Dockerfile


@dataclass(frozen=True, kw_only=True)
class TaskArgs:
    """What all have alike; the owner's secret goes to containers that act as the database's owner."""

    context: StackContext
    settings: ServiceSettings
    environment: Mapping[str, Input[str]]
    owner_secret_arn: Output[str]
    execution_role: Role
    task_role: Role
    log_group: LogGroup


def service_task(name: str, args: TaskArgs, opts: ResourceOptions) -> aws.ecs.TaskDefinition:
    """`migrate` as the owner, then the service without the owner's login."""
    # The last revision stays, so that a rollback has something to go back to.
    return _task(name, args, [_migrate(args), _service(name, args)], skip_destroy=args.context.permanent, opts=opts)


def named_commands(name: str, args: TaskArgs, opts: ResourceOptions) -> aws.ecs.TaskDefinition:
    """A named command of the image as the owner, given when the task is started by a person on duty.

    As `ONE_OFF` it has the service's role; as `RESTORE` a copy of the database beside, and a role that brings back what
    it holds; as `EXPORT` one that reads what a customer has, and writes it into the place for exports.

    Who starts a task may override its command and environment, but not its entry point. So that one lets only named
    commands through (app/workbuoy_app/one_off.py), and brings the settings, so that nobody sends the owner's login
    elsewhere by another address of the database.
    Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerOverride.html
    """
    return _task(name, args, [_through("one-off", _owner_s_command(name, args), args)], skip_destroy=False, opts=opts)


def drill_task(args: TaskArgs, opts: ResourceOptions) -> aws.ecs.TaskDefinition:
    """For a schedule: the commands that touch a restored copy alone, without the owner's login of what serves."""
    container = {**_container(DRILL, args), "essential": True, "command": ["--help"]}
    return _task(DRILL, args, [_through(DRILL, container, args)], skip_destroy=False, opts=opts)


def _through(entry: str, container: dict[str, Any], args: TaskArgs) -> dict[str, Any]:
    """With an entry point that brings the settings: app/workbuoy_app/one_off.py."""
    settings = json_text(dict(sorted(args.environment.items())))
    return {**container, "entryPoint": [PROGRAM, entry, settings]}


def administration_task(args: TaskArgs, opts: ResourceOptions) -> aws.ecs.TaskDefinition:
    """Any command of the image as the owner, as `member add` is: for those who administer the account."""
    return _task(ADMINISTRATION, args, [_owner_s_command(ADMINISTRATION, args)], skip_destroy=False, opts=opts)


def _owner_s_command(name: str, args: TaskArgs) -> dict[str, Any]:
    """Declared, so that nobody needs to register one: who may can run any image with the service's roles.

    The service's own cannot carry a command: its `migrate` has 120 s, and the service does not end.
    """
    return {**_as_owner(name, args), "essential": True, "command": ["--help"]}  # harmless where none is given


def _task(
    name: str, args: TaskArgs, containers: Sequence[dict[str, Any]], *, skip_destroy: bool, opts: ResourceOptions
) -> aws.ecs.TaskDefinition:
    return aws.ecs.TaskDefinition(
        f"{name}-task",
        family=f"{args.context.name}-{name}",
        requires_compatibilities=["FARGATE"],
        network_mode="awsvpc",
        cpu=str(args.settings.cpu_units),
        memory=str(args.settings.memory_mib),
        runtime_platform=aws.ecs.TaskDefinitionRuntimePlatformArgs(
            cpu_architecture=args.settings.architecture.upper(), operating_system_family="LINUX"
        ),
        execution_role_arn=args.execution_role.arn,
        task_role_arn=args.task_role.arn,
        container_definitions=json_text(containers),
        skip_destroy=skip_destroy,
        tags=args.context.tags(),
        opts=opts,
    )


def _migrate(args: TaskArgs) -> dict[str, Any]:
    return {
        **_as_owner("migrate", args),
        "essential": False,
        "command": ["migrate"],
        "startTimeout": MIGRATE_TIMEOUT_SECONDS,
    }


def _service(name: str, args: TaskArgs) -> dict[str, Any]:
    return {
        **_container(name, args),
        "essential": True,
        "command": ["serve"],
        "dependsOn": [{"containerName": "migrate", "condition": "SUCCESS"}],
        "portMappings": [{"containerPort": port, "protocol": "tcp"} for port in (PORT, METRICS_PORT)],
        # No shell in the image: the program asks itself.
        "healthCheck": {
            "command": ["CMD", "workbuoy-app", "health"],
            "interval": 10,
            "timeout": 5,
            "retries": 3,
            "startPeriod": 30,
        },
        "stopTimeout": STOP_TIMEOUT_SECONDS,
    }


def _as_owner(name: str, args: TaskArgs) -> dict[str, Any]:
    owner = [
        {"name": variable, "valueFrom": Output.concat(args.owner_secret_arn, f":{key}::")}
        for variable, key in (("DATABASE_OWNER_PASSWORD", "password"), ("DATABASE_OWNER_USER", "username"))
    ]
    return {**_container(name, args), "secrets": owner}


def _container(name: str, args: TaskArgs) -> dict[str, Any]:
    return {
        "name": name,
        "image": args.settings.image.uri,
        "user": USER,
        "readonlyRootFilesystem": True,
        "privileged": False,
        "linuxParameters": {"capabilities": {"drop": ["ALL"]}, "initProcessEnabled": False},
        "environment": [{"name": key, "value": args.environment[key]} for key in sorted(args.environment)],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": args.log_group.name,
                "awslogs-region": args.context.region,
                "awslogs-stream-prefix": name,
            },
        },
    }
