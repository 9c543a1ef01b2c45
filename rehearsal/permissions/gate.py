"""The gate before moto: a server on loopback that lets through only what our evaluator allows.

A program is given credentials of an assumed role and this server's address; what it may do is then what its role and
the resources' policies say. Every judgement is kept, so that unneeded actions and missing permissions can be named.
"""

import io
import json
import re
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIEnvironment
from xml.sax.saxutils import escape

from facts.permissions.errors import PolicyError
from facts.permissions.evaluate import Decision, Held, Policies, Principal, Request, Undecided, decide
from facts.permissions.patterns import Context
from rehearsal.permissions.bounds import Tags, outside
from rehearsal.permissions.estate import MotoAccount
from rehearsal.permissions.needed import Without, without_each_action
from rehearsal.permissions.request import HttpRequest, RequestedAction, UnknownRequestError
from rehearsal.permissions.requested import read_request
from rehearsal.permissions.wire import UnreadableError, credential_of, http_request
from rehearsal.serving import answering

_SCOPE = re.compile(r"Credential=([A-Z0-9]+)/\d{8}/([a-z0-9-]+)/([a-z0-9]+)/aws4_request")


UNKNOWN_KEYS: Final = ("aws:*", "*:resourcetag/*", "s3:existingobjecttag/*", "s3:tlsversion", "s3:dataaccesspoint*")
"""Keys that AWS sets from what this machine does not have: addresses, endpoints, organizations, tags of resources."""
_NOT_CARRIED: Final[Context] = {"aws:sourceaccount": (), "aws:sourcearn": (), "aws:username": ()}
"""Keys of services that act for somebody, and of users: a role's own request has none."""


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
    """One request, judged; or refused because it could not be read, where `requested` has the reason for an action."""

    principal: Principal
    requested: RequestedAction
    decision: Decision
    request: Request | None = None
    unread: bool = False


class Gate:
    """A WSGI application that judges each request and passes it on to moto.

    Args:
        estate: the account's policies and resources.
        account: the account in moto that requests are for.
        moto: moto's own WSGI application.
        undecided: what a statement counts as that cannot be decided here: refusing, for a service that must work;
            granting, for a verdict on who could reach something.
    """

    def __init__(self, estate: MotoAccount, account: str, moto: Any, undecided: Undecided = Undecided.REFUSES) -> None:
        self._estate, self._account, self._moto, self._undecided = estate, account, moto, undecided
        self._principals: dict[str, Principal] = {}
        self._lock = threading.Lock()
        self.judgements: list[Judgement] = []

    def forget_policies(self) -> None:
        """Where they are remembered: read them anew, since one was changed."""
        self._estate.forget()

    def assume(self, role_arn: str, service: str, context: Mapping[str, str]) -> Credentials:
        """Take a role as an AWS service does, if the role's trust policy lets it.

        Raises:
            NotTrustedError: it does not; the message says why.
        """
        caller = Principal(arn="", account=self._account, service=service)
        requested = RequestedAction(action="sts:AssumeRole", resource=role_arn, context=_lower(context))
        decision = self._judge(caller, requested, {})
        if not decision.allowed:
            raise NotTrustedError(f"{service} may not take {role_arn}: {decision.reason}")
        credentials = Credentials(
            access_key_id="ASIA" + secrets.token_hex(8).upper(),
            secret_access_key=secrets.token_hex(20),
            session_token=secrets.token_hex(20),
        )
        self._principals[credentials.access_key_id] = self._session(role_arn)
        return credentials

    def denials(self) -> list[Judgement]:
        """Judgements that refused."""
        return [one for one in self.judgements if not one.decision.allowed]

    def ask(self, role_arn: str, requested: RequestedAction) -> Decision:
        """Judge what AWS itself asks for as a role: there is no call to make."""
        return self._judge(self._session(role_arn), requested, {"aws:requestedregion": (self._estate.region,)})

    def refuses(self, role_arn: str, requested: RequestedAction) -> bool:
        """Whether a request would be refused that must be; it is counted neither as asked for nor as refused."""
        carried = {"aws:requestedregion": (self._estate.region,)}
        return not self._judge(self._session(role_arn), requested, carried, counted=False).allowed

    def without_each_action(self, role_arns: Iterable[str]) -> Iterator[Without]:
        """What is missed without each single action of these roles' statements, by the requests until now."""
        for arn in role_arns:
            requests = [
                one.request
                for one in self.judgements
                if one.request is not None and one.decision.allowed and one.principal.role_arn == arn
            ]
            yield from without_each_action(requests, self._policies_of(arn).identity, self._policies_on)

    def _policies_of(self, role_arn: str, resource: str = "") -> Policies:
        return self._estate.policies_for(self._session(role_arn), resource)

    def _policies_on(self, request: Request) -> Policies:
        return self._policies_of(request.principal.role_arn, request.resource)

    def outside(self, role_arn: str, boundary: Sequence[Held], tags: Tags) -> list[str]:
        """What a role is given beyond a permissions boundary."""
        return list(outside(role_arn, self._policies_of(role_arn).identity, boundary, self._estate.region, tags))

    def _session(self, role_arn: str) -> Principal:
        name = role_arn.rpartition("/")[2]
        arn = f"arn:aws:sts::{self._account}:assumed-role/{name}/rehearsal"
        return Principal(arn=arn, role_arn=role_arn, account=self._account)

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
        try:
            scope = _SCOPE.search(credential_of(environ))
            principal = self._principals.get(scope[1]) if scope else None
            if scope is None or principal is None:
                return "the request is not signed by a principal of this rehearsal"
            request = http_request(environ, body, service=scope[3], region=scope[2])
        except UnreadableError as error:
            return str(error)
        try:
            all_requested = read_request(request, self._estate)
        except UnknownRequestError as error:
            self._note_unread(principal, request, str(error))
            return str(error)
        carried = {"aws:requestedregion": (request.region,), "aws:useragent": (request.headers.get("user-agent", ""),)}
        decisions = [self._judge(principal, requested, carried) for requested in all_requested]
        return next((one.reason for one in decisions if not one.allowed), "")

    def _note_unread(self, principal: Principal, request: HttpRequest, why: str) -> None:
        requested = RequestedAction(action=f"{request.service}:{request.method}", resource=request.path)
        decision = Decision(allowed=False, reason=why)
        with self._lock:
            self.judgements.append(Judgement(principal=principal, requested=requested, decision=decision, unread=True))

    def _judge(
        self, principal: Principal, requested: RequestedAction, carried: Context, *, counted: bool = True
    ) -> Decision:
        owner = self._estate.account_of(requested.resource)
        request = Request(
            principal=principal,
            action=requested.action,
            resource=requested.resource,
            resource_account=owner,
            context={**self._common(principal, owner), **carried, **requested.context},
            unknown=UNKNOWN_KEYS,
        )
        with self._lock:
            try:
                decision = decide(request, self._estate.policies_for(principal, requested.resource), self._undecided)
            except PolicyError as error:
                decision = Decision(allowed=False, reason=f"a policy that AWS would not take: {error}")
            if counted:
                one = Judgement(principal=principal, requested=requested, decision=decision, request=request)
                self.judgements.append(one)
        return decision

    def _common(self, principal: Principal, owner: str) -> dict[str, tuple[str, ...]]:
        """Condition keys that every request has. TLS is taken for granted: on loopback there is none.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
        """
        now = datetime.now(UTC)
        keys: dict[str, tuple[str, ...]] = {
            **_NOT_CARRIED,
            "aws:currenttime": (now.strftime("%Y-%m-%dT%H:%M:%SZ"),),
            "aws:epochtime": (str(int(now.timestamp())),),
            "aws:principalisawsservice": (str(bool(principal.service)).lower(),),
            "aws:resourceaccount": (owner,),
            "aws:securetransport": ("true",),
            "aws:viaawsservice": ("false",),
        }
        if principal.service:
            return keys | {"aws:principalservicename": (principal.service,)}
        # Whoever takes a role may add tags to the session, so that a verdict does not rest on the role's own.
        tags = self._estate.tags_of(principal.role_arn) if self._undecided is Undecided.REFUSES else {}
        return keys | {
            "aws:principalarn": (principal.role_arn or principal.arn,),
            "aws:principalaccount": (principal.account,),
            "aws:principaltype": ("AssumedRole",),
            **{f"aws:principaltag/{name.lower()}": (value,) for name, value in tags.items()},
        }


def _lower(context: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {key.lower(): (value,) for key, value in context.items()}


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
def open_gate(
    cloud: Any, *, remembers: bool = False, undecided: Undecided = Undecided.REFUSES
) -> Iterator[tuple[Gate, str]]:
    """A gate before one account of the running moto, and its address on loopback, for as long as the context lasts.

    With `remembers` policies are read once: for many requests between which nobody changes one.
    """
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    gate = Gate(
        MotoAccount(cloud, remembers=remembers),
        cloud.account,
        DomainDispatcherApplication(create_backend_app),
        undecided,
    )
    with moto_leaves_judging_to_us(), _serving(gate) as url:
        yield gate, url


@contextmanager
def moto_leaves_judging_to_us() -> Iterator[None]:
    """moto reads bucket policies by itself, taking every condition of a Deny as true, and lets every page read all."""
    from moto.iam.access_control import PermissionResult
    from moto.s3.models import FakeBucket

    own = FakeBucket.get_permission
    werkzeug_app: Any = import_module("moto.moto_server.werkzeug_app")
    any_page = werkzeug_app.DISABLE_GLOBAL_CORS
    FakeBucket.get_permission = lambda *_: PermissionResult.PERMITTED  # type: ignore[method-assign]
    werkzeug_app.DISABLE_GLOBAL_CORS = True  # a bucket's own CORS rules hold then
    try:
        yield
    finally:
        werkzeug_app.DISABLE_GLOBAL_CORS = any_page
        FakeBucket.get_permission = own  # type: ignore[method-assign]


@contextmanager
def _serving(gate: Gate) -> Iterator[str]:
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Silent(WSGIRequestHandler):
        def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  the parent's name
            """Requests are recorded as judgements instead."""

    server = make_server("127.0.0.1", 0, gate, threaded=True, request_handler=Silent)
    with answering(server):
        yield f"http://127.0.0.1:{server.server_port}"
