"""Cookies as the guide says: HttpOnly, SameSite=Lax, and Secure only when NODE_ENV=production."""

from __future__ import annotations

import hashlib
import re

from starlette.requests import Request
from starlette.responses import Response

from workbuoy_app.sessions import GREATEST_LIFETIME
from workbuoy_app.settings import Settings

SESSION = "workbuoy_session"
LOGIN = "workbuoy_login"
LOGIN_LIFETIME_SECONDS = 600
MOST_LOGINS = 4  # under way in one browser; each cookie has up to 3 kB
_DIGITS = 12  # of a login's own name


def cookie_name(settings: Settings, name: str) -> str:
    """In production with the prefix by which browsers refuse a cookie that another (sub)domain or plain http set."""
    return f"__Host-{name}" if settings.production else name


def session_cookie(request: Request) -> str | None:
    """The session's token, if the browser sent one."""
    return request.cookies.get(cookie_name(request.app.state.settings, SESSION))


def set_session(response: Response, settings: Settings, token: str) -> None:
    """Give the browser its token. The database decides how long it is good for; this is the most it can be."""
    _set(response, settings, SESSION, token, int(GREATEST_LIFETIME.total_seconds()))


def login_name(state: str) -> str:
    """Each login under way has a cookie of its own: people begin one in several tabs."""
    return f"{LOGIN}_{hashlib.sha256(state.encode()).hexdigest()[:_DIGITS]}"


def set_login(request: Request, response: Response, settings: Settings, state: str, value: str) -> None:
    """Remember a login under way in the browser that began it, and forget those begun long before."""
    # Nothing but our own names: what else a client sends may be none that a cookie can have in an answer.
    own = re.compile(rf"{cookie_name(settings, LOGIN)}_[0-9a-f]{{{_DIGITS}}}")
    begun = [name for name in request.cookies if own.fullmatch(name)]
    for name in begun[: max(0, len(begun) - MOST_LOGINS + 1)]:  # browsers send the oldest first
        clear(response, settings, name.removeprefix(cookie_name(settings, "")))
    _set(response, settings, login_name(state), value, LOGIN_LIFETIME_SECONDS)


def clear(response: Response, settings: Settings, name: str) -> None:
    """Take a cookie back."""
    _set(response, settings, name, "", 0)


def _set(response: Response, settings: Settings, name: str, value: str, max_age_seconds: int) -> None:
    response.set_cookie(
        cookie_name(settings, name),
        value,
        max_age=max_age_seconds,
        path="/",
        secure=settings.production,
        httponly=True,
        samesite="lax",
    )
