"""OpenID Connect: the authorization code flow with PKCE, against whatever provider the settings name."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode

from httpx2 import AsyncClient, HTTPError, create_ssl_context
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, KeySet

from workbuoy_app import tracing
from workbuoy_app.logs import log
from workbuoy_app.problems import Refused, Unavailable
from workbuoy_app.secret_values import CachedSecret
from workbuoy_app.settings import OidcSettings

TIMEOUT_SECONDS = 5.0  # of a whole call; a login makes at most four
SILENCE_SECONDS = 5.0  # a provider that did not answer is not asked again for so long
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


class _CodeRefused(Exception):
    """The token endpoint said no, by an error code of RFC 6749, section 5.2."""


class Provider:
    """One identity provider, its metadata and keys kept for an hour."""

    def __init__(self, settings: OidcSettings, redirect_uri: str, region: str | None) -> None:
        self._settings = settings
        self._redirect_uri = redirect_uri
        self._secret = CachedSecret(settings.secret_id, region, str.strip) if settings.secret_id else None
        self._tls = create_ssl_context()  # once: reading all authorities holds everybody up for some 30 ms
        self._metadata: dict[str, Any] = {}
        self._metadata_until = 0.0
        self._keys: KeySet | None = None
        self._metadata_task: asyncio.Task[dict[str, Any]] | None = None
        self._silent_until = 0.0

    async def authorization_url(self, attempt: Attempt) -> str:
        """Where to send the browser. Raises SecretMissing until the client's secret is filled."""
        await self._client_secret()
        metadata = await self._discover()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest()).rstrip(b"=")
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": "openid",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }
        return _with_query(metadata["authorization_endpoint"], query)

    async def subject(self, attempt: Attempt, code: str) -> str:
        """Exchange a code for a checked identity. Raises Refused (400), ProviderUnavailable, SecretMissing."""
        metadata = await self._discover()
        secret = await self._client_secret()
        try:
            token = await self._exchange(metadata, attempt, code, secret)
        except _CodeRefused as error:
            newer = await self._secret.newer_than(secret) if self._secret else secret
            log.warning("the provider refused a code", extra={"error": str(error)})
            refusal = Refused(400, "The identity provider refused this login. Begin again: /auth/login")
            if str(error) != "invalid_client" or newer == secret:
                raise refusal from None
            try:
                token = await self._exchange(metadata, attempt, code, newer)
            except _CodeRefused:
                raise refusal from None
        claims = await self._checked(str(token.get("id_token", "")), metadata, attempt)
        subject = claims["sub"]
        if not isinstance(subject, str) or not subject or "\0" in subject or len(subject) > 255:
            raise Refused(400, "The identity provider names you in a way that nobody can be a member by.")
        return subject

    def end_session_url(self, return_to: str) -> str | None:
        """Where the browser ends the provider's own session, if the provider names such a place.

        Logging out waits for nobody: a process that has seen no login yet asks, and knows the next time.
        """
        if not self._metadata:
            self._ask()
        endpoint = self._metadata.get("end_session_endpoint")
        query = {"client_id": self._settings.client_id, "post_logout_redirect_uri": return_to}
        return _with_query(endpoint, query) if endpoint else None

    async def _exchange(
        self, metadata: dict[str, Any], attempt: Attempt, code: str, secret: str
    ) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": attempt.verifier,
        }
        headers = {"Accept": "application/json", **tracing.headers()}
        # Basic is what a provider has that names no methods: OpenID Connect Discovery 1.0, section 3.
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if "client_secret_basic" not in methods and "client_secret_post" in methods:
            form |= {"client_id": self._settings.client_id, "client_secret": secret}
        else:
            # Each form-encoded before they are joined: RFC 6749, section 2.3.1.
            pair = f"{quote_plus(self._settings.client_id)}:{quote_plus(secret)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS), self._client() as client:
                answer = await client.post(metadata["token_endpoint"], data=form, headers=headers)
                token = answer.json()
        except (HTTPError, TimeoutError, ValueError) as error:
            raise ProviderUnavailable(type(error).__name__) from None
        if not isinstance(token, dict) or answer.status_code >= 500:
            raise ProviderUnavailable(f"token endpoint: {answer.status_code}")
        if answer.status_code >= 400 or "error" in token:
            error_code = str(token.get("error", answer.status_code))
            raise _CodeRefused(error_code if error_code in _TOKEN_ERRORS else "unknown")
        return token

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
        # OpenID Connect Core 1.0, section 3.1.3.7: whoever is named as the one that asked has to be us.
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if (several or "azp" in claims) and claims.get("azp") != self._settings.client_id:
            raise refusal
        return dict(claims)

    async def _discover(self) -> dict[str, Any]:
        """The provider's description of itself. All who wait for it wait for one call, and each once."""
        if time.monotonic() < self._metadata_until:
            return self._metadata
        if time.monotonic() < self._silent_until:
            raise ProviderUnavailable("it did not answer just now")
        return await asyncio.shield(self._ask())

    def _ask(self) -> asyncio.Task[dict[str, Any]]:
        if self._metadata_task is None or self._metadata_task.done():
            self._metadata_task = asyncio.create_task(self._described())
            self._metadata_task.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._metadata_task

    async def _described(self) -> dict[str, Any]:
        try:
            metadata = await self._fetch(
                self._settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
            )
            needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if metadata.get("issuer") != self._settings.issuer or any(not metadata.get(n) for n in needed):
                log.error("OIDC_ISSUER does not describe itself under that name")
                raise ProviderUnavailable("metadata")
        except ProviderUnavailable:
            self._silent_until = time.monotonic() + SILENCE_SECONDS
            raise
        self._metadata, self._keys = metadata, None
        self._metadata_until = time.monotonic() + METADATA_LIFETIME_SECONDS
        return metadata

    async def _key_set(self, metadata: dict[str, Any]) -> KeySet:
        if self._keys is None:
            document = await self._fetch(metadata["jwks_uri"])
            self._keys = KeySet(_readable(document.get("keys")))
        return self._keys

    def _client(self) -> AsyncClient:
        return AsyncClient(timeout=TIMEOUT_SECONDS, verify=self._tls)

    async def _fetch(self, address: str) -> dict[str, Any]:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS), self._client() as client:
                answer = await client.get(address, headers=tracing.headers())
                answer.raise_for_status()
                document = answer.json()
        except (HTTPError, TimeoutError, ValueError) as error:
            log.warning("the identity provider does not answer", extra={"error": type(error).__name__})
            raise ProviderUnavailable(type(error).__name__) from None
        if not isinstance(document, dict):
            raise ProviderUnavailable("not an object")
        return document


# RFC 6749, section 5.2
_TOKEN_ERRORS = (
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
)


def _with_query(address: str, query: dict[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"


def _readable(keys: Any) -> list[Any]:
    """A provider may have keys of kinds that this library does not know: the others serve all the same."""
    found = []
    for key in keys if isinstance(keys, list) else []:
        try:
            found.append(JWKRegistry.import_key(key))
        except (JoseError, ValueError, KeyError, TypeError, AttributeError):
            log.warning("one of the provider's keys cannot be read", extra={"operation": "login"})
    if not found:
        raise ProviderUnavailable("keys")
    return found
