"""Values that live in Secrets Manager, kept for a while and read again when they turn out to be old."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from workbuoy_app.aws import secrets_client
from workbuoy_app.logs import log
from workbuoy_app.problems import Unavailable

T = TypeVar("T")
CACHE_SECONDS = 300.0
LEAST_SECONDS_BETWEEN_READS = 1.0


class SecretMissing(Unavailable):
    """The secret has no value yet, or may not be read."""


def read_secret(secret_id: str, region: str | None, client: Any = None) -> str:
    """The current value, or SecretMissing. Blocks for at most about fifteen seconds."""
    from botocore.exceptions import BotoCoreError, ClientError  # loaded only where AWS is used

    try:
        # The stage is AWS's default; moto's is the version that was made first.
        answer = (client or secrets_client(region)).get_secret_value(
            SecretId=secret_id, VersionStage="AWSCURRENT"
        )
        value = answer.get("SecretString")
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown")
        log.warning("a secret could not be read", extra={"error": code})
        raise SecretMissing(f"secret: {code}") from None
    except BotoCoreError as error:
        log.warning("a secret could not be read", extra={"error": type(error).__name__})
        raise SecretMissing(f"secret: {type(error).__name__}") from None
    if not value or not value.strip():
        raise SecretMissing("secret: no value yet")
    return str(value)


class CachedSecret(Generic[T]):
    """One secret's parsed value, read in a thread, at most once a second, and again after `CACHE_SECONDS`."""

    def __init__(
        self,
        secret_id: str,
        region: str | None,
        parse: Callable[[str], T],
        cache_seconds: float = CACHE_SECONDS,
    ) -> None:
        self._secret_id = secret_id
        self._region = region
        self._parse = parse
        self._cache_seconds = cache_seconds
        self._client: Any = None
        self._value: T | None = None
        self._read_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    async def current(self) -> T:
        """The value; read first where there is none or its time is over. Raises SecretMissing."""
        value = self._value
        if value is not None and time.monotonic() - self._read_at < self._cache_seconds:
            return value
        return await self._read(unlike=value)

    async def newer_than(self, used: T) -> T:
        """The value after `used` was refused. The same again where the secret still says so."""
        return await self._read(unlike=used)

    async def _read(self, *, unlike: T | None) -> T:
        async with self._lock:
            fresh = time.monotonic() - self._read_at < self._cache_seconds
            if self._value is not None and self._value != unlike and fresh:
                return self._value  # another connection attempt has just read it
            if time.monotonic() - self._tried_at < LEAST_SECONDS_BETWEEN_READS:
                if self._value is None:
                    raise SecretMissing("secret: no value yet")
                return self._value
            self._tried_at = time.monotonic()
            try:
                self._value = self._parse(await asyncio.to_thread(self._fetch))
            except SecretMissing:
                if self._value is None:
                    raise
                return self._value  # an outage of the secret store must not end what still works
            self._read_at = time.monotonic()
            return self._value

    def _fetch(self) -> str:
        if self._client is None:
            self._client = secrets_client(self._region)
        return read_secret(self._secret_id, self._region, self._client)
