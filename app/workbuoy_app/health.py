"""`workbuoy-app health`: the container's own health check; the image has no shell and no curl."""

from __future__ import annotations

import os
from http.client import HTTPConnection, HTTPException

TIMEOUT_SECONDS = 3


def healthy() -> bool:
    """Ask this container's /healthz."""
    port = os.environ.get("PORT", "").strip() or "8080"
    connection = HTTPConnection("127.0.0.1", int(port), timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
