"""The wheels of the lock, unpacked as pip would, without what only developers need."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path
from typing import Any

SERVICES = ("s3", "secretsmanager")  # of botocore's 400; workbuoy_app/aws.py makes clients of these alone
CLIENT_FILES = ("service-2*", "endpoint-rule-set-1*", "paginators-1*", "waiters-2*")
BOTOCORE_FILES = ("_retry.json", "endpoints.json", "partitions.json", "sdk-default-configuration.json")
# Sources of compiled modules, types for editors, and tests: nothing loads them.
LEFT_OUT = (
    "*.pyx",
    "*.pxd",
    "*.pxi",
    "*.c",
    "*.h",
    "*.cpp",
    "*.hpp",
    "*.pyi",
    "py.typed",
    "RECORD",
    "REQUESTED",
)
FOLDERS_LEFT_OUT = (
    *("alembic/testing", "alembic/templates", "simplejson/tests", "sqlalchemy/testing"),
    *(f"sqlalchemy/dialects/{other}" for other in ("mssql", "mysql", "oracle")),
)
# What libraries say of their version, of those that advisories are about: pattern, name, CPE's vendor and product.
BANNERS = {
    re.compile(rb"\bOpenSSL (\d+\.\d+\.\d+) \d"): ("openssl", "openssl:openssl"),
    re.compile(rb"\bkrb5-(\d+\.\d+(?:\.\d+)?)-final\b"): ("krb5", "mit:kerberos_5"),
}


@dataclass(frozen=True)
class Wheel:
    """One distribution as the SBOM names it; `carried` is what it holds of others."""

    name: str
    version: str
    licence: str
    sha256: str
    carried: tuple[dict[str, Any], ...]


def install(wheelhouse: Path, target: Path) -> list[Wheel]:
    """Unpack every wheel into `target`. Raises ValueError where one brings what has no place there."""
    target.mkdir(parents=True)
    files = sorted(wheelhouse.glob("*.whl"))
    if not files:
        raise ValueError("the wheelhouse is empty")
    wheels = [_install(file, target) for file in files]
    _trim(target)
    return wheels


def describe(file: Path) -> Wheel:
    """What a wheel says of itself."""
    with zipfile.ZipFile(file) as archive:
        (metadata,) = [
            name
            for name in archive.namelist()
            if name.endswith(".dist-info/METADATA") and name.count("/") == 1
        ]
        headers = Parser().parsestr(archive.read(metadata).decode(), headersonly=True)
        found = (*_carried(archive), *_bundled(archive))
        carried = {(one["name"], one.get("version", "")): one for one in found}
    first_line = (headers["License"] or "").strip().partition("\n")[0]
    return Wheel(
        name=headers["Name"],
        version=headers["Version"],
        licence=headers["License-Expression"] or first_line,
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        carried=tuple(carried[name] for name in sorted(carried)),
    )


def _carried(archive: zipfile.ZipFile) -> Iterator[dict[str, Any]]:
    """Libraries and crates that were compiled in, as its own SBOM says, without the wheel itself.

    Source: https://peps.python.org/pep-0770/
    """
    for name in archive.namelist():
        if re.fullmatch(r"[^/]+\.dist-info/sboms/[^/]+\.json", name):
            document = json.loads(archive.read(name))
            itself = document.get("metadata", {}).get("component", {}).get("purl")
            for one in document.get("components", ()):
                purl = one.get("purl", "")
                if purl != itself and not re.search(r"[?&]download_url=file:", purl):
                    yield {
                        key: one[key] for key in ("type", "name", "version", "purl", "hashes") if key in one
                    }


def _bundled(archive: zipfile.ZipFile) -> Iterator[dict[str, Any]]:
    """Shared libraries of others that the wheel brings as files, which its own SBOM seldom says."""
    for name in archive.namelist():
        if re.fullmatch(r"[^/]+\.libs/[^/]+\.so[^/]*", name):
            content = archive.read(name)
            digest = hashlib.sha256(content).hexdigest()
            yield {"type": "file", "name": name, "hashes": [{"alg": "SHA-256", "content": digest}]}
            for banner, (library, product) in BANNERS.items():
                if said := banner.search(content):
                    version = said[1].decode()
                    yield {
                        "type": "library",
                        "name": library,
                        "version": version,
                        "purl": f"pkg:generic/{library}@{version}",
                        "cpe": f"cpe:2.3:a:{product}:{version}:*:*:*:*:*:*:*",
                    }


def _install(file: Path, target: Path) -> Wheel:
    with zipfile.ZipFile(file) as archive:
        archive.extractall(target)
    for data in target.glob("*.data"):
        for kind in data.iterdir():
            if kind.name in {"purelib", "platlib"}:
                shutil.copytree(kind, target, dirs_exist_ok=True)
        shutil.rmtree(data)  # commands, headers and manual pages
    if found := [path.name for path in target.glob("*.pth")]:
        raise ValueError(f"{file.name} needs {found[0]}, which the image's Python does not read")
    return describe(file)


def _trim(target: Path) -> None:
    for pattern in LEFT_OUT:
        for path in target.rglob(pattern):
            path.unlink()
    for folder in FOLDERS_LEFT_OUT:
        shutil.rmtree(target / folder, ignore_errors=True)
    shutil.rmtree(target / "bin", ignore_errors=True)
    data = target / "botocore/data"
    for path in data.iterdir():
        if path.is_dir() and path.name not in SERVICES:
            shutil.rmtree(path)
        elif path.is_file() and path.name.removesuffix(".gz") not in BOTOCORE_FILES:
            path.unlink()
    for service in SERVICES:
        for path in (data / service).glob("*/*"):
            if not any(path.match(pattern) for pattern in CLIENT_FILES):
                path.unlink()
