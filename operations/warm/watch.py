"""`workbuoy rehearse STACK --watch`: on each save the verdict, and what is different from the last one."""

import os
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from operations.ending import notify, print_text
from operations.warm.files import Files
from operations.warm.outcome import Outcome
from operations.warm.process import SERVER, Running, WarmProcess
from operations.warm.text import differences
from project.files import find_project
from rehearsal.scratch import scratch

if TYPE_CHECKING:
    from rehearsal.service.standing import Standing

LOOK_SECONDS = 0.15
_SETTLE_SECONDS = 0.05  # an editor writes a file in several steps
_OWN = ("operations", "rehearsal.service")  # what this process runs itself; a rehearsal reads its code anew


class Screen:
    """What the last runs came to, on the terminal."""

    def __init__(self) -> None:
        self._last: tuple[str, Outcome] | None = None

    def saved(self, changed: Iterable[Path], root: Path) -> None:
        """Say what a new run is for."""
        names = [str(file.relative_to(root)) for file in changed]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        print_text(f"\n{datetime.now():%H:%M:%S} saved {', '.join(names[:3])}{more}")

    def show(self, now: Outcome, seconds: float) -> None:
        """The verdict, what is different, and all of it where it is red or the first."""
        clock = f"{datetime.now():%H:%M:%S}"
        if not now.verdict:
            last_verdict = f"the last verdict, of {self._last[0]}: {self._last[1].verdict}" if self._last else ""
            print_text(f"{clock} no verdict after {seconds:.1f} s; the error stands above")
            print_text(last_verdict) if last_verdict else None
            return
        print_text(f"{clock} {now.verdict}")
        if self._last is None:
            print_text("")
            print_text(now.summary.partition("\n\n")[2])
        else:
            lines = differences(self._last[1], now)
            print_text("\n".join(f"  {line}" for line in lines) if lines else "  nothing that is declared is different")
            if now.code:
                print_text(now.summary.partition("\n\n")[2])
        self._last = clock, now
        notify("watching; Ctrl-C ends it")


def watch(stack: str, *, with_service: bool) -> NoReturn:
    """Rehearse a stack now and whenever a file of the project changes, until Ctrl-C, which ends it with 0.

    Raises ProblemsError where there is no project.
    """
    project = find_project(Path.cwd())
    request = {"stack": stack, "folder": str(Path.cwd()), "with_service": with_service, "quiet": False}
    app = project.root / "app"
    try:
        with scratch() as folder, _standing(app) if with_service and app.is_dir() else nullcontext() as standing:
            control = standing.control if standing is not None else None
            with WarmProcess(Path.cwd(), folder, () if control is None else (control,)) as warm:
                _Loop(project.root, request, warm, standing, control).run()
    except KeyboardInterrupt:
        sys.exit(0)
    notify("the tool itself was saved: it starts anew")
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 there is nothing for a shell to read


def _standing(app: Path) -> "Standing":
    from rehearsal.service.standing import Standing  # few ask for it

    return Standing(app)


class _Loop:
    def __init__(
        self,
        root: Path,
        request: Mapping[str, Any],
        warm: WarmProcess,
        standing: "Standing | None",
        control: int | None,
    ) -> None:
        self._root, self._request, self._warm = root, request, warm
        self._standing, self._control = standing, control
        self._files, self._screen = Files(root), Screen()
        self._running: Running | None = None
        self._wanted = True  # a run that has not begun
        self._began = time.monotonic()

    def run(self) -> None:
        """Until the code was saved, or something installed, that this process or what it keeps up runs."""
        self._warm.warm_up(self._request)
        notify(f"importing what {self._request['stack']} needs ...")
        try:
            while True:
                if changed := self._saved():
                    if _own_code(changed) or (self._standing is not None and self._standing.outdated):
                        return
                    self._begin_again(changed)
                self._go_on()
                time.sleep(LOOK_SECONDS if self._running is None else 0.02)
        finally:
            if self._running is not None:
                self._running.stop()

    def _saved(self) -> list[Path]:
        changed = self._files.changed()
        while changed:
            time.sleep(_SETTLE_SECONDS)
            if not (more := self._files.changed()):
                break
            changed = sorted({*changed, *more})
        return changed

    def _begin_again(self, changed: list[Path]) -> None:
        self._screen.saved(changed, self._root)
        self._began, self._wanted = time.monotonic(), True
        if self._running is not None:
            self._running.stop()
            self._end_run()
        if not self._warm.is_ready():
            self._warm.give_up()  # its first import hangs, or reads what was just replaced
        self._warm.warm_up(self._request)

    def _end_run(self) -> None:
        self._running = None
        if self._standing is not None:
            self._standing.renew()

    def _go_on(self) -> None:
        if self._running is None:
            if self._wanted and self._warm.is_ready():
                lent = self._standing.lend(self._control) if self._standing is not None else None
                self._running, self._wanted = self._warm.run({**self._request, "lent": lent}), False
        elif (outcome := self._running.outcome()) is not None:
            self._end_run()
            self._screen.show(outcome, time.monotonic() - self._began)


def _own_code(changed: Iterable[Path]) -> bool:
    """Whether this process, or the warm one, runs code that was just saved; forks read theirs anew."""
    own = {getattr(module, "__file__", None) for name, module in list(sys.modules.items()) if name.startswith(_OWN)}
    return any(file == SERVER or str(file) in own for file in changed)
