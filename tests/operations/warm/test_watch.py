"""`workbuoy rehearse --watch` as a person lives with it: saving, mistakes, programs that hang, kills."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from operations.main import main
from project.files import Project
from tests.conftest import ROOT
from tests.leftovers import open_to_others, processes_of
from tests.rehearsal.service.test_surroundings import installed

_HEAD = "import pulumi\nimport pulumi_aws as aws\nprovider = aws.Provider('aws', region='eu-north-1')\n"
_TOP = "opts=pulumi.ResourceOptions(provider=provider)"
ONE = f"{_HEAD}aws.sns.Topic('alarms', {_TOP})\n"
TWO = f"{ONE}aws.sns.Topic('other', {_TOP})\n"
REFUSED = f"{_HEAD}aws.cloudwatch.LogGroup('logs', retention_in_days=2, {_TOP})\n"
HANGS = f"{_HEAD}import os, time\nos.fork() or time.sleep(600)\nwhile True: time.sleep(1)\n"
PATIENCE_SECONDS = 90.0  # for a machine that does other things; a verdict takes one or two


class Watcher:
    """A running watcher, and what it prints."""

    def __init__(self, folder: Path, place: Path, *options: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [Path(sys.executable).parent / "workbuoy", "rehearse", "dev", "--watch", *options],
            cwd=folder,
            env={**os.environ, "TMPDIR": str(place), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line)

    def save(self, program: str) -> None:
        (self.folder / "__main__.py").write_text(program)

    def until(self, wanted: str) -> str:
        """Everything that it prints up to a line with this in it."""
        seen = ""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while wanted not in seen:
            left = deadline - time.monotonic()
            try:
                seen += self._lines.get(timeout=max(0.0, left))
            except queue.Empty:
                pytest.fail(f"no {wanted!r} in: {seen}")
        return seen


def becomes(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def started_in(place: Path) -> list[int]:
    """Processes whose temporary folder lies in this one."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if f"TMPDIR={place}".encode() in entry.read_bytes():
                found.append(int(entry.parent.name))
    return found


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "temporary").mkdir()
    return tmp_path / "temporary"


@contextmanager
def ended(watcher: Watcher, place: Path) -> Iterator[Watcher]:
    try:
        yield watcher
    finally:
        for pid in {*started_in(place), watcher.process.pid}:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        watcher.process.wait(30)


@pytest.fixture
def watcher(tmp_path: Path, place: Path) -> Iterator[Watcher]:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: small\nruntime: python\n")
    (folder / "Pulumi.dev.yaml").write_text('config:\n  small:settings:\n    account: "000000000009"\n')
    (folder / "__main__.py").write_text(ONE)
    with ended(Watcher(folder, place, "--no-service"), place) as found:
        yield found


@pytest.mark.slow
def test_each_save_is_judged_with_what_is_different_and_a_mistake_keeps_the_last_verdict(
    watcher: Watcher, place: Path
) -> None:
    assert "dev (210000000009, us-east-1) stands: 1 resource" in watcher.until("Ctrl-C ends it")

    watcher.save(TWO)
    second = watcher.until("Ctrl-C ends it")
    assert "saved __main__.py" in second
    assert "stands: 2 resources" in second
    assert "\n  + Topic other\n" in second

    watcher.save(f"{TWO}x = = 1\n")
    broken = watcher.until("the last verdict")
    assert "__main__.py:6: invalid syntax: x = = 1" in broken
    assert "Traceback" not in broken
    assert "stands: 2 resources" in broken

    watcher.save(REFUSED)
    refused = watcher.until("Ctrl-C ends it")
    assert "FAILS its rehearsal" in refused
    assert "- Topic alarms" in refused
    assert "+ LogGroup logs" in refused
    assert "AWS would refuse (1)" in refused

    (watcher.folder / "Pulumi.dev.yaml").write_text('config:\n  small:settings:\n    account: "000000000008"\n')
    assert "nothing that is declared is different" in watcher.until("Ctrl-C ends it")

    watcher.process.send_signal(signal.SIGINT)
    assert watcher.process.wait(30) == 0
    assert becomes(lambda: not started_in(place) and not list(place.iterdir()))


@pytest.mark.slow
def test_a_program_that_forks_and_hangs_goes_with_the_next_save(watcher: Watcher, place: Path) -> None:
    watcher.until("Ctrl-C ends it")
    watcher.save(HANGS)
    watcher.until("running the program")
    time.sleep(0.5)
    watcher.save(TWO)
    assert "stands: 2 resources" in watcher.until("Ctrl-C ends it")
    watcher.process.send_signal(signal.SIGTERM)
    assert watcher.process.wait(30) == 0
    assert becomes(lambda: not started_in(place) and not list(place.iterdir()))


@pytest.mark.slow
def test_a_watcher_that_is_killed_leaves_nothing_and_a_hanging_first_program_is_given_up(
    watcher: Watcher, place: Path
) -> None:
    watcher.save(HANGS)
    time.sleep(4)  # its first import hangs in it
    watcher.save(ONE)
    assert "stands: 1 resource" in watcher.until("Ctrl-C ends it")
    watcher.save(HANGS)
    watcher.until("running the program")
    watcher.process.kill()
    watcher.process.wait(30)
    assert becomes(lambda: not started_in(place) and not list(place.iterdir())), started_in(place)


@pytest.mark.slow
def test_two_watchers_of_one_project_each_judge_a_save(watcher: Watcher, place: Path) -> None:
    with ended(Watcher(watcher.folder, place, "--no-service"), place) as other:
        both = (watcher, other)
        for one in both:
            one.until("Ctrl-C ends it")
        watcher.save(TWO)
        for one in both:
            assert "\n  + Topic other\n" in one.until("Ctrl-C ends it")
        other.process.kill()
        watcher.save(ONE)
        assert "\n  - Topic other\n" in watcher.until("Ctrl-C ends it")


def servers(place: Path) -> dict[str, int]:
    """The process of each server that stays up."""
    kept = ("(embedded_postgr)", "(identity_provid)", "(python)")
    found: dict[str, int] = {}
    for pid, line in sorted(processes_of(place).items(), reverse=True):  # the oldest last: a fork is "python" at first
        if "devtools.forks" in line:
            found |= {name: pid for name in kept if name in line}
    return found


@installed
@pytest.mark.slow
def test_with_the_service_its_servers_stay_up_and_nothing_of_them_outlives_a_killed_watcher(
    project: Project, place: Path
) -> None:
    for name in ("app", "infra", "policies"):
        (project.root / name).symlink_to(ROOT / name)
    with open_to_others(place), ended(Watcher(project.root, place), place) as watcher:
        assert "stands and its service works" in watcher.until("Ctrl-C ends it")
        first = servers(place)
        assert len(first) == 3
        file = project.stack_file("dev")
        whole = file.read_text()

        file.write_text(whole[: len(whole) // 2])  # saved half-way
        broken = watcher.until("the last verdict")
        assert "error: Pulumi.dev.yaml" in broken
        assert "Traceback" not in broken
        assert "stands and its service works" in broken

        file.write_text(whole)
        again = watcher.until("Ctrl-C ends it")
        assert "stands and its service works" in again
        assert "nothing that is declared is different" in again
        assert servers(place) == first

        os.kill(first["(embedded_postgr)"], signal.SIGKILL)
        file.write_text(f"{whole}\n")
        watcher.until("rotation makes the first login")
        file.write_text(whole)  # while the service is tried
        assert "stands and its service works" in watcher.until("Ctrl-C ends it")
        watcher.process.kill()
        watcher.process.wait(30)
        assert becomes(lambda: not started_in(place) and not list(place.iterdir())), started_in(place)


@pytest.mark.parametrize(
    "other", [["--json"], ["--declare-only"], ["--since", "HEAD"], ["--tenants", "all"], ["--report", "a.html"]]
)
def test_it_goes_with_no_option_that_asks_for_one_result(other: list[str]) -> None:
    result = CliRunner().invoke(main, ["rehearse", "dev", "--watch", *other])
    assert result.exit_code == 2
    assert "--watch rehearses one stack on each save: leave out" in result.output
