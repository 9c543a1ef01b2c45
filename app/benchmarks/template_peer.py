"""The service's list and insert as the FastAPI full-stack template writes such endpoints.

SQLModel's ORM, a database session a request, response models, `def` endpoints in threads. It reads the tables that
the service made. benchmarks/service.py runs it: `uvicorn template_peer:app`.
"""

import hashlib
import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Cookie, Depends, FastAPI, HTTPException
from sqlmodel import Field, Session, SQLModel, col, create_engine, select

from workbuoy_app.identifiers import new_id

# As many connections as threads: by the template's own default of 15, forty threads wait for each other from 64 on.
engine = create_engine(
    os.environ["PEER_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://"),
    pool_size=40,
)


def now() -> datetime:
    """As the template's own helper."""
    return datetime.now(UTC)


class ThingBase(SQLModel):
    """Shared properties."""

    title: str = Field(min_length=1, max_length=200)
    body: str = Field(default="", max_length=20_000)
    status: str = "open"


class ThingCreate(ThingBase):
    """Properties to receive."""


class Thing(ThingBase, table=True):
    """The table."""

    __tablename__ = "things"
    tenant_id: uuid.UUID = Field(primary_key=True)
    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime = Field(default_factory=now)
    updated_at: datetime = Field(default_factory=now)


class ThingPublic(ThingBase):
    """Properties to return."""

    id: uuid.UUID
    created_at: datetime
    updated_at: datetime


class ThingsPublic(SQLModel):
    """A page."""

    items: list[ThingPublic]
    next_cursor: uuid.UUID | None


class LoginSession(SQLModel, table=True):
    """The service's sessions."""

    __tablename__ = "sessions"
    token_hash: str = Field(primary_key=True)
    tenant_id: uuid.UUID
    member_id: uuid.UUID
    created_at: datetime
    renewed_at: datetime
    expires_at: datetime


def get_db() -> Iterator[Session]:
    """A session a request."""
    with Session(engine) as session:
        yield session


SessionDep = Annotated[Session, Depends(get_db)]


def get_current(session: SessionDep, workbuoy_session: Annotated[str, Cookie()]) -> LoginSession:
    """Who is logged in; the template reads its user so, by primary key."""
    found = session.get(LoginSession, hashlib.sha256(workbuoy_session.encode()).hexdigest())
    if found is None or found.expires_at < now():
        raise HTTPException(status_code=401, detail="Could not validate credentials")
    return found


Current = Annotated[LoginSession, Depends(get_current)]
app = FastAPI()


@app.get("/readyz")
def readyz() -> bool:
    """The template's health check."""
    return True


@app.get("/api/things", response_model=ThingsPublic)
def read_things(
    session: SessionDep, current: Current, limit: int = 20, cursor: uuid.UUID | None = None
) -> Any:
    """Retrieve things."""
    statement = select(Thing).where(Thing.tenant_id == current.tenant_id)
    if cursor:
        statement = statement.where(col(Thing.id) < cursor)
    things = session.exec(statement.order_by(col(Thing.id).desc()).limit(limit + 1)).all()
    return ThingsPublic(
        items=[ThingPublic.model_validate(thing) for thing in things[:limit]],
        next_cursor=things[limit - 1].id if len(things) > limit else None,
    )


@app.post("/api/things", response_model=ThingPublic, status_code=201)
def create_thing(session: SessionDep, current: Current, thing_in: ThingCreate) -> Any:
    """Create a new thing."""
    thing = Thing.model_validate(thing_in, update={"tenant_id": current.tenant_id})
    session.add(thing)
    session.commit()
    session.refresh(thing)
    return thing
