"""/auth: login at the identity provider, logout here or everywhere, and who is logged in."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from dataclasses import asdict
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from workbuoy_app import sessions
from workbuoy_app.api import cookies
from workbuoy_app.api.caller import InBrowser, LoggedIn
from workbuoy_app.api.shares import LOGGING_IN
from workbuoy_app.database import Row, Transaction
from workbuoy_app.logs import log
from workbuoy_app.metrics import LOGINS
from workbuoy_app.models import Caller, LoggedOut
from workbuoy_app.pages import LOG_IN_AGAIN, page
from workbuoy_app.problems import Problem, Refused, Unavailable, documented

if TYPE_CHECKING:
    from workbuoy_app.oidc import Attempt, Provider

MOCK_ISSUER = "workbuoy:dev-mock"
HOME = "/"
LOGGED_OUT = "/auth/logged-out"
LONGEST_RETURN = 1_500  # a cookie has 4 kB, in base64
router = APIRouter(tags=["login"])
mock_router = APIRouter(include_in_schema=False)


@router.get(
    "/auth/login",
    status_code=303,
    response_class=Response,
    responses={
        303: {"description": "To the login provider, which sends the browser back"},
        **documented(422, 503),
    },
)
async def log_in(request: Request, return_to: str = HOME) -> Response:
    """Send the browser to the login provider; afterwards it comes to the address `return_to` of this site."""
    settings = request.app.state.settings
    return_to = local_address(return_to)
    if settings.oidc_dev_mock:
        return RedirectResponse("/auth/mock?" + urlencode({"return_to": return_to}), status_code=303)
    from workbuoy_app.oidc import new_attempt  # loaded at the first login, it costs 20 MB

    attempt = new_attempt(return_to)
    try:
        provider = await _provider(request)
        address = await provider.authorization_url(attempt)
    except Unavailable:
        LOGINS.labels("unavailable").inc()
        raise
    response = RedirectResponse(address, status_code=303)
    cookies.set_login(request, response, settings, attempt.state, _packed(attempt))
    return response


@router.get("/auth/callback", include_in_schema=False)
async def log_in_done(request: Request) -> Response:
    """Take the provider's answer, and begin a session for a member."""
    settings, query = request.app.state.settings, request.query_params
    try:
        provider = await _provider(request)
        login = cookies.login_name(query.get("state", ""))
        attempt = _unpacked(request.cookies.get(cookies.cookie_name(settings, login), ""))
        issuer = query.get("iss", settings.oidc.issuer)
        state_matches = hmac.compare_digest(query.get("state", "").encode(), attempt.state.encode())
        if state_matches and query.get("error") == "access_denied":
            raise Refused(403, "The login was declined at the identity provider. Begin again: /auth/login")
        if not state_matches or issuer != settings.oidc.issuer or not query.get("code"):
            raise Refused(
                400, "This login was not begun in this browser, or not finished. Begin again: /auth/login"
            )
        subject = await provider.subject(attempt, query["code"])
    except Problem as problem:
        LOGINS.labels("unavailable" if isinstance(problem, Unavailable) else "refused").inc()
        raise
    response = await _begin_session(request, settings.oidc.issuer, subject, attempt.return_to)
    cookies.clear(response, settings, login)
    return response


@router.post("/auth/logout", response_model=LoggedOut, responses=documented(401, 403, 429, 503))
async def log_out(request: Request, response: Response, caller: InBrowser) -> Row:
    """End this session."""
    async with caller.shares.connections.of(caller.shares.tenant(caller.claims)):
        await caller.database.run(lambda tx: sessions.end(tx, caller.claims), caller.claims)
    return await _logged_out(request, response)


@router.post("/auth/logout-everywhere", response_model=LoggedOut, responses=documented(401, 403, 429, 503))
async def log_out_everywhere(request: Request, response: Response, caller: InBrowser) -> Row:
    """End all sessions of whoever is logged in, on every device. API tokens go on until they are revoked."""
    await caller.run(sessions.end_all)
    return await _logged_out(request, response)


@router.get(LOGGED_OUT, include_in_schema=False)
async def logged_out() -> Response:
    """Where the provider sends a browser when its own session has ended too."""
    return HTMLResponse(page("Logged out", "You are logged out", LOG_IN_AGAIN))


@router.get("/api/me", response_model=Caller, responses=documented(401, 429, 503))
async def who_am_i(caller: LoggedIn) -> Row:
    """Who asks, and what they may do."""
    return await caller.run(sessions.describe)


@mock_router.get("/auth/mock")
async def mock_form(return_to: str = HOME) -> Response:
    """Ask who to be. Only with OIDC_DEV_MOCK=1, and so never in production."""
    form = (
        "<form method=post action=/auth/mock><label>Subject <input name=subject value=dev required></label>"
        f'<input type=hidden name=return_to value="{escape(local_address(return_to))}">'
        "<button>Log in</button></form>"
    )
    return HTMLResponse(page("Development login", "Development login", form))


@mock_router.post("/auth/mock")
async def mock_log_in(request: Request) -> Response:
    """Begin a session for a member of the mock issuer; it enrols nobody either."""
    try:
        form = parse_qs((await request.body()).decode())
    except ValueError:
        raise Refused(400, "The form is not UTF-8.") from None
    subject = form.get("subject", [""])[0].replace("\0", "")
    return_to = local_address(form.get("return_to", [HOME])[0])
    return await _begin_session(request, MOCK_ISSUER, subject, return_to)


async def _begin_session(request: Request, issuer: str, subject: str, return_to: str) -> Response:
    token = sessions.new_token()
    claims = {**sessions.claims(token), "issuer": issuer, "subject": subject}

    async def start(tx: Transaction) -> bool:
        return await sessions.start(tx, claims, issuer, subject)

    app = request.app.state
    async with app.shares.connections.of(LOGGING_IN):
        is_member = await app.database.run(start, claims)
    if not is_member:
        LOGINS.labels("not a member").inc()
        raise Refused(403, "Nobody has made you a member yet; ask your administrator.")
    LOGINS.labels("success").inc()
    log.info("logged in", extra={"request_id": request.state.request_id})
    response = RedirectResponse(return_to, status_code=303)
    cookies.set_session(response, app.settings, token)
    return response


async def _logged_out(request: Request, response: Response) -> Row:
    app = request.app.state
    cookies.clear(response, app.settings, cookies.SESSION)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    provider = await _provider(request) if app.settings.oidc else None
    afterwards = f"{app.settings.public_url}{LOGGED_OUT}"
    return {"end_session_url": provider.end_session_url(afterwards) if provider else None}


async def _provider(request: Request) -> Provider:
    app = request.app.state
    if app.settings.oidc is None:
        raise Refused(503, "Login is not set up here yet.", Unavailable.headers)
    if app.provider is None:
        from workbuoy_app.oidc import Provider  # loaded at the first login, it costs 20 MB

        app.provider = Provider(
            app.settings.oidc, f"{app.settings.public_url}/auth/callback", app.settings.aws_region
        )
    provider: Provider = app.provider
    return provider


def local_address(address: str) -> str:
    """An address on this very site, or the start: nobody may be sent elsewhere with our help."""
    safe = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if safe and address.isascii() and len(address) <= LONGEST_RETURN else HOME


def _packed(attempt: Attempt) -> str:
    # Not signed: the __Host- prefix keeps others from setting it, and who sets their own gains nothing.
    return base64.urlsafe_b64encode(json.dumps(asdict(attempt)).encode()).decode().rstrip("=")


def _unpacked(cookie: str) -> Attempt:
    from workbuoy_app.oidc import Attempt  # loaded at the first login, it costs 20 MB

    try:
        attempt = Attempt(**json.loads(base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))))
        if not all(isinstance(value, str) and value for value in asdict(attempt).values()):
            raise ValueError
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise Refused(400, "This login was not begun in this browser. Begin again: /auth/login") from None
    return Attempt(attempt.state, attempt.nonce, attempt.verifier, local_address(attempt.return_to))
