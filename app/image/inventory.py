"""The SBOM in CycloneDX 1.6: wheels and npm's packages with their checksums, Debian's packages behind the libraries,
Python itself.
"""

from __future__ import annotations

import base64
import json
import platform
import re
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from wheels import Wheel

STATUS, LISTS = Path("/var/lib/dpkg/status"), Path("/var/lib/dpkg/info")


def bill_of_materials(
    name: str, version: str, wheels: Iterable[Wheel], files: Iterable[Path], rds_sha256: str, *, ui: Path
) -> dict[str, Any]:
    """The document. It holds no time and no random number, so that two builds give one image.

    `ui` is the web interface's folder, with its lock and what was built.
    """
    components = [
        {
            "type": "application",
            "name": "cpython",
            "version": platform.python_version(),
            "purl": f"pkg:generic/cpython@{platform.python_version()}",
            "licenses": [{"license": {"id": "PSF-2.0"}}],
        },
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
    components = []
    for paragraph in STATUS.read_text().split("\n\n"):
        fields = dict(re.findall(r"^(Package|Version|Architecture): (.+)$", paragraph, re.MULTILINE))
        if fields.get("Package") in owners:
            purl = f"pkg:deb/debian/{fields['Package']}@{fields['Version']}?arch={fields['Architecture']}"
            components.append(
                {"type": "library", "name": fields["Package"], "version": fields["Version"], "purl": purl}
            )
    return sorted(components, key=lambda one: one["purl"])


def _without_usr(path: Path) -> str:
    """/lib is /usr/lib, whichever of them a package was made with."""
    return str(path).removeprefix("/usr")
