"""/api/audit: who did what."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from workbuoy_app import audit
from workbuoy_app.access_models import AuditPage, AuditQuery
from workbuoy_app.api.caller import Auditor
from workbuoy_app.database import Row
from workbuoy_app.problems import Refused, documented

router = APIRouter(prefix="/api/audit", tags=["audit"])


@router.get("", response_model=AuditPage, responses=documented(401, 403, 422, 429, 501, 503))
async def list_audit_events(request: Request, caller: Auditor, query: Annotated[AuditQuery, Query()]) -> Row:
    """A page of the tenant's audit trail."""
    if request.app.state.database.single_tenant:
        raise Refused(501, "SQLite keeps no audit trail; Postgres does.")
    return await caller.run(audit.page, query)
