"""Service Quotas of the account that whoever types is signed in to."""

from dataclasses import dataclass
from pathlib import Path

from operations.changed.estate import read_bases
from operations.engine.errors import MistakenError
from operations.fleet.quotas import LiveQuotas, ask


@dataclass(frozen=True, kw_only=True)
class AccountQuotas:
    """An account and what AWS grants it."""

    account: str
    quotas: LiveQuotas


def quotas_here(root: Path) -> AccountQuotas:
    """Ask for the regions of the account's base stacks.

    Raises MistakenError where it has none, and UnreachableError where nobody is signed in.
    """
    import boto3  # a third of a second that help must not pay for

    from operations.engine.account import who_am_i

    bases = read_bases(root).values()
    first = next((one.region for one in bases), "eu-west-1")
    account = str(who_am_i("Service Quotas", first, {})["Account"])
    regions = {one.region for one in bases if one.account == account}
    if not regions:
        accounts = ", ".join(sorted({one.account for one in bases})) or "none"
        raise MistakenError(
            f"you are signed in to {account}, where no base stack stands", f"base stacks stand in {accounts}"
        )
    return AccountQuotas(account=account, quotas=ask(boto3.Session(), account, regions))
