"""Images in registries, by digest alone: pushed once, copied unchanged, looked at afterwards.

skopeo moves the bytes: it keeps digests, tries again, and speaks every registry's dialect.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from components.settings import REGION
from infra.placeholders import DIGEST
from operations.ending import Notify
from operations.image.build import move_into_place
from operations.image.tools import IMPOSSIBLE, require, run, workshop
from rehearsal.image.archive import Image, ImageError

TOOLS: Final = {"skopeo": "skopeo"}
RETRIES: Final = 3
AUTHORIZATION: Final = "authorization.json"
_REPOSITORY: Final = re.compile(r"\w[\w.-]*(:\d+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+")
_LOOPBACK: Final = re.compile(r"docker://(localhost|127\.0\.0\.1)(:\d+)?/.*")
_ERROR_MESSAGE: Final = re.compile(r'msg="((?:[^"\\]|\\.)*)"')
_ABSENT: Final = ("manifest unknown", "not found")


@dataclass(frozen=True)
class Stored:
    """An image in a repository; `moved` is False where it was there already."""

    repository: str
    digest: str
    moved: bool

    @property
    def reference(self) -> str:
        """As every registry client takes it."""
        return f"{self.repository}@{self.digest}"


def push(
    archive: Path,
    repository: str,
    *,
    digest: str | None = None,
    keep: Path | None = None,
    notify: Notify = lambda _: None,
) -> Stored:
    """Push an archive of `make image`, or the only one in a folder.

    `digest` is what the image must have. `keep` gets an archive of what was pushed: from it, every other registry gets
    the same digest, whichever skopeo pushes it. Raises ImageError.
    """
    _check_repository(repository)
    if keep is not None and not keep.absolute().parent.is_dir():
        raise ImageError(f"{keep}: there is no folder {keep.parent}; make it first")
    image = Image.read(_only_archive(archive))
    with _skopeo([repository]) as skopeo:
        notify("Reading the archive")
        layout = skopeo.folder / "layout"
        # Docker saves layers plain, which a registry may not hold: here they are compressed, once, before a digest is.
        skopeo.copy(f"reading {image.archive.name}", f"oci-archive:{image.archive}", f"oci:{layout}:image")
        (entry,) = json.loads((layout / "index.json").read_text(encoding="utf-8"))["manifests"]
        if digest not in (None, entry["digest"]):
            raise ImageError(f"{image.archive.name} holds {entry['digest']}, not {digest}; nothing was pushed")
        stored = skopeo.put(f"oci:{layout}:image", repository, entry["digest"], notify)
        if skopeo.configuration(stored.reference) != image.id:
            raise ImageError(f"{stored.reference} is not the image of {image.archive.name}: push it again", IMPOSSIBLE)
        if keep is not None:
            kept = skopeo.folder / "kept.tar"
            skopeo.copy(f"writing {keep}", f"oci:{layout}:image", f"oci-archive:{kept}:image")
            move_into_place(kept, keep)
    return stored


def copy(source: str, repositories: Sequence[str], *, notify: Notify = lambda _: None) -> list[Stored]:
    """Copy REPOSITORY@DIGEST into repositories, its digest unchanged. Raises ImageError."""
    origin, at, digest = source.partition("@")
    if not at or not DIGEST.fullmatch(digest):
        raise ImageError(f"{source}: name the image by its digest, REPOSITORY@sha256:...")
    for one in (origin, *repositories):
        _check_repository(one)
    with _skopeo([origin, *repositories]) as skopeo:
        if not skopeo.holds(origin, digest):
            raise ImageError(f"{source}: there is no such image; `workbuoy image push` puts it there")
        return [skopeo.put(f"docker://{source}", repository, digest, notify) for repository in repositories]


class _Skopeo:
    """skopeo in a folder that is gone afterwards: signed in to Amazon's registries, to others as the caller is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, doing: str, *arguments: str) -> str:
        try:
            return run(["skopeo", *arguments], self.folder, doing)
        except ImageError as error:
            message = _ERROR_MESSAGE.search(str(error))
            raise ImageError(
                f"{doing} failed: {_unescaped(message[1])}" if message else str(error), error.code
            ) from None

    def copy(self, doing: str, source: str, destination: str, *options: str) -> None:
        """From one transport to another."""
        ways = (*self._ways("src-", source), *self._ways("dest-", destination))
        self(doing, "copy", *ways, *options, f"--retry-times={RETRIES}", source, destination)

    def put(self, source: str, repository: str, digest: str, notify: Notify) -> Stored:
        """Copy unless it is there; then see that it is."""
        if self.holds(repository, digest):
            notify(f"{repository} holds it already")
            return Stored(repository, digest, moved=False)
        notify(f"Copying to {repository}")
        # A tag for people's eyes alone, made of the digest: tags never move, and two images never want one.
        destination = f"docker://{repository}:image-{digest.removeprefix('sha256:')[:16]}"
        self.copy(f"copying to {repository}", source, destination, "--preserve-digests")
        if not self.holds(repository, digest):
            raise ImageError(f"{repository} does not hold {digest} after the copy: try again", IMPOSSIBLE)
        return Stored(repository, digest, moved=True)

    def holds(self, repository: str, digest: str) -> bool:
        """Whether the registry gives back the very bytes that the digest names."""
        try:
            manifest = self._manifest(f"{repository}@{digest}")
        except ImageError as error:
            if any(word in str(error) for word in _ABSENT):
                return False
            raise
        return f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}" == digest

    def configuration(self, reference: str) -> str:
        """The digest of an image's configuration."""
        return str(json.loads(self._manifest(reference))["config"]["digest"])

    def _manifest(self, reference: str) -> str:
        place = f"docker://{reference}"
        ways = (*self._ways("", place), f"--retry-times={RETRIES}")
        return self(f"looking for {reference}", "inspect", "--raw", *ways, place)

    def _ways(self, side: str, place: str) -> Iterator[str]:
        """Registries on this machine speak HTTP; no other may. Our logins are for Amazon's alone."""
        if _LOOPBACK.fullmatch(place):
            yield f"--{side}tls-verify=false"
        if place.startswith("docker://") and ECR_HOST.fullmatch(_host(place.removeprefix("docker://"))):
            yield f"--{side}authfile={self.folder / AUTHORIZATION}"


@contextmanager
def _skopeo(repositories: Sequence[str]) -> Iterator[_Skopeo]:
    require(TOOLS, "moving images")
    with workshop() as folder:
        _write_authorization(repositories, folder / AUTHORIZATION)
        yield _Skopeo(folder)


def _host(repository: str) -> str:
    return repository.partition("/")[0]


def _unescaped(message: str) -> str:
    return message.replace('\\"', '"')


def _only_archive(path: Path) -> Path:
    if not path.is_dir():
        return path
    found = sorted(path.glob("*.tar"))
    if len(found) != 1:
        names = ", ".join(one.name for one in found) or "none"
        raise ImageError(f"{path} must hold one archive; it holds {names}: name the one to push")
    return found[0]


def _check_repository(repository: str) -> None:
    if not _REPOSITORY.fullmatch(repository):
        raise ImageError(
            f"{repository}: is no repository such as 000000000001.dkr.ecr.eu-west-1.amazonaws.com/workbuoy"
        )


ECR_HOST: Final = re.compile(rf"\d{{12}}\.dkr\.ecr\.({REGION.pattern})\.amazonaws\.com")


def _write_authorization(repositories: Iterable[str], file: Path) -> None:
    """Write a containers-auth.json(5) for those repositories that are Amazon's; no file without any.

    A token opens whatever registry of its region the caller may use, so one a region is asked for
    (https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html). Raises ImageError.
    """
    regions: dict[str, str] = {}
    for repository in repositories:
        host = _host(repository)
        if match := ECR_HOST.fullmatch(host):
            regions[host] = match[1]
    if not regions:
        return
    tokens = {region: _token(region) for region in sorted(set(regions.values()))}
    content = json.dumps({"auths": {host: {"auth": tokens[region]} for host, region in regions.items()}})
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(content)


def _token(region: str) -> str:
    import boto3  # only images in AWS need it
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = boto3.client("ecr", region_name=region).get_authorization_token()
    except (BotoCoreError, ClientError) as error:
        raise ImageError(
            f"AWS gives no login to the registry in {region}: {error}; sign in first", IMPOSSIBLE
        ) from None
    return str(answer["authorizationData"][0]["authorizationToken"])
