"""What log groups hold, by who writes to them, and log groups that nobody declared."""

from collections.abc import Iterator, Sequence

from facts import tokens as t
from graph.values import document, items
from rehearsal.report.data.model import AWS_KEY, End, Fate, Key, Life, days, key_of, place_of
from rehearsal.report.graph import Graph, maps, number, words
from rehearsal.result import Rehearsed


def log_lives(graph: Graph) -> Iterator[Life]:
    """Every log group, and every log that a database exports without one."""
    declared = {str(graph.properties(group).get("name") or group.id): group for group in graph.of_type(t.LOG_GROUP)}
    writers = _writers(graph)
    for name, group in declared.items():
        yield _life(graph, group, writers.get(name, ()))
    for name, sources in writers.items():
        if name not in declared:
            yield _undeclared(graph, name, sources)


def _life(graph: Graph, group: Rehearsed, writers: Sequence[Rehearsed]) -> Life:
    properties = graph.properties(group)
    kept = number(properties.get("retentionInDays")) or 0.0
    if properties.get("skipDestroy") or group.declared.retain_on_delete:
        how = f"each line until it is {days(kept)} old" if kept else "for ever"
        fate = Fate(End.FOR_A_WHILE if kept else End.STAYS, how, kept or None)
    else:
        fate = Fate(End.DELETED, "with the stack")
    return Life(
        what=f"Log of {words([one.name for one in writers])}" if writers else "Log",
        holder=group,
        place=place_of(graph, group),
        key=key_of(properties, "kmsKeyId"),
        kept=days(kept) if kept else "for ever",
        fate=fate,
        warnings=() if kept else ("no retention is set",),
    )


def _undeclared(graph: Graph, name: str, sources: list[Rehearsed]) -> Life:
    return Life(
        what=f"Log of {words([one.name for one in sources])}: {name}",
        holder=sources[0],
        place=place_of(graph, sources[0]),
        key=Key(words=AWS_KEY),
        kept="for ever, unless the log group exists already with a retention",
        fate=Fate(End.STAYS, "AWS makes this log group, no stack owns it", None),
        warnings=("not declared in this stack",),
    )


def _writers(graph: Graph) -> dict[str, list[Rehearsed]]:
    """Name of a log group -> the resources that write to it."""
    found: dict[str, list[Rehearsed]] = {}
    for name, resource in _writes(graph):
        if isinstance(name, str) and name and resource not in found.setdefault(name, []):
            found[name].append(resource)
    return found


def _writes(graph: Graph) -> Iterator[tuple[object, Rehearsed]]:
    for instance in graph.of_type(t.DATABASE):
        properties = graph.properties(instance)
        identifier = properties.get("identifier") or instance.outputs.get("identifier")
        for log in items(properties.get("enabledCloudwatchLogsExports")):
            yield f"/aws/rds/instance/{identifier}/{log}", instance
    for flow in graph.of_type(t.FLOW_LOG):
        yield _group_name(graph.properties(flow).get("logDestination")), flow
    for function in graph.of_type(t.FUNCTION):
        properties = graph.properties(function)
        chosen = [one.get("logGroup") for one in maps(properties.get("loggingConfig")) if one.get("logGroup")]
        yield chosen[0] if chosen else f"/aws/lambda/{properties.get('name') or function.id}", function
    for task in graph.of_type(t.TASK_DEFINITION):
        for name in _container_groups(graph.properties(task).get("containerDefinitions")):
            yield name, task


def _container_groups(text: object) -> Iterator[object]:
    for container in maps(_containers(text)):
        for logging in maps(container.get("logConfiguration")):
            for options in maps(logging.get("options")):
                yield options.get("awslogs-group")


def _containers(text: object) -> object:
    try:
        return document(text)
    except ValueError:
        return None


def _group_name(arn: object) -> str:
    """`arn:aws:logs:region:account:log-group:NAME:*` as NAME; empty for anything else."""
    _, marker, rest = str(arn or "").partition(":log-group:")
    return rest.removesuffix(":*") if marker else ""
