"""Archives as buildah and Docker write them, and broken ones."""

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from rehearsal.image import Image, ImageError
from rehearsal.image.specification import specification
from tests.image.archives import GZIP, INDEX, PLAIN, layer, write_archive


def archive(folder: Path, content: bytes, **details: Any) -> Path:
    return write_archive(folder / "some.tar", content, **details)


@pytest.mark.parametrize("kind", [PLAIN, GZIP])
def test_layers_are_laid_out_and_links_stay_the_images_own(tmp_path: Path, kind: str) -> None:
    image = Image.read(archive(tmp_path, layer(a="one", b="two"), kind=kind))
    image.unpack(tmp_path / "files")
    assert (tmp_path / "files/b").read_text() == "two"
    assert str((tmp_path / "files/link").readlink()) == "/etc/inside"
    assert image.platform == "linux/amd64"


def test_the_size_is_the_compressed_one_however_the_layers_are_saved(tmp_path: Path) -> None:
    content = layer(a="x" * 1_000_000)
    assert Image.read(archive(tmp_path, content, kind=PLAIN)).compressed_bytes < 10_000
    assert Image.read(archive(tmp_path, content, kind=GZIP)).compressed_bytes < 10_000


@pytest.mark.parametrize("wrong", [{"manifests": 2}, {"media_type": INDEX}])
def test_several_platforms_are_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ImageError, match="not one image of one platform"):
        Image.read(archive(tmp_path, layer(), **wrong))


def test_a_damaged_layer_is_noticed(tmp_path: Path) -> None:
    file = archive(tmp_path, layer(a="the very words"), kind=PLAIN)
    file.write_bytes(file.read_bytes().replace(b"the very words", b"another's word"))
    with pytest.raises(ImageError, match="damaged"):
        Image.read(file).unpack(tmp_path / "files")


def member(name: str, type_: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.mode = type_, link, 0o6777
    return made


def tarred(*members: tarfile.TarInfo) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for one in members:
            tar.addfile(one)
    return content.getvalue()


@pytest.mark.parametrize(
    "members",
    [
        (member("../escaped"),),
        (member("up", tarfile.SYMTYPE, ".."), member("up/escaped")),
        (member("up", tarfile.SYMTYPE, ".."), member("up/escaped", tarfile.SYMTYPE, "x")),
        (member("hard", tarfile.LNKTYPE, "../outside"),),
        (member("disk", tarfile.BLKTYPE),),
    ],
)
def test_a_layer_cannot_reach_outside(tmp_path: Path, members: tuple[tarfile.TarInfo, ...]) -> None:
    (tmp_path / "outside").touch()
    image = Image.read(archive(tmp_path, tarred(*members)))
    with pytest.raises(ImageError, match="do not run it"):
        image.unpack(tmp_path / "files")
    assert not (tmp_path / "escaped").exists()
    assert not (tmp_path / "files/hard").exists()


def test_a_file_gets_no_rights_beyond_its_owners(tmp_path: Path) -> None:
    Image.read(archive(tmp_path, tarred(member("/tool")))).unpack(tmp_path / "files")
    assert (tmp_path / "files/tool").stat().st_mode & 0o7777 == 0o755


@pytest.mark.parametrize("user", ["", "0:0", "root", "10001", "10001:0"])
def test_an_image_that_runs_as_root_or_by_name_is_not_run(tmp_path: Path, user: str) -> None:
    image = Image.read(archive(tmp_path, layer(), user=user))
    with pytest.raises(ImageError, match="must be numbers other than root's"):
        specification(image, tmp_path, name="x", command=[], environment={}, visible=[], memory_mib=64)
