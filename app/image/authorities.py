"""The CA file: the public roots of certifi, then those of RDS; nothing of the machine that builds."""

from __future__ import annotations

import hashlib
from pathlib import Path

CA_FILE = "etc/ssl/certs/ca-certificates.crt"
RDS_SHA256 = "7dbb082bbe632b8a25b598fd194ce5ff96e46c09a40bf8c606dc803884e3cb5d"


def install(root: Path, packages: Path, rds_roots: Path) -> None:
    """Write the file, and let all read it: botocore and certifi bring roots of their own.

    Raises ValueError where RDS's roots are not those that README.md names.
    """
    rds = rds_roots.read_bytes()
    if (found := hashlib.sha256(rds).hexdigest()) != RDS_SHA256:
        raise ValueError(f"{rds_roots.name} has checksum {found}, not {RDS_SHA256}")
    public = (packages / "certifi/cacert.pem").read_bytes()
    file = root / CA_FILE
    file.parent.mkdir(parents=True)
    file.write_bytes(public.strip() + b"\n\n" + rds)
    for name in ("botocore", "certifi"):
        own = packages / name / "cacert.pem"
        own.unlink()
        own.symlink_to(f"/{CA_FILE}")
