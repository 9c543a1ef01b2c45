"""Content goes again: an attachment is deleted, and an upload that breaks off leaves nothing behind."""

from contextlib import closing, suppress
from urllib.parse import urlsplit

from rehearsal.service.browser import connection_to, fetch
from rehearsal.service.trial import Trial, expect, until

BROKEN_OFF_BYTES, SENT_BYTES = 24 << 20, 20 << 20  # more than two of the service's parts, and less than was promised
WAIT_SECONDS = 15
CONTENT = b"deleted soon"


def remove_attachment(trial: Trial) -> str:
    """A deleted attachment's object is gone; the parts of an upload that broke off are taken back."""
    path = f"{trial.thing_path}/attachments"
    made = expect(trial.member.send("POST", f"{path}?name=gone.txt", CONTENT, "text/plain"), 201).json()
    address = expect(trial.member.send("GET", f"{path}/{made['id']}/content"), 307).headers["location"]
    expect(trial.member.send("DELETE", f"{path}/{made['id']}"), 204)
    still = f"the object of a deleted attachment is still there after {WAIT_SECONDS} s"
    until(lambda: fetch(address).body != CONTENT, WAIT_SECONDS, still, trial.service)
    _break_off(trial, f"{path}?name=broken.bin")
    asked = "s3:AbortMultipartUpload"
    until(
        lambda: any(one.requested.action == asked for one in list(trial.gate.judgements)),
        WAIT_SECONDS,
        f"an upload that broke off was not aborted within {WAIT_SECONDS} s",
        trial.service,
    )
    return "deleted, and an upload that broke off aborted"


def _break_off(trial: Trial, path: str) -> None:
    public = urlsplit(trial.member.public_url)
    head = {
        "Host": public.netloc,
        "Origin": f"{public.scheme}://{public.netloc}",
        "Cookie": "; ".join(f"{name}={value}" for name, value in trial.member.cookies.items()),
        "Content-Type": "application/octet-stream",
        "Content-Length": str(BROKEN_OFF_BYTES),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    before = _puts(trial)
    with closing(connection_to(trial.member.target)) as connection:
        connection.connect()
        connection.sock.sendall(f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode())
        with suppress(ConnectionError):  # what was refused is told by what did not begin
            connection.sock.sendall(bytes(SENT_BYTES))
        until(lambda: _puts(trial) > before, WAIT_SECONDS, "an upload in parts did not begin", trial.service)


def _puts(trial: Trial) -> int:
    return sum(one.requested.action == "s3:PutObject" for one in list(trial.gate.judgements))
