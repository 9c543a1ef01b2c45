"""The few pages that the service writes itself, where a browser is without the web interface."""

from __future__ import annotations

LOG_IN_AGAIN = '<p><a href="/auth/login">Log in again</a></p>'


def page(title: str, heading: str, content: str) -> str:
    """A page in HTML. `content` is HTML, too: escape what comes from elsewhere."""
    return (
        f"<!doctype html><html lang=en><meta name=viewport content='width=device-width'><title>{title}</title>"
        f"<h1>{heading}</h1>{content}</html>"
    )
