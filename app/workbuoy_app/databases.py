"""Which of the two databases serves: the one that the settings name."""

from __future__ import annotations

from workbuoy_app.database import Database
from workbuoy_app.database_url import SqliteAddress
from workbuoy_app.settings import Settings


def connect(settings: Settings) -> Database:
    """The database that the settings name, not yet open."""
    if settings.traces_enabled:
        from workbuoy_app.spans import TracedDatabase

        return TracedDatabase(_connect(settings))
    return _connect(settings)


def _connect(settings: Settings) -> Database:
    if isinstance(settings.database, SqliteAddress):
        from workbuoy_app.sqlite import SqliteDatabase  # only the driver that is used

        return SqliteDatabase(settings.database)
    from workbuoy_app.logins import application_login
    from workbuoy_app.postgres import PostgresDatabase

    return PostgresDatabase(settings.database, application_login(settings))
