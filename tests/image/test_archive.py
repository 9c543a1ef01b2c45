"""Archives as buildah and Docker write them, and broken ones."""

import gzip
import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from rehearsal.image import Image, ImageError
from rehearsal.image import archive as archives
from rehearsal.image.specification import specification
from tests.image.archives import GZIP, INDEX, PLAIN, layer, write_archive


def archive(folder: Path, *layers: bytes, **details: Any) -> Path:
    return write_archive(folder / "some.tar", *layers, **details)


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


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_packed_archive_that_is_cut_off_is_reported(tmp_path: Path, share: float) -> None:
    file = archive(tmp_path, layer(a="x"))
    packed = gzip.compress(file.read_bytes())
    file.write_bytes(packed[: int(len(packed) * share)])
    with pytest.raises(ImageError, match="no image archive"):
        Image.read(file)


@pytest.mark.parametrize("missing", ["os", "architecture", "Env", "config", "User"])
def test_what_a_configuration_leaves_out_is_nothing_or_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """All but the platform may be missing, or be null as Go writes it."""
    file = archive(tmp_path, layer())
    read = archives._blob

    def without(tar: tarfile.TarFile, name: str) -> Any:
        found = read(tar, name)
        for part in (found, found.get("config")):
            if missing in ("os", "architecture"):
                found.pop(missing, None)
            elif isinstance(part, dict) and missing in part and "digest" not in (part[missing] or ()):
                part[missing] = None
        return found

    monkeypatch.setattr(archives, "_blob", without)
    if missing in ("os", "architecture"):
        with pytest.raises(ImageError, match="no image archive"):
            Image.read(file)
    else:
        assert Image.read(file).platform == "linux/amd64"


def test_a_layer_packed_otherwise_is_reported(tmp_path: Path) -> None:
    zstd = bytes.fromhex("28b52ffd0400010000" + "99e9d851")
    image = Image.read(archive(tmp_path, zstd, kind=f"{PLAIN}+zstd"))
    with pytest.raises(ImageError, match="neither plain nor packed by gzip"):
        image.unpack(tmp_path / "files")


def test_a_later_layer_replaces_and_takes_away(tmp_path: Path) -> None:
    below = tarred(
        member("link", tarfile.SYMTYPE, "/etc/outside"),
        member("alias", tarfile.SYMTYPE, "kept"),
        member("kept"),
        member("gone"),
        member("folder", tarfile.DIRTYPE),
        member("folder/inside"),
        member("emptied", tarfile.DIRTYPE),
        member("emptied/old"),
    )
    above = tarred(
        member("link"),
        member("alias"),
        member(".wh.gone"),
        member("folder"),
        member("emptied/.wh..wh..opq"),
        member("emptied/new"),
    )
    Image.read(archive(tmp_path, below, above)).unpack(files := tmp_path / "files")
    found = {str(one.relative_to(files)): one.is_symlink() for one in files.rglob("*")}
    assert found == dict.fromkeys(["link", "alias", "kept", "folder", "emptied", "emptied/new"], False)
    assert (files / "folder").is_file()


@pytest.mark.parametrize("name", ["up/.wh.outside", "up/.wh..wh..opq", ".wh...", ".wh..", ".wh."])
def test_a_layer_takes_nothing_away_outside(tmp_path: Path, name: str) -> None:
    (tmp_path / "outside").touch()
    image = Image.read(archive(tmp_path, tarred(member("up", tarfile.SYMTYPE, ".."), member(name))))
    with pytest.raises(ImageError, match="do not run it"):
        image.unpack(tmp_path / "files")
    assert (tmp_path / "outside").exists()


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
        (member("."),),
        (member("/", tarfile.SYMTYPE, ".."),),
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


def test_a_hard_link_to_an_absolute_path_is_to_the_images_own(tmp_path: Path) -> None:
    """And lends this machine's file neither to the image nor new rights."""
    (outside := tmp_path / "outside").touch(0o600)
    hard = [member("hard", tarfile.LNKTYPE, to) for to in ("/kept", str(outside))]
    Image.read(archive(tmp_path, tarred(member("kept"), hard[0]))).unpack(files := tmp_path / "files")
    assert (files / "hard").samefile(files / "kept")
    with pytest.raises(ImageError, match="cannot be laid out"):
        Image.read(archive(tmp_path, tarred(hard[1]))).unpack(tmp_path / "others")
    assert (outside.stat().st_nlink, outside.stat().st_mode & 0o777) == (1, 0o600)


@pytest.mark.parametrize("path", ["folder", "way/folder", "way"])
def test_a_link_in_the_place_of_a_folder_lends_its_rights_to_nothing_outside(tmp_path: Path, path: str) -> None:
    (outside := tmp_path / "outside/folder").mkdir(mode=0o700, parents=True)
    (tmp_path / "outside").chmod(0o700)
    link = member(path.partition("/")[0], tarfile.SYMTYPE, str(outside if path == "folder" else outside.parent))
    folders = [member(one, tarfile.DIRTYPE) for one in ("way", path)]
    Image.read(archive(tmp_path, tarred(*folders, link))).unpack(tmp_path / "files")
    assert [one.stat().st_mode & 0o777 for one in (outside, outside.parent)] == [0o700, 0o700]


def test_a_folder_that_its_owner_may_not_write_is_filled_and_has_its_own_time(tmp_path: Path) -> None:
    closed = member("closed", tarfile.DIRTYPE)
    closed.mode = 0o555
    Image.read(archive(tmp_path, tarred(closed, member("closed/file")))).unpack(tmp_path / "files")
    found = (tmp_path / "files/closed").stat()
    assert (found.st_mode & 0o777, found.st_mtime) == (0o755, 0)


@pytest.mark.parametrize(
    "members",
    [
        (member("a", tarfile.SYMTYPE, "b"), member("b", tarfile.SYMTYPE, "a"), member("a/x")),
        (member("a"), member("a/x")),
        (member("a"), member("a/.wh.x")),
        (member("a" * 300),),
    ],
)
def test_what_no_file_system_takes_is_reported(tmp_path: Path, members: tuple[tarfile.TarInfo, ...]) -> None:
    image = Image.read(archive(tmp_path, tarred(*members)))
    with pytest.raises(ImageError, match="cannot be laid out"):
        image.unpack(tmp_path / "files")


def test_a_file_gets_no_rights_beyond_its_owners(tmp_path: Path) -> None:
    Image.read(archive(tmp_path, tarred(member("/tool")))).unpack(tmp_path / "files")
    assert (tmp_path / "files/tool").stat().st_mode & 0o7777 == 0o755


@pytest.mark.parametrize("user", ["", "0:0", "root", "10001", "10001:0"])
def test_an_image_that_runs_as_root_or_by_name_is_not_run(tmp_path: Path, user: str) -> None:
    image = Image.read(archive(tmp_path, layer(), user=user))
    with pytest.raises(ImageError, match="must be numbers other than root's"):
        specification(image, tmp_path, name="x", command=[], environment={}, visible=[], memory_mib=64)
