"""What AWS charges for a resource by the hour or the month, whether anybody uses it or not."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from facts import tokens as t
from graph import Graph, Mark, Resource
from graph.values import at, items


@dataclass(frozen=True, kw_only=True)
class Meter:
    """So many units of one price, all month long."""

    price: str  # a name in prices.yaml
    quantity: Decimal


Count = Callable[[Resource, Graph], Iterable[Meter]]

# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html
_VCPUS = {"micro": 2, "small": 2, "medium": 2, "large": 2, "xlarge": 4}
_FREE_INSIGHTS_DAYS, _INSIGHTS_MONTH_DAYS = 7, 31
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-storage.html
_FREE_STORAGE_GIB = 20
# https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html
_ALARMS_OF_TARGET_TRACKING = 2


def _said(one: Resource, path: str, otherwise: Any = None) -> Any:
    """A property, or what stands for one that is left out. Raises ValueError where its value is not known yet."""
    value = at(one.inputs, path)
    if isinstance(value, Mark):
        raise ValueError(f"{one.name}.{path}: {value}")
    return otherwise if value is None else value


def _meter(price: str, quantity: int | Decimal = 1) -> Meter:
    return Meter(price=price, quantity=Decimal(quantity))


def _database(one: Resource, _: Graph) -> Iterator[Meter]:
    """Multi-AZ doubles instance, storage and performance data: the standby is charged like the first."""
    zones = 2 if _said(one, "multiAz") else 1
    class_ = str(_said(one, "instanceClass"))
    yield _meter(f"rds-instance-{class_}", zones)
    storage = "-with-iops" if _said(one, "iops") else ""
    yield _meter(
        f"rds-storage-{_said(one, 'storageType', 'gp2')}{storage}", int(_said(one, "allocatedStorage")) * zones
    )
    if _said(one, "manageMasterUserPassword"):
        yield _meter("secret")
    days = int(_said(one, "performanceInsightsRetentionPeriod") or 0)
    if days > _FREE_INSIGHTS_DAYS:
        yield from _insights(days, class_, zones)


def _insights(days: int, class_: str, zones: int) -> Iterator[Meter]:
    vcpus, further_months = vcpus_of(class_), -(-days // _INSIGHTS_MONTH_DAYS) - 1
    if vcpus is None:
        yield _meter(f"rds-insights-{class_}", zones)
        return
    yield _meter("rds-insights-first-month", vcpus * zones)
    if further_months:
        yield _meter("rds-insights-further-month", vcpus * zones * further_months)


def vcpus_of(instance_class: str) -> int | None:
    """vCPUs of an RDS class of today's families, such as 4 of db.m7g.xlarge; none for a size that is not known."""
    size = instance_class.rpartition(".")[2]
    times = size.removesuffix("xlarge")
    return 4 * int(times) if size != times and times.isdecimal() else _VCPUS.get(size)


def _service(one: Resource, graph: Graph) -> Iterator[Meter]:
    if _said(one, "launchType") != "FARGATE":
        yield _meter(f"ecs-{_said(one, 'launchType')}")
        return
    definitions = graph.referred(one, "taskDefinition", t.TASK_DEFINITION)
    if len(definitions) != 1:
        yield _meter("fargate-task-of-unknown-size", int(_said(one, "desiredCount")))
        return
    task = definitions[0]
    architecture = str(_said(task, "runtimePlatform.cpuArchitecture", "X86_64")).lower()
    tasks = int(_said(one, "desiredCount"))
    yield _meter(f"fargate-vcpu-{architecture}", Decimal(_said(task, "cpu")) / 1024 * tasks)
    yield _meter(f"fargate-memory-{architecture}", Decimal(_said(task, "memory")) / 1024 * tasks)
    storage = int(_said(task, "ephemeralStorage.sizeInGib", _FREE_STORAGE_GIB))
    if storage > _FREE_STORAGE_GIB:
        yield _meter("fargate-storage", (storage - _FREE_STORAGE_GIB) * tasks)
    if _said(one, "networkConfiguration.assignPublicIp"):
        yield _meter("public-ipv4", tasks)


def _load_balancer(one: Resource, _: Graph) -> Iterator[Meter]:
    """One that faces the internet has an address in each of its zones, and more when it grows."""
    yield _meter(f"load-balancer-{_said(one, 'loadBalancerType', 'application')}")
    if not _said(one, "internal"):
        yield _meter("public-ipv4", len(_said(one, "subnets")))


def _endpoint(one: Resource, _: Graph) -> Iterator[Meter]:
    kind = str(_said(one, "vpcEndpointType", "Gateway")).lower()
    if kind != "gateway":  # https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html: no charge
        yield _meter(f"vpc-endpoint-{kind}", len(_said(one, "subnetIds")))


def _alarm(one: Resource, _: Graph) -> Iterator[Meter]:
    """One over an expression is charged for each metric that it reads."""
    queries = _said(one, "metricQueries") or ()
    yield _meter("alarm-metric", sum(1 for query in queries if "metric" in query) or 1)


def _scaling(one: Resource, _: Graph) -> Iterator[Meter]:
    policy = _said(one, "policyType")
    if policy == "TargetTrackingScaling":
        yield _meter("alarm-metric", _ALARMS_OF_TARGET_TRACKING)
    else:
        yield _meter(f"scaling-{policy}")


def _web_acl(one: Resource, _: Graph) -> Iterator[Meter]:
    """A group of rules of AWS's baseline is charged as one rule."""
    yield _meter("waf-web-acl")
    yield _meter("waf-rule", len(items(_said(one, "rules"))))


def _secret(one: Resource, _: Graph) -> Iterator[Meter]:
    """Each replica is charged as a secret of its own."""
    yield _meter("secret", 1 + len(items(_said(one, "replicas"))))


def _each(price: str) -> Count:
    return lambda _one, _graph: (_meter(price),)


AT_REST: Mapping[str, Count] = {
    t.METRICS_SCRAPER: _each("metrics-collector"),
    t.SCALING_POLICY: _scaling,
    t.DASHBOARD: _each("dashboard"),
    t.LOG_METRIC_FILTER: _each("custom-metric"),
    t.METRIC_ALARM: _alarm,
    t.ELASTIC_IP: _each("public-ipv4"),
    t.NAT_GATEWAY: _each("nat-gateway"),
    t.ENDPOINT: _endpoint,
    t.SERVICE: _service,
    t.KEY: _each("kms-key"),
    t.LOAD_BALANCER: _load_balancer,
    t.DATABASE: _database,
    t.SECRET: _secret,
    t.DISCOVERY_NAMESPACE: _each("private-domain"),
    t.WEB_ACL: _web_acl,
}
