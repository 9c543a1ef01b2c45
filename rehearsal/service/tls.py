"""TLS before a Postgres or a service that has none, under the name that the stack declares for it.

The service demands `sslmode=verify-full`. An authority of this rehearsal's own vouches for the declared address, so
that the very check is tried which RDS's certificate will meet.
"""

import datetime
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SSL_REQUEST = bytes.fromhex("0000000804d2162f")  # https://www.postgresql.org/docs/current/protocol-message-formats.html
_PIECE_BYTES = 65536
_LONGEST_NAME = 64  # RFC 5280, ub-common-name


class TlsFront:
    """A listener on loopback that speaks TLS with clients and forwards to a plain server.

    Postgres's clients ask for TLS first (`asked_for`), browsers begin with it.
    """

    def __init__(self, context: ssl.SSLContext, target: tuple[str, int], *, asked_for: bool = True) -> None:
        self._context, self._target, self._asked_for = context, target, asked_for
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, name="tls-front", daemon=True).start()

    @property
    def port(self) -> int:
        """Where clients connect to."""
        return int(self._listener.getsockname()[1])

    def lead_to(self, target: tuple[str, int]) -> None:
        """Another server answers under the name from now on; who is connected to the former is cut off."""
        self._target = target
        self.drop_connections()

    def drop_connections(self) -> int:
        """Cut every connection, as a failover does; returns how many there were."""
        with self._lock:
            cut, self._open = self._open, set()
        for connection in cut:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        return len(cut)

    def close(self) -> None:
        """Accept no more, and cut what is left."""
        self._listener.close()
        self.drop_connections()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            if self._asked_for:
                if client.recv(len(SSL_REQUEST), socket.MSG_WAITALL) != SSL_REQUEST:
                    return  # whoever does without TLS is not let in: rds.force_ssl
                client.sendall(b"S")
            with (
                self._context.wrap_socket(client, server_side=True) as inner,
                socket.create_connection(self._target) as outer,
            ):
                with self._lock:
                    self._open.add(inner)
                _forward(inner, outer)
                with self._lock:
                    self._open.discard(inner)


def _forward(inner: ssl.SSLSocket, outer: socket.socket) -> None:
    """Carry bytes both ways until one side ends."""
    while True:
        waiting = [inner] if inner.pending() else select.select([inner, outer], [], [])[0]
        for source, target in ((inner, outer), (outer, inner)):
            if source in waiting:
                piece = source.recv(_PIECE_BYTES)
                if not piece:
                    return
                target.sendall(piece)


@contextmanager
def tls_front(folder: Path, host_name: str, target: tuple[str, int], *, asked_for: bool = True) -> Iterator[TlsFront]:
    """A front for one host name; `folder` gets `authority.pem`, which vouches for it, and the server's own files."""
    _write_certificates(folder, host_name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    front = TlsFront(context, target, asked_for=asked_for)
    try:
        yield front
    finally:
        front.close()


def _write_certificates(folder: Path, host_name: str) -> None:
    authority_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    # A name of its own: who trusts two authorities finds the right one by it.
    name = f"Rehearsal authority of {host_name.partition('.')[0]}"[:_LONGEST_NAME]
    authority_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    authority = (
        _certificate(authority_name, authority_name, authority_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    server_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "database")])
    server = (
        _certificate(server_name, authority_name, server_key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host_name)]), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    (folder / "authority.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    (folder / "server.pem").write_bytes(server.public_bytes(serialization.Encoding.PEM))
    key_file = folder / "server.key"
    key_file.touch(mode=0o600)
    key_file.write_bytes(
        server_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def _certificate(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
