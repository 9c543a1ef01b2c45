"""The same endpoints by an async driver: SQLModel on an AsyncSession, psycopg's async pool as large as the service's.

benchmarks/service.py runs it: `uvicorn async_peer:app`; once more with PEER_SECURED=1, and then every transaction acts
as the service's group in the asker's session, so that row-level security judges it as it judges the service.
"""

import hashlib
import os
import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Cookie, Depends, FastAPI, HTTPException
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlmodel import col, select
from template_peer import LoginSession, Thing, ThingCreate, ThingPublic, ThingsPublic, now

engine = create_async_engine(
    os.environ["PEER_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://"),
    pool_size=10,
    max_overflow=0,
)
SECURED = os.environ.get("PEER_SECURED") == "1"
DECLARE = text("select set_config('role', 'workbuoy_app', true), set_config('workbuoy.session', :hash, true)")


async def get_db() -> AsyncIterator[AsyncSession]:
    """A session a request."""
    async with AsyncSession(engine, expire_on_commit=False) as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_db)]


async def get_current(session: SessionDep, workbuoy_session: Annotated[str, Cookie()]) -> LoginSession:
    """Who is logged in."""
    token_hash = hashlib.sha256(workbuoy_session.encode()).hexdigest()
    if SECURED:
        await session.execute(DECLARE, {"hash": token_hash})
    found = await session.get(LoginSession, token_hash)
    if found is None or found.expires_at < now():
        raise HTTPException(status_code=401, detail="Could not validate credentials")
    return found


Current = Annotated[LoginSession, Depends(get_current)]
app = FastAPI()


@app.get("/readyz")
async def readyz() -> bool:
    """The template's health check."""
    return True


@app.get("/api/things", response_model=ThingsPublic)
async def read_things(
    session: SessionDep, current: Current, limit: int = 20, cursor: uuid.UUID | None = None
) -> Any:
    """Retrieve things."""
    statement = select(Thing).where(Thing.tenant_id == current.tenant_id)
    if cursor:
        statement = statement.where(col(Thing.id) < cursor)
    things = (
        (await session.execute(statement.order_by(col(Thing.id).desc()).limit(limit + 1))).scalars().all()
    )
    return ThingsPublic(
        items=[ThingPublic.model_validate(thing) for thing in things[:limit]],
        next_cursor=things[limit - 1].id if len(things) > limit else None,
    )


@app.post("/api/things", response_model=ThingPublic, status_code=201)
async def create_thing(session: SessionDep, current: Current, thing_in: ThingCreate) -> Any:
    """Create a new thing."""
    thing = Thing.model_validate(thing_in, update={"tenant_id": current.tenant_id})
    session.add(thing)
    await session.commit()
    return thing
