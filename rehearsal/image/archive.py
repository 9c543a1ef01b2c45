"""An image as it lies in its archive: an OCI layout in a tar file, as buildah and Docker write it."""

import hashlib
import json
import os
import platform
import shutil
import tarfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Architecture = Literal["arm64", "x86_64"]

# Ours (AWS's, as the stacks' settings have them) to OCI's, which are Debian's and Go's.
OCI_NAMES: Mapping[Architecture, str] = {"arm64": "arm64", "x86_64": "amd64"}
SOURCE_LABEL = "dev.workbuoy.source"
WHITEOUT = ".wh."
_BROKEN = (tarfile.TarError, EOFError, KeyError, ValueError, zlib.error)  # of what is packed, cut off or another's


class ImageError(Exception):
    """The image cannot be read, built or run; one line that says what to do. `code` is the command's exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


def this_machine() -> Architecture:
    """The architecture of this machine. Raises ImageError where images are not built for it."""
    names: dict[str, Architecture] = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
    try:
        return names[platform.machine().lower()]
    except KeyError:
        raise ImageError(f"images are built for arm64 and x86_64; this machine is {platform.machine()}") from None


def archive_of(root: Path, architecture: Architecture) -> Path:
    """Where `make image` puts the archive for an architecture."""
    return root / f"build/image/workbuoy-app-{architecture}.tar"


@dataclass(frozen=True)
class Image:
    """One single-platform image. `id` is the digest of its configuration, the same for every registry."""

    archive: Path
    id: str
    compressed_bytes: int
    layers: tuple[str, ...]
    platform: str
    user: str
    environment: Mapping[str, str]
    entry_point: Sequence[str]
    command: Sequence[str]
    labels: Mapping[str, str]

    @classmethod
    def read(cls, archive: Path) -> "Image":
        """Read manifest and configuration. Raises ImageError where there is none, or it holds several platforms."""
        if not archive.is_file():
            raise ImageError(f"there is no image {archive.name}: `make image` builds it")
        try:
            with tarfile.open(archive) as tar:
                manifests = _blob(tar, "index.json")["manifests"]
                if len(manifests) != 1 or "index" in manifests[0]["mediaType"] or "list" in manifests[0]["mediaType"]:
                    raise ImageError(f"{archive.name} is not one image of one platform, which is all that Lambda takes")
                manifest = _blob(tar, _path(manifests[0]["digest"]))
                digest = manifest["config"]["digest"]
                configuration = _blob(tar, _path(digest))
                compressed = sum(_compressed_bytes(tar, layer) for layer in manifest["layers"])
            run = configuration.get("config") or {}
            return cls(
                archive=archive,
                id=digest,
                compressed_bytes=compressed,
                layers=tuple(layer["digest"] for layer in manifest["layers"]),
                platform=f"{configuration['os']}/{configuration['architecture']}",
                user=run.get("User") or "",
                environment=dict(pair.split("=", 1) for pair in run.get("Env") or ()),
                entry_point=run.get("Entrypoint") or (),
                command=run.get("Cmd") or (),
                labels=run.get("Labels") or {},
            )
        except (*_BROKEN, AttributeError, OSError, TypeError) as error:
            raise ImageError(f"{archive.name} is no image archive: `make image` builds it anew") from error

    def unpack(self, folder: Path) -> None:
        """Lay the file system out in `folder`.

        Raises ImageError where a layer is not what the manifest says, or cannot be laid out here.
        """
        try:
            with tarfile.open(self.archive) as tar:
                for digest in self.layers:
                    self._unpack_layer(tar, digest, folder)
        except _BROKEN as error:
            why = "a layer is missing, or is neither plain nor packed by gzip"
            raise ImageError(f"{self.archive.name} cannot be laid out: {why}") from error
        except (OSError, RuntimeError) as error:  # pathlib calls a circle of links a RuntimeError until Python 3.13
            raise ImageError(f"{self.archive.name} cannot be laid out: {error}") from error

    def _unpack_layer(self, tar: tarfile.TarFile, digest: str, folder: Path) -> None:
        layer = tar.extractfile(_path(digest))
        assert layer is not None  # noqa: S101 the manifest's layers are files
        if hashlib.file_digest(layer, "sha256").hexdigest() != digest.partition(":")[2]:  # type: ignore[arg-type]
            raise ImageError(f"{self.archive.name} is damaged: `make image` builds it anew")
        layer.seek(0)
        with tarfile.open(fileobj=layer) as files:
            # tarfile's own filters need Python 3.11.4, and Debian 12 has 3.11.2.
            files.extraction_filter = staticmethod(lambda member, _: member)
            times: dict[Path, float] = {}
            for member in self._inside(files, folder):
                # Not extractall: it gives folders their owner and rights last, through a link that took their place.
                files.extract(member, folder)
                if member.isdir():
                    times[(folder / member.name).resolve()] = member.mtime
            for place, time in times.items():  # what was laid in them changed it
                if place.is_dir() and place.resolve() == place:
                    os.utime(place, (time, time))

    def _inside(self, files: tarfile.TarFile, folder: Path) -> Iterator[tarfile.TarInfo]:
        """A layer's members, each looked at when those before it are laid out. Raises ImageError for one outside.

        Symbolic links stay as they are, to absolute paths too, since they are the container's own; nothing is written
        or linked through one that leads out of the folder. A hard link's path is the container's as well. What a member
        replaces or takes away goes first.
        Source: https://github.com/opencontainers/image-spec/blob/main/layer.md#applying-changesets
        """
        root = folder.resolve()
        for member in files:
            member.name = member.name.strip("/")
            place = root / member.name
            places = [place.parent] if place != root or not member.isdir() else [root]
            if member.islnk():
                member.linkname = member.linkname.lstrip("/")  # else tarfile links to this machine's
                places.append(root / member.linkname)
            named = place.name.removeprefix(WHITEOUT)
            if named in ("", ".", "..") or not all(one.resolve().is_relative_to(root) for one in places):
                raise ImageError(f"{self.archive.name}: {member.name} would lie outside of the image; do not run it")
            if not (member.isfile() or member.isdir() or member.issym() or member.islnk()):
                raise ImageError(f"{self.archive.name}: {member.name} is a device; do not run it")
            if place.name == f"{WHITEOUT}{WHITEOUT}.opq":
                for one in place.parent.glob("*"):
                    _remove(one)
            elif place.name.startswith(WHITEOUT):
                _remove(place.with_name(named))
            else:
                if not (member.isdir() and place.is_dir() and not place.is_symlink()):
                    _remove(place)
                member.mode &= 0o755  # no set-user-id, nothing that others may write
                member.mode |= 0o700 if member.isdir() else 0  # else nothing could be laid in it
                yield member


def _remove(place: Path) -> None:
    """What stands there, whatever it is; nothing where nothing does."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def _compressed_bytes(tar: tarfile.TarFile, layer: Mapping[str, Any]) -> int:
    """What a registry will hold of a layer: Docker saves layers plain and compresses them as it pushes."""
    if not layer["mediaType"].endswith("tar"):
        return int(layer["size"])
    file, deflate, size = tar.extractfile(_path(layer["digest"])), zlib.compressobj(wbits=31), 0
    while file is not None and (piece := file.read(1 << 20)):
        size += len(deflate.compress(piece))
    return size + len(deflate.flush())


def _path(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")


def _blob(tar: tarfile.TarFile, name: str) -> Any:
    file = tar.extractfile(name)
    if file is None:
        raise KeyError(name)
    return json.load(file)
