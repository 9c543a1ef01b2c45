"""The SBOM as a scanner reads it, made from a small base and small wheels."""

import importlib
import json
import platform
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.image.conftest import APP

STATUS = """\
Package: libssl3t64
Source: openssl
Version: 3.5.9-1~deb13u1
Architecture: amd64

Package: libgcc-s1
Source: gcc-14 (14.2.0-19)
Version: 1:14.2.0-19+b1
Architecture: amd64

Package: python3.13-minimal
Source: python3.13
Version: 3.13.5-2+deb13u5
Architecture: amd64
"""
SBOM = {
    "bomFormat": "CycloneDX",
    "metadata": {"component": {"type": "library", "name": "small", "purl": "pkg:pypi/small@1.0?file_name=small.whl"}},
    "components": [
        {"type": "library", "name": "small", "version": "1.0", "purl": "pkg:pypi/small@1.0?file_name=small.whl"},
        {"type": "library", "name": "small-core", "version": "1.0", "purl": "pkg:cargo/small-core@1.0?download_url=file://."},
        {"type": "library", "name": "openssl", "version": "4.0.3", "purl": "pkg:generic/openssl@4.0.3", "bom-ref": "x"},
        {"type": "library", "name": "vendored", "version": "2.0", "purl": "pkg:pypi/vendored@2.0"},
    ],
}  # fmt: skip


@pytest.fixture
def inventory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModuleType]:
    """The module, which runs in the build stage alone, in a Debian of three packages."""
    monkeypatch.syspath_prepend(str(APP / "image"))
    module = importlib.import_module("inventory")
    lists = tmp_path / "info"
    lists.mkdir()
    (lists / "libssl3t64:amd64.list").write_text("/usr/lib/libssl.so.3\n")
    (lists / "libgcc-s1.list").write_text("/usr/lib/libgcc_s.so.1\n")
    (lists / "python3.13-minimal.list").write_text("/usr/bin/python3.13\n")
    (tmp_path / "status").write_text(STATUS)
    monkeypatch.setattr(module, "STATUS", tmp_path / "status")
    monkeypatch.setattr(module, "LISTS", lists)
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: {"ID": "debian", "VERSION_ID": "13"})
    yield module
    for name in ("inventory", "wheels"):
        sys.modules.pop(name)


@pytest.fixture
def ui(tmp_path: Path) -> Path:
    (tmp_path / "ui/dist").mkdir(parents=True)
    (tmp_path / "ui/package-lock.json").write_text('{"packages": {}}')
    (tmp_path / "ui/dist/packages.json").write_text("[]")
    return tmp_path / "ui"


def document(inventory: ModuleType, ui: Path, *files: str, wheels: Any = ()) -> dict[str, Any]:
    made: dict[str, Any] = inventory.bill_of_materials("app", "1", wheels, map(Path, files), "0", ui=ui)
    return {one["name"]: one for one in made["components"]}


def test_a_package_of_debians_names_release_and_source_by_which_its_advisories_are_found(
    inventory: ModuleType, ui: Path
) -> None:
    found = document(inventory, ui, "/lib/libssl.so.3", "/usr/lib/libgcc_s.so.1")
    assert found["libssl3t64"]["purl"] == (
        "pkg:deb/debian/libssl3t64@3.5.9-1~deb13u1?arch=amd64&distro=debian-13&upstream=openssl"
    )
    assert found["libgcc-s1"]["purl"] == (
        "pkg:deb/debian/libgcc-s1@1:14.2.0-19%2Bb1?arch=amd64&distro=debian-13&upstream=gcc-14%4014.2.0-19"
    )
    assert "python3.13-minimal" not in found


@pytest.mark.parametrize(("place", "named"), [("/usr/bin/python3.13", False), ("/usr/local/bin/python3.13", True)])
def test_a_python_that_no_package_brought_is_known_by_its_cpe(
    inventory: ModuleType, ui: Path, monkeypatch: pytest.MonkeyPatch, place: str, named: bool
) -> None:
    monkeypatch.setattr(sys, "executable", place)
    version = platform.python_version()
    expected = f"cpe:2.3:a:python:python:{version}:*:*:*:*:*:*:*" if named else None
    assert document(inventory, ui)["cpython"].get("cpe") == expected


def test_what_a_wheel_carries_of_others_is_listed_with_it(inventory: ModuleType, ui: Path, tmp_path: Path) -> None:
    file = tmp_path / "small-1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as wheel:
        wheel.writestr("small-1.0.dist-info/METADATA", "Name: small\nVersion: 1.0\n")
        wheel.writestr("small-1.0.dist-info/sboms/a.json", json.dumps(SBOM))
        wheel.writestr("small-1.0.dist-info/sboms/b.json", json.dumps(SBOM))
    described = importlib.import_module("wheels").describe(file)
    assert document(inventory, ui, wheels=[described])["small"]["components"] == [
        {"type": "library", "name": "openssl", "version": "4.0.3", "purl": "pkg:generic/openssl@4.0.3"},
        {"type": "library", "name": "vendored", "version": "2.0", "purl": "pkg:pypi/vendored@2.0"},
    ]


def test_a_library_that_a_wheel_bundles_is_listed_by_its_checksum_and_by_the_version_that_it_says(
    inventory: ModuleType, ui: Path, tmp_path: Path
) -> None:
    file = tmp_path / "small-1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as wheel:
        wheel.writestr("small-1.0.dist-info/METADATA", "Name: small\nVersion: 1.0\n")
        wheel.writestr("small.libs/libcrypto-0a.so.3", b"\0OpenSSL 3.5.9 29 Sep 2026\0")
        wheel.writestr("small.libs/libssl-0b.so.3", b"\0OpenSSL/%s\0")
        wheel.writestr("small.libs/libkrb5-0c.so.3.3", b"\0KRB5_BRAND: krb5-1.22.2-final 1.22.2 20260129\0")
        wheel.writestr("small/_small.so", b"OpenSSL 1.0.0 1")
    described = importlib.import_module("wheels").describe(file)
    found = {one["name"]: one for one in document(inventory, ui, wheels=[described])["small"]["components"]}
    assert set(found) == {
        *("small.libs/libcrypto-0a.so.3", "small.libs/libssl-0b.so.3", "small.libs/libkrb5-0c.so.3.3"),
        *("openssl", "krb5"),
    }
    assert len(found["small.libs/libssl-0b.so.3"]["hashes"][0]["content"]) == 64
    assert (found["openssl"]["version"], found["openssl"]["cpe"]) == (
        "3.5.9",
        "cpe:2.3:a:openssl:openssl:3.5.9:*:*:*:*:*:*:*",
    )
    assert found["krb5"]["cpe"] == "cpe:2.3:a:mit:kerberos_5:1.22.2:*:*:*:*:*:*:*"
