"""The SBOM in CycloneDX 1.6: wheels and npm's packages with their checksums, what wheels say that they carry, Debian's
packages behind the libraries, Python itself.
"""

from __future__ import annotations

import base64
import json
import platform
import re
import sys
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from wheels import Wheel

STATUS, LISTS = Path("/var/lib/dpkg/status"), Path("/var/lib/dpkg/info")


def bill_of_materials(
    name: str, version: str, wheels: Iterable[Wheel], files: Iterable[Path], rds_sha256: str, *, ui: Path
) -> dict[str, Any]:
    """The document. It holds no time and no random number, so that two builds give one image.

    `ui` is the web interface's folder, with its lock and what was built.
    """
    components = [
        _python(),
        {
            "type": "file",
            "name": "rds-roots.pem",
            "hashes": [{"alg": "SHA-256", "content": rds_sha256}],
        },
        *(_wheel(wheel) for wheel in wheels),
        *_debian(files),
        *_scripts(ui),
    ]
    for component in components:
        component["bom-ref"] = component.get("purl", component["name"])
    document: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "container",
                "name": name,
                "version": version,
                "bom-ref": f"{name}@{version}",
            }
        },
        "components": components,
        "dependencies": [
            {"ref": f"{name}@{version}", "dependsOn": sorted({one["bom-ref"] for one in components})}
        ],
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document, sort_keys=True))
    return {**document, "serialNumber": f"urn:uuid:{serial}"}


def _python() -> dict[str, Any]:
    """The interpreter. One that no package brought is known to advisories by its CPE alone."""
    version = platform.python_version()
    component: dict[str, Any] = {
        "type": "application",
        "name": "cpython",
        "version": version,
        "purl": f"pkg:generic/cpython@{version}",
        "licenses": [{"license": {"id": "PSF-2.0"}}],
    }
    if not _debian([Path(sys.executable)]):
        component["cpe"] = f"cpe:2.3:a:python:python:{version}:*:*:*:*:*:*:*"
    return component


def _wheel(wheel: Wheel) -> dict[str, Any]:
    canonical = re.sub(r"[-_.]+", "-", wheel.name).lower()
    component: dict[str, Any] = {
        "type": "library",
        "name": canonical,
        "version": wheel.version,
        "purl": f"pkg:pypi/{canonical}@{wheel.version}",
        "hashes": [{"alg": "SHA-256", "content": wheel.sha256}],
    }
    if wheel.licence:
        component["licenses"] = [{"license": {"name": wheel.licence}}]
    if wheel.carried:
        component["components"] = list(wheel.carried)
    return component


def _scripts(ui: Path) -> list[dict[str, Any]]:
    """The packages whose code browsers are sent, with what the lock knows of them."""
    lock = json.loads((ui / "package-lock.json").read_text())["packages"]
    components = []
    for name in json.loads((ui / "dist/packages.json").read_text()):
        known = lock[f"node_modules/{name}"]
        algorithm, _, digest = known["integrity"].partition("-")
        component = {
            "type": "library",
            "name": name,
            "version": known["version"],
            "purl": f"pkg:npm/{name.replace('@', '%40')}@{known['version']}",
            "hashes": [
                {"alg": algorithm.upper().replace("SHA", "SHA-"), "content": base64.b64decode(digest).hex()}
            ],
        }
        if known.get("license"):
            component["licenses"] = [{"license": {"name": known["license"]}}]
        components.append(component)
    return components


def _debian(files: Iterable[Path]) -> list[dict[str, Any]]:
    """The packages that hold the copied files; empty where the base is not Debian's."""
    if not STATUS.exists():
        return []
    names = {_without_usr(path) for file in files for path in (file, file.resolve())}
    owners = {
        listing.name.removesuffix(".list").partition(":")[0]
        for listing in LISTS.glob("*.list")
        if names & {_without_usr(Path(line)) for line in listing.read_text().splitlines()}
    }
    system = platform.freedesktop_os_release()
    components = []
    for paragraph in STATUS.read_text().split("\n\n"):
        fields = dict(re.findall(r"^(Package|Version|Architecture|Source): (.+)$", paragraph, re.MULTILINE))
        if fields.get("Package") in owners:
            # By release and source package, since Debian's advisories are: a scanner finds nothing without them.
            source = re.sub(r" \((.+)\)$", r"@\1", fields.get("Source", fields["Package"]))
            purl = (
                f"pkg:deb/{system['ID']}/{quote(fields['Package'])}@{quote(fields['Version'], safe=':')}"
                f"?arch={fields['Architecture']}&distro={system['ID']}-{system['VERSION_ID']}&upstream={quote(source)}"
            )
            components.append(
                {"type": "library", "name": fields["Package"], "version": fields["Version"], "purl": purl}
            )
    return sorted(components, key=lambda one: one["purl"])


def _without_usr(path: Path) -> str:
    """/lib is /usr/lib, whichever of them a package was made with."""
    return str(path).removeprefix("/usr")
