"""What runs or is served beside what a stack declares: tasks of nobody, strange targets, old code of a function."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from facts import tokens as t
from graph import Resource
from graph.values import maps
from operations.drift.account.undeclared import Look, Stack, Undeclared

TASK: Final = "aws:ecs/task:Task"
VERSION: Final = "aws:lambda/functionVersion:FunctionVersion"
ALIAS: Final = "aws:lambda/alias:Alias"
TARGET: Final = "aws:lb/targetGroupAttachment:TargetGroupAttachment"

_TASKS_AT_ONCE, _SERVICES_AT_ONCE = 100, 10
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html and API_DescribeServices.html
_LEAVING = ("draining",)

Task = Mapping[str, Any]


def _tasks_of(stack: Stack, service: Resource) -> list[Task]:
    """Every task in a service's cluster."""
    region, cluster = stack.region(service), str(service.inputs.get("cluster"))
    arns = list(stack.account.items("ecs", region, "list_tasks", "taskArns", cluster=cluster))
    ecs = stack.account.client("ecs", region)
    pages = (arns[first : first + _TASKS_AT_ONCE] for first in range(0, len(arns), _TASKS_AT_ONCE))
    return [task for page in pages for task in ecs.describe_tasks(cluster=cluster, tasks=page)["tasks"]]


def _started(stack: Stack, service: Resource, tasks: list[Task]) -> set[str]:
    """The tasks that a service of the cluster started: each names the deployment that it belongs to."""
    region, cluster = stack.region(service), str(service.inputs.get("cluster"))
    of = {str(task["taskArn"]): str(task.get("group")).partition("service:")[2] for task in tasks}
    names = sorted({name for name in of.values() if name})
    deployments: dict[str, set[str]] = {}
    for first in range(0, len(names), _SERVICES_AT_ONCE):
        page = names[first : first + _SERVICES_AT_ONCE]
        answer = stack.account.client("ecs", region).describe_services(cluster=cluster, services=page)
        for one in answer["services"]:
            deployments[one["serviceName"]] = {str(each["id"]) for each in one.get("deployments") or ()}
    return {
        str(task["taskArn"]) for task in tasks if task.get("startedBy") in deployments.get(of[str(task["taskArn"])], ())
    }


def _tasks(stack: Stack, service: Resource) -> Iterator[Undeclared]:
    """Tasks of no service, but those of the definitions for one-off work, which people on duty start by design."""
    tasks = _tasks_of(stack, service)
    started = _started(stack, service, tasks)
    serving = {one.arn for one in stack.graph.referred(service, "taskDefinition", t.TASK_DEFINITION)}
    one_off = {one.arn for one in stack.graph.of(t.TASK_DEFINITION)} - serving
    region, cluster = stack.region(service), str(service.inputs.get("cluster"))
    for task in tasks:
        arn, definition = str(task["taskArn"]), str(task["taskDefinitionArn"])
        family = definition.rpartition("/")[2].partition(":")[0]
        if arn in started or definition in one_off or not stack.is_mine(family):
            continue
        undo = f"aws ecs stop-task --region {region} --cluster {cluster} --task {arn}"
        name = f"{arn.rpartition('/')[2]} of {family}"
        yield stack.undeclared(TASK, name, undo, taskDefinition=definition, startedBy=task.get("startedBy"))


def _targets(stack: Stack, group: Resource) -> Iterator[Undeclared]:
    """Addresses that a load balancer forwards to and that are no task's of the service behind it."""
    region = stack.region(group)
    (*found,) = stack.account.items(
        "elbv2", region, "describe_target_health", "TargetHealthDescriptions", TargetGroupArn=group.id
    )
    services = [one for one in stack.graph.of(t.SERVICE) if group.id in str(one.inputs.get("loadBalancers"))]
    known = {address for service in services for address in _addresses(stack, service)}
    for one in found:
        address, state = str(one["Target"]["Id"]), str((one.get("TargetHealth") or {}).get("State"))
        if address not in known and state not in _LEAVING:
            port = one["Target"].get("Port")
            undo = (
                f"aws elbv2 deregister-targets --region {region} --target-group-arn {group.id} --targets Id={address}"
            )
            yield stack.undeclared(TARGET, f"{address} of {group.name}", undo, targetGroupArn=group.id, port=port)


def _addresses(stack: Stack, service: Resource) -> Iterator[str]:
    tasks = _tasks_of(stack, service)
    started = _started(stack, service, tasks)
    for task in tasks:
        if str(task["taskArn"]) in started:
            details = (detail for one in maps(task.get("attachments")) for detail in maps(one.get("details")))
            yield from (str(one["value"]) for one in details if one.get("name") == "privateIPv4Address")


def _versions(stack: Stack, function: Resource) -> Iterator[Undeclared]:
    """Code and settings of another day, which whoever may call the function can call by their number."""
    if function.inputs.get("publish"):
        return
    region, parameters = stack.region(function), {"FunctionName": function.id}
    for one in stack.account.items("lambda", region, "list_versions_by_function", "Versions", **parameters):
        number = str(one["Version"])
        if number != "$LATEST":
            undo = f"aws lambda delete-function --region {region} --function-name {function.id} --qualifier {number}"
            yield stack.undeclared(
                VERSION, f"{number} of {function.name}", undo, functionName=function.id, version=number
            )


def _aliases(stack: Stack, function: Resource) -> Iterator[Undeclared]:
    region, declared = stack.region(function), {str(one.inputs.get("name")) for one in stack.graph.of(ALIAS)}
    for one in stack.account.items("lambda", region, "list_aliases", "Aliases", FunctionName=function.id):
        name = str(one["Name"])
        if name not in declared:
            undo = f"aws lambda delete-alias --region {region} --function-name {function.id} --name {name}"
            points = one.get("FunctionVersion")
            yield stack.undeclared(
                ALIAS, f"{name} of {function.name}", undo, functionName=function.id, functionVersion=points
            )


def _certificates(stack: Stack, listener: Resource) -> Iterator[Undeclared]:
    """Certificates beside the listener's own and those that customers' records name."""
    own = str(listener.inputs.get("certificateArn") or "")
    if not own:
        return
    region = stack.region(listener)
    declared = {
        own,
        *stack.certificates,
        *(str(one.inputs.get("certificateArn")) for one in stack.graph.of(t.LISTENER_CERTIFICATE)),
    }
    parameters = {"ListenerArn": listener.id}
    for one in stack.account.items("elbv2", region, "describe_listener_certificates", "Certificates", **parameters):
        arn = str(one["CertificateArn"])
        if arn not in declared:
            undo = (
                f"aws elbv2 remove-listener-certificates --region {region} --listener-arn {listener.id} "
                f"--certificates CertificateArn={arn}"
            )
            name = f"{arn.rpartition('/')[2]} of {listener.name}"
            yield stack.undeclared(t.LISTENER_CERTIFICATE, name, undo, listenerArn=listener.id, certificateArn=arn)


def _web_acl(stack: Stack, balancer: Resource) -> Iterator[Undeclared]:
    """A firewall that nobody declared: it may refuse everybody, and it takes the place of a declared one."""
    region, places = stack.region(balancer), stack.graph.referring(balancer, t.WEB_ACL_ASSOCIATION, "resourceArn")
    answer = stack.account.client("wafv2", region).get_web_acl_for_resource(ResourceArn=balancer.id)
    acl = answer.get("WebACL")
    if acl and acl["ARN"] not in {str(one.inputs.get("webAclArn")) for one in places}:
        undo = f"aws wafv2 disassociate-web-acl --region {region} --resource-arn {balancer.id}"
        name = f"{acl['Name']} before {balancer.name}"
        yield stack.undeclared(t.WEB_ACL_ASSOCIATION, name, undo, resourceArn=balancer.id, webAclArn=acl["ARN"])


RUNNING: Final = (
    Look("tasks in its cluster", (t.SERVICE,), _tasks),
    Look("addresses in the target group", (t.TARGET_GROUP,), _targets),
    Look("versions", (t.FUNCTION,), _versions),
    Look("aliases", (t.FUNCTION,), _aliases),
    Look("certificates", (t.LISTENER,), _certificates),
    Look("the firewall before it", (t.LOAD_BALANCER,), _web_acl),
)
