"""Zip archives that are written straight into a bucket, each added up as it passes: nothing touches the disk."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, cast

from workbuoy_app.promotion.bucket import Bucket, Upload, own_storage
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.settings import Settings

LARGEST_BYTES = 2 << 30
"""An archive takes no further file once it is as large: every `unzip` and every file system takes one of 3 GiB."""
ZIP_TYPE = "application/zip"
COMPRESSION = 6


def buckets(settings: Settings) -> tuple[Bucket, Bucket]:
    """The customers' bucket and the place for exports. Raises PromotionRefused where there is none."""
    storage = own_storage(settings)
    if settings.exports_bucket is None:
        raise PromotionRefused("EXPORTS_BUCKET is not set: there is no place for exports.")
    return Bucket(storage), Bucket(storage, settings.exports_bucket, locked=True)


@dataclass(frozen=True)
class Stored:
    """An archive that is in the bucket."""

    name: str
    size_bytes: int
    sha256: str
    version_id: str


class _Counted:
    """A stream for `zipfile`, which cannot be sought in and has no place to tell."""

    def __init__(self, upload: Upload) -> None:
        self._upload, self.hash, self.size = upload, hashlib.sha256(), 0

    def write(self, content: bytes) -> int:
        self.hash.update(content)
        self.size += len(content)
        return self._upload.write(content)

    def flush(self) -> None:
        self._upload.flush()


class Archive:
    """One zip under way."""

    def __init__(self, stream: _Counted, made_at: datetime) -> None:
        self._stream, self._made_at = stream, made_at
        self._zip = zipfile.ZipFile(cast(IO[bytes], stream), "w", compresslevel=COMPRESSION)

    @property
    def size_bytes(self) -> int:
        """What was written so far."""
        return self._stream.size

    @contextmanager
    def entry(self, path: str, *, compressed: bool) -> Iterator[IO[bytes]]:
        """A file of the archive, to be written; of any size."""
        entry = zipfile.ZipInfo(path, self._made_at.timetuple()[:6])
        entry.compress_type = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
        entry.external_attr = 0o100644 << 16
        with self._zip.open(entry, "w", force_zip64=True) as file:
            yield file

    def add(self, path: str, pieces: Iterable[bytes]) -> None:
        """A whole file, as it is: attachments are mostly compressed already."""
        with self.entry(path, compressed=False) as file:
            for piece in pieces:
                file.write(piece)

    def close(self) -> None:
        """Write the directory."""
        self._zip.close()


@contextmanager
def writing(
    bucket: Bucket, folder: str, name: str, made_at: datetime, done: list[Stored]
) -> Iterator[Archive]:
    """An archive in the bucket, which is there when the block ends and not when it breaks off; `done` tells of it."""
    with bucket.writing(f"{folder}/{name}", ZIP_TYPE) as upload:
        stream = _Counted(upload)
        archive = Archive(stream, made_at)
        yield archive
        archive.close()
    done.append(Stored(name, stream.size, stream.hash.hexdigest(), upload.version_id))


class Series:
    """Archives `NAME-001.zip` and on, a new one where the last is large enough."""

    def __init__(self, bucket: Bucket, folder: str, name: str, made_at: datetime, done: list[Stored]) -> None:
        self._bucket, self._folder, self._name, self._made_at, self._done = (
            bucket,
            folder,
            name,
            made_at,
            done,
        )

    def write(self, files: Iterable[tuple[str, Iterable[bytes]]]) -> int:
        """Every file by its path; gives how many there were. No file makes no archive."""
        source, written, number = iter(files), 0, 0
        waiting = next(source, None)
        while waiting is not None:
            number += 1
            name = f"{self._name}-{number:03}.zip"
            with writing(self._bucket, self._folder, name, self._made_at, self._done) as archive:
                while waiting is not None and archive.size_bytes < LARGEST_BYTES:
                    archive.add(*waiting)
                    written += 1
                    waiting = next(source, None)
        return written
