"""The matrix's cells between tenants of one pool: members of two of them, through the running service.

IAM does not separate these: one task role and one login serve them all. The service does, and row-level security.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rehearsal.service.browser import Browser, HttpAnswer
from rehearsal.service.logins import logged_in
from rehearsal.service.steps import ATTACHMENT
from rehearsal.service.trial import Trial, expect
from rehearsal.tenants.result import Cell, Outcome

STAND_IN_TENANT = "neighbour"  # where only one tenant of the pool is named, someone has to be held apart from it
_REFUSED = (403, 404)


@dataclass(frozen=True, kw_only=True)
class PoolMember:
    """A tenant of the pool with a member who is logged in and owns a record with an attachment."""

    tenant: str
    subject: str
    tenant_id: str
    session: str  # as row-level security is told: the token's hash
    browser: Browser
    thing_id: str
    attachment_id: str

    @property
    def thing_path(self) -> str:
        """Its record."""
        return f"/api/things/{self.thing_id}"


def members_for(tenants: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Tenants of the pool, at least two, each with its member's subject."""
    names = [*tenants, STAND_IN_TENANT] if len(tenants) == 1 else tenants
    return tuple((name, f"member-of-{name}") for name in names)


def settle(trial: Trial) -> list[PoolMember]:
    """Log in every tenant's member and let each store something. Raises StepError."""
    return [_settle(trial, tenant, subject) for tenant, subject in trial.members]


def _settle(trial: Trial, tenant: str, subject: str) -> PoolMember:
    browser = logged_in(trial, subject)
    made = expect(browser.send_json("POST", "/api/things", {"title": f"Of {tenant}"}), 201).json()
    upload = browser.send(
        "POST", f"/api/things/{made['id']}/attachments?name=x.bin", ATTACHMENT[:1024], "application/octet-stream"
    )
    token = next(value for name, value in browser.cookies.items() if name.endswith("workbuoy_session"))
    return PoolMember(
        tenant=tenant,
        subject=subject,
        tenant_id=expect(browser.send("GET", "/api/me"), 200).json()["tenant_id"],
        session=hashlib.sha256(token.encode()).hexdigest(),
        browser=browser,
        thing_id=made["id"],
        attachment_id=expect(upload, 201).json()["id"],
    )


def cells_of_pool(members: Sequence[PoolMember]) -> Iterator[Cell]:
    """Each member on each one's record and attachment, by every endpoint of the service."""
    for one in members:
        for other in members:
            for what, call, answer in _requests(one, other):
                yield Cell(
                    who=one.tenant,
                    who_as="member",
                    whom=other.tenant,
                    what=what,
                    call=call,
                    expected=Outcome.ALLOWED if one is other else Outcome.DENIED,
                    got=_got(answer),
                    why=f"HTTP {answer.status}",
                )
            yield _listing(one, other)


def _requests(one: PoolMember, other: PoolMember) -> Iterator[tuple[str, str, HttpAnswer]]:
    browser, thing = one.browser, other.thing_path
    attachment = f"{thing}/attachments/{other.attachment_id}"
    yield "record", "HTTP GET", browser.send("GET", thing)
    content = {"title": f"Of {other.tenant}", "body": "", "status": "open"}
    yield "record", "HTTP PUT", browser.send_json("PUT", thing, content)
    yield "attachments", "HTTP GET", browser.send("GET", f"{thing}/attachments")
    yield "attachment", "HTTP GET", browser.send("GET", attachment)
    yield "attachment's content", "HTTP GET", browser.send("GET", f"{attachment}/content")
    if one is other:
        return  # what is deleted could not be refused to the next
    through_own = f"{one.thing_path}/attachments/{other.attachment_id}"
    yield "attachment by way of one's own record", "HTTP GET", browser.send("GET", f"{through_own}/content")
    upload = browser.send("POST", f"{thing}/attachments?name=y.bin", b"smuggled in", "application/octet-stream")
    yield "attachments", "HTTP POST", upload
    yield "attachment", "HTTP DELETE", browser.send("DELETE", attachment)
    yield "record", "HTTP DELETE", browser.send("DELETE", thing)


def _listing(one: PoolMember, other: PoolMember) -> Cell:
    answer = one.browser.send("GET", "/api/things?limit=100")
    listed = answer.status == 200 and other.thing_id in {item["id"] for item in answer.json()["items"]}
    got = Outcome.NOT_PROVED if answer.status != 200 else Outcome.ALLOWED if listed else Outcome.DENIED
    return Cell(
        who=one.tenant,
        who_as="member",
        whom=other.tenant,
        what="record in one's own list",
        call="HTTP GET",
        expected=Outcome.ALLOWED if one is other else Outcome.DENIED,
        got=got,
        why="it is in the list" if listed else f"HTTP {answer.status}, and it is not in the list",
    )


def _got(answer: HttpAnswer) -> Outcome:
    if answer.status in _REFUSED:
        return Outcome.DENIED
    return Outcome.ALLOWED if answer.status < 400 else Outcome.NOT_PROVED
