"""What is in the image, and what is not."""

import io
import json
import re
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from operations.image.build import sbom_of
from operations.image.wheelhouse import wanted
from rehearsal.image import Image, source_digest
from rehearsal.image.archive import OCI_NAMES, SOURCE_LABEL, this_machine
from tests.image.conftest import APP, build_here

pytestmark = pytest.mark.slow

CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
SHELLS = {"sh", "bash", "dash", "ash", "zsh", "busybox", "toybox"}
INSTALLERS = {"apt", "apt-get", "dpkg", "apk", "rpm", "pip", "pip3", "uv", "npm"}


def certificates(text: str) -> list[str]:
    return CERTIFICATE.findall(text)


def test_built_twice_it_is_one_image(image: Image, wheels: Path, tmp_path: Path) -> None:
    again = build_here(tmp_path / "two.tar", wheels)
    assert again.id == image.id
    assert again.layers == image.layers
    assert sbom_of(again.archive).read_bytes() == sbom_of(image.archive).read_bytes()


def test_it_is_under_forty_megabytes_compressed(image: Image) -> None:
    assert 10e6 < image.compressed_bytes < 40e6


def test_it_names_a_numeric_user_an_entry_point_and_the_code_that_it_is_made_from(image: Image) -> None:
    assert image.user == "10001:10001"
    assert (image.entry_point, image.command) == (["/usr/bin/workbuoy-app"], ["serve"])
    assert image.labels[SOURCE_LABEL] == source_digest(APP)


def test_it_is_one_manifest_of_one_platform_as_lambda_demands(image: Image) -> None:
    with tarfile.open(image.archive) as tar:
        index = json.load(tar.extractfile("index.json") or io.BytesIO())
    (manifest,) = index["manifests"]
    assert manifest["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    assert image.platform == f"linux/{OCI_NAMES[this_machine()]}"


def test_it_has_no_shell_no_package_manager_and_no_program_but_its_own(files: Path) -> None:
    names = {path.name for path in files.rglob("*")}
    assert not names & (SHELLS | INSTALLERS)
    assert not [path for path in files.rglob("*") if path.parent.name in {"pip", "setuptools", "ensurepip"}]
    assert sorted(path.name for path in (files / "usr/bin").iterdir()) == ["python3.13", "workbuoy-app"]


def test_nothing_is_setuid_writable_by_others_or_closed_to_any_uid(files: Path) -> None:
    for path in files.rglob("*"):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            continue
        assert not mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IWGRP | stat.S_IWOTH), path
        assert mode & stat.S_IROTH, path
        assert not stat.S_ISDIR(mode) or mode & stat.S_IXOTH, path
        assert path.lstat().st_mtime == 0, path


def test_the_ca_file_holds_the_public_roots_of_the_lock_and_rdss_and_no_other(files: Path, wheels: Path) -> None:
    held = certificates((files / "etc/ssl/certs/ca-certificates.crt").read_text())
    (certifi,) = wheels.glob("certifi-*.whl")
    with zipfile.ZipFile(certifi) as wheel:
        public = certificates(wheel.read("certifi/cacert.pem").decode())
    rds = certificates((APP / "image/rds-roots.pem").read_text())
    assert len(public) > 100
    assert len(rds) == 81
    assert sorted(held) == sorted({*public, *rds})
    for own in Path("/usr/local/share/ca-certificates").rglob("*.crt"):
        assert not set(certificates(own.read_text())) & set(held)


def test_packages_with_roots_of_their_own_trust_the_same_file(files: Path) -> None:
    for package in ("botocore", "certifi"):
        own = files / "usr/lib/workbuoy" / package / "cacert.pem"
        assert own.is_symlink()
        assert str(own.readlink()) == "/etc/ssl/certs/ca-certificates.crt"
    stores = [path for path in files.rglob("*") if path.suffix in {".pem", ".crt"} and not path.is_symlink()]
    assert stores == [files / "etc/ssl/certs/ca-certificates.crt"]


def test_local_names_need_no_dns(files: Path) -> None:
    assert "127.0.0.1 localhost" in (files / "etc/hosts").read_text()
    assert (files / "etc/nsswitch.conf").read_text() == "hosts: files dns\n"


def test_what_only_developers_run_stays_outside(files: Path) -> None:
    package = files / "usr/lib/workbuoy/workbuoy_app"
    assert (package / "cli.py").is_file()
    assert not (package / "devtools").exists()


def test_the_web_interface_is_there_compressed_and_node_is_not(files: Path) -> None:
    built = files / "usr/lib/workbuoy/workbuoy_app/ui"
    assert "/assets/" in (built / "index.html").read_text()
    scripts = list(built.glob("assets/*.js"))
    assert scripts
    assert all(script.with_name(f"{script.name}.br").is_file() for script in scripts)
    assert not [path for path in files.rglob("*") if path.name in {"node", "npm", "node_modules", "package.json"}]


def test_the_sbom_lists_every_wheel_of_the_lock_and_every_library(image: Image, files: Path) -> None:
    document = json.loads(sbom_of(image.archive).read_text())
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    listed = [component.get("purl") for component in document["components"]]
    lock = wanted((APP / "requirements.lock").read_text(), this_machine())
    assert len(lock) > 30
    for requirement in lock:
        name, _, version = requirement.partition("==")
        assert listed.count(f"pkg:pypi/{name}@{version}") == 1
    assert sum("pkg:pypi" in (purl or "") for purl in listed) == len(lock)
    sent = {component["name"] for component in document["components"] if "pkg:npm" in component.get("purl", "")}
    assert sent == {"lit", "lit-html", "lit-element", "@lit/reactive-element"}
    debian = {one["name"]: one["purl"] for one in document["components"] if "pkg:deb" in one.get("purl", "")}
    assert {"libc6", "libssl3t64", "libsqlite3-0", "libstdc++6", "python3.13-minimal"} <= set(debian)
    assert all("&distro=debian-13&upstream=" in purl for purl in debian.values())
    assert debian["libssl3t64"].endswith("&upstream=openssl")
    carried = {one["name"]: one.get("components", ()) for one in document["components"]}
    assert "openssl" in {one["name"] for one in carried["cryptography"]}
    assert {"openssl", "krb5"} <= {one["name"] for one in carried["psycopg-binary"]}
    assert json.loads((files / "usr/share/workbuoy/sbom.cdx.json").read_text()) == document
