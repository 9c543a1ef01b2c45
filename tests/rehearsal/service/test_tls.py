"""The front before Postgres lets in only TLS, and vouches only for the declared name."""

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.service.tls import SSL_REQUEST, TlsFront, tls_front

NAME = "database.example"


@pytest.fixture
def echo() -> Iterator[tuple[str, int]]:
    """A plain server that sends back what it gets."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                while piece := connection.recv(1024):
                    connection.sendall(piece)

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()
    listener.close()


@pytest.fixture
def front(tmp_path: Path, echo: tuple[str, int]) -> Iterator[TlsFront]:
    with tls_front(tmp_path, NAME, echo) as standing:
        yield standing


def connect(front: TlsFront, authority: Path, name: str) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", front.port), timeout=60)
    plain.sendall(SSL_REQUEST)
    assert plain.recv(1) == b"S"
    return ssl.create_default_context(cafile=str(authority)).wrap_socket(plain, server_hostname=name)


def test_bytes_go_both_ways_under_the_declared_name(front: TlsFront, tmp_path: Path) -> None:
    with connect(front, tmp_path / "authority.pem", NAME) as tls:
        tls.sendall(b"select 1")
        assert tls.recv(100) == b"select 1"


def test_a_browser_begins_with_tls_and_asks_for_nothing(echo: tuple[str, int], tmp_path: Path) -> None:
    with tls_front(tmp_path, NAME, echo, asked_for=False) as front:
        context = ssl.create_default_context(cafile=str(tmp_path / "authority.pem"))
        plain = socket.create_connection(("127.0.0.1", front.port), timeout=60)
        with context.wrap_socket(plain, server_hostname=NAME) as tls:
            tls.sendall(b"GET /")
            assert tls.recv(100) == b"GET /"


def test_another_name_is_not_vouched_for(front: TlsFront, tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=r"other\.example"):
        connect(front, tmp_path / "authority.pem", "other.example")


def test_a_client_without_tls_is_not_let_in(front: TlsFront) -> None:
    with socket.create_connection(("127.0.0.1", front.port), timeout=60) as plain:
        plain.sendall(b"\x00\x00\x00\x08\x00\x03\x00\x00")
        assert plain.recv(100) == b""


def test_cut_connections_end_and_new_ones_begin(front: TlsFront, tmp_path: Path) -> None:
    with connect(front, tmp_path / "authority.pem", NAME) as tls:
        tls.sendall(b"a")
        assert tls.recv(1) == b"a"
        assert front.drop_connections() == 1
        with pytest.raises((OSError, AssertionError)):
            assert tls.recv(1) != b""
    with connect(front, tmp_path / "authority.pem", NAME) as again:
        again.sendall(b"b")
        assert again.recv(1) == b"b"


def test_the_server_s_key_is_its_owner_s_alone(front: TlsFront, tmp_path: Path) -> None:
    assert front.port
    assert (tmp_path / "server.key").stat().st_mode & 0o077 == 0
