"""What an image is made from, as one checksum: tells an image that does not match the code."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from rehearsal.image.archive import SOURCE_LABEL, Image, ImageError, archive_of, this_machine

FOLDERS = ("workbuoy_app", "image", "ui/src")
_INTERFACE = (".npmrc", "index.html", "package-lock.json", "package.json", "tsconfig.json", "vite.config.ts")
FILES = ("Dockerfile", "requirements.lock", *(f"ui/{name}" for name in _INTERFACE))
DEVELOPERS_ONLY = ("README.md", "__pycache__", "devtools", "stories")


def source_files(app: Path) -> Iterator[Path]:
    """Every file of `app/` that goes into a build, sorted; what only developers use is not among them."""
    for name in FILES:
        yield app / name
    for folder in FOLDERS:
        for path in sorted((app / folder).rglob("*")):
            if path.is_file() and not set(path.relative_to(app).parts) & set(DEVELOPERS_ONLY):
                yield path


def source_digest(app: Path) -> str:
    """The checksum over names and contents."""
    digest = hashlib.sha256()
    for path in source_files(app):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(app).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()


def image_of(root: Path) -> Image:
    """The image that was built from this checkout as it stands.

    Raises ImageError where there is none, or where the code has changed since.
    """
    image = Image.read(archive_of(root, this_machine()))
    if image.labels.get(SOURCE_LABEL) != source_digest(root / "app"):
        raise ImageError("the image does not match the code: `make image` builds it anew")
    return image
