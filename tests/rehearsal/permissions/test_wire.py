"""Nothing in a request can be meant twice."""

from typing import Any

import pytest

from rehearsal.permissions.request import HttpRequest
from rehearsal.permissions.wire import UnreadableError, credential_of, http_request


def read(path: str = "/files/a", query: str = "", **more: Any) -> HttpRequest:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query, "HTTP_HOST": "127.0.0.1:1", **more}
    return http_request(environ, b"", service="s3", region="eu-west-1")


def test_a_key_is_unquoted_once_by_the_server_and_never_again() -> None:
    assert read("/files/a%2Fb").path == "/files/a%2Fb"
    assert read("/files/bl\u00c3\u00a5").path == "/files/blå"


def test_a_header_that_was_moved_to_the_address_is_a_header() -> None:
    request = read(query="X-Amz-Signature=s&x-amz-acl=public-read&x-id=PutObject&versionId=1")
    assert (request.query, request.headers["x-amz-acl"]) == ({"versionId": "1"}, "public-read")


@pytest.mark.parametrize(
    ("query", "more"),
    [
        ("versionId=1&versionId=2", {}),
        ("x-amz-acl=private", {"HTTP_X_AMZ_ACL": "public-read"}),
        ("", {"HTTP_HOST": "victim.s3.amazonaws.com"}),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(query: str, more: dict[str, str]) -> None:
    with pytest.raises(UnreadableError):
        read(query=query, **more)


def test_a_request_is_signed_once() -> None:
    environ = {"QUERY_STRING": "X-Amz-Credential=A", "HTTP_AUTHORIZATION": "Credential=B"}
    with pytest.raises(UnreadableError):
        credential_of(environ)
