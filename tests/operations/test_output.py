"""What every command prints fits the reader's terminal, and goes through one place."""

import os
import pty
import re
import sys
import termios

import pytest
from click.testing import CliRunner

from operations.main import main
from tests.conftest import PROJECT, ROOT
from tests.forked_command import PROGRAM, Forking

COMMANDS = (
    "rehearse prod-acme",
    "rehearse prod --no-service --verbose",
    "rehearse prod --tenants globex --no-service",
    "rehearse acme",
    "rehearse dev --tenants nobody",
    "cost prod",
    "cost nowhere",
    "tenant list",
    "tenant show acme",
    "tenant show acne",
    "tenant promote globex",
    "tenant check --since nothing",
    "locate acme",
    "locate",
    "doctor prod",
    "changed --all",
    "policies check prod",
    "releases prod",
    "smoke prod --timeout-seconds 1",
    "review prod --since HEAD",
    "bootstrap up prod",
    "state check prod",
    "nonsense",
)


SLOW = ("cost prod", "locate", "policies", "rehearse prod", "review")


WIDTHS = {"rehearse": (60,), "review": (60,)}  # seconds each; what a wider terminal gets, the cheap ones show


def printed(command: str, width: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(ROOT if "--since HEAD" in command else PROJECT)
    monkeypatch.setenv("COLUMNS", str(width))
    done = CliRunner().invoke(main, command.split())
    assert isinstance(done.exception, SystemExit | None), done.exc_info
    assert "Traceback" not in done.output
    return done.output.splitlines()


@pytest.mark.usefixtures("locating_declares_once", "declaring_in_forks", "rehearsing_once")
@pytest.mark.parametrize(
    "command", [pytest.param(one, marks=[pytest.mark.slow] * one.startswith(SLOW)) for one in COMMANDS]
)
def test_every_line_fits_80_columns_and_a_narrower_terminal(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for width in WIDTHS.get(command.split(maxsplit=1)[0], (80, 60)):
        lines = printed(command, width, monkeypatch)
        assert lines
        assert [line for line in lines if len(line) > width and len(line.split()) > 1] == []


def in_a_terminal(command: str, columns: int, **variables: str) -> str:
    """What a terminal of so many columns is sent."""
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (40, columns))
    environment = {**os.environ, **variables}
    environment.pop("COLUMNS", None)
    with Forking(
        [sys.executable, "-c", PROGRAM, *command.split()],
        cwd=PROJECT,
        env=environment,
        stdin=follower,
        stdout=follower,
        stderr=follower,
    ) as process:
        os.close(follower)
        sent = b""
        while True:
            try:
                part = os.read(leader, 65536)
            except OSError:  # how Linux says that nobody writes any more
                break
            if not part:
                break
            sent += part
    os.close(leader)
    assert process.returncode == 0
    return sent.decode().replace("\r\n", "\n")


@pytest.fixture(scope="module")
def in_a_dumb_one() -> str:
    return in_a_terminal("rehearse dev --no-service", 60, TERM="dumb")


@pytest.mark.slow
def test_a_terminal_of_60_columns_gets_lines_of_60(in_a_dumb_one: str) -> None:
    lines = in_a_dumb_one.splitlines()
    assert any(re.search(r"\d+ resources", line) for line in lines)
    assert [line for line in lines if len(line) > 60] == []


@pytest.mark.slow
def test_a_dumb_terminal_gets_progress_by_whole_lines(in_a_dumb_one: str) -> None:
    assert "running the program ...\n" in in_a_dumb_one
    assert not re.search(r"[\r\x1b]", in_a_dumb_one)
    assert "\x1b" in in_a_terminal("rehearse dev --declare-only", 80, TERM="xterm"), "the test would see a moving line"


def test_nothing_is_printed_but_by_the_one_module_that_fits_it() -> None:
    files = [one for one in (ROOT / "operations").rglob("*.py") if one != ROOT / "operations/ending.py"]
    printing = [str(one.relative_to(ROOT)) for one in files if re.search(r"click\.echo|\bprint\(", one.read_text())]
    assert printing == []
