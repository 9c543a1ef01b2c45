"""Who asks: the session of the request's cookie, inside the transaction that serves it."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Concatenate, ParamSpec, TypeVar

from fastapi import Depends, Request

from workbuoy_app import sessions
from workbuoy_app.api.cookies import session_cookie
from workbuoy_app.api.shares import UNKNOWN, Shares
from workbuoy_app.database import Claims, Database, Transaction
from workbuoy_app.problems import NotLoggedIn

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Caller:
    """A request with a session cookie, which the database has yet to confirm."""

    database: Database
    claims: Claims
    request: Request
    shares: Shares

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
            session = await sessions.find(tx, self.claims)
            if session is None:
                raise NotLoggedIn
            tenant = self.request.state.tenant = str(session.tenant_id)
            self.request.state.member = hashlib.sha256(session.member_id.bytes).hexdigest()[:16]
            self.shares.learned(self.claims, tenant)
            return await work(tx, session, *arguments, **named)

        return confirmed


async def _caller(request: Request) -> Caller:
    token = session_cookie(request)
    if not token:
        raise NotLoggedIn
    caller = Caller(request.app.state.database, sessions.claims(token), request, request.app.state.shares)
    caller.shares.take_request(caller.claims)
    return caller


async def _own_tenant(_: Transaction, session: sessions.Session) -> str:
    return str(session.tenant_id)


LoggedIn = Annotated[Caller, Depends(_caller)]
