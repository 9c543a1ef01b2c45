"""An API token in a request's head: `Authorization: Bearer …` (RFC 6750)."""

from __future__ import annotations


def bearer_token(authorization: str | None) -> str | None:
    """The token; None where there is none. Who sends one is judged by it alone, whatever cookies come along."""
    scheme, _, token = (authorization or "").strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
