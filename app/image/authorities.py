"""The CA file: the public roots of certifi, then those of RDS; nothing of the machine that builds."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

CA_FILE = "etc/ssl/certs/ca-certificates.crt"
RDS_SHA256 = "7dbb082bbe632b8a25b598fd194ce5ff96e46c09a40bf8c606dc803884e3cb5d"


def install(root: Path, wheelhouse: Path, rds_roots: Path) -> Path:
    (
        """Write the file; gives back the wheel of the public roots.

    Raises ValueError where RDS's roots are not those that README.md names.
    """
        ""
    )
    rds = rds_roots.read_bytes()
    if (found := hashlib.sha256(rds).hexdigest()) != RDS_SHA256:
        raise ValueError(f"{rds_roots.name} has checksum {found}, not {RDS_SHA256}")
    (certifi,) = wheelhouse.glob("certifi-*.whl")
    with zipfile.ZipFile(certifi) as wheel:
        public = wheel.read("certifi/cacert.pem")
    file = root / CA_FILE
    file.parent.mkdir(parents=True)
    file.write_bytes(public.strip() + b"\n\n" + rds)
    return certifi


def replace_others(packages: Path) -> None:
    """botocore and certifi, which the exporter of spans asks, bring roots of their own; one file serves all."""
    for name in ("botocore", "certifi"):
        own = packages / name / "cacert.pem"
        own.unlink()
        own.symlink_to(f"/{CA_FILE}")
