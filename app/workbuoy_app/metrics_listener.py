"""/metrics on a port of its own, so that no load balancer publishes it by accident."""

from __future__ import annotations

import asyncio
import gzip

from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST as OPENMETRICS

from workbuoy_app.metrics import exposition

REQUEST_TIMEOUT_SECONDS = 5.0


async def listen(host: str, port: int) -> asyncio.Server:
    """Answer GET /metrics until the server is closed. Raises OSError where the port is taken."""
    return await asyncio.start_server(_answer, host, port, limit=16 * 1024)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
            method, _, rest = head.partition(b" ")
            path = rest.partition(b" ")[0].partition(b"?")[0]
            fields = ""
            if path == b"/metrics" and method in {b"GET", b"HEAD"}:
                accepted = _fields(head)
                openmetrics = "application/openmetrics-text" in accepted.get("accept", "")
                status, kind = b"200 OK", OPENMETRICS if openmetrics else CONTENT_TYPE_LATEST
                body = exposition(openmetrics=openmetrics)
                if "gzip" in accepted.get("accept-encoding", ""):
                    body, fields = gzip.compress(body, compresslevel=1), "Content-Encoding: gzip\r\n"
            else:
                status, kind, body = b"404 Not Found", "text/plain", b"Only GET /metrics is here.\n"
            fields += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            writer.write(
                b"HTTP/1.1 " + status + b"\r\n" + fields.encode() + (b"" if method == b"HEAD" else body)
            )
            await writer.drain()
    except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass  # a scraper that hangs up or sends nonsense is none of the service's troubles
    finally:
        writer.close()


def _fields(head: bytes) -> dict[str, str]:
    lines = (line.partition(":") for line in head.decode("latin-1").lower().split("\r\n")[1:])
    return {name: value for name, _, value in lines}
