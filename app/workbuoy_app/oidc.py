"""OpenID Connect: the authorization code flow with PKCE, against whatever provider the settings name."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from httpx2 import AsyncClient, HTTPError
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from workbuoy_app.logs import log
from workbuoy_app.problems import Refused, Unavailable
from workbuoy_app.secret_values import CachedSecret
from workbuoy_app.settings import OidcSettings

TIMEOUT_SECONDS = 5.0
METADATA_LIFETIME_SECONDS = 3600.0
CLOCK_SKEW_SECONDS = 60
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]


class ProviderUnavailable(Unavailable):
    """The identity provider does not answer, or not as OpenID Connect asks."""


@dataclass(frozen=True)
class Attempt:
    """What the browser that began a login has to bring back, and where to go on then."""

    state: str
    nonce: str
    verifier: str
    return_to: str


def new_attempt(return_to: str) -> Attempt:
    """Three independent secrets for one login."""
    return Attempt(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), return_to)


class Provider:
    """One identity provider, its metadata and keys kept for an hour."""

    def __init__(self, settings: OidcSettings, redirect_uri: str, region: str | None) -> None:
        self._settings = settings
        self._redirect_uri = redirect_uri
        self._secret = CachedSecret(settings.secret_id, region, str.strip) if settings.secret_id else None
        self._metadata: dict[str, Any] = {}
        self._metadata_until = 0.0
        self._keys: KeySet | None = None
        self._lock = asyncio.Lock()

    async def authorization_url(self, attempt: Attempt) -> str:
        """Where to send the browser. Raises SecretMissing until the client's secret is filled."""
        secret = await self._client_secret()
        metadata = await self._discover()
        async with self._client(secret) as client:
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"],
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier,
            )
        return str(url)

    async def subject(self, attempt: Attempt, code: str) -> str:
        """Exchange a code for a checked identity. Raises Refused (400), ProviderUnavailable, SecretMissing."""
        metadata = await self._discover()
        secret = await self._client_secret()
        try:
            token = await self._exchange(metadata, attempt, code, secret)
        except OAuthError as error:
            newer = await self._secret.newer_than(secret) if self._secret else secret
            if error.error != "invalid_client" or newer == secret:
                log.warning("the provider refused a code", extra={"error": str(error.error)[:40]})
                raise Refused(
                    400, "The identity provider refused this login. Begin again: /auth/login"
                ) from None
            token = await self._exchange(metadata, attempt, code, newer)
        claims = await self._checked(str(token.get("id_token", "")), metadata, attempt)
        return str(claims["sub"])

    async def end_session_url(self, return_to: str) -> str | None:
        """Where the browser ends the provider's own session, if the provider has such a place and answers."""
        try:
            endpoint = (await self._discover()).get("end_session_endpoint")
        except ProviderUnavailable:
            return None
        query = {"client_id": self._settings.client_id, "post_logout_redirect_uri": return_to}
        return f"{endpoint}?{urlencode(query)}" if endpoint else None

    async def _exchange(
        self, metadata: dict[str, Any], attempt: Attempt, code: str, secret: str
    ) -> dict[str, Any]:
        try:
            async with asyncio.timeout(2 * TIMEOUT_SECONDS), self._client(secret) as client:
                token: dict[str, Any] = await client.fetch_token(
                    metadata["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=attempt.verifier,
                )
                return token
        except (HTTPError, TimeoutError, ValueError) as error:
            raise ProviderUnavailable(type(error).__name__) from None

    def _client(self, secret: str) -> Any:
        return AsyncOAuth2Client(
            client_id=self._settings.client_id,
            client_secret=secret,
            redirect_uri=self._redirect_uri,
            scope="openid",
            code_challenge_method="S256",
            timeout=TIMEOUT_SECONDS,
        )

    async def _client_secret(self) -> str:
        if self._secret is None:
            return self._settings.client_secret or ""
        return await self._secret.current()

    async def _checked(self, id_token: str, metadata: dict[str, Any], attempt: Attempt) -> dict[str, Any]:
        """Signature, issuer, audience, times and nonce. Raises Refused (400)."""
        refusal = Refused(
            400, "The identity provider's answer does not belong to this login. Begin again: /auth/login"
        )
        registry = jwt.JWTClaimsRegistry(
            leeway=CLOCK_SKEW_SECONDS,
            iss={"essential": True, "value": self._settings.issuer},
            aud={"essential": True, "value": self._settings.client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": attempt.nonce},
        )
        try:
            try:
                claims = jwt.decode(id_token, await self._key_set(metadata), algorithms=ALGORITHMS).claims
            except (JoseError, ValueError):
                # The provider may have changed its keys: ask once more before refusing.
                self._keys = None
                claims = jwt.decode(id_token, await self._key_set(metadata), algorithms=ALGORITHMS).claims
            registry.validate(claims)
        except (JoseError, ValueError) as error:
            log.warning("an id token was refused", extra={"error": type(error).__name__})
            raise refusal from None
        audience = claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != self._settings.client_id:
            raise refusal
        return dict(claims)

    async def _discover(self) -> dict[str, Any]:
        async with self._lock:
            if time.monotonic() > self._metadata_until:
                address = self._settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
                metadata = await self._fetch(address)
                needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
                if metadata.get("issuer") != self._settings.issuer or any(
                    not metadata.get(n) for n in needed
                ):
                    log.error("OIDC_ISSUER does not describe itself under that name")
                    raise ProviderUnavailable("metadata")
                self._metadata = metadata
                self._metadata_until = time.monotonic() + METADATA_LIFETIME_SECONDS
                self._keys = None
            return self._metadata

    async def _key_set(self, metadata: dict[str, Any]) -> KeySet:
        if self._keys is None:
            try:
                keys: Any = await self._fetch(metadata["jwks_uri"])
                self._keys = KeySet.import_key_set(keys)
            except (JoseError, ValueError, KeyError) as error:
                raise ProviderUnavailable("keys") from error
        return self._keys

    async def _fetch(self, address: str) -> dict[str, Any]:
        try:
            async with asyncio.timeout(2 * TIMEOUT_SECONDS), AsyncClient(timeout=TIMEOUT_SECONDS) as client:
                answer = await client.get(address)
                answer.raise_for_status()
                document = answer.json()
        except (HTTPError, TimeoutError, ValueError) as error:
            log.warning("the identity provider does not answer", extra={"error": type(error).__name__})
            raise ProviderUnavailable(type(error).__name__) from None
        if not isinstance(document, dict):
            raise ProviderUnavailable("not an object")
        return document
