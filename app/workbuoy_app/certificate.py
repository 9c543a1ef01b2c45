"""TLS with a certificate that the process makes for itself and that nobody checks.

It is for the way between a load balancer and its targets: that of AWS encrypts to a target and does not validate the
certificate, so one of the process's own serves as well as any, and there is none to renew, to hand out or to steal.
Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html
(routing configuration). The key stays in memory: the image's file system is read-only, and OpenSSL reads files alone.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

VALID = timedelta(days=3650)  # longer than any task runs; the load balancer does not ask


def self_signed() -> ssl.SSLContext:
    """A server's context with a new key and certificate, TLS 1.2 or newer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with _only_in_memory(_key_and_certificate()) as path:
        context.load_cert_chain(path)
    return context


def _key_and_certificate() -> bytes:
    # 40 ms that only who serves TLS shall pay for
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "workbuoy-app")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALID)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return secret + certificate.public_bytes(pem)


@contextmanager
def _only_in_memory(content: bytes) -> Iterator[str]:
    """A path to this content: no file where the system has memory that looks like one, which is Linux."""
    if hasattr(os, "memfd_create"):
        number = os.memfd_create("certificate")
        try:
            os.write(number, content)
            yield f"/proc/self/fd/{number}"
        finally:
            os.close(number)
    else:
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            yield file.name
