"""Small archives made for tests."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIGURATION = "application/vnd.oci.image.config.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
PLAIN, GZIP = "application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.v1.tar+gzip"


def layer(**files: str) -> bytes:
    """Files by name, and one link to an absolute path."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/inside"
        tar.addfile(link)
    return content.getvalue()


def write_archive(
    file: Path,
    *layers: bytes,
    kind: str = GZIP,
    manifests: int = 1,
    media_type: str = MANIFEST,
    user: str = "10001:10001",
    labels: Mapping[str, str] | None = None,
) -> Path:
    """An image of these layers."""
    blobs: dict[str, bytes] = {}

    def add(blob: bytes) -> dict[str, Any]:
        digest = hashlib.sha256(blob).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = blob
        return {"digest": f"sha256:{digest}", "size": len(blob)}

    run = {"User": user, "Env": ["PATH=/usr/bin"], "Labels": dict(labels or {})}
    config = {"os": "linux", "architecture": "amd64", "config": run}
    manifest = {
        "schemaVersion": 2,
        "config": {"mediaType": CONFIGURATION, **add(json.dumps(config).encode())},
        "layers": [{"mediaType": kind, **add(gzip.compress(one) if kind == GZIP else one)} for one in layers],
    }
    entry = {"mediaType": media_type, **add(json.dumps(manifest).encode())}
    blobs["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [entry] * manifests}).encode()
    with tarfile.open(file, "w") as tar:
        for name, blob in blobs.items():
            member = tarfile.TarInfo(name)
            member.size = len(blob)
            tar.addfile(member, io.BytesIO(blob))
    return file
