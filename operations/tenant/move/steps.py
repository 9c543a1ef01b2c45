"""The steps of a move: what each changes, how to go back, and where a person decides."""

from typing import TYPE_CHECKING

from operations.tenant.steps import Step

if TYPE_CHECKING:  # every command's help reads these steps
    from infra.tenants.record import Tenant

RUNNABLE = (
    "open", "copy", "receive", "cut-over", "switch", "watch", "compare", "remove", "end", "retire", "destroy", "close",
    "drop", "take-back",
)  # fmt: skip
RECEIVE_WAIT_SECONDS = 900  # a task of Fargate's takes a minute to start, on either side
OTHER, RECEIPT = "{other}", "{receipt}"  # the address of the other place, and the digest that was compared


def old_and_new(tenant: "Tenant") -> "tuple[Tenant, Tenant]":
    """The place that is left and the place that is gone to, of a record that speaks of a move."""
    other = tenant.other
    if other is None or tenant.move is None:
        raise ValueError("a record without a move has one place")
    return (tenant, other) if tenant.move.direction == "to" else (other, tenant)


def steps_of(tenant: "Tenant", to: str, keep_days: int) -> list[Step]:
    """All steps in order, for a customer as the place has them that is left; `to` is the base stack gone to."""
    name, silo = tenant.name, tenant.isolation == "silo"
    run = f"workbuoy tenant move {name} --live --run"
    back = f"{run} cut-over --back"
    host = tenant.host_name or f"the host name of {to}"
    return [
        Step(
            name="open",
            changes=f"{tenant.path} gets `move`, which names {to}: both places then take the other's batches",
            back=f"workbuoy tenant move {name} --run close; nothing else has happened",
            command=f"workbuoy tenant move {name} --to {to} --run open",
            decides="a reviewer: may this customer move, and on which day?",
        ),
        Step(
            name="deploy",
            changes="both stacks let each other's tasks put below imports/; "
            + ("makes the second stack" if silo else "no more"),
            back="close, and deploy both again",
            # The second stack first: S3 refuses a policy that names a role which is not there.
            command=f"workbuoy tenant deploy {name} --base {to}; workbuoy tenant deploy {name} --base {tenant.base}"
            if silo
            else f"workbuoy deploy {tenant.base}; workbuoy deploy {to}",
        ),
        Step(
            name="copy",
            changes="copies rows and objects while the customer works; from now on each change is noted",
            back=f"{run} drop, then {run} end --back",
            command=f"{run} copy",
            arguments=("tenant", "send", name, *OTHER_ARGUMENTS),
        ),
        Step(
            name="receive",
            changes="the new place applies what came, frozen and without members; the sums of all are compared",
            back=f"{run} drop",
            command=f"{run} receive",
            side="new",
            arguments=("tenant", "receive", name, *OTHER_ARGUMENTS),
        ),
        Step(
            name="cut-over",
            changes="freezes the customer for the last changes, hands over, and the new place opens; where it does not "
            "answer in 60 s the old one serves again",
            back=f"{run} copy --back, receive --back, cut-over --back: with all that was written in the new place",
            command=f"{run} cut-over",
            decides="the customer knows the hour",
            arguments=("tenant", "cut-over", name, *OTHER_ARGUMENTS),
        ),
        Step(
            name="dns",
            changes=f"{host} points to {to}'s load balancer; the login provider learns the new callback",
            back=f"{back}, then point it back",
            decides="log in at the new address and look first; until the old answer's time to live is over some people "
            "still ask the old place, which refuses writes",
        ),
        Step(
            name="switch",
            changes=f"{tenant.path}: base and `move` change places, so that everything follows the new one",
            back=f"{back}, then switch again",
            command=f"workbuoy tenant move {name} --run switch",
            decides="a reviewer",
        ),
        Step(
            name="watch",
            changes=f"nothing: reads the new place's alarms and how far both places are, for {keep_days} days",
            back=f"{back}, then switch again and point DNS back",
            command=f"{run} watch",
            decides="nobody has asked to go back",
        ),
        Step(
            name="compare",
            changes="nothing: reads the old place whole, and holds it to what the new one had when it opened",
            back="nothing to do",
            command=f"{run} compare",
            arguments=("tenant", "compare-move", name, *OTHER_ARGUMENTS),
        ),
        Step(
            name="remove",
            changes="the old place's rows and objects go, noted in its erasure ledger first; counted before and after "
            f"by another role, and recorded in tenants/moved/; not before {keep_days} days after the switch",
            back="none from here on: object versions and backups stay as long as the record says",
            command=f"{run} remove --yes-remove {name}",
            decides="the last step that cannot be taken back",
            arguments=("tenant", "remove", name, "--yes-remove", name, "--receipt", RECEIPT),
        ),
        Step(
            name="end",
            changes="the new place notes no more changes, and clears what was sent to it",
            back="nothing to do",
            command=f"{run} end",
            side="new",
            arguments=("tenant", "end-move", name, *OTHER_ARGUMENTS),
        ),
        *(_stack_goes(tenant) if silo else ()),
        Step(
            name="close",
            changes=f"{tenant.path} without `move`; deploying "
            + (f"{to}-{name} takes the permissions away" if silo else "both takes the permissions away"),
            back="open it again in a reviewed change",
            command=f"workbuoy tenant move {name} --run close",
            decides="a reviewer",
        ),
    ]


def _stack_goes(tenant: "Tenant") -> tuple[Step, ...]:
    """A silo's own stack in the place that was left: protections are lifted in a reviewed change, then it goes."""
    name = tenant.name
    return (
        Step(
            name="retire",
            changes=f"{tenant.path}: move.retiring, the day from which the stack that was left may be destroyed",
            back="take the line away in a reviewed change, and deploy",
            command=f"workbuoy tenant move {name} --run retire",
            decides="a reviewer",
        ),
        Step(
            name="lift",
            changes="that stack no longer refuses to be deleted; nothing is deleted by it",
            back="take move.retiring away and deploy again",
            command=f"workbuoy tenant deploy {name} --base {tenant.base}",
        ),
        Step(
            name="destroy",
            changes="counts that nothing of the customer is left there, destroys the stack, and records in "
            "tenants/moved/ what outlives it until when",
            back="none: the final snapshot, buckets and keys stay until their day",
            command=f"workbuoy tenant move {name} --live --run destroy --yes-remove {name}",
            decides="whoever may take stacks down, with the role for it (docs/tenants.md)",
        ),
    )


OTHER_ARGUMENTS = ("--other", OTHER, "--other-region", "{region}")


def take_back(name: str) -> Step:
    """The old place serves again, where the copy was dropped after it had been handed over."""
    return Step(
        name="take-back",
        changes="the old place serves the customer again, whose copy was dropped before it opened",
        back=f"workbuoy tenant move {name} --live --run copy",
        command=f"workbuoy tenant move {name} --live --run take-back",
        arguments=("tenant", "take-back", name, *OTHER_ARGUMENTS),
    )


def drop(name: str) -> Step:
    """The way back of `receive`, for a copy that never served."""
    return Step(
        name="drop",
        changes="deletes the copy in the new place, which never served",
        back=f"workbuoy tenant move {name} --live --run copy",
        command=f"workbuoy tenant move {name} --live --run drop",
        side="new",
        arguments=("tenant", "drop-copy", name, *OTHER_ARGUMENTS),
    )
