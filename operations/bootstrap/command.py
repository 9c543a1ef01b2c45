"""`workbuoy bootstrap`."""

from pathlib import Path

import click

from operations.ending import notify, print_text, report_errors
from operations.help import Commands


@click.group(cls=Commands)
def bootstrap() -> None:
    """Set up an account, once: state, registry, trust in GitHub, roles, trail, budget.

    Run by a person who administers the account: docs/bootstrap.md.
    """


@bootstrap.command()
@click.argument("account")
@report_errors
def up(account: str) -> None:
    """Bootstrap ACCOUNT, or apply what has changed; Pulumi shows it all and asks first.

    ACCOUNT is the name of its file in bootstrap/: dev, staging, prod, vault, or a further account such as prod-2.
    """
    from operations.bootstrap.perform import bring_up, open_account

    bring_up(open_account(Path.cwd(), account), notify)
    notify(f"Next: workbuoy bootstrap adopt-state {account}")


@bootstrap.command(name="adopt-state")
@click.argument("account")
@report_errors
def adopt(account: str) -> None:
    """Move bootstrap's own state of ACCOUNT from this folder into the bucket that it made.

    Safe to repeat: what is in the bucket is never overwritten, and the folder's state stays until you delete it.
    """
    from operations.bootstrap.backends import bucket_backend, local_backend
    from operations.bootstrap.perform import adopt_state, open_account

    opened = open_account(Path.cwd(), account)
    local, lasting = (
        opened.state(backend) for backend in (local_backend(opened.folder), bucket_backend(opened.settings))
    )
    adopt_state(local, lasting, notify)
    notify(f"Next: commit bootstrap/Pulumi.{account}.yaml, which names the key now, and delete bootstrap/.pulumi")


@bootstrap.command()
@click.argument("account")
@click.option(
    "--out",
    required=True,
    metavar="DIRECTORY",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the documents go, a file each.",
)
@report_errors
def guardrails(account: str, out: Path) -> None:
    """Write ACCOUNT's service control policies, for whoever administers the organisation to attach.

    One keeps the account inside its residency, one keeps its trail. Attach them once the account is bootstrapped:
    they hold for everybody in it, and changing the trail then takes them off first.
    """
    from bootstrap.organisation import as_text, policies
    from operations.bootstrap.perform import account_settings_of
    from project.whole_file import write_whole

    settings = account_settings_of(Path.cwd(), account)
    out.mkdir(parents=True, exist_ok=True)
    for name, document in policies(settings).items():
        write_whole(out / f"{name}.json", as_text(document))
        print_text(out / f"{name}.json")
    notify("Next, in the organisation's management account, for each:")
    notify("  aws organizations create-policy --type SERVICE_CONTROL_POLICY \\")
    notify("    --name NAME --description 'docs/bootstrap.md' --content file://FILE")
    notify(f"  aws organizations attach-policy --policy-id ID --target-id {settings.account}")
