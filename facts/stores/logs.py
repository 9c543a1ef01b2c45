"""What log groups hold, by who writes to them, and log groups that nobody declared."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from facts import tokens as t
from facts.containers import containers
from facts.stores.holder import NOT_SHOWN, Holder, for_a_while, for_days, stays
from facts.stores.model import AfterDeletion, Concern, Content, End, Form, Keeping, Kept, KeyKind, Reason, Store
from graph import Graph, Resource
from graph.values import items, maps


def log_stores(graph: Graph) -> Iterator[Store]:
    """Every log group, and every log that AWS would make a group for by itself."""
    declared = {group.urn: _name(group) for group in graph.of(t.LOG_GROUP)}
    writers = _writers(graph)
    for urn, name in declared.items():
        yield _declared(Holder(graph, graph.by_urn[urn]), writers.get(name, ()))
    for name, sources in writers.items():
        if name not in declared.values():
            yield Holder(graph, sources[0]).store(
                Form.UNDECLARED_LOG,
                Content.TRACES,
                KeyKind.AWS,
                Kept(Keeping.UNTIL_DELETED),
                stays(Reason.GROUP_UNOWNED),
                name=name,
                writers=tuple(sources),
                warnings=(Concern.UNDECLARED,),
            )


def _declared(one: Holder, writers: Sequence[Resource]) -> Store:
    days = one.days("retentionInDays")
    endless = days == 0
    retained = one.resource.retain_on_delete or one.flag("skipDestroy")
    if retained:
        after = stays(Reason.LINES_STAY) if endless else for_a_while(days, Reason.LINES_EXPIRE)
    else:
        after = NOT_SHOWN if retained is None else AfterDeletion(End.DELETED, Reason.WITH_STACK)
    return one.store(
        Form.LOG,
        Content.TRACES,
        one.key("kmsKeyId"),
        Kept(Keeping.UNTIL_DELETED) if endless else for_days(days),
        after,
        writers=tuple(writers),
        warnings=(Concern.NO_RETENTION,) if endless else (),
    )


def _writers(graph: Graph) -> dict[str, list[Resource]]:
    """Name of a log group -> the resources that write to it."""
    found: dict[str, list[Resource]] = {}
    for name, resource in _writes(graph):
        if isinstance(name, str) and name and resource not in found.setdefault(name, []):
            found[name].append(resource)
    return found


def _name(group: Resource) -> str:
    """The group's name; one whose name is not known yet is known by its URN."""
    name = group.inputs.get("name") or group.id
    return name if isinstance(name, str) and name else group.urn


def _writes(graph: Graph) -> Iterator[tuple[object, Resource]]:
    for instance in graph.of(t.DATABASE):
        identifier = instance.get("identifier")
        for log in items(instance.inputs.get("enabledCloudwatchLogsExports")):
            if isinstance(identifier, str):
                yield f"/aws/rds/instance/{identifier}/{log}", instance
    yield from _by_arn(graph)
    for function in graph.of(t.FUNCTION):
        chosen = [one.get("logGroup") for one in maps(function.inputs.get("loggingConfig")) if one.get("logGroup")]
        name = function.inputs.get("name") or function.id
        yield chosen[0] if chosen else f"/aws/lambda/{name}" if isinstance(name, str) and name else "", function
    for task in graph.of(t.TASK_DEFINITION):
        for container in _containers(task):
            for logging in maps(container.get("logConfiguration")):
                for options in maps(logging.get("options")):
                    yield options.get("awslogs-group"), task


_BY_ARN: Final = {  # of a workspace of metrics: where its rules and alerts fail
    t.FLOW_LOG: "logDestination",
    t.WEB_ACL_LOGGING: "logDestinationConfigs",
    t.METRICS_WORKSPACE: "loggingConfiguration",
}


def _by_arn(graph: Graph) -> Iterator[tuple[object, Resource]]:
    """What names a log group by its ARN, or refers to one whose ARN is not known yet."""
    for one in graph.of(*_BY_ARN):
        path = _BY_ARN[one.type]
        found, value = graph.referred(one, path, t.LOG_GROUP), one.inputs.get(path)
        for each in items(value):
            arn = each.get("logGroupArn") if isinstance(each, Mapping) else each
            yield _name(found[0]) if found else _group_name(arn), one


def _containers(task: Resource) -> Sequence[Mapping[str, Any]]:
    try:
        return list(containers(task.inputs.get("containerDefinitions")))
    except ValueError:
        return ()


def _group_name(arn: object) -> str:
    """`arn:aws:logs:region:account:log-group:NAME:*` as NAME; empty for anything else."""
    return str(arn or "").partition(":log-group:")[2].removesuffix(":*")
