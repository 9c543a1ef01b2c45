"""Logs: one JSON object a line on stdout, and never a secret, a cookie or a body."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

log = logging.getLogger("workbuoy")

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}
_FIELDS = (
    "request_id",
    "trace_id",
    "tenant",
    "method",
    "route",
    "status",
    "duration_ms",
    "operation",
    "outcome",
    "error",
    "trace",
    "revision",
    "port",
    "step",
    "owed",
    "bucket",
    "host",
    "member",
    "object",
    "oldest_age_seconds",
    "tenant_name",
    "frozen_by",
    "frozen_seconds",
)


class JsonLines(logging.Formatter):
    """Time, level, message, and those extra fields that are known to be harmless."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": "warn" if record.levelno == logging.WARNING else record.levelname.lower(),
            # Starlette hands a failed start over as text, with the error's own words in it.
            "message": record.getMessage().partition("Traceback (most recent call last)")[0].strip()
            or "failed",
        }
        if not record.name.startswith("workbuoy"):
            entry["logger"] = record.name
        for name in _FIELDS:
            if (value := getattr(record, name, None)) is not None:
                entry[name] = value
        if record.exc_info and record.exc_info[1] is not None:
            entry |= describe(record.exc_info[1])
        return json.dumps(entry, ensure_ascii=False, separators=(",", ":"))


def describe(error: BaseException) -> dict[str, Any]:
    """An error's kind and place, without its message: database errors quote the data that they concern."""
    kinds: list[str] = []
    link: BaseException | None = error
    while link is not None and len(kinds) < 5:
        state = getattr(link, "sqlstate", None)
        kinds.append(f"{type(link).__module__}.{type(link).__qualname__}" + (f" {state}" if state else ""))
        link = link.__cause__ or link.__context__
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    return {"error": " from ".join(kinds), "trace": places}


def configure(level: str) -> None:
    """Send everything to stdout as JSON lines.

    `level` is for this service alone. The libraries stay at warning, because at debug they write credentials,
    addresses with codes in them, and bodies.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    log.setLevel(_LEVELS[level])
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
        logger.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
