"""The gate before moto: a server on loopback that lets through only what our evaluator allows.

A program is given credentials of an assumed role and this server's address; what it may do is then what its role and
the resources' policies say. Every judgement is kept, so that unused statements and missing permissions can be named.
"""

import io
import json
import re
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIEnvironment
from xml.sax.saxutils import escape

from facts.permissions.evaluate import Decision, Held, Principal, Request, decide
from rehearsal.permissions.asked import Asked, HttpRequest, UnknownRequestError, read_request
from rehearsal.permissions.estate import Estate

POLL_SECONDS = 0.02  # how soon the server notices that it is to end
_SCOPE = re.compile(r"Credential=([A-Z0-9]+)/\d{8}/([a-z0-9-]+)/([a-z0-9]+)/aws4_request")


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What an AWS client needs to be taken for a principal."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)

    def environment(self) -> dict[str, str]:
        """The variables that AWS's clients read."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_SESSION_TOKEN": self.session_token,
        }


class NotTrustedError(Exception):
    """A role that its trust policy does not give to who asks for it."""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """One request, judged."""

    principal: Principal
    asked: Asked
    decision: Decision


class Gate:
    """A WSGI application that judges each request and passes it on to moto.

    Args:
        estate: the account's policies and resources.
        account: the account in moto that requests are for.
        moto: moto's own WSGI application.
    """

    def __init__(self, estate: Estate, account: str, moto: Any) -> None:
        self._estate, self._account, self._moto = estate, account, moto
        self._principals: dict[str, Principal] = {}
        self._lock = threading.Lock()
        self.judgements: list[Judgement] = []

    def assume(self, role_arn: str, service: str, context: Mapping[str, str]) -> Credentials:
        """Take a role as an AWS service does, if the role's trust policy lets it.

        Raises:
            NotTrustedError: it does not; the message says why.
        """
        asker = Principal(arn="", account=self._account, service=service)
        asked = Asked(action="sts:AssumeRole", resource=role_arn, context=_lower(context))
        decision = self._judge(asker, asked)
        if not decision.allowed:
            raise NotTrustedError(f"{service} may not take {role_arn}: {decision.reason}")
        name = role_arn.rpartition("/")[2]
        credentials = Credentials(
            access_key_id="ASIA" + secrets.token_hex(8).upper(),
            secret_access_key=secrets.token_hex(20),
            session_token=secrets.token_hex(20),
        )
        self._principals[credentials.access_key_id] = Principal(
            arn=f"arn:aws:sts::{self._account}:assumed-role/{name}/rehearsal",
            role_arn=role_arn,
            account=self._account,
        )
        return credentials

    def denials(self) -> list[Judgement]:
        """Judgements that refused."""
        return [one for one in self.judgements if not one.decision.allowed]

    def unused(self, role_arns: Iterable[str]) -> list[Held]:
        """Allow statements of these roles that no request has needed."""
        used = {id_of(held) for one in self.judgements for held in one.decision.statements}
        return [
            held
            for arn in role_arns
            for held in self._estate.policies_for(Principal(arn=arn, role_arn=arn, account=self._account), "").identity
            if held.statement["Effect"] == "Allow" and id_of(held) not in used
        ]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        chunked = environ.get("wsgi.input_terminated")
        body = environ["wsgi.input"].read() if chunked else environ["wsgi.input"].read(_length(environ))
        environ["wsgi.input"] = io.BytesIO(body)
        refusal = self._refusal(environ, body)
        if refusal:
            return _answer_refused(environ, start_response, refusal)
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self._account
        found: Iterable[bytes] = self._moto(environ, start_response)
        return found

    def _refusal(self, environ: WSGIEnvironment, body: bytes) -> str:
        """Why a request is refused, or nothing."""
        scope = _SCOPE.search(_credential(environ))
        principal = self._principals.get(scope[1]) if scope else None
        if scope is None or principal is None:
            return "the request is not signed by a principal of this rehearsal"
        request = _http_request(environ, body, service=scope[3], region=scope[2])
        try:
            all_asked = read_request(request, self._estate)
        except UnknownRequestError as error:
            return str(error)
        decisions = [self._judge(principal, asked) for asked in all_asked]
        return next((one.reason for one in decisions if not one.allowed), "")

    def _judge(self, principal: Principal, asked: Asked) -> Decision:
        owner = self._estate.account_of(asked.resource)
        context = {**asked.context, **_common(principal, owner)}
        request = Request(
            principal=principal,
            action=asked.action,
            resource=asked.resource,
            resource_account=owner,
            context=context,
        )
        with self._lock:
            decision = decide(request, self._estate.policies_for(principal, asked.resource))
            self.judgements.append(Judgement(principal=principal, asked=asked, decision=decision))
        return decision


def id_of(held: Held) -> tuple[str, str]:
    """What tells a statement from others: its policy and its Sid."""
    return held.policy, str(held.statement.get("Sid", held.statement))


def _common(principal: Principal, owner: str) -> dict[str, tuple[str, ...]]:
    """Condition keys that every request has. TLS is taken for granted: on loopback there is none."""
    keys: dict[str, tuple[str, ...]] = {"aws:securetransport": ("true",), "aws:resourceaccount": (owner,)}
    if not principal.service:
        keys["aws:principalarn"] = (principal.role_arn or principal.arn,)
        keys["aws:principalaccount"] = (principal.account,)
    return keys


def _lower(context: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {key.lower(): (value,) for key, value in context.items()}


def _credential(environ: WSGIEnvironment) -> str:
    """Where a signed request names its key: in its header, or in its address where it was signed beforehand."""
    presigned = dict(parse_qsl(environ.get("QUERY_STRING", ""))).get("X-Amz-Credential")
    return f"Credential={presigned}" if presigned else str(environ.get("HTTP_AUTHORIZATION", ""))


def _http_request(environ: WSGIEnvironment, body: bytes, *, service: str, region: str) -> HttpRequest:
    query = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    headers = {name[5:].replace("_", "-").lower(): str(value) for name, value in environ.items() if name[:5] == "HTTP_"}
    return HttpRequest(
        service=service,
        region=region,
        method=str(environ["REQUEST_METHOD"]),
        path=str(environ["PATH_INFO"]),
        query={key: value for key, value in query if not key.lower().startswith(("x-amz-", "x-id", "response-"))},
        headers=headers,
        body=body,
    )


def _length(environ: WSGIEnvironment) -> int:
    return int(environ.get("CONTENT_LENGTH") or 0)


def _answer_refused(environ: WSGIEnvironment, start_response: StartResponse, why: str) -> Iterable[bytes]:
    """403 in the form that the service's clients read: JSON where the request is JSON, else XML."""
    if "HTTP_X_AMZ_TARGET" in environ:
        body = json.dumps({"__type": "AccessDeniedException", "Message": why}).encode()
        content_type = "application/x-amz-json-1.1"
    else:
        body = f"<Error><Code>AccessDenied</Code><Message>{escape(why)}</Message></Error>".encode()
        content_type = "application/xml"
    start_response("403 Forbidden", [("Content-Type", content_type), ("Content-Length", str(len(body)))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


@contextmanager
def open_gate(cloud: Any, *, remembers: bool = False) -> Iterator[tuple[Gate, str]]:
    """A gate before one account of the running moto, and its address on loopback, for as long as the context lasts.

    With `remembers` policies are read once: for many requests between which nobody changes one.
    """
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: PLC0415

    gate = Gate(Estate(cloud, remembers=remembers), cloud.account, DomainDispatcherApplication(create_backend_app))
    with _moto_leaves_judging_to_us(), _serving(gate) as url:
        yield gate, url


@contextmanager
def _moto_leaves_judging_to_us() -> Iterator[None]:
    """moto reads bucket policies by itself, and takes every condition of a Deny as true."""
    from moto.iam.access_control import PermissionResult  # noqa: PLC0415
    from moto.s3.models import FakeBucket  # noqa: PLC0415

    own = FakeBucket.get_permission
    FakeBucket.get_permission = lambda *_: PermissionResult.PERMITTED  # type: ignore[method-assign]
    try:
        yield
    finally:
        FakeBucket.get_permission = own  # type: ignore[method-assign]


@contextmanager
def _serving(gate: Gate) -> Iterator[str]:
    from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: PLC0415

    class Silent(WSGIRequestHandler):
        def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  the parent's name
            """Requests are recorded as judgements instead."""

    server = make_server("127.0.0.1", 0, gate, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), name="gate", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
