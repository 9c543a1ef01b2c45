"""The built image: read from its archive, held against the code, run under runc.

    with unpacked(image_of(root)) as files, Container(files, ["serve"], environment) as container:
        ...

`files.begin(arguments, environment)` starts one as the service's rehearsal does.
"""

from rehearsal.image.archive import Image, ImageError, archive_of
from rehearsal.image.container import Container, Unpacked, unpacked
from rehearsal.image.source import image_of, source_digest

__all__ = ["Container", "Image", "ImageError", "Unpacked", "archive_of", "image_of", "source_digest", "unpacked"]
