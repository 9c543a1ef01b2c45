"""Who asks, by a session's cookie or an API token, and may they: inside the transaction that serves the request."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from fastapi import Depends, Request

from workbuoy_app import sessions
from workbuoy_app.api.cookies import session_cookie
from workbuoy_app.api.shares import UNKNOWN, Shares
from workbuoy_app.bearer import bearer_token
from workbuoy_app.database import Claims, Database, Row, Statement, Transaction
from workbuoy_app.problems import NotLoggedIn, Refused, TokenRefused
from workbuoy_app.rights import Right

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Caller:
    """A request with a cookie or a token, which the database has yet to confirm."""

    database: Database
    claims: Claims
    request: Request
    shares: Shares
    needed: frozenset[Right] = frozenset()  # of its operation

    async def tenant(self) -> str:
        """Whose session it is. Raises NotLoggedIn, DatabaseUnavailable."""
        known = self.shares.tenant(self.claims)
        return known if known != UNKNOWN else await self.run(_own_tenant)

    async def run(
        self,
        work: Callable[Concatenate[Transaction, sessions.Session, P], Awaitable[T]],
        *arguments: P.args,
        **named: P.kwargs,
    ) -> T:
        """Do `work` in the session's transaction. Raises NotLoggedIn, DatabaseUnavailable, and what it raises."""
        async with self.shares.connections.of(self.shares.tenant(self.claims)):
            return await self.database.run(self._confirmed(work, *arguments, **named), self.claims)

    async def at_once(self, statement: Callable[[UUID], Statement]) -> list[Row]:
        """The rows of one statement, made for the tenant given, in one message together with who asks.

        It may be sent again, as the work of `run`. The database judges both, so nothing is believed of the tenant that
        this session was seen to have. Where that way is closed, `run` goes the long one. Raises what `run` raises.
        """
        if (known := self.shares.tenant(self.claims)) != UNKNOWN:
            async with self.shares.connections.of(known):
                answer = await self.database.at_once(statement(UUID(known)), self.claims)
            if answer is not None:
                session_row, rows = answer
                self._expect_allowed(sessions.read(session_row))
                if session_row is not None and sessions.is_to_be_noted(session_row, datetime.now(UTC)):
                    await self.run(_own_tenant)  # which notes it
                return rows

        async def alone(tx: Transaction, session: sessions.Session) -> list[Row]:
            prepared = statement(session.tenant_id)
            return await tx.all(prepared.text, prepared.values)

        return await self.run(alone)

    async def run_once(
        self,
        work: Callable[Concatenate[Transaction, sessions.Session, P], Awaitable[T]],
        *arguments: P.args,
        **named: P.kwargs,
    ) -> T:
        """As `run`, for work whose second time would give another answer."""
        confirmed = self._confirmed(work, *arguments, **named)
        async with self.shares.connections.of(self.shares.tenant(self.claims)):
            return await self.database.run(confirmed, self.claims, repeatable=False)

    def _confirmed(
        self,
        work: Callable[Concatenate[Transaction, sessions.Session, P], Awaitable[T]],
        *arguments: P.args,
        **named: P.kwargs,
    ) -> Callable[[Transaction], Awaitable[T]]:
        async def confirmed(tx: Transaction) -> T:
            session = self._expect_allowed(await sessions.find(tx, self.claims))
            return await work(tx, session, *arguments, **named)

        return confirmed

    def _expect_allowed(self, session: sessions.Session | None) -> sessions.Session:
        if session is None:
            raise TokenRefused if "token" in self.claims else NotLoggedIn
        tenant = self.request.state.tenant = str(session.tenant_id)
        self.request.state.member = hashlib.sha256(session.member_id.bytes).hexdigest()[:16]
        self.shares.learned(self.claims, tenant)
        if lacking := sorted(self.needed - session.rights):
            raise Refused(
                403, f"You may not do this: it needs {' and '.join(lacking)}, which your role or token lacks."
            )
        return session


class Needing:
    """The dependency that gives a caller who has these rights; `token` says whether an API token will do."""

    def __init__(self, *rights: Right, token: bool = True) -> None:
        self.rights, self.token = rights, token

    async def __call__(self, request: Request) -> Caller:
        """Raises NotLoggedIn, Refused (403, 429)."""
        if (token := bearer_token(request.headers.get("authorization"))) is not None:
            if not self.token:
                raise Refused(403, "An API token cannot do this: log in with a browser.")
            claims = sessions.token_claims(token)
        elif cookie := session_cookie(request):
            claims = sessions.claims(cookie)
        else:
            raise NotLoggedIn
        app = request.app.state
        app.shares.take_request(claims)
        return Caller(app.database, claims, request, app.shares, frozenset(self.rights))


async def _own_tenant(_: Transaction, session: sessions.Session) -> str:
    return str(session.tenant_id)


LoggedIn = Annotated[Caller, Depends(Needing())]
InBrowser = Annotated[Caller, Depends(Needing(token=False))]
Reader = Annotated[Caller, Depends(Needing(Right.THINGS_READ))]
# Who writes is answered with what was written, and row-level security lets nobody change what they may not read.
Editor = Annotated[Caller, Depends(Needing(Right.THINGS_READ, Right.THINGS_WRITE))]
Admin = Annotated[Caller, Depends(Needing(Right.MEMBERS_MANAGE))]
Auditor = Annotated[Caller, Depends(Needing(Right.AUDIT_READ))]
