"""Recovery points of AWS Backup: what a vault keeps, and the copies that a plan makes elsewhere."""

from collections.abc import Iterator, Mapping
from typing import Any

from facts import tokens as t
from facts.places import region_in
from facts.stores.holder import Holder, days_of, for_a_while, for_days
from facts.stores.model import FOREVER, Content, Form, KeyKind, Reason, Store
from graph import Graph, Resource
from graph.values import at, items


def backup_stores(graph: Graph) -> Iterator[Store]:
    """What each vault keeps, and one copy for each vault that a plan copies to.

    A copy lies in another account or region, whose vault no graph of this stack holds; what locks that vault is told
    where it is declared.
    """
    for vault in graph.of(t.BACKUP_VAULT):
        yield _points(Holder(graph, vault), _kept(graph, vault))
    for plan in graph.of(t.BACKUP_PLAN):
        for rule in items(plan.inputs.get("rules")):
            copies = items(rule.get("copyActions")) if isinstance(rule, Mapping) else [rule]
            yield from (_copy(Holder(graph, plan), one) for one in copies)


def _kept(graph: Graph, vault: Resource) -> float | None:
    """The longest that a rule keeps what it puts there; where no plan does, it is another account that copies there,
    which the vault's lock holds to its longest."""
    rules = [
        rule
        for plan in graph.of(t.BACKUP_PLAN)
        for index, rule in enumerate(items(plan.inputs.get("rules")))
        if vault in graph.referred(plan, f"rules[{index}].targetVaultName", t.BACKUP_VAULT)
    ]
    if rules:
        days = [_days(one) for one in rules]
        return None if None in days else max(one for one in days if one is not None)
    locks = graph.referring(vault, t.BACKUP_VAULT_LOCK, "backupVaultName")
    longest = [days_of(one.inputs.get("maxRetentionDays"), FOREVER) for one in locks]
    return None if None in longest else min((one for one in longest if one is not None), default=FOREVER)


def _days(one: Any) -> float | None:
    """Days until it is deleted; None where that is not shown."""
    return days_of(at(one, "lifecycle.deleteAfter"), FOREVER) if isinstance(one, Mapping) else None


def _points(vault: Holder, days: float | None) -> Store:
    return vault.store(
        Form.RECOVERY_POINTS,
        Content.CUSTOMER,
        vault.key("kmsKeyArn"),
        for_days(days),
        for_a_while(days, Reason.BACKUPS_EXPIRE),
    )


def _copy(plan: Holder, copy: Any) -> Store:
    there, days = at(copy, "destinationVaultArn"), _days(copy)
    vault = there if isinstance(there, str) else ""
    return plan.store(
        Form.RECOVERY_POINT_COPIES,
        Content.CUSTOMER,
        KeyKind.AS_DESTINATION,
        for_days(days),
        for_a_while(days, Reason.BACKUPS_EXPIRE),
        region=region_in(vault),
        name=vault,
    )
