"""A moment as a person writes it, in a zone that they named, and whether a database can go back to it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from graph.errors import InputError

RUN = "%Y%m%dT%H%M%SZ"
EXAMPLE = "2026-11-26T09:30:00Z or 2026-11-26T10:30:00+01:00"


@dataclass(frozen=True, kw_only=True)
class Window:
    """What can be had back. RDS ships a database's log every five minutes, so the newest is some minutes old.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIT.html
    """

    oldest: datetime
    newest: datetime


def parse(text: str) -> datetime:
    """A moment in UTC, to the second. Raises InputError for one of no form, or in no zone."""
    try:
        found = datetime.fromisoformat(text.strip())
        if found.tzinfo is None:
            raise InputError(f"--at {text} says no zone: end it with Z for UTC, or with an offset: {EXAMPLE}")
        return found.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        raise InputError(f"--at {text} is no time: write it as {EXAMPLE}") from None


def parse_past(text: str) -> datetime:
    """The same, which no moment to come is: it is told before anybody asks AWS what can be restored."""
    at, now = parse(text), datetime.now(UTC)
    if at > now:
        raise InputError(f"{shown(at)} is in the future: it is {shown(now)}")
    return at


def expect_within(at: datetime, window: Window) -> None:
    """Raises InputError where nobody can go back to it."""
    if at > window.newest:
        newest = f"the newest moment is {shown(window.newest)}"
        raise InputError(f"{shown(at)} cannot be restored yet, {newest}: RDS ships its log every five minutes")
    if at < window.oldest:
        raise InputError(f"{shown(at)} is before the oldest backup, of {shown(window.oldest)}")


def shown(at: datetime) -> str:
    """In UTC, and as clocks here show it where those differ."""
    here = at.astimezone()
    utc = f"{at:%Y-%m-%d %H:%M:%S} UTC"
    return utc if not here.utcoffset() else f"{utc} ({here:%H:%M:%S %Z} here)"


def run_name(at: datetime) -> str:
    """As `workbuoy-app restore tenant --at` takes it."""
    return at.strftime(RUN)
