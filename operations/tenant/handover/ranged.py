"""An object in S3 as a file that can be sought in, read in pieces: a zip's directory stands at its end."""

import errno
import io
from typing import Any

PIECE_BYTES = 4 << 20


class _Ranged(io.RawIOBase):
    def __init__(self, s3: Any, bucket: str, key: str, size: int) -> None:
        self._s3, self._where, self._size, self._at = s3, {"Bucket": bucket, "Key": key}, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if place < 0:
            raise OSError(errno.EINVAL, "a place before the beginning")  # as a file does, which zipfile expects
        self._at = place
        return place

    def readinto(self, buffer: Any) -> int:
        last = min(self._at + len(buffer), self._size)
        if last <= self._at:
            return 0
        body = self._s3.get_object(**self._where, Range=f"bytes={self._at}-{last - 1}")["Body"].read()
        buffer[: len(body)] = body
        self._at += len(body)
        return len(body)


def opened(s3: Any, bucket: str, key: str, size: int) -> io.BufferedReader:
    """Reads raise what the client raises."""
    return io.BufferedReader(_Ranged(s3, bucket, key, size), PIECE_BYTES)
