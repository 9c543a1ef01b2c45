"""Patches to what moto 5.2 gets wrong, for as long as a rehearsal runs.

Each is applied when the first client of its service is made: a stack without that service does not load it.
"""

import hashlib
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from rehearsal.patching import Undo, add_attribute, replace_attribute


def patch(service: str) -> list[Undo]:
    """Patch one service of moto; the functions undo it."""
    return [one() for one in _PATCHES.get(service, ())]


def leave_out(service: str) -> list[Undo]:
    """Let moto not read what no kind of ours needs: each region's instance types, 0.1 s and more as EC2 is imported.

    Where it is imported here for the first time, it knows none as long as the process lives, and refuses all. So a
    server, to which a real provider talks, reads them.
    """
    if service != "ec2":
        return []
    from moto.utilities import utils

    stock = utils.load_resource

    def load(resource: str) -> Any:
        if resource == "ec2/resources/instance_types.json":
            return {}
        return [] if resource.startswith("ec2/resources/instance_type_offerings/") else stock(resource)

    return [replace_attribute(utils, "load_resource", load)]


def stand_in_certificate(account: str, region: str, arn: str) -> bool:
    """Let a certificate that stands outside the stack exist in moto. False when it is there already."""
    from moto.acm.models import acm_backends

    certificates = acm_backends[account][region]._certificates
    if arn in certificates:
        return False
    certificates[arn] = _Certificate(arn)  # type: ignore[assignment]
    return True


def load_managed_policy(account: str, region: str, arn: str) -> None:
    """Let one of AWS's own policies exist in moto, which loads all 1,400 of them or none. Unknown ones stay away."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data  # a megabyte
    from moto.iam.models import AWSManagedPolicy, iam_backends

    backend = iam_backends[account]["aws"]
    name = arn.rsplit("/", 1)[-1]
    data = json.loads(aws_managed_policies_data).get(name)
    if data is not None and arn not in backend.managed_policies:
        backend.managed_policies[arn] = AWSManagedPolicy.from_data(name, account, region, data)


class _Certificate:
    """Enough of a certificate for a listener."""

    def __init__(self, arn: str) -> None:
        self.arn = arn
        self.in_use_by: list[str] = []
        self.tags: dict[str, str] = {}  # the tagging API lists every certificate's

    def check(self) -> None:
        """Always valid."""


def _logging_policy() -> Undo:
    """moto breaks on a log bucket's policy with `Principal: "*"` (the usual TLS-only statement) and reads no lists."""
    from moto.s3.models import FakeBucket

    def allowed(target_bucket: Any, target_prefix: str | None) -> bool:
        statements = json.loads(target_bucket.policy)["Statement"] if target_bucket.policy else []
        arn = f"arn:{target_bucket.partition}:s3:::{target_bucket.name}"
        targets = {arn, f"{arn}/*", f"{arn}/{target_prefix or ''}*"}
        return any(
            one.get("Effect") == "Allow"
            and "logging.s3.amazonaws.com" in _services(one)
            and {"s3:PutObject", "s3:*"} & set(_list(one.get("Action")))
            and targets & set(_list(one.get("Resource")))
            for one in statements
        )

    return replace_attribute(FakeBucket, "_log_permissions_enabled_policy", staticmethod(allowed))


def _services(statement: dict[str, Any]) -> list[Any]:
    principal = statement.get("Principal")
    return _list(principal.get("Service")) if isinstance(principal, dict) else []


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _own_resource_ids() -> Undo:
    """moto gives every instance one DbiResourceId, so that `rds-db:connect` could not tell two databases apart."""
    from moto.rds.models import DBInstance

    stock = DBInstance.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        stock(self, *args, **kwargs)
        self.dbi_resource_id = "db-" + hashlib.sha256(self.arn.encode()).hexdigest()[:26].upper()

    return replace_attribute(DBInstance, "__init__", init)


def _lazy_key_pairs() -> Undo:
    """moto makes an RSA pair (50 ms) for every symmetric key, which has none."""
    from moto.kms import models
    from moto.kms.utils import generate_private_key as stock

    return replace_attribute(
        models, "generate_private_key", lambda spec: None if spec == "SYMMETRIC_DEFAULT" else stock(spec)
    )


def _many_certificates() -> Undo:
    """moto holds a listener to 25 certificates: a quota that can be raised, and docs/limits.md tells from when."""
    from moto.elbv2 import models

    def add(self: Any, arn: str, certificates: list[dict[str, Any]]) -> list[str]:
        (listener,) = self.describe_listeners(load_balancer_arn=None, listener_arns=[arn])
        listener.certificates.extend(one["CertificateArn"] for one in certificates)
        return list(listener.certificates)

    return replace_attribute(models.ELBv2Backend, "add_listener_certificates", add)


def _first_certificate_alone() -> Undo:
    """moto drops a listener's further certificates where its own is changed; AWS changes that one alone."""
    from moto.elbv2 import models

    stock = models.ELBv2Backend.__dict__["modify_listener"]

    def modify(self: Any, arn: str, *args: Any, **kwargs: Any) -> Any:
        (listener,) = self.describe_listeners(load_balancer_arn=None, listener_arns=[arn])
        further = listener.certificates[1:]
        stock(self, arn, *args, **kwargs)
        listener.certificates = [*listener.certificates[:1], *further]
        return listener

    return replace_attribute(models.ELBv2Backend, "modify_listener", modify)


def _filters_by_name() -> Undo:
    """moto adds a second metric filter where one of the name stands."""
    from moto.logs.metric_filters import MetricFilters

    stock = MetricFilters.__dict__["add_filter"]

    def add(self: Any, filter_name: str, filter_pattern: str, log_group_name: str, *rest: Any, **more: Any) -> None:
        self.delete_filter(filter_name, log_group_name)
        stock(self, filter_name, filter_pattern, log_group_name, *rest, **more)

    return replace_attribute(MetricFilters, "add_filter", add)


def _subnet_groups_stay() -> Undo:
    """moto forgets a subnet group as it changes it."""
    from moto.rds.models import RDSBackend

    stock = RDSBackend.__dict__["modify_db_subnet_group"]

    def modify(self: Any, subnet_name: str, *args: Any, **kwargs: Any) -> Any:
        self.subnet_groups[subnet_name] = changed = stock(self, subnet_name, *args, **kwargs)
        return changed

    return replace_attribute(RDSBackend, "modify_db_subnet_group", modify)


def _modify_event_subscription() -> Undo:
    """moto cannot change an event subscription."""
    from moto.core.responses import ActionResult
    from moto.rds.responses import RDSResponse

    def modify(self: Any) -> ActionResult:
        found = self.backend.describe_event_subscriptions(self.params["subscription_name"])[0]
        for name in ("sns_topic_arn", "source_type", "event_categories", "enabled"):
            if name in self.params:
                setattr(found, name, self.params[name])
        return ActionResult({"EventSubscription": found})

    return add_attribute(RDSResponse, "modify_event_subscription", modify)


def _update_budget() -> Undo:
    """moto cannot change a budget."""
    from moto.budgets.models import Budget
    from moto.budgets.responses import BudgetsResponse

    def update(self: Any) -> str:
        account, wanted = self._get_param("AccountId"), self._get_param("NewBudget")
        self.backend.describe_budget(account, wanted["BudgetName"])  # one that is not there is AWS's own error
        stands = self.backend.budgets[account][wanted["BudgetName"]]
        stands.budget = Budget(wanted, []).budget
        return "{}"

    return add_attribute(BudgetsResponse, "update_budget", update)


def _tags_by_id() -> Undo:
    """moto looks through every tag of the account for those of one resource, which it does for each it shows."""
    from moto.ec2.models import tags
    from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix

    stock = tags.TagBackend.describe_tags

    def describe(self: Any, filters: dict[str, list[str]] | None = None) -> list[dict[str, str]]:
        ids = (filters or {}).get("resource-id", ())
        if len(filters or {}) != 1 or len(ids) != 1 or set(ids[0]) & set("*?"):
            return stock(self, filters)
        (id_,) = ids
        kind = EC2_PREFIX_TO_RESOURCE.get(get_prefix(id_), "")
        found = self.tags.get(id_, {})
        return [{"resource_id": id_, "key": key, "value": found[key], "resource_type": kind} for key in found]

    return replace_attribute(tags.TagBackend, "describe_tags", describe)


def _rules_by_id() -> Undo:
    """moto copies every rule of the account's security groups and asks each of them, for the few with these ids."""
    from moto.ec2.models.security_groups import SecurityGroupBackend

    stock: Any = SecurityGroupBackend.describe_security_group_rules

    def describe(self: Any, sg_rule_ids: list[str], filters: dict[str, list[str]]) -> Any:
        if not sg_rule_ids or filters:
            return stock(self, sg_rule_ids, filters)
        wanted = frozenset(sg_rule_ids)
        groups = (group for of_vpc in self.groups.values() for group in of_vpc.values())
        rules = [rule for group in groups for rule in (*group.egress_rules, *group.ingress_rules) if rule.id in wanted]
        holding = SimpleNamespace(egress_rules=rules, ingress_rules=[])
        return stock(SimpleNamespace(groups={"": {"": holding}}), sg_rule_ids, filters)

    return replace_attribute(SecurityGroupBackend, "describe_security_group_rules", describe)


_PATCHES: dict[str, tuple[Callable[[], Undo], ...]] = {
    "ec2": (_tags_by_id, _rules_by_id),
    "budgets": (_update_budget,),
    "elbv2": (_many_certificates, _first_certificate_alone),
    "kms": (_lazy_key_pairs,),
    "logs": (_filters_by_name,),
    "s3": (_logging_policy,),
    "rds": (_own_resource_ids, _subnet_groups_stay, _modify_event_subscription),
}
