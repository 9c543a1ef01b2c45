"""The service as an ASGI application, put together from its settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from workbuoy_app import __version__, databases, metrics, metrics_listener, problems
from workbuoy_app.api import attachments, auth, health, things
from workbuoy_app.api.cookies import SESSION, cookie_name
from workbuoy_app.api.shares import Shares
from workbuoy_app.guard import Guard
from workbuoy_app.logs import log
from workbuoy_app.observer import Observer
from workbuoy_app.settings import Settings
from workbuoy_app.storage import ObjectStorage
from workbuoy_app.sweeper import Sweeper


def create_app(settings: Settings) -> FastAPI:
    """The whole service. Nothing is connected to before it starts."""
    public = settings.production
    app = FastAPI(
        title="Workbuoy",
        version=__version__,
        docs_url=None if public else "/docs",
        openapi_url=None if public else "/openapi.json",
        redoc_url=None,
        redirect_slashes=False,
        # Generated clients name their methods so: an operation keeps its name when its address changes.
        generate_unique_id_function=lambda route: route.name,
        lifespan=_lifespan,
    )
    state = app.state
    state.settings = settings
    state.database = databases.connect(settings)
    state.storage = ObjectStorage(settings.storage) if settings.storage else None
    state.sweeper = Sweeper(state.database, state.storage)
    state.storage_check = health.StorageCheck(state.storage)
    state.shares = Shares(settings)
    state.provider = None
    for router in (health.router, auth.router, things.router, attachments.router):
        app.include_router(router)
    if settings.oidc_dev_mock:
        app.include_router(auth.mock_router)
    problems.install(app)
    app.add_middleware(Guard, settings=settings)
    app.add_middleware(Observer)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
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
        log.info("stopped")


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        parts = document["components"]
        parts["schemas"]["ProblemDocument"] = problems.ProblemDocument.model_json_schema()
        name = cookie_name(app.state.settings, SESSION)
        parts["securitySchemes"] = {"session": {"type": "apiKey", "in": "cookie", "name": name}}
        for path, operations in document["paths"].items():
            if path not in {"/healthz", "/readyz"}:
                for operation in operations.values():
                    operation["security"] = [{"session": []}]
        app.openapi_schema = document
    return app.openapi_schema
