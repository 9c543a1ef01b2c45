"""A shortcut through moto ends where moto's own way does."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.hooks import EventAliaser, HierarchicalEmitter
from botocore.utils import EVENT_ALIASES
from hypothesis import example, given
from hypothesis import strategies as st
from moto import backends
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.request import Request

from project.files import find_project
from rehearsal import shortcuts
from rehearsal.cloud import running
from rehearsal.result import Rehearsal
from rehearsal.run import rehearse
from tests.rehearsal.conftest import EVERY_KIND

HEADERS = st.dictionaries(
    st.sampled_from(["Content-Type", "Content-Length", "X-Amz-Target", "authorization", "x-amz-meta-my_key", "Host"]),
    st.one_of(st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), max_size=20), st.binary(max_size=0)),
)
PATHS = st.text("abcZ09/._~-% é", max_size=12).map("/".__add__)
QUERIES = st.text("abc=&.-~%", max_size=8)


@contextmanager
def moto_alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patching:
        patching.setattr(shortcuts, "take_all", list)
        yield


@given(
    method=st.sampled_from(["GET", "PUT", "POST", "HEAD"]),
    address=st.tuples(st.sampled_from(["https", "http"]), PATHS, QUERIES),
    headers=HEADERS,
    body=st.one_of(st.none(), st.binary(max_size=9), st.text(max_size=9)),
)
@example("PUT", ("https", "/bucket", "tagging"), {"Content-Length": "0"}, b"")
@example("POST", ("https", "/", ""), {"Content-Type": "application/x-www-form-urlencoded"}, "Action=CreateQueue")
@example("POST", ("https", "/", ""), {"Content-Type": "application/x-www-form-urlencoded"}, None)
def test_a_request_is_put_together_as_werkzeug_does(
    method: str, address: tuple[str, str, str], headers: dict[str, Any], body: bytes | str | None
) -> None:
    scheme, path, query = address
    url = f"{scheme}://s3.eu-west-1.amazonaws.com{path}{'?' if query else ''}{query}"
    made = shortcuts.environ_of(method, url, headers, body)
    by_moto = Request.from_primitives(method, url, headers, body)
    if shortcuts.is_plain(url) and "Host" not in headers:
        assert by_moto.raw_url == url
    if made is not None:
        assert read(Request(made)) == read(by_moto)


def test_the_usual_requests_take_the_shortcut() -> None:
    for url in ("https://rds.eu-west-1.amazonaws.com/", "https://s3.eu-west-1.amazonaws.com/files?tagging"):
        assert shortcuts.environ_of("POST", url, {"User-Agent": b"boto"}, b"x") is not None


def read(request: Any) -> dict[str, Any]:
    content = request.environ["wsgi.input"].read()
    return {**request.environ, "wsgi.input": content, "werkzeug.request": request.raw_url}


@pytest.mark.slow
def test_every_kind_stands_alike_by_the_shortcuts_and_by_moto_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    by_shortcuts = outcome(rehearse(find_project(EVERY_KIND), "test"))
    with moto_alone(monkeypatch):
        assert by_shortcuts == outcome(rehearse(find_project(EVERY_KIND), "test"))


def outcome(rehearsal: Rehearsal) -> list[Any]:
    return [
        (one.urn, one.state, one.reason, sorted(one.outputs), [(field.path, field.check) for field in one.fields])
        for one in rehearsal.resources
    ]


def test_what_moto_refuses_is_refused_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    def refusals() -> list[str]:
        found = []
        with running() as moto:
            cloud = moto.cloud("210000000003", "eu-west-1")
            for service, operation, params in (
                ("s3", "get_bucket_tagging", {"Bucket": "nowhere"}),
                ("rds", "describe_db_instances", {"DBInstanceIdentifier": "nothing"}),
                ("lambda", "get_function", {"FunctionName": "nothing"}),
                ("iam", "get_role", {"RoleName": "nobody"}),
            ):
                with pytest.raises(ClientError) as refused:
                    getattr(cloud.client(service), operation)(**params)
                found.append(str(refused.value))
        return found

    by_shortcuts = refusals()
    with moto_alone(monkeypatch):
        assert by_shortcuts == refusals()


def test_the_services_that_moto_has_are_those_of_its_folder() -> None:
    by_moto = list(backends.list_of_moto_modules())
    with running():
        assert [list(backends.list_of_moto_modules()) for _ in range(2)] == [by_moto, by_moto]
    assert isinstance(backends.list_of_moto_modules(), Iterator)


def test_the_shortcuts_are_undone() -> None:
    stock = BotocoreStubber.process_request
    with running():
        assert BotocoreStubber.process_request is not stock
    assert BotocoreStubber.process_request is stock


def test_the_names_of_events_are_those_that_botocore_finds() -> None:
    names = [f"before-call.{service}.Any" for service in (*EVENT_ALIASES, "s3", "route-53-resolver")]
    by_botocore = [EventAliaser(HierarchicalEmitter())._alias_event_name(name) for name in names]
    with running():
        for _ in range(2):
            shared = EventAliaser(HierarchicalEmitter())
            assert [shared._alias_event_name(name) for name in names] == by_botocore
        other = EventAliaser(HierarchicalEmitter(), {"s3": "else"})
        assert other._alias_event_name("before-call.s3.Any") == "before-call.else.Any"
