"""How long a change interrupts, in classes. From AWS's documentation of what a modification does; not measured."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from facts import tokens as t
from graph.plan import Plan, PlanStep
from graph.values import maps

Class = Literal["none", "seconds", "restart", "minutes"]
CLASSES: Final[tuple[Class, ...]] = ("none", "seconds", "restart", "minutes")

# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.Modifying.html
BY_PROPERTY: Final[Mapping[tuple[str, str], Class]] = {
    (t.DATABASE, "instanceClass"): "minutes",
    (t.DATABASE, "engineVersion"): "minutes",
    (t.DATABASE, "identifier"): "restart",
    (t.DATABASE, "port"): "restart",
    (t.DATABASE, "parameterGroupName"): "restart",
    (t.DATABASE, "dbSubnetGroupName"): "minutes",
    (t.DATABASE, "caCertIdentifier"): "restart",
    (t.DATABASE, "storageType"): "minutes",
    (t.PARAMETER_GROUP, "parameters"): "restart",
    (t.LISTENER, "port"): "seconds",
    (t.LISTENER, "protocol"): "seconds",
    (t.LISTENER, "certificateArn"): "none",
    (t.LOAD_BALANCER, "subnets"): "seconds",
    (t.SERVICE, "loadBalancers"): "seconds",
}
REPLACED: Final[Mapping[str, Class]] = {
    t.DATABASE: "minutes",
    t.LOAD_BALANCER: "minutes",
    t.SERVICE: "minutes",
    t.CLUSTER: "minutes",
    t.TARGET_GROUP: "minutes",  # the rule names the new one before the new tasks are healthy in it
    t.LISTENER: "seconds",
    t.VPC: "minutes",
    t.SUBNET: "minutes",
    t.SECURITY_GROUP: "seconds",
    t.ROUTE: "seconds",
    t.INGRESS_RULE: "seconds",
}


@dataclass(frozen=True, slots=True)
class Interruption:
    """What one resource's change interrupts."""

    urn: str
    length: Class
    why: str


def interruptions(plan: Plan) -> list[Interruption]:
    """Every change that interrupts, the longest first."""
    found = [interruption for step in plan.steps for interruption in _of(step)]
    return sorted(found, key=lambda one: -CLASSES.index(one.length))


def longest(found: list[Interruption]) -> Class:
    return found[0].length if found else "none"


def _of(step: PlanStep) -> Iterator[Interruption]:
    if step.op in ("replace", "delete"):
        length = REPLACED.get(step.type, "none")
        if length != "none":
            yield Interruption(step.urn, length, f"it is {'replaced' if step.op == 'replace' else 'deleted'}")
        return
    if step.op != "update" or step.new is None:
        return
    for name in dict.fromkeys(path.split(".")[0].split("[")[0] for path in step.paths):
        length = BY_PROPERTY.get((step.type, name), "none")
        if step.type == t.PARAMETER_GROUP and name == "parameters" and not _needs_restart(step):
            continue
        if length == "minutes" and step.new.inputs.get("multiAz") is True and name == "instanceClass":
            yield Interruption(step.urn, "seconds", f"{name}: a failover to the standby, a minute or two")
        elif length != "none":
            yield Interruption(step.urn, length, name + _when(step))


def _needs_restart(step: PlanStep) -> bool:
    """Whether a parameter that changes is applied only with a restart; what is applied at once needs none."""
    assert step.old is not None and step.new is not None  # noqa: S101, PT018  an update
    known = list(maps(step.old.inputs.get("parameters")))
    changed = [one for one in maps(step.new.inputs.get("parameters")) if one not in known]
    return any(one.get("applyMethod") == "pending-reboot" for one in changed) or not changed


def _when(step: PlanStep) -> str:
    if step.type != t.DATABASE or step.new is None:
        return ""
    return ", at once" if step.new.inputs.get("applyImmediately") is True else ", in the maintenance window"
