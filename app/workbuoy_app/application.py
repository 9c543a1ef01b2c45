"""The service as an ASGI application, put together from its settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from workbuoy_app import __version__, databases, interface, metrics, metrics_listener, problems, tracing
from workbuoy_app.api import attachments, audit, auth, docs, health, members, openapi, things, tokens
from workbuoy_app.api.shares import Shares
from workbuoy_app.guard import Guard
from workbuoy_app.logs import log
from workbuoy_app.observer import Observer
from workbuoy_app.settings import Settings
from workbuoy_app.storage import ObjectStorage
from workbuoy_app.sweeper import Sweeper

if TYPE_CHECKING:
    from workbuoy_app.spans import SpanExport


def _name(route: APIRoute) -> str:
    """Generated clients name their methods so: an operation keeps its name when its address changes."""
    return route.name


# Of every application in this process: FastAPI works out at the first request what a route that is included takes.
_routers = [each.router for each in (health, auth, things, attachments, members, tokens, audit)]
_api = APIRouter(generate_unique_id_function=_name)
for _router in _routers:
    _api.include_router(_router)


def create_app(settings: Settings) -> FastAPI:
    """The whole service. Nothing is connected to before it starts."""
    public = settings.production
    app = FastAPI(
        title="Workbuoy",
        version=__version__,
        docs_url=None,
        openapi_url=None if public else "/openapi.json",
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_name,
        lifespan=_lifespan,
    )
    state = app.state
    state.settings = settings
    state.database = databases.connect(settings)
    state.storage = ObjectStorage(settings.storage) if settings.storage else None
    state.sweeper = Sweeper(state.database, state.storage)
    state.checks = health.Checks(state.database, state.storage)
    state.shares = Shares(settings)
    state.provider = None
    app.router.routes.extend(_api.routes)
    if not public and docs.folder() is not None:
        app.include_router(docs.router)
    if settings.oidc_dev_mock:
        app.include_router(auth.mock_router)
    app.router.routes.extend(interface.routes(settings))  # the last: the API does not wait for them
    problems.install(app)
    app.add_middleware(Guard, settings=settings)
    app.add_middleware(Observer)
    app.openapi = lambda: openapi.document(app, _routers)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    spans = _span_export() if settings.traces_enabled else None
    await app.state.database.open()
    pool = metrics.PoolCollector(app.state.database.statistics)
    metrics.registry.register(pool)
    listener = None
    try:
        if settings.metrics_enabled:
            try:
                listener = await metrics_listener.listen(settings.host, settings.metrics_port)
            except OSError:
                log.error("the port of /metrics is taken", extra={"port": settings.metrics_port})
                raise
        log.info("started", extra={"port": settings.port})
        async with app.state.sweeper.running():
            yield
    finally:
        if listener:
            listener.close()
        metrics.registry.unregister(pool)
        await app.state.database.close()
        if app.state.storage:
            await app.state.storage.close()
        if spans:
            tracing.recorder = None
            await spans.close()
        log.info("stopped")


def _span_export() -> SpanExport:
    from workbuoy_app.spans import SpanExport  # an extra of the package

    tracing.recorder = export = SpanExport()
    return export
