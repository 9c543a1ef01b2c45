"""An AWS account that is only read: one client a service and region, failures in one line."""

from collections.abc import Callable, Iterator
from threading import Lock
from typing import TYPE_CHECKING, Any

from operations.aws import error_code, find, items_of
from operations.ending import Notify
from operations.engine.account import EXPIRED, expect_account
from operations.engine.errors import MistakenError, UnreachableError
from operations.engine.messages import SIGN_IN

if TYPE_CHECKING:
    from operations.locate.sources import Estate

MakeClient = Callable[[str, str], Any]  # service, region
# What AWS answers where an account has not enabled a region, or a person may not look.
REFUSED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthFailure",
        "InvalidClientTokenId",
        "InvalidToken",
        "OptInRequired",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    }
)


class Account:
    """Reads of one account.

    Args:
        account: its id.
        home: the region of the customer's stack.
        make_client: makes a boto3 client.
        notify: gets a line of what goes on.
    """

    def __init__(self, account: str, home: str, make_client: MakeClient, notify: Notify = lambda _: None) -> None:
        self.account, self.home, self.notify = account, home, notify
        self._make_client = make_client
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = Lock()  # boto3 makes clients in one thread at a time

    @classmethod
    def of_signed_in(cls, estate: "Estate", notify: Notify) -> "Account":
        """The account of whoever is signed in, where it is the one that the customer's stack belongs to.

        Raises MistakenError for another account or a placeholder, UnreachableError where AWS cannot be asked.
        """
        own = estate.own
        if estate.stand_in_account:
            raise MistakenError(
                f"{own.stack}: its account is a placeholder, so there is no account to look into",
                f"put the real account id into Pulumi.{estate.tenant.base}.yaml",
            )
        expect_account(own.stack, own.account, own.region, "sign in to the right account; nothing was read")
        return cls.of(own.account, own.region, notify)

    @classmethod
    def of(cls, account: str, home: str, notify: Notify, endpoint_url: str | None = None) -> "Account":
        """The account of whoever is signed in, which somebody has asked for already; or a moto server's."""
        import boto3  # a third of a second that the other sources must not pay for
        from botocore.config import Config

        session = boto3.Session()
        limits = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 5, "mode": "standard"})
        where = {"endpoint_url": endpoint_url} if endpoint_url else {}
        return cls(
            account, home, lambda service, region: session.client(service, region, config=limits, **where), notify
        )

    def client(self, service: str, region: str = "") -> Any:
        """A client, made once."""
        key = (service, region or self.home)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._make_client(*key)
            return self._clients[key]

    def items(self, service: str, region: str, operation: str, result: str, **parameters: Any) -> Iterator[Any]:
        """Every item of a listing, over all its pages."""
        client = self.client(service, region)
        if client.can_paginate(operation):
            yield from items_of(client, operation, result, **parameters)
        else:
            yield from getattr(client, operation)(**parameters).get(result) or ()

    def maybe(self, service: str, region: str, operation: str, absent: str, **parameters: Any) -> Any:
        """An answer, or None where AWS says by this error that there is none."""
        return find(getattr(self.client(service, region), operation), absent, **parameters)

    def regions(self) -> list[str]:
        """Every region that the account has enabled, the home region first."""
        found = self.client("ec2").describe_regions()["Regions"]
        return [self.home, *sorted(one["RegionName"] for one in found if one["RegionName"] != self.home)]


def explained(account: Account, error: Exception) -> UnreachableError:
    """What AWS or the network said, in one line with the next step."""
    if error_code(error) in EXPIRED:
        return UnreachableError(f"account {account.account}: the AWS credentials have expired", SIGN_IN)
    return UnreachableError(f"account {account.account}: {' '.join(str(error).split())}", SIGN_IN)
