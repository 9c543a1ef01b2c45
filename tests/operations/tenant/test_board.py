"""What a person sees while many are deployed."""

from io import StringIO

import pytest
from rich.console import Console

from operations.tenant.deployment.board import LATEST_FAILURES, LiveTable, board
from operations.tenant.deployment.scheduler import SiloOutcome


def test_a_terminal_shows_what_runs_the_latest_failures_and_all_counts_in_80_columns() -> None:
    names = [f"t{number:02}" for number in range(40)]
    table = LiveTable(names)
    for name in names[:20]:
        table.record(name, SiloOutcome("done"))
    for name in names[20:30]:
        table.record(name, SiloOutcome("failed", f"{name}: a long cause [red]as written[/red] " + "x" * 200))
    table.record("t30", SiloOutcome("running"))
    console = Console(file=StringIO(), width=80)
    console.print(table)
    assert isinstance(console.file, StringIO)
    lines = [line.rstrip() for line in console.file.getvalue().splitlines()]
    assert max(map(len, lines)) <= 80
    assert lines[0].split()[:2] == ["t30", "running"]
    assert [line.split()[0] for line in lines[1:-1]] == names[30 - LATEST_FAILURES : 30]
    assert "[red]as written" in lines[1]
    assert lines[-1].split(maxsplit=1)[1] == "20 done, 10 failed, 1 running, 9 waiting"


def test_without_a_terminal_each_change_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with board(["a"]) as shown:
        shown.record("a", SiloOutcome("running"))
        shown.record("a", SiloOutcome("failed", "no zone left"))
    assert capsys.readouterr().err == "a: running\na: failed: no zone left\n"
