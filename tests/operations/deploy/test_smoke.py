"""The smoke test speaks to a real server over TLS."""

import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from operations.deploy.smoke import smoke, url_of
from operations.engine.errors import FailedError

Serve = Callable[[dict[str, list[int]]], str]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost, with its key, that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def serve(certificate: Path) -> Iterator[Serve]:
    """Serve paths, each with statuses that come one after the other; the last one stays."""
    servers: list[ThreadingHTTPServer] = []

    def start(answers: dict[str, list[int]]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                statuses = answers.get(self.path, [404])
                self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
                self.send_header("Location", "/healthz")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return f"https://localhost:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def tried(url: str, certificate: Path | None, timeout_seconds: float = 1) -> list[str]:
    told: list[str] = []
    trust = ssl.create_default_context(cafile=certificate) if certificate else None
    answers = smoke("dev", url, notify=told.append, timeout_seconds=timeout_seconds, pause_seconds=0.01, trust=trust)
    assert [(one.path, one.status) for one in answers] == [("/healthz", 200), ("/readyz", 200)]
    return told


def test_a_service_that_answers_passes_over_tls(serve: Serve, certificate: Path) -> None:
    assert tried(serve({"/healthz": [200], "/readyz": [200]}), certificate) == []


def test_a_service_that_becomes_ready_passes_and_the_wait_is_reported(serve: Serve, certificate: Path) -> None:
    told = tried(serve({"/healthz": [503, 200], "/readyz": [503, 503, 200]}), certificate)
    assert [one.partition(";")[0] for one in told] == ["dev: /healthz answered 503", "dev: /readyz answered 503"]


@pytest.mark.parametrize("status", [503, 404, 301, 500])
def test_a_service_that_never_answers_200_fails(serve: Serve, certificate: Path, status: int) -> None:
    with pytest.raises(
        FailedError, match=rf"/readyz answered {status}; `aws logs tail /workbuoy/workbuoy-dev/service`"
    ):
        tried(serve({"/healthz": [200], "/readyz": [status]}), certificate, timeout_seconds=0.05)


def test_a_certificate_that_nobody_vouches_for_fails(serve: Serve) -> None:
    with pytest.raises(FailedError, match=r"(?i)certificate verify failed"):
        tried(serve({"/healthz": [200], "/readyz": [200]}), None, timeout_seconds=0.05)


def test_nobody_there_fails_and_names_the_allowed_networks() -> None:
    with pytest.raises(FailedError, match=r"cannot be reached: Connection refused.*allowedCidrBlocks of dev"):
        tried("https://localhost:1", None, timeout_seconds=0.01)


@pytest.mark.parametrize("outputs", [{}, {"url": None}, {"url": "file:///etc/passwd"}, {"url": "s3://bucket"}])
def test_only_a_web_address_is_tried(outputs: dict[str, object]) -> None:
    with pytest.raises(FailedError, match="has no output url"):
        url_of("dev", outputs)
