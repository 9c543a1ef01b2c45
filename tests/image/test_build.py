"""What `workbuoy image build` says where it cannot, and what it leaves behind: nothing."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from operations.image import engines, interface, tools, wheelhouse
from operations.image.build import build
from operations.image.tools import run, workshop
from operations.main import main
from rehearsal.image import Image, ImageError, archive_of, image_of, source_digest
from rehearsal.image.archive import SOURCE_LABEL, this_machine
from rehearsal.image.container import require_runc
from rehearsal.image.source import source_files
from tests.image.archives import layer, write_archive
from tests.image.conftest import APP, ROOT

pytestmark = pytest.mark.lengthy

LOCK = """
always==1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via something
linux==2.0 ; sys_platform == 'linux' \\
    --hash=sha256:cc
windows==3.0 ; sys_platform == 'win32' \\
    --hash=sha256:dd
old==4.0 ; python_full_version < '3.12' \\
    --hash=sha256:ee
arm==5.0 ; platform_machine == 'aarch64' \\
    --hash=sha256:ff
"""


PATIENCE_SECONDS = 300  # a hang is the failure, not a busy machine


def ended(group: int) -> bool:
    """Whether no process of a group is left; whoever adopts orphans may take a moment to notice."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def test_without_any_engine_it_names_the_packages_and_exits_four(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    outcome = CliRunner().invoke(main, ["image", "build"])
    assert outcome.exit_code == 4
    assert outcome.stderr == (
        "error: no Docker engine answers, so building the image needs buildah and mmdebstrap: "
        "apt-get install buildah mmdebstrap\n"
    )


def test_docker_is_taken_where_its_engine_answers_and_else_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("buildah", "mmdebstrap"):
        program(tmp_path, name, "exit 0")
    program(tmp_path, "docker", "exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    here = this_machine()
    assert engines.choose(None, here) == "buildah"
    with pytest.raises(ImageError, match="no Docker engine answers") as refusal:
        engines.choose("docker", here)
    assert refusal.value.code == 4
    program(tmp_path, "docker", "exit 0")
    assert engines.choose(None, here) == "docker"
    assert engines.choose("buildah", here) == "buildah"


def test_a_foreign_architecture_is_refused_before_anything_is_fetched(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in engines.TOOLS:
        program(tmp_path, name, "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(engines, "this_machine", lambda: "x86_64")
    outcome = CliRunner().invoke(main, ["image", "build", "--architecture", "arm64"])
    assert (outcome.exit_code, outcome.stdout) == (4, "")
    assert outcome.stderr.startswith("error: this machine cannot run arm64")


def test_a_tool_that_fails_is_reported_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"^brewing failed: no water$") as failure:
        run(["sh", "-c", "echo no water >&2; exit 7"], tmp_path, "brewing")
    assert failure.value.code == 4


def test_the_image_is_asked_for_what_its_platform_needs_and_not_this_machine() -> None:
    assert list(wheelhouse.wanted(LOCK, "x86_64")) == ["always==1.0", "linux==2.0"]
    assert list(wheelhouse.wanted(LOCK, "arm64")) == ["always==1.0", "linux==2.0", "arm==5.0"]
    assert wheelhouse.wanted(LOCK, "x86_64")["always==1.0"] == "always==1.0 --hash=sha256:aa --hash=sha256:bb"


@pytest.mark.parametrize("glibc", [17, 26, 41])
def test_a_wheel_for_any_glibc_that_the_base_has_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, glibc: int
) -> None:
    name = f"small-1.0-cp313-cp313-manylinux_2_{glibc}_x86_64.whl"
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    with zipfile.ZipFile(wheels / name, "w") as wheel:
        wheel.writestr("small-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: small\nVersion: 1.0\n")
        wheel.writestr("small-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
    lock = tmp_path / "small.lock"
    lock.write_text(f"small==1.0 --hash=sha256:{hashlib.sha256((wheels / name).read_bytes()).hexdigest()}\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    (tmp_path / "work").mkdir()
    wheelhouse.fetch(lock, "x86_64", tmp_path / "got", tmp_path / "work")
    assert [one.name for one in (tmp_path / "got").iterdir()] == [name]


def test_a_wheel_with_another_hash_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "wheels/small-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.write_bytes(b"not what was locked")
    lock = tmp_path / "small.lock"
    lock.write_text(f"small==1.0 --hash=sha256:{'0' * 64}\n")
    os.environ["PIP_NO_INDEX"], os.environ["PIP_FIND_LINKS"] = "1", str(wheel.parent)
    try:
        with pytest.raises(ImageError, match=r"small.lock does not match"):
            wheelhouse.fetch(lock, "x86_64", tmp_path / "got", tmp_path)
    finally:
        del os.environ["PIP_NO_INDEX"], os.environ["PIP_FIND_LINKS"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_the_tools_and_removes_the_folder(tmp_path: Path, number: signal.Signals) -> None:
    """A login to a registry may lie in it."""
    made = tmp_path / "made"  # of its own: other builds may come and go beside this one
    made.mkdir()
    script = (
        "from operations.image.tools import run, workshop\n"
        "with workshop() as folder:\n"
        f"    run(['sh', '-c', 'echo $$ > {tmp_path}/pid; sleep 600 & wait'], folder, 'sleeping')\n"
    )
    environment = {**os.environ, "TMPDIR": str(made)}
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(number)
    assert process.wait(PATIENCE_SECONDS) != 0
    assert ended(int((tmp_path / "pid").read_text()))
    assert list(made.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("step", ["Building the web interface", "Fetching wheels"])
def test_ctrl_c_during_a_build_leaves_nothing(tmp_path: Path, step: str) -> None:
    if missing := [name for name in engines.TOOLS if shutil.which(name) is None]:
        pytest.skip(f"the image cannot be built: {', '.join(missing)} missing; .ci/run installs them as root")
    made = tmp_path / "made"  # of its own: other builds may come and go beside this one
    made.mkdir()
    with (tmp_path / "said").open("w+") as said:
        command = [str(Path(sys.executable).parent / "workbuoy"), "image", "build", "--engine", "buildah"]
        environment = {**os.environ, "TMPDIR": str(made)}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=said, start_new_session=True)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while step not in (tmp_path / "said").read_text():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_SECONDS) == 130
    assert (tmp_path / "said").read_text().endswith("interrupted; nothing is left behind\n")
    assert list(made.iterdir()) == []
    assert str(made) not in Path("/proc/self/mountinfo").read_text()


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="mounts, which takes root on Linux")
def test_a_mount_that_a_tool_forgot_is_taken_away() -> None:
    with workshop() as folder:
        place = folder / "mounted"
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "none", place], check=True)
        assert tools._mounts_under(folder) == [str(place)]
    assert str(folder) not in Path("/proc/self/mountinfo").read_text()
    assert not folder.exists()


def test_no_image_and_a_broken_one_are_reported_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"there is no image one.tar: `make image` builds it"):
        Image.read(tmp_path / "one.tar")
    (tmp_path / "one.tar").write_bytes(b"no archive")
    with pytest.raises(ImageError, match="no image archive"):
        Image.read(tmp_path / "one.tar")


def test_running_without_runc_names_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ImageError, match="apt-get install runc") as refusal:
        require_runc()
    assert refusal.value.code == 4


DOCKER = """import pathlib, sys
sys.path.insert(0, {root!r})
from tests.image.archives import layer, write_archive
with open({log!r}, "a") as log:
    print(*sys.argv[1:], file=log)
if sys.argv[1:3] == ["image", "save"]:
    said = pathlib.Path({log!r}).read_text()
    labels = {{"dev.workbuoy.source": said.partition("SOURCE=")[2].split()[0]}} if {honest} else {{}}
    file = sys.argv[3].removeprefix("--output=")
    write_archive(pathlib.Path(file), layer(**{{"usr/share/workbuoy/sbom.cdx.json": "{{}}"}}), labels=labels)
"""


def stand_in_docker(monkeypatch: pytest.MonkeyPatch, folder: Path, *, honest: bool) -> Path:
    """A Docker that notes what it is asked; there is no real one here."""
    log = folder / "asked"
    script = folder / "docker.py"
    script.write_text(DOCKER.format(root=str(ROOT), log=str(log), honest=honest))
    # By way of a shell: a path with a space in it cannot stand behind `#!`.
    program(folder / "bin", "docker", f'exec "{sys.executable}" "{script}" "$@"')
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(wheelhouse, "fetch", lambda *_: None)
    monkeypatch.setattr(interface, "build", lambda *_: None)
    return log


def test_docker_is_asked_for_one_platform_without_provenance_or_network(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = stand_in_docker(monkeypatch, tmp_path, honest=True)
    image = build(ROOT, "arm64", archive=tmp_path / "out/image.tar")
    asked = [line for line in log.read_text().splitlines() if line.startswith("buildx build")]
    assert len(asked) == 1
    for option in ("--platform=linux/arm64", "--provenance=false", "--network=none", f"SOURCE={source_digest(APP)}"):
        assert option in asked[0]
    assert sorted(path.name for path in image.archive.parent.iterdir()) == ["image.cdx.json", "image.tar"]


def test_an_image_of_other_code_than_was_laid_out_is_not_put_in_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stand_in_docker(monkeypatch, tmp_path, honest=False)
    with pytest.raises(ImageError, match="build it again"):
        build(ROOT, "arm64", archive=tmp_path / "out/image.tar")
    assert not (tmp_path / "out").exists()


def copy_of_app(folder: Path) -> Path:
    copy = folder / "app"
    for file in source_files(APP):
        target = copy / file.relative_to(APP)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    return copy


def test_a_change_of_the_code_changes_its_checksum(tmp_path: Path) -> None:
    copy = copy_of_app(tmp_path)
    before = source_digest(copy)
    (copy / "workbuoy_app/__pycache__").mkdir()
    (copy / "workbuoy_app/__pycache__/cli.pyc").write_bytes(b"x")
    assert source_digest(copy) == before
    for changed in ("workbuoy_app/cli.py", "ui/src/main.ts", "ui/package-lock.json"):
        with (copy / changed).open("a") as file:
            file.write("\n")
        assert source_digest(copy) != before
        before = source_digest(copy)


def test_the_interface_is_built_by_its_lock_and_leaves_nothing_of_node(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program(tmp_path / "bin", "node", "exit 0")
    made = f'echo "$@" >>"{tmp_path}/asked"; mkdir -p "$2/node_modules" "$2/dist"'
    program(tmp_path / "bin", "npm", made)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    interface.build(tmp_path / "ui", tmp_path)
    asked = (tmp_path / "asked").read_text().splitlines()
    assert [line.split(" ", 2)[2] for line in asked] == ["ci --omit=dev --ignore-scripts", "run build"]
    assert [path.name for path in (tmp_path / "ui").iterdir()] == ["dist"]


def test_an_image_without_its_interface_is_not_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ImageError, match="web interface in the image needs nodejs and npm") as refusal:
        interface.build(tmp_path, tmp_path)
    assert refusal.value.code == 4


def test_an_image_of_older_code_is_refused(tmp_path: Path) -> None:
    copy = copy_of_app(tmp_path)
    archive = archive_of(tmp_path, this_machine())
    archive.parent.mkdir(parents=True)
    write_archive(archive, layer(), labels={SOURCE_LABEL: source_digest(copy)})
    assert image_of(tmp_path).user == "10001:10001"
    with (copy / "workbuoy_app/cli.py").open("a") as file:
        file.write("\n")
    with pytest.raises(ImageError, match="does not match the code"):
        image_of(tmp_path)


def test_a_tool_that_was_just_being_started_ends_with_the_folder() -> None:
    with workshop() as folder:
        environment = {**os.environ, "TMPDIR": str(folder)}
        tool = subprocess.Popen(["sleep", "600"], env=environment, start_new_session=True)
    assert tool.wait(PATIENCE_SECONDS) != 0
