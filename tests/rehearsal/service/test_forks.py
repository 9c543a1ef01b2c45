"""The service's commands as forks, and what stays up between rehearsals."""

import os
import signal
import socket
import time
from pathlib import Path

import pytest

from rehearsal.service.forks import Forks
from rehearsal.service.processes import NotToBeHadError, started
from rehearsal.service.standing import Standing
from rehearsal.service.surroundings import owner_of
from tests.rehearsal.service.test_surroundings import APP, installed, listens

PATIENCE_SECONDS = 60


@installed
@pytest.mark.slow
def test_a_command_s_lines_and_status_are_kept_and_it_ends_when_it_is_stopped() -> None:
    forks = Forks(APP)
    try:
        wrong = forks.begin(["no-such-command"], {})
        assert wrong.wait(PATIENCE_SECONDS) == 2
        assert "invalid choice: 'no-such-command'" in wrong.lines[-1]
        with started(forks.begin(["rotate"], {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"})) as running:
            assert running.stop() in (0, 1, -signal.SIGTERM)
        assert running.ended
    finally:
        forks.stop()


@installed
@pytest.mark.slow
def test_a_command_does_not_outlive_the_process_that_it_is_a_fork_of() -> None:
    forks = Forks(APP)
    forks.start()
    assert forks._process is not None
    server = forks._process
    try:
        running = forks.begin_devtool("embedded_postgres")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not running.lines and time.monotonic() < deadline:
            time.sleep(0.02)
        server.send_signal(signal.SIGKILL)
        assert running.wait(PATIENCE_SECONDS) == -signal.SIGKILL
        owner = owner_of(running.lines[0])
        while listens(owner.port) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not listens(owner.port)
    finally:
        forks.stop()


def test_a_service_that_is_not_installed_and_a_server_that_is_gone_are_reported_in_one_line(tmp_path: Path) -> None:
    for forks in (Forks(tmp_path), Forks(tmp_path).of_package(tmp_path / "before")):
        with pytest.raises(NotToBeHadError, match="run `make rehearse` once"):
            forks.begin(["serve"], {})
    here, there = socket.socketpair()
    there.close()
    with here, pytest.raises(NotToBeHadError, match="the process that runs the service's commands is gone"):
        Forks(tmp_path, here).begin(["serve"], {})


def test_nothing_is_lent_of_a_service_that_is_not_installed(tmp_path: Path) -> None:
    with Standing(tmp_path) as standing:
        assert standing.control is None
        assert standing.lend(None) is None


def test_what_stays_up_is_outdated_once_its_code_or_its_packages_change(tmp_path: Path) -> None:
    packages = tmp_path / ".venv/lib/python3/site-packages"
    program = tmp_path / "workbuoy_app/devtools/server.py"
    for folder in (packages, program.parent):
        folder.mkdir(parents=True)
    program.write_text("")
    for changed in (program, packages):
        standing = Standing(tmp_path)
        assert not standing.outdated
        os.utime(changed, ns=(1, 1 if changed == program else 2))
        assert standing.outdated
