"""How a run over many stands, on stderr: a live table on a terminal, plain lines elsewhere."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from operations.ending import notify
from operations.tenant.deployment.scheduler import SiloOutcome
from project.terminal import can_rewrite_lines

if TYPE_CHECKING:
    from rich.table import Table

LATEST_FAILURES: Final = 5


class Board(Protocol):
    """Is notified of every change."""

    def record(self, name: str, outcome: SiloOutcome) -> None: ...


class Plain:
    """A line a change."""

    def record(self, name: str, outcome: SiloOutcome) -> None:
        notify(f"{name}: {outcome.state}{f': {outcome.cause}' if outcome.cause else ''}")


class LiveTable:
    """What runs and for how long, the latest failures, and the counts of all."""

    def __init__(self, names: Sequence[str]) -> None:
        self._outcomes = dict.fromkeys(names, SiloOutcome("waiting"))
        self._since: dict[str, float] = {}

    def record(self, name: str, outcome: SiloOutcome) -> None:
        self._outcomes[name] = outcome
        self._since[name] = time.monotonic()

    def __rich__(self) -> "Table":
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, padding=(0, 2, 0, 0), show_header=False, expand=True)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)  # a long cause must not squeeze the names
        outcomes = dict(self._outcomes)
        for name, outcome in outcomes.items():
            if outcome.state == "running":
                table.add_row(name, "running", f"{time.monotonic() - self._since.get(name, time.monotonic()):.0f} s")
        failed = [(name, one) for name, one in outcomes.items() if one.state in ("failed", "interrupted")]
        for name, outcome in failed[-LATEST_FAILURES:]:
            table.add_row(name, Text(outcome.state, style="red"), Text(outcome.cause))
        table.add_row("all", "", counts(outcomes))
        return table


def counts(outcomes: Mapping[str, SiloOutcome]) -> str:
    """How many are in which state."""
    found = Counter[str](outcome.state for outcome in outcomes.values())
    states = ("done", "failed", "interrupted", "running", "waiting")
    return ", ".join(f"{found[state]} {state}" for state in states if found[state]) or "none"


@contextmanager
def board(names: Sequence[str]) -> Iterator[Board]:
    """What fits where stderr leads."""
    if not can_rewrite_lines():
        yield Plain()
        return
    from rich.console import Console  # a tenth of a second that plain lines do not need
    from rich.live import Live

    shown = LiveTable(names)
    with Live(shown, console=Console(stderr=True), refresh_per_second=4, transient=True):
        yield shown
