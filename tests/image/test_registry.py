"""Images pushed to and copied between real registries: the digest is the name, and it never changes."""

import hashlib
import json
import re
import tarfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import moto
import pytest
from click.testing import CliRunner, Result

from operations.image import registry, tools
from operations.main import main
from rehearsal.image.archive import Image
from tests.image import registries
from tests.image.archives import GZIP, PLAIN, layer, write_archive

pytestmark = pytest.mark.lengthy

MISSING = "sha256:" + "1" * 64
ASKED_OF_AWS = registry._token


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with registries.registry(tmp_path_factory.mktemp("first") / "registry") as host:
        yield host


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with registries.registry(tmp_path_factory.mktemp("second") / "registry") as host:
        yield host


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Another image for each test."""
    return write_archive(tmp_path / "workbuoy-app-x86_64.tar", layer(name=tmp_path.name))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["image", *map(str, arguments)])


def manifest(host: str, digest: str) -> bytes:
    kinds = "application/vnd.oci.image.manifest.v1+json"
    asked = urllib.request.Request(f"http://{host}/v2/workbuoy/manifests/{digest}", headers={"Accept": kinds})
    with urllib.request.urlopen(asked, timeout=60) as answer:  # noqa: S310 loopback
        return bytes(answer.read())


def pushed(archive: Path, host: str) -> dict[str, Any]:
    result = run("push", archive, f"{host}/workbuoy", "--json")
    assert result.exit_code == 0, result.stderr
    (facts,) = json.loads(result.stdout)["images"]
    assert isinstance(facts, dict)
    return facts


def test_what_was_pushed_is_there_under_its_digest(archive: Path, first: str) -> None:
    facts = pushed(archive, first)
    assert facts["moved"] is True
    content = manifest(first, facts["digest"])
    assert f"sha256:{hashlib.sha256(content).hexdigest()}" == facts["digest"]
    assert json.loads(content)["config"]["digest"] == Image.read(archive).id


def test_pushing_again_sends_nothing(archive: Path, first: str) -> None:
    before = pushed(archive, first)
    assert pushed(archive, first) == {**before, "moved": False}


def test_dockers_plain_layers_are_compressed_once(tmp_path: Path, first: str, second: str) -> None:
    plain = write_archive(tmp_path / "plain.tar", layer(name="x" * 10_000), kind=PLAIN)
    facts = pushed(plain, first)
    (held,) = json.loads(manifest(first, facts["digest"]))["layers"]
    assert held["mediaType"] == GZIP
    assert held["size"] < 2_000
    assert pushed(plain, first)["moved"] is False
    assert pushed(plain, second)["digest"] == facts["digest"]


def test_what_was_kept_gives_every_registry_the_same_digest(tmp_path: Path, first: str, second: str) -> None:
    plain = write_archive(tmp_path / "plain.tar", layer(name="kept"), kind=PLAIN)
    kept = tmp_path / "kept" / "image.tar"
    kept.parent.mkdir()
    result = run("push", plain, f"{first}/workbuoy", "--keep", kept, "--json")
    assert result.exit_code == 0, result.stderr
    (facts,) = json.loads(result.stdout)["images"]
    (entry,) = json.loads(_index(kept))["manifests"]
    assert entry["digest"] == facts["digest"]
    again = run("push", kept.parent, f"{second}/workbuoy", "--digest", facts["digest"])
    assert again.stdout == f"{second}/workbuoy@{facts['digest']}\n"
    assert Image.read(kept).id == Image.read(plain).id


def _index(archive: Path) -> bytes:
    with tarfile.open(archive) as tar:
        file = tar.extractfile("index.json")
        assert file
        return file.read()


def test_an_image_other_than_the_one_named_is_not_pushed(archive: Path, first: str) -> None:
    result = run("push", archive, f"{first}/elsewhere", "--digest", MISSING)
    assert result.exit_code == 1
    assert f"not {MISSING}; nothing was pushed" in result.stderr
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"http://{first}/v2/elsewhere/tags/list", timeout=60)


def test_an_archive_is_not_kept_where_there_is_no_folder(archive: Path) -> None:
    result = run("push", archive, "127.0.0.1:9/workbuoy", "--keep", archive.parent / "nowhere" / "image.tar")
    assert result.exit_code == 1
    assert "make it first" in result.stderr


def test_a_copy_keeps_the_digest_everywhere(archive: Path, first: str, second: str) -> None:
    digest = pushed(archive, first)["digest"]
    source, targets = f"{first}/workbuoy@{digest}", [f"{second}/workbuoy", f"{second}/other/workbuoy"]
    result = run("copy", source, *targets)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines() == [f"{target}@{digest}" for target in targets]
    assert manifest(second, digest) == manifest(first, digest)
    again = run("copy", source, *targets, "--json")
    assert [one["moved"] for one in json.loads(again.stdout)["images"]] == [False, False]


def test_an_image_that_is_not_there_cannot_be_copied(first: str, second: str) -> None:
    result = run("copy", f"{first}/workbuoy@{MISSING}", f"{second}/workbuoy")
    assert result.exit_code == 1
    assert "there is no such image" in result.stderr


@pytest.mark.parametrize("source", ["registry.example/workbuoy:latest", "registry.example/workbuoy@sha256:12", "@"])
def test_an_image_without_a_digest_is_not_copied(source: str) -> None:
    result = run("copy", source, "registry.example/other")
    assert result.exit_code == 1
    assert "name the image by its digest" in result.stderr


@pytest.mark.parametrize("repository", ["workbuoy", "https://registry.example/workbuoy", "-x/y", "a/b@sha256:1"])
def test_what_is_no_repository_is_refused_before_anything_is_read(repository: str, archive: Path) -> None:
    result = run("push", "--", archive, repository)
    assert result.exit_code == 1
    assert "is no repository such as" in result.stderr


def test_a_folder_must_hold_exactly_one_archive(archive: Path, first: str) -> None:
    assert run("push", archive.parent, f"{first}/workbuoy").exit_code == 0
    write_archive(archive.parent / "another.tar", layer())
    result = run("push", archive.parent, f"{first}/workbuoy")
    assert result.exit_code == 1
    assert "it holds another.tar, workbuoy-app-x86_64.tar" in result.stderr


def test_a_registry_that_does_not_answer_ends_in_one_line(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registries.need_tools()
    monkeypatch.setattr(registry, "RETRIES", 0)
    result = run("push", archive, "127.0.0.1:9/workbuoy")
    assert result.exit_code == 4
    assert "connection refused" in result.stderr
    assert "Traceback" not in result.stderr


def test_without_skopeo_one_line_says_what_to_install(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    result = run("push", archive, "127.0.0.1:9/workbuoy")
    assert (result.exit_code, result.stderr) == (4, "error: moving images needs skopeo: apt-get install skopeo\n")


def test_the_outputs_name_repository_and_digest(archive: Path, first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = archive.parent / "outputs"
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    result = run("push", archive, f"{first}/workbuoy", "--github-output")
    assert result.exit_code == 0, result.stderr
    digest = result.stdout.strip().partition("@")[2]
    assert outputs.read_text() == f"repository={first}/workbuoy\ndigest={digest}\n"


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A registry that takes ECR's token alone, taken for one of Amazon's in eu-west-1."""
    monkeypatch.setattr(registry, "ECR_HOST", re.compile(r"127\.0\.0\.1:\d+()"))
    monkeypatch.setattr(registry, "_token", lambda _: _moto_token())
    with registries.registry(tmp_path / "closed", closed=True) as host:
        yield host


def _moto_token() -> str:
    with pytest.MonkeyPatch.context() as patch, moto.mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        return ASKED_OF_AWS("eu-west-1")


def test_amazons_token_opens_a_closed_registry_and_stays_out_of_sight(closed: str, archive: Path) -> None:
    with pytest.raises(urllib.error.HTTPError, match="401"):
        manifest(closed, MISSING)
    seen: list[list[str]] = []
    run_tool = tools.run
    with pytest.MonkeyPatch.context() as patch:

        def watched(command: list[str], *rest: Any) -> str:
            seen.append(command)
            return run_tool(command, *rest)

        patch.setattr(registry, "run", watched)
        result = run("push", archive, f"{closed}/workbuoy")
    assert result.exit_code == 0, result.stderr
    words = " ".join(word for command in seen for word in command)
    assert "auth-token" not in words + result.output
    files = [word.partition("=")[2] for command in seen for word in command if word.startswith("--authfile=")]
    assert files
    assert not any(Path(file).exists() for file in files)


def test_amazons_login_takes_nobody_elses_place(
    closed: str, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy from a registry to which the caller is signed in, into one of Amazon's."""
    with registries.registry(tmp_path / "others", closed=True) as other:
        own = tmp_path / "own.json"
        own.write_text(json.dumps({"auths": {other: {"auth": _moto_token()}}}))
        monkeypatch.setenv("REGISTRY_AUTH_FILE", str(own))
        monkeypatch.setattr(registry, "ECR_HOST", re.compile(f"{re.escape(closed)}()"))
        digest = pushed(archive, other)["digest"]
        result = run("copy", f"{other}/workbuoy@{digest}", f"{closed}/workbuoy")
    assert (result.exit_code, result.stdout) == (0, f"{closed}/workbuoy@{digest}\n"), result.stderr


def test_without_credentials_the_login_is_missing_in_one_line(monkeypatch: pytest.MonkeyPatch, archive: Path) -> None:
    registries.need_tools()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    result = run("push", archive, "210000000001.dkr.ecr.eu-west-1.amazonaws.com/workbuoy")
    assert result.exit_code == 4
    assert (
        "AWS gives no login to the registry in eu-west-1: Unable to locate credentials; sign in first" in result.stderr
    )
