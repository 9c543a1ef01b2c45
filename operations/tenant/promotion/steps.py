"""The steps of a promotion: what each changes, how to go back, and where a person decides."""

from infra.tenants.record import Tenant
from operations.tenant.steps import Step

PLACE = "{place}"  # stands for the export's address, RECEIPT for the digest in the import's receipt
RECEIPT = "{receipt}"


def steps_of(name: str, tenant: Tenant) -> list[Step]:
    """All steps in order."""
    run = f"workbuoy tenant promote {name} --live --run"
    return [
        Step(
            name="review",
            changes=f"{tenant.path}: isolation silo with tier, hostName, ..., and promotion: open",
            back="take the change back; nothing else has happened",
            decides="a reviewer: may this customer move, and on which day?",
        ),
        Step(
            name="deploy",
            changes="makes the silo, which holds no data yet; its bucket takes this export alone",
            back=f"{tenant.stack} is empty: an administrator takes it down as docs/runbooks.md says of a base stack, "
            "then the record goes back. workbuoy tenant destroy is for customers who leave",
            command=f"workbuoy tenant deploy {name}",
        ),
        *_copied(name, "while the customer works, and again what they changed since", run),
        Step(
            name="freeze",
            changes="the pool's database refuses the tenant's writes (423); reading goes on",
            back=f"{run} thaw",
            command=f"{run} freeze",
            decides="the customer knows the day and hour: from here on their people wait",
            side="old",
            arguments=("tenant", "freeze", name),
        ),
        *_copied(name, "once more: only what was changed since, and of a frozen tenant the end", run),
        Step(
            name="compare",
            changes="reads manifest and receipt with your own credentials; where they agree, nobody is told any more "
            "that the pool keeps the tenant frozen",
            back="nothing to do",
            command=f"{run} compare",
            side="old",
            arguments=("tenant", "opened", name),
        ),
        Step(
            name="switch",
            changes=f"DNS: {tenant.host_name or 'hostName'} to the load balancer; the provider learns the new callback",
            back="point DNS back, then thaw; what was written in the silo meanwhile stays there alone",
            decides="the point of no easy return: log in at the new address and look before you tell the customer",
        ),
        Step(
            name="clear",
            changes="the silo notes no more changes; what is left of the export goes, manifest and receipt stay",
            back="nothing to do",
            command=f"{run} clear",
            side="new",
            arguments=("tenant", "clear-import", "--from", PLACE),
        ),
        Step(
            name="remove",
            changes="the pool's rows and objects of the tenant go, if they still come to what the receipt says; "
            "counted before and after by another role, and recorded in tenants/moved/",
            back="object versions for as long as the pool's bucket keeps them; rows from the database's backups",
            command=f"{run} remove --yes-remove {name}",
            decides="some days later: nobody has asked to go back",
            side="old",
            arguments=("tenant", "remove", name, "--yes-remove", name, "--receipt", RECEIPT),
        ),
        Step(
            name="close",
            changes=f"{tenant.path} without promotion: the silo's bucket takes nothing from the pool any more",
            back="open it again in a reviewed change",
            command=f"workbuoy tenant deploy {name}",
            decides="a reviewer",
        ),
    ]


def _copied(name: str, when: str, run: str) -> tuple[Step, Step]:
    """Twice in the plan, the same commands both times: nobody waits for what is copied before the freeze."""
    return (
        Step(
            name="export",
            changes=f"rows and objects go into the silo's bucket, below imports/, {when}; the pool stays as it is",
            back=f"{run} thaw; run again, it goes on where it was",
            command=f"{run} export",
            side="old",
            arguments=("tenant", "export", name, "--to", PLACE),
        ),
        Step(
            name="import",
            changes="the silo gets what came, each batch in one transaction, and all compared; it serves the tenant "
            "once that was exported frozen",
            back="thaw: the pool still has everything, and nobody was sent to the silo",
            command=f"{run} import",
            side="new",
            arguments=("tenant", "import", "--from", PLACE),
        ),
    )


def thaw(name: str) -> Step:
    """The way back from `freeze`, `export` and `import`."""
    return Step(
        name="thaw",
        changes="nobody can import the export any more; then the pool takes the tenant's writes again",
        back=f"workbuoy tenant promote {name} --live --run freeze",
        command=f"workbuoy tenant promote {name} --live --run thaw",
        side="old",
        arguments=("tenant", "thaw", name, "--withdraw", PLACE),
    )
