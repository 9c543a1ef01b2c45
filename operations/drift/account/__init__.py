"""What stands in the account beside what a stack declares: rules, attachments, policies, foreign things in its network.

A refresh asks the provider about each declared resource alone. What somebody added next to one is none of them, so the
engine sees no drift: 0.0.0.0/0 on the database's group, AdministratorAccess on the task's role. Declaring the exclusive
resources that the provider has for some of it would find that too, and undo it without a word at the next update, a
rule that an incident needed with it; and there is none for a foreign thing in a network. So the account is read and
compared with the state, and a person decides.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from facts import tokens as t
from graph import Graph, Resource
from graph.plan import Plan, PlanStep
from operations.aws import error_code
from operations.drift.account.listed import LISTED
from operations.drift.account.network import NETWORK
from operations.drift.account.rights import RIGHTS
from operations.drift.account.running import RUNNING
from operations.drift.account.stores import STORES
from operations.drift.account.undeclared import Look, Stack, Undeclared
from operations.drift.found import Drifted, dangers_of
from operations.drift.nested import differing
from operations.engine.account import EXPIRED
from operations.locate.live.account import Account, explained

LOOKS: Final[tuple[Look, ...]] = (*RIGHTS, *NETWORK, *STORES, *LISTED, *RUNNING)

NOT_LOOKED_AT: Final = (
    "tasks of the definitions for one-off work, which people on duty start by design",
    "reports of a bucket",
    "grants of a key that AWS's own services made",
)
"""What could be added and is not compared: said with every answer, so that no silence is taken for one."""


@dataclass(frozen=True)
class Compared:
    """What was added, the most dangerous first, how each is taken away, and what could not be read."""

    added: tuple[Drifted, ...]
    undo: Mapping[str, str]
    """By URN."""
    unread: tuple[str, ...]


def compare(
    account: Account, graph: Graph, is_mine: Callable[[str], bool], certificates: Collection[str] = ()
) -> Compared:
    """Compare an account with a stack's state.

    Args:
        account: reads it; nothing is written.
        graph: what the state says that stands.
        is_mine: whether a thing of this name in the stack's network is this stack's to judge.
        certificates: those that records of customers behind the stack's load balancer name.

    Raises:
        UnreachableError: AWS cannot be asked at all. What it refuses to tell is named in `unread`.
    """
    stack, found, unread = Stack(account, graph, is_mine, certificates), list[Undeclared](), list[str]()
    for look in LOOKS:
        for holder in (*graph.of(*look.types), *(_networks(graph) if t.VPC in look.types else ())):
            found += _read(stack, look, holder, unread)
    steps = [PlanStep(op="same", urn=one.urn, old=one, new=one) for one in graph.resources]
    steps += [PlanStep(op="create", urn=one.resource.urn, old=None, new=one.resource) for one in found]
    dangers = dangers_of(Plan(stack=graph.stack, steps=tuple(steps), policies=(), whole=True))
    order = {urn: position for position, urn in enumerate(dangers)}
    added = sorted(
        (_as_drift(one, dangers.get(one.resource.urn, ())) for one in found),
        key=lambda one: (not one.dangers, order.get(one.urn, len(order))),
    )
    return Compared(tuple(added), {one.resource.urn: one.undo for one in found}, tuple(dict.fromkeys(unread)))


def _networks(graph: Graph) -> Iterator[Resource]:
    """The networks that a customer's own stack stands in: they are its base's."""
    own = {one.id for one in graph.of(t.VPC)}
    for id_ in sorted({str(one.inputs.get("vpcId")) for one in graph.of(t.SECURITY_GROUP)} - own):
        yield Resource(urn=id_, type=t.VPC, name=id_, id=id_)


def _read(stack: Stack, look: Look, holder: Resource, unread: list[str]) -> Iterator[Undeclared]:
    from botocore.exceptions import BotoCoreError, ClientError  # only who asks needs it

    try:
        yield from list(look.undeclared(stack, holder))
    except ClientError as error:
        code = error_code(error)
        if code in EXPIRED:
            raise explained(stack.account, error) from None
        unread.append(f"{holder.name}: {look.what}: {error.operation_name} is refused ({code})")
    except BotoCoreError as error:
        raise explained(stack.account, error) from None


def _as_drift(one: Undeclared, dangers: tuple[str, ...]) -> Drifted:
    values: Mapping[str, Any] = one.resource.inputs
    leaves = tuple(leaf for name in sorted(values) for leaf in differing(name, None, values[name]))
    return Drifted(urn=one.resource.urn, added=True, differences=leaves, dangers=dangers)
