"""A request as a web server hands it over (PEP 3333), read so that nothing in it can be meant twice."""

from collections import Counter
from typing import Final
from urllib.parse import parse_qsl
from wsgiref.types import WSGIEnvironment

from rehearsal.permissions.request import HttpRequest

LOOPBACK: Final = ("127.0.0.1", "localhost")
# How a request that was signed beforehand carries its signature; other `x-amz-` parameters are headers by another way.
_SIGNATURE: Final = frozenset(
    {"x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-security-token"}
    | {"x-amz-signature", "x-amz-signedheaders"}
)
_NAMES_THE_OPERATION: Final = "x-id"  # which botocore adds for its own logs


class UnreadableError(Exception):
    """A request that could be read in two ways, or names its bucket where the gate does not look."""


def credential_of(environ: WSGIEnvironment) -> str:
    """Where a signed request names its key: in its header, or in its address where it was signed beforehand.

    Raises:
        UnreadableError: in both.
    """
    presigned = dict(parse_qsl(environ.get("QUERY_STRING", ""))).get("X-Amz-Credential")
    header = str(environ.get("HTTP_AUTHORIZATION", ""))
    if presigned and header:
        raise UnreadableError("the request is signed twice")
    return f"Credential={presigned}" if presigned else header


def http_request(environ: WSGIEnvironment, body: bytes, *, service: str, region: str) -> HttpRequest:
    """The parts of a request that say what it asks for.

    Raises:
        UnreadableError: a parameter or header stands twice, or the host is another than this machine's: S3 reads a
            bucket from there.
    """
    host = str(environ.get("HTTP_HOST", LOOPBACK[0])).partition(":")[0]
    if host not in LOOPBACK:
        raise UnreadableError(f"requests to the host {host} are not judged")
    headers = {name[5:].replace("_", "-").lower(): str(value) for name, value in environ.items() if name[:5] == "HTTP_"}
    given = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    query: dict[str, str] = {}
    for name, value in given:
        lower = name.lower()
        if lower in _SIGNATURE or lower == _NAMES_THE_OPERATION or lower.startswith("response-"):
            continue
        if lower.startswith("x-amz-"):
            if lower in headers:
                raise UnreadableError(f"{name} stands in the address and in the headers")
            headers[lower] = value
        else:
            query[name] = value
    twice = [name for name, times in Counter(name for name, _ in given).items() if times > 1]
    if twice:
        raise UnreadableError(f"{', '.join(twice)} stands twice in the address")
    return HttpRequest(
        service=service,
        region=region,
        method=str(environ["REQUEST_METHOD"]),
        path=str(environ["PATH_INFO"]).encode("latin-1").decode("utf-8", errors="replace"),
        query=query,
        headers=headers,
        body=body,
    )
