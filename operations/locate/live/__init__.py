"""The answer from the account itself, held to what the program declares."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from facts.stores import AfterDeletion, Content, End, Form, KeyKind, Reason, stores
from facts.types import Loss, loss_of, noun_of
from graph import Graph
from infra.tenants.residency import allowed_regions
from operations.locate.answer import Answer
from operations.locate.differences import Difference, differences
from operations.locate.live.account import Account
from operations.locate.live.names import names_of
from operations.locate.live.overlay import lost_marks, overlay, unreadable
from operations.locate.live.strangers import harmless_kinds, kind_of
from operations.locate.live.sweep import LOOKED_FOR, Swept, sweep
from operations.locate.sources import Estate, Source
from operations.locate.stores import Group, Holds, Located, serves_silos, stores_of
from project.files import Project


def locate_live(project: Project, estate: Estate, account: Account) -> Answer:
    """Look through an account. Raises UnreachableError where it cannot be asked."""
    tenant = estate.tenant
    stacks: list[Graph] = []
    all_differences: list[Difference] = []
    tagged: list[Located] = []
    searched: list[str] = []
    unsearched: list[str] = []
    for declared in estate.stacks:
        names = names_of(declared.stack, tenant.base, Path(project.root), project.stacks())
        own = declared is estate.own
        tag = tenant.name if own and tenant.isolation == "silo" else "shared"
        swept = sweep(account, names, tag)
        live = overlay(declared, swept.found)
        all_differences += [
            difference
            for resource, difference in (
                *unreadable(declared, live),  # first: no backup helps against it
                *differences(declared, live.graph),
                *lost_marks(declared, live),
            )
            if own or serves_silos(declared, resource)  # the base's other affairs are not this customer's
        ]
        if own:
            tagged = list(
                _tagged(estate, swept, [arn for one in swept.found for arn in (one.arn, *one.keeps)], names.own)
            )
        unsearched += _without_a_reader(declared)
        stacks.append(live.graph)
        searched += swept.searched
        unsearched += swept.unsearched
    found = replace(estate, own=stacks[0], base=stacks[1] if len(stacks) > 1 else None, source=Source.LIVE)
    all_differences += [
        Difference(estate.own.stack, store.name, "", "nothing", f"{store.what} in {store.region}") for store in tagged
    ]
    return Answer(
        tenant=tenant,
        source=Source.LIVE,
        stores=(*stores_of(found, estate), *tagged),
        differences=tuple(dict.fromkeys(all_differences)),
        searched=tuple(dict.fromkeys(searched)),
        unsearched=tuple(dict.fromkeys(unsearched)),
    )


def _without_a_reader(declared: Graph) -> Iterator[str]:
    """What holds data and is of a type that nobody looks for in an account: named, never taken as found."""
    holders = {store.holder.urn: store.holder for store in stores(declared)}
    for one in holders.values():
        if one.type not in LOOKED_FOR and loss_of(one.type) is not Loss.NOTHING:
            yield f"{one.name}: a {noun_of(one.type)} is not looked for in an account; look at it by hand"


def _tagged(estate: Estate, swept: Swept, known: list[str], own: Callable[[str], bool]) -> Iterator[Located]:
    """What carries the customer's tag and was not found by its name: a store, or anything at all outside residency."""
    allowed = allowed_regions(estate.tenant.residency)
    pool = estate.tenant.isolation == "pool"
    harmless = harmless_kinds(estate.own)
    for region, arn in swept.tagged:
        named = arn.split(":", 5)[-1].rpartition(":")[2].removeprefix("db:")
        undeclared = not any(arn == one or arn.startswith(f"{one}:") for one in known)
        of_this_base = not pool or own(named)  # all base stacks share one tag
        if undeclared and of_this_base and (region not in allowed or kind_of(arn) not in harmless):
            yield Located(
                group=Group.FOUND,
                form=Form.UNKNOWN,
                content=Content.UNKNOWN,
                what="Carries the customer's tag",
                holds=Holds.CUSTOMER,
                name=arn,
                stack=estate.own.stack,
                urn="",
                region=region,
                allowed=region in allowed,
                key="not looked at",
                key_kind=KeyKind.UNKNOWN,
                key_arn="",
                kept="not known to this command",
                after_deletion=AfterDeletion(End.BLOCKS, Reason.NO_RULE, None),
                end="not known to this command: look at the resource itself",
                readers=(),
                shared=pool,
            )
