"""What ECS refuses of a task definition, on Fargate above all."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from components.offered import awslogs_options, fargate_memory_mib
from facts import tokens as t
from graph import Graph, Resource
from graph.values import items
from rehearsal.checks.reading import Breach, refuse
from rehearsal.checks.rules import one_of
from rehearsal.result import Refusal

_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
_PARAMETERS = f"{_GUIDE}task_definition_parameters.html"
_FARGATE = f"{_GUIDE}fargate-tasks-services.html"
_API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html"
_TASK = t.TASK_DEFINITION
_LONGEST_BYTES = 64 * 1024
_LOG_DRIVERS = ("awslogs", "splunk", "awsfirelens")
_CONDITIONS = ("START", "COMPLETE", "SUCCESS", "HEALTHY")
_HEALTH_BOUNDS = {"interval": (5, 300), "timeout": (2, 60), "retries": (1, 10), "startPeriod": (0, 300)}
_FOUND_ONLY_ON_EC2 = ("devices", "sharedMemorySize", "tmpfs", "maxSwap", "swappiness")

RULES = (
    one_of(
        "ecs-architecture",
        _TASK,
        "runtimePlatform.cpuArchitecture",
        ("X86_64", "ARM64"),
        "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RuntimePlatform.html",
    ),
    one_of("ecs-network-mode", _TASK, "networkMode", ("awsvpc", "bridge", "host", "none"), _PARAMETERS),
)


def containers_of(one: Resource) -> list[dict[str, Any]]:
    """A task's containers; none where their text is no JSON list, which `tasks` reports."""
    try:
        found = json.loads(one.inputs.get("containerDefinitions", "[]"))
    except (TypeError, ValueError):
        return []
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def tasks(graph: Graph) -> Iterator[Refusal]:
    """Everything about a task and its containers."""
    for one in graph.of(_TASK):
        found = containers_of(one)
        values = one.inputs
        for check, what, fix, source in (*_whole(values, found), *_fargate(values, found)):
            yield refuse(one, check, what, fix, source)
        names = {str(each.get("name")): each for each in found}
        for container in found:
            for check, what, fix, source in (*_container(container), *_needs(container, names)):
                yield refuse(one, check, f"container {container.get('name')} {what}", fix, source)


def _whole(values: Mapping[str, Any], found: list[dict[str, Any]]) -> Iterator[Breach]:
    text = str(values.get("containerDefinitions") or "")
    if len(text.encode()) > _LONGEST_BYTES:
        what = f"has {len(text.encode())} bytes of containers"
        yield "ecs-size", what, "AWS takes 64 KiB for a whole task definition", f"{_GUIDE}service-quotas.html"
    if not found:
        yield "ecs-containers", "has no containers that can be read", "write a JSON list of containers", _PARAMETERS
        return
    if not any(each.get("essential", True) for each in found):
        yield "ecs-essential", "has no essential container", "let one be essential", _PARAMETERS
    for name, times in Counter(each.get("name") for each in found).items():
        if times > 1:
            yield "ecs-container-twice", f"has {times} containers {name}", "name each its own", _PARAMETERS
    yield from _together(values, found)
    circle = _circle({str(each.get("name")): each for each in found})
    if circle:
        what = f"has containers that wait for each other: {' -> '.join(circle)}"
        yield "ecs-dependency-circle", what, "take one dependsOn out", _PARAMETERS


def _together(values: Mapping[str, Any], found: list[dict[str, Any]]) -> Iterator[Breach]:
    """What the containers ask for together must fit into the task."""
    for key, reserved, unit in (("memory", "memoryReservation", "MiB"), ("cpu", "cpu", "CPU units")):
        whole = _number(values.get(key))
        reserved_sum = sum(max(0, _number(each.get(reserved, each.get(key)))) for each in found)
        most = max((_number(each.get(key)) for each in found), default=0)
        if whole > 0 and max(reserved_sum, most) > whole:
            what = f"has {whole} {unit}, and its containers ask for {max(reserved_sum, most)}"
            yield f"ecs-container-{key}", what, "ask for no more than the task has", _PARAMETERS


def _circle(names: Mapping[str, dict[str, Any]]) -> list[str]:
    """Names of containers that wait for each other, the first again at the end; empty where none do."""

    def search(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        for needed in _depends(names.get(name, {})):
            found = search(str(needed.get("containerName")), [*path, name])
            if found:
                return found
        return []

    return next((found for name in names if (found := search(name, []))), [])


def _depends(container: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [each for each in container.get("dependsOn") or () if isinstance(each, Mapping)]


def _fargate(values: Mapping[str, Any], found: list[dict[str, Any]]) -> Iterator[Breach]:
    if "FARGATE" not in items(values.get("requiresCompatibilities")):
        return
    cpu, memory = _number(values.get("cpu")), _number(values.get("memory"))
    sizes = fargate_memory_mib().get(cpu, ())
    if memory not in sizes:
        offered = ", ".join(map(str, sizes)) or "no memory: unknown CPU size"
        what = f"asks Fargate for {cpu} CPU units with {memory} MiB"
        yield "ecs-fargate-size", what, f"with {cpu} units it offers {offered}", f"{_GUIDE}task-cpu-memory-error.html"
    if values.get("networkMode") != "awsvpc":
        yield "ecs-fargate-network", "is not in network mode awsvpc", "set networkMode", _FARGATE
    if values.get("placementConstraints"):
        yield "ecs-fargate-placement", "has placement constraints", "leave them out on Fargate", _FARGATE
    if values.get("ipcMode") or values.get("pidMode") == "host":
        yield "ecs-fargate-modes", "shares namespaces of a host", "leave ipcMode, and pidMode host, out", _FARGATE
    storage = (values.get("ephemeralStorage") or {}).get("sizeInGib")
    if storage is not None and not 21 <= storage <= 200:
        what = f"has {storage} GiB of ephemeral storage"
        yield (
            "ecs-ephemeral-storage",
            what,
            "take 21 to 200, or leave it out for 20",
            f"{_GUIDE}fargate-task-storage.html",
        )
    if any(volume.get("hostPath") for volume in values.get("volumes") or () if isinstance(volume, Mapping)):
        yield "ecs-fargate-host-path", "mounts a path of its host", "leave hostPath out on Fargate", _FARGATE
    for container in found:
        for check, what, fix, source in _fargate_container(container):
            yield check, f"container {container.get('name')} {what}", fix, source


def _fargate_container(container: Mapping[str, Any]) -> Iterator[Breach]:
    if container.get("privileged"):
        yield "ecs-fargate-privileged", "is privileged", "leave privileged out: Fargate has no hosts to give", _FARGATE
    linux = container.get("linuxParameters") or {}
    for key in _FOUND_ONLY_ON_EC2:
        if linux.get(key):
            yield "ecs-fargate-linux", f"sets linuxParameters.{key}", "leave it out on Fargate", _FARGATE
    added = set(items((linux.get("capabilities") or {}).get("add"))) - {"SYS_PTRACE"}
    if added:
        what = f"adds the capabilities {', '.join(sorted(map(str, added)))}"
        yield "ecs-fargate-linux", what, "Fargate adds SYS_PTRACE only", _FARGATE
    for port in container.get("portMappings") or ():
        if port.get("hostPort") not in (None, 0, port.get("containerPort")):
            what = f"maps port {port.get('containerPort')} to {port.get('hostPort')} of its host"
            yield "ecs-host-port", what, "leave hostPort out: with awsvpc it is the container's", _API
    driver = (container.get("logConfiguration") or {}).get("logDriver")
    if driver is not None and driver not in _LOG_DRIVERS:
        yield "ecs-log-driver", f"logs by {driver}", f"Fargate takes {', '.join(_LOG_DRIVERS)}", _FARGATE
    if container.get("links") or container.get("extraHosts") or container.get("hostname"):
        what = "sets links, extraHosts or hostname"
        yield "ecs-fargate-hosts", what, "leave them out: awsvpc takes none", _API


def _container(container: Mapping[str, Any]) -> Iterator[Breach]:
    if not container.get("image"):
        yield "ecs-image", "has no image", "name one", _API
    soft, hard = _number(container.get("memoryReservation")), _number(container.get("memory"))
    if 0 < hard < soft:
        yield "ecs-reservation", f"reserves {soft} MiB and may have {hard}", "reserve no more than memory", _API
    names = [str(each.get("name")) for each in container.get("environment") or () if isinstance(each, Mapping)]
    injected = [str(each.get("name")) for each in container.get("secrets") or () if isinstance(each, Mapping)]
    for name in sorted({*names} & {*injected}):
        yield "ecs-secret-and-variable", f"gets {name} as a variable and as a secret", "keep one of them", _API
    for each, many in (("environment", names), ("secrets", injected)):
        for name in sorted(name for name, times in Counter(many).items() if times > 1):
            yield "ecs-variable-twice", f"has {name} twice in {each}", "keep one", _API
    for key in ("startTimeout", "stopTimeout"):
        seconds = container.get(key)
        if seconds is not None and not 2 <= _number(seconds) <= 120:
            start = key == "startTimeout"
            what = f"may take {seconds} s to {'start' if start else 'stop'}"
            yield f"ecs-{'start' if start else 'stop'}-timeout", what, "take 2 to 120", _PARAMETERS
    yield from _health(container.get("healthCheck"))
    yield from _log(container.get("logConfiguration"))


def _health(check: Any) -> Iterator[Breach]:
    if not isinstance(check, Mapping):
        return
    command = items(check.get("command"))
    if not command or (command[0] not in ("CMD", "CMD-SHELL", "NONE")):
        fix = "let its command begin with CMD or CMD-SHELL"
        yield "ecs-health-command", f"has the health check {command[:1]}", fix, _API
    for key, (least, most) in _HEALTH_BOUNDS.items():
        value = check.get(key)
        if value is not None and not least <= _number(value) <= most:
            yield "ecs-health-bounds", f"has healthCheck.{key} {value}", f"take {least} to {most}", _API


def _log(log: Any) -> Iterator[Breach]:
    if not isinstance(log, Mapping) or log.get("logDriver") != "awslogs":
        return
    options = log.get("options") or {}
    source = f"{_GUIDE}using_awslogs.html"
    for key in ("awslogs-group", "awslogs-region"):
        if not options.get(key):
            yield "ecs-log-options", f"logs by awslogs without {key}", "set it", source
    for key in sorted(set(options) - awslogs_options()):
        yield (
            "ecs-log-options",
            f"has the log option {key}",
            f"awslogs takes {', '.join(sorted(awslogs_options()))}",
            source,
        )


def _needs(container: Mapping[str, Any], names: Mapping[str, dict[str, Any]]) -> Iterator[Breach]:
    for needed in _depends(container):
        name, condition = str(needed.get("containerName")), needed.get("condition")
        other = names.get(name)
        if other is None:
            yield "ecs-dependency-unknown", f"waits for {name}, which the task has not", "name a container", _PARAMETERS
            continue
        if condition not in _CONDITIONS:
            fix = f"take {', '.join(_CONDITIONS)}"
            yield "ecs-dependency-condition", f"waits for {name} to be {condition}", fix, _PARAMETERS
        if condition in ("SUCCESS", "COMPLETE") and other.get("essential", True):
            fix = f"set essential false for {name}"
            yield "ecs-essential-dependency", f"waits until {name} ends, which is essential", fix, _PARAMETERS
        if condition == "HEALTHY" and not other.get("healthCheck"):
            fix = f"give {name} a healthCheck"
            yield "ecs-dependency-health", f"waits until {name} is healthy, which has no health check", fix, _PARAMETERS


def _number(value: Any) -> int:
    return int(value) if str(value).isdigit() else -1


CHECKS = (tasks,)
