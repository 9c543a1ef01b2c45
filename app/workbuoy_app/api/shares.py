"""What a process has of everything that tenants share, and how much of it one may have."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping

from workbuoy_app.settings import Settings
from workbuoy_app.turns import RateLimit, Turns

UPLOADS_TO_BUCKET = 16  # each holds at most two parts of 8 MiB
UPLOADS_TO_DATABASE = 4  # each holds its whole content
SEARCHES = 4
BURST_SECONDS = 3.0  # of requests may come at once
UNKNOWN = "unknown"  # whoever has no session yet, or none: they share what one tenant has
# Whom a provider has named: nobody can keep them out by requests without a session.
LOGGING_IN = "logging in"
MOST_SESSIONS = 20_000


class Shares:
    """Everything that runs out."""

    def __init__(self, settings: Settings) -> None:
        connections = settings.connection_limit
        uploads = UPLOADS_TO_BUCKET if settings.storage else UPLOADS_TO_DATABASE
        # One stays for /readyz and the sweeper: a busy service is ready, and is not to be taken for one that is not.
        self.connections = Turns("requests", max(1, connections - 1), connections - 2, most_waiting=300)
        self.searches = Turns("searches", SEARCHES, SEARCHES // 2, most_waiting=20)
        self.uploads = Turns("uploads", uploads, uploads // 2, most_waiting=0)
        per_second = settings.session_requests_per_second, settings.tenant_requests_per_second
        self._sessions = RateLimit(
            "this session", per_second[0], per_second[0] * BURST_SECONDS, time.monotonic
        )
        self._tenants = RateLimit(
            "your organisation", per_second[1], per_second[1] * BURST_SECONDS, time.monotonic
        )
        self._tenant_of: OrderedDict[str, str] = OrderedDict()  # by the session's or token's claim

    def tenant(self, claims: Mapping[str, str]) -> str:
        """Whose session it is, as far as it has been seen; a session stays its tenant's as long as it lives."""
        return self._tenant_of.get(_credential(claims), UNKNOWN)

    def learned(self, claims: Mapping[str, str], tenant: str) -> None:
        """Note whose session it is, as the database answered."""
        self._tenant_of[_credential(claims)] = tenant
        if len(self._tenant_of) > MOST_SESSIONS:
            self._tenant_of.popitem(last=False)

    def take_request(self, claims: Mapping[str, str]) -> None:
        """Count a request. Raises Refused (429)."""
        self._sessions.take(_credential(claims))
        if (tenant := self.tenant(claims)) != UNKNOWN:
            self._tenants.take(tenant)


def _credential(claims: Mapping[str, str]) -> str:
    return claims.get("session") or claims["token"]
