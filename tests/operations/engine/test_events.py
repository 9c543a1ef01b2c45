"""The engine's log, read while it is written."""

import json
import subprocess
import sys
from typing import Any

import pytest

from operations.engine.events import EngineEvents, Event

WRITER = """
import json, sys
with open(sys.argv[1], "a") as log:
    for number in range(int(sys.argv[2])):
        line = json.dumps({"sequence": number, "diagnosticEvent": {"message": "x" * 5000}}) + "\\n"
        log.write(line[:2500]); log.flush()
        log.write(line[2500:]); log.flush()
    log.write(json.dumps({"sequence": int(sys.argv[2]), "cancelEvent": {}}) + "\\n")
"""


def written(*lines: str | dict[str, Any], listen: Any = None) -> EngineEvents:
    """What is heard of a log with these lines; a dictionary is a whole one."""
    reported = EngineEvents(preview=True, listen=listen)
    with reported.log() as file, file.open("a") as log:
        for line in lines:
            log.write(line if isinstance(line, str) else json.dumps(line) + "\n")
    return reported


def event(number: int, **more: Any) -> dict[str, Any]:
    return {"sequence": number, "timestamp": 0, **more}


def test_everything_that_another_process_wrote_in_pieces_is_heard_in_its_order() -> None:
    heard: list[Event] = []
    reported = EngineEvents(preview=True, listen=heard.append)
    with reported.log() as file:
        subprocess.run([sys.executable, "-S", "-c", WRITER, str(file), "300"], check=True)
    assert [one["sequence"] for one in heard] == list(range(301))
    assert reported.events == heard
    assert reported.gap == ""
    assert not file.exists()


def test_only_this_user_reads_the_log() -> None:
    with EngineEvents(preview=True).log() as file:
        assert file.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "broken", ['{"sequence": 1, "timest', "no JSON\n", "[1]\n", '{"timestamp": 0}\n', '{"sequence": "one"}\n']
)
def test_a_line_that_cannot_be_read_has_not_arrived(broken: str) -> None:
    reported = written(event(0), broken)
    assert reported.gap == "the engine's events broke off after 1"
    if broken.endswith("\n"):
        reported = written(event(0), broken, event(2, cancelEvent={}))
        assert reported.gap == "1 of the engine's events did not arrive"


def test_what_is_missing_is_reported_while_it_runs_and_once() -> None:
    missed: list[int] = []
    reported = EngineEvents(preview=False, missed=lambda: missed.append(1))
    for number in (0, 2, 4):
        reported.take(json.dumps(event(number)).encode())
    assert missed == [1]
    assert reported.lost == 2


def test_what_a_listener_raises_ends_neither_the_reading_nor_passes_unheard() -> None:
    def listen(_: Event) -> None:
        raise ZeroDivisionError

    reported = written(event(0), event(1, cancelEvent={}), listen=listen)
    assert isinstance(reported.broken, ZeroDivisionError)
    assert reported.gap == ""
