"""`workbuoy-app serve`: one process, one listener for the world and one for metrics."""

from __future__ import annotations

import signal
from types import FrameType

import uvicorn

from workbuoy_app.application import create_app
from workbuoy_app.certificate import self_signed
from workbuoy_app.connections import LimitedProtocol
from workbuoy_app.logs import log
from workbuoy_app.settings import Settings

DRAIN_SECONDS = 25  # less than ECS waits before it kills: components/task.py, thirty where nobody says
KEEP_ALIVE_SECONDS = 75  # longer than a load balancer's sixty, else it reuses connections that just closed
BACKLOG = 1024


def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT, then finish the requests in flight. Gives back the exit status."""
    server = uvicorn.Server(configuration(settings))

    # uvicorn sends itself the signal once more when it is done; a clean stop shall end with 0.
    def stop(_: int, __: FrameType | None) -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    try:
        server.run()
    except SystemExit:  # how uvicorn says that a port is taken
        log.error("the service could not start; is a port taken?", extra={"port": settings.port})
    return 0 if server.started else 1


def configuration(settings: Settings) -> uvicorn.Config:
    """How uvicorn runs the service: quiet, because requests are logged by us, and trusting no proxy's headers."""
    return uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        backlog=BACKLOG,
        http=LimitedProtocol,
        lifespan="on",
        ws="none",
        ssl_context_factory=(lambda *_: self_signed()) if settings.tls_enabled else None,
    )
