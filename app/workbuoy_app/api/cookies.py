"""Cookies as the guide says: HttpOnly, SameSite=Lax, and Secure only when NODE_ENV=production."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from workbuoy_app.sessions import GREATEST_LIFETIME
from workbuoy_app.settings import Settings

SESSION = "workbuoy_session"
LOGIN = "workbuoy_login"
LOGIN_LIFETIME_SECONDS = 600


def cookie_name(settings: Settings, name: str) -> str:
    """In production with the prefix by which browsers refuse a cookie that another (sub)domain or plain http set."""
    return f"__Host-{name}" if settings.production else name


def session_cookie(request: Request) -> str | None:
    """The session's token, if the browser sent one."""
    return request.cookies.get(cookie_name(request.app.state.settings, SESSION))


def set_session(response: Response, settings: Settings, token: str) -> None:
    """Give the browser its token. The database decides how long it is good for; this is the most it can be."""
    _set(response, settings, SESSION, token, int(GREATEST_LIFETIME.total_seconds()))


def set_login(response: Response, settings: Settings, value: str) -> None:
    """Remember a login under way in the browser that began it."""
    _set(response, settings, LOGIN, value, LOGIN_LIFETIME_SECONDS)


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
