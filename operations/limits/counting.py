"""What one silo, and its base, take of each of AWS's limits: counted in their declared graphs."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal

from facts import tokens as t
from graph import Graph
from graph.values import flag, maps, number
from infra.yaml_text import read_yaml_value

Scope = Literal["base", "region", "account", "bases in a region"]
_TAKEN_BY_AWS = 5  # of each subnet: https://docs.amazonaws.cn/goto/SdkForKotlin/ec2-2016-11-15/CreateSubnet
MEASURED = "measured"


@dataclass(frozen=True, kw_only=True)
class Quota:
    """One of AWS's limits. `quota` is None where there is none or none is known; `source` is empty if it was not read.

    For `bases in a region`, what is counted is base stacks and not silos.
    """

    name: str
    scope: Scope
    adjustable: str
    counts: tuple[str, ...]
    do: str
    quota: float | Literal["measured"] | None = None
    source: str = ""
    live: "LiveQuota | None" = None


@dataclass(frozen=True, kw_only=True)
class LiveQuota:
    """What Service Quotas calls a limit; an answer under another name is of another limit."""

    service: str
    code: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How fast an API may be called in an account's region; no numbers where AWS tells none."""

    name: str
    adjustable: str
    means: str
    stated: str = ""
    service: str = ""
    kind: Literal["read", "write"] = "read"
    per_second: float | None = None
    burst: float | None = None
    source: str = ""

    @property
    def default(self) -> str:
        """As the page says it."""
        return self.stated if self.per_second is None else f"{self.per_second:,.0f} a second"


@dataclass(frozen=True)
class LimitUse:
    """A limit, held against the graphs: how much of it there is, what the base and one silo take, how many fit."""

    quota: Quota
    limit: float | None
    base: float
    silo: float

    @property
    def of_bases(self) -> bool:
        """Whether it limits base stacks, and not silos."""
        return self.quota.scope == "bases in a region"

    @property
    def fits(self) -> int | None:
        """Silos (or base stacks) within the limit; None where nothing limits them."""
        each = self.base if self.of_bases else self.silo
        taken = 0.0 if self.of_bases else self.base
        return None if self.limit is None or not each else max(0, int((self.limit - taken) // each))


def quotas() -> list[Quota]:
    """The committed list."""
    entries = read_yaml_value(Path(__file__).parent / "quotas.yaml")
    return [Quota(**{**entry, "counts": tuple(entry["counts"]), "live": _live(entry)}) for entry in entries]


def _live(entry: Mapping[str, Any]) -> LiveQuota | None:
    return LiveQuota(**entry["live"]) if "live" in entry else None


def rates() -> list[Rate]:
    """The committed list."""
    return [Rate(**entry) for entry in read_yaml_value(Path(__file__).parent / "rates.yaml")]


def limit_uses(base: Graph, silo: Graph) -> list[LimitUse]:
    """Every limit against a base stack and one silo on it, those that bite first in front."""

    def held(quota: Quota) -> LimitUse:
        limit = _measured(base, quota.counts[0]) if quota.quota == MEASURED else quota.quota
        taken = sum(_count(base, base, one) for one in quota.counts)
        each = sum(_count(silo, base, one) for one in quota.counts)
        return LimitUse(quota, None if limit is None else float(limit), taken, each)

    everything = [held(quota) for quota in quotas()]
    return sorted(everything, key=lambda one: float("inf") if one.fits is None else one.fits)


def _count(graph: Graph, base: Graph, what: str) -> float:
    measure = MEASURES.get(what)
    return measure(graph, base) if measure else float(len(list(graph.of(what))))


def _tasks(graph: Graph, _: Graph) -> float:
    """The most tasks, and as many again while a deployment replaces them (a service's maximum percent)."""
    at_most = sum(number(one.inputs.get("maxCapacity")) or 0.0 for one in graph.of(t.SCALING_TARGET))
    percents = [number(one.inputs.get("deploymentMaximumPercent")) for one in graph.of(t.SERVICE)]
    return at_most * max((one or 200.0 for one in percents), default=0.0) / 100


def _virtual_cpus(graph: Graph, base: Graph) -> float:
    """Of the services' tasks; one-off work comes and goes."""
    services = {one.inputs.get("taskDefinition") for one in graph.of(t.SERVICE)}
    running = [one for one in graph.of(t.TASK_DEFINITION) if one.outputs.get("arn") in services]
    units = sum(number(one.inputs.get("cpu")) or 0.0 for one in running)
    return units / 1024 * _tasks(graph, base)


def _lambda_interfaces(graph: Graph, _: Graph) -> float:
    """One for each subnet and set of security groups of a function."""
    return float(
        sum(
            len(network.get("subnetIds") or ())
            for one in graph.of(t.FUNCTION)
            for network in maps(one.inputs.get("vpcConfig"))
        )
    )


def _data_addresses(graph: Graph, _: Graph) -> float:
    """One for each database instance, and one for its standby."""
    return float(sum(2 if one.inputs.get("multiAz") else 1 for one in graph.of(t.DATABASE)))


def _endpoint_addresses(graph: Graph) -> float:
    return float(sum(len(one.inputs.get("subnetIds") or ()) for one in graph.of(t.ENDPOINT)))


def _private_addresses(graph: Graph, base: Graph) -> float:
    return _tasks(graph, base) + _lambda_interfaces(graph, base) + _endpoint_addresses(graph)


def _interfaces(graph: Graph, base: Graph) -> float:
    """Those with an address in the private and data subnets, each NAT gateway's, and a load balancer's in each zone."""
    balanced = sum(len(one.inputs.get("subnets") or ()) for one in graph.of(t.LOAD_BALANCER))
    gateways = len(list(graph.of(t.NAT_GATEWAY)))
    return _private_addresses(graph, base) + _data_addresses(graph, base) + balanced + gateways


def _storage(graph: Graph, _: Graph) -> float:
    return sum(number(one.inputs.get("maxAllocatedStorage")) or 0.0 for one in graph.of(t.DATABASE))


def _final_snapshots(graph: Graph, _: Graph) -> float:
    return float(sum(not one.inputs.get("skipFinalSnapshot") for one in graph.of(t.DATABASE)))


def _master_passwords(graph: Graph, _: Graph) -> float:
    """Secrets that RDS makes."""
    return float(sum(flag(one.inputs.get("manageMasterUserPassword")) is True for one in graph.of(t.DATABASE)))


def _shared_rules(graph: Graph, base: Graph) -> float:
    """Rules on the base's own groups, one way: the fullest group's."""
    groups = {one.id for one in base.of(t.SECURITY_GROUP)}
    found: dict[tuple[str, str], int] = {}
    for rule in graph.of(t.INGRESS_RULE, t.EGRESS_RULE):
        group = str(rule.inputs.get("securityGroupId"))
        if group in groups:
            found[rule.type, group] = found.get((rule.type, group), 0) + 1
    return float(max(found.values(), default=0))


MEASURES: Mapping[str, Callable[[Graph, Graph], float]] = {
    "tasks in a deployment": _tasks,
    "vCPU at most": _virtual_cpus,
    "lambda interfaces": _lambda_interfaces,
    "data addresses": _data_addresses,
    "private addresses": _private_addresses,
    "interfaces": _interfaces,
    "storage at most": _storage,
    "final snapshots": _final_snapshots,
    "master passwords": _master_passwords,
    "rules on shared groups": _shared_rules,
}


def _measured(base: Graph, what: str) -> float:
    """How many addresses the base's subnets of a kind have."""
    kind = what.partition(" ")[0]
    return float(
        sum(
            ip_network(str(properties["cidrBlock"])).num_addresses - _TAKEN_BY_AWS
            for one in base.of(t.SUBNET)
            if kind in one.name and (properties := one.inputs).get("cidrBlock")
        )
    )


def state_kilobytes(silo: Graph) -> int:
    """About what one silo's state takes, to the nearest ten: inputs and outputs of every resource."""
    written: list[Any] = [[one.urn, dict(one.inputs), dict(one.outputs)] for one in silo.resources]
    return 10 * round(len(json.dumps(written, default=str)) / 10_000)
