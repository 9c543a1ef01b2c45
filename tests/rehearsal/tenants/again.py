"""What every role tries, made once for all holes: afterwards only what the gate judges otherwise is made again."""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch
from wsgiref.types import StartResponse, WSGIEnvironment

from rehearsal.permissions.gate import Gate, Judgement
from rehearsal.tenants import roles
from rehearsal.tenants.attempts import Attempt
from rehearsal.tenants.roles import Verdict

Sent = list[tuple[WSGIEnvironment, bytes]]
_AUTHORIZATION = "HTTP_AUTHORIZATION"


@dataclass(frozen=True)
class Made:
    """A call that was made: its requests, by whose key they were signed, how each was judged, and how it ended."""

    sent: Sent
    key: str
    judged: list[Any]
    found: Verdict


class Again:
    """A call ends as it did before where its requests are judged as before: what it asks for, and what is allowed.

    Nothing else decides about it, since a hole is in a policy or in what a request asks for.
    """

    def __init__(self) -> None:
        self._made: dict[tuple[str, ...], Made] = {}
        self._try = roles._try

    @contextmanager
    def trying(self) -> Iterator[None]:
        """The matrix's calls, for as long as the context lasts."""
        with patch.object(roles, "_try", self._attempt):
            yield

    def _attempt(self, attempt: Attempt, tried: roles._Tried) -> tuple[Verdict, list[Judgement]]:
        which = (tried.own.stack, tried.role, tried.other.stack, attempt.what, attempt.call)
        made, gate = self._made.get(which), tried.gate
        key = str(tried.caller._signing.access_key)
        if made is not None and made.sent:
            before = len(gate.judgements)
            for environ, body in made.sent:
                signed = environ[_AUTHORIZATION].replace(made.key, key)
                gate._refusal({**environ, _AUTHORIZATION: signed}, body)
            judgements = gate.judgements[before:]
            if _judged(judgements) == made.judged:
                return made.found, judgements
        sent: Sent = []
        with patch.object(tried.caller, "_gate", _noting(gate, sent)):
            found, judgements = self._try(attempt, tried)
        self._made[which] = Made(sent, key, _judged(judgements), found)
        return found, judgements


def _judged(judgements: list[Judgement]) -> list[Any]:
    return [(one.requested, one.decision.allowed, one.unread) for one in judgements]


def _noting(gate: Gate, sent: Sent) -> Any:
    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        sent.append((dict(environ), body))
        environ["wsgi.input"] = io.BytesIO(body)
        return gate(environ, start_response)

    return call
