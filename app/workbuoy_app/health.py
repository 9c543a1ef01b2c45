"""`workbuoy-app health`: the container's own health check; the image has no shell and no curl."""

from __future__ import annotations

import os
import ssl
from http.client import HTTPConnection, HTTPException, HTTPSConnection

TIMEOUT_SECONDS = 3


def healthy() -> bool:
    """Ask this container's /healthz."""
    port = os.environ.get("PORT", "").strip() or "8080"
    connection = _connection(int(port))
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _connection(port: int) -> HTTPConnection:
    if os.environ.get("TLS_ENABLED", "").strip() != "true":
        return HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    unchecked = ssl.create_default_context()
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE  # its own, made when it started
    return HTTPSConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS, context=unchecked)
