"""The built image: read from its archive, held against the code, run under runc.

image = Image.read(archive_of(root))
with unpacked(image) as files, Container(files, ["serve"], environment) as container:
    ...
"""

from rehearsal.image.archive import Image, ImageError, archive_of
from rehearsal.image.container import Container, Unpacked, unpacked
from rehearsal.image.source import source_digest

__all__ = ["Container", "Image", "ImageError", "Unpacked", "archive_of", "source_digest", "unpacked"]
