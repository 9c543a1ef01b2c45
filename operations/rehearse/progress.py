"""What a person sees while a rehearsal runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from operations.ending import doing
from project.terminal import can_rewrite_lines

if TYPE_CHECKING:
    from rich.status import Status

    from rehearsal.run import Progress


class Plain:
    """A line when a phase begins."""

    def phase(self, name: str) -> None:
        """Report the phase."""
        doing(name)

    def resource(self, state: str, type_: str, name: str) -> None:
        """Nothing: a log has no use for a line a resource."""


class Live:
    """One line that changes: the phase, how many resources are through it, and the latest."""

    def __init__(self, status: "Status") -> None:
        self._status = status
        self._phase, self._count = "", 0

    def phase(self, name: str) -> None:
        """Begin to count anew."""
        self._phase, self._count = name, 0
        self._show("")

    def resource(self, state: str, type_: str, name: str) -> None:
        """One more."""
        self._count += 1
        self._show(f"  {self._count}  {type_.rsplit(':', 1)[-1]} {name}: {state}")

    def _show(self, rest: str) -> None:
        from rich.text import Text

        self._status.update(Text(f"{self._phase}{rest}", no_wrap=True, overflow="ellipsis"))


@contextmanager
def progress() -> Iterator["Progress"]:
    """What fits where stderr leads."""
    if not can_rewrite_lines():
        yield Plain()
        return
    from rich.console import Console

    with Console(stderr=True).status("") as status:
        yield Live(status)
