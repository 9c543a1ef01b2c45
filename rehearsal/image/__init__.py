"""The built image: read from its archive, held against the code, run under runc.

with unpacked(image_of(root)) as files:
    files.begin(["serve"], environment)
"""

from rehearsal.image.archive import Image, ImageError, archive_of
from rehearsal.image.container import Unpacked, unpacked
from rehearsal.image.source import image_of, source_digest

__all__ = ["Image", "ImageError", "Unpacked", "archive_of", "image_of", "source_digest", "unpacked"]
