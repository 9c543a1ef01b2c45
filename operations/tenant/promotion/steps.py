"""The steps of a promotion: what each changes, how to go back, and where a person decides."""

from dataclasses import dataclass

from infra.tenants.record import Tenant
from operations.tenant.promotion.places import Side

PLACE = "{place}"  # stands for the export's address, RECEIPT for the digest in the import's receipt
RECEIPT = "{receipt}"


@dataclass(frozen=True, kw_only=True)
class PromotionStep:
    """One step. Exactly one of `decides` (a person does it) and `run` (this command does) says who."""

    name: str
    changes: str
    back: str
    command: str = ""
    decides: str = ""
    side: Side = "pool"
    arguments: tuple[str, ...] = ()  # of `workbuoy-app`, where a one-off task does it

    @property
    def by_task(self) -> bool:
        """A one-off task of the image does it."""
        return bool(self.arguments)


def steps_of(name: str, tenant: Tenant) -> list[PromotionStep]:
    """All steps in order."""
    run = f"workbuoy tenant promote {name} --live --run"
    return [
        PromotionStep(
            name="review",
            changes=f"{tenant.path}: isolation silo with tier, hostName, ..., and promotion: open",
            back="take the change back; nothing else has happened",
            decides="a reviewer: may this customer move, and on which day?",
        ),
        PromotionStep(
            name="deploy",
            changes="makes the silo, which holds no data yet; its bucket takes this export alone",
            back=f"destroy it: it is empty (workbuoy tenant destroy {name})",
            command=f"workbuoy tenant deploy {name}",
        ),
        *_copied(name, "while the customer works, and again what they changed since", run),
        PromotionStep(
            name="freeze",
            changes="the pool's database refuses the tenant's writes (423); reading goes on",
            back=f"{run} thaw",
            command=f"{run} freeze",
            decides="the customer knows the day and hour: from here on their people wait",
            side="pool",
            arguments=("tenant", "freeze", name),
        ),
        *_copied(name, "once more: only what was changed since, and of a frozen tenant the end", run),
        PromotionStep(
            name="compare",
            changes="nothing: reads manifest and receipt with your own credentials",
            back="nothing to do",
            command=f"{run} compare",
        ),
        PromotionStep(
            name="switch",
            changes=f"DNS: {tenant.host_name or 'hostName'} to the load balancer; the provider learns the new callback",
            back="point DNS back, then thaw; what was written in the silo meanwhile stays there alone",
            decides="the point of no easy return: log in at the new address and look before you tell the customer",
        ),
        PromotionStep(
            name="clear",
            changes="the silo notes no more changes; what is left of the export goes, manifest and receipt stay",
            back="nothing to do",
            command=f"{run} clear",
            side="silo",
            arguments=("tenant", "clear-import", "--from", PLACE),
        ),
        PromotionStep(
            name="remove",
            changes="the pool's rows and objects of the tenant go, if they still come to what the receipt says",
            back="object versions for as long as the pool's bucket keeps them; rows from the database's backups",
            command=f"{run} remove --yes-remove {name}",
            decides="some days later: nobody has asked to go back",
            side="pool",
            arguments=("tenant", "remove", name, "--yes-remove", name, "--receipt", RECEIPT),
        ),
        PromotionStep(
            name="close",
            changes=f"{tenant.path} without promotion: the silo's bucket takes nothing from the pool any more",
            back="open it again in a reviewed change",
            command=f"workbuoy tenant deploy {name}",
            decides="a reviewer",
        ),
    ]


def _copied(name: str, when: str, run: str) -> tuple[PromotionStep, PromotionStep]:
    """Twice in the plan, the same commands both times: nobody waits for what is copied before the freeze."""
    return (
        PromotionStep(
            name="export",
            changes=f"rows and objects go into the silo's bucket, below imports/, {when}; the pool stays as it is",
            back=f"{run} thaw; run again, it goes on where it was",
            command=f"{run} export",
            side="pool",
            arguments=("tenant", "export", name, "--to", PLACE),
        ),
        PromotionStep(
            name="import",
            changes="the silo gets what came, each batch in one transaction, and all compared; it serves the tenant "
            "once that was exported frozen",
            back="thaw: the pool still has everything, and nobody was sent to the silo",
            command=f"{run} import",
            side="silo",
            arguments=("tenant", "import", "--from", PLACE),
        ),
    )


def thaw(name: str) -> PromotionStep:
    """The way back from `freeze`, `export` and `import`."""
    return PromotionStep(
        name="thaw",
        changes="nobody can import the export any more; then the pool takes the tenant's writes again",
        back=f"workbuoy tenant promote {name} --live --run freeze",
        command=f"workbuoy tenant promote {name} --live --run thaw",
        side="pool",
        arguments=("tenant", "thaw", name, "--withdraw", PLACE),
    )
