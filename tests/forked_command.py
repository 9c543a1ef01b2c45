"""`python -c "from operations.main import main; main()" ...` as forks, for which other people's packages are imported.

Importing them takes most of such a process, and is the same each time. The project's own code is imported anew, from
where the process is told to look for it.
"""

import atexit
import gc
import importlib
import logging
import os
import signal
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from project.files import find_project
from rehearsal.run import Options, rehearse
from tests.conftest import PROJECT

PROGRAM = "from operations.main import main; main()"
_OTHERS = Path(sys.prefix).resolve(), Path(os.__file__).parent.resolve()


@cache
def import_what_a_declaration_needs() -> None:
    """By declaring a stack once, which is also what reads the provider's parts that stacks name."""
    rehearse(find_project(PROJECT), "prod", Options(declare_only=True))


class Forking(subprocess.Popen[Any]):
    """A process as it was asked for, but for the command, which runs in a fork of this process."""

    # Python's own calls what makes the process with some twenty arguments by position.
    def _execute_child(self, args: Any, *given: Any) -> None:
        if not isinstance(args, list) or args[:3] != [sys.executable, "-c", PROGRAM]:
            super()._execute_child(args, *given)  # type: ignore[misc]  # typeshed leaves it out
            return
        folder, environment, ends = given[4], given[5], given[9:15]
        import_what_a_declaration_needs()
        self.pid = os.fork()
        if self.pid == 0:
            _become(args[3:], folder, os.environ if environment is None else environment, ends[0], ends[3], ends[5])
        self._child_created = True
        self._close_pipe_fds(*ends)  # type: ignore[attr-defined]


def _become(arguments: Sequence[str], folder: Any, environment: Mapping[str, str], *ends: int) -> NoReturn:
    """In the fork: be the process, and end as it does."""
    code = 1
    try:
        for number, end in enumerate(ends):
            if end != -1:
                os.dup2(end, number)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
        code = _run(arguments, folder, dict(environment))
        atexit._run_exitfuncs()
        sys.stdout.flush()
    finally:
        os._exit(code)  # whatever was raised: it is a copy of a test that would go on


def _run(arguments: Sequence[str], folder: Any, environment: dict[str, str]) -> int:
    """The command's exit code."""
    subprocess.Popen = Forking  # type: ignore[misc]  # of what it starts in turn
    _forget_this_process(environment)
    if folder is not None:
        os.chdir(folder)
    sys.path[:0] = ["", *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    sys.argv = ["-c", *arguments]
    try:
        importlib.import_module("operations.main").main()
    except SystemExit as asked:
        return asked.code if isinstance(asked.code, int) else int(asked.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _forget_this_process(environment: dict[str, str]) -> None:
    """Nothing of what a test or pytest has set up, and none of the project's own modules."""
    atexit._clear()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None
    logging.root.handlers.clear()
    warnings.simplefilter("ignore")
    sys.meta_path[:] = [one for one in sys.meta_path if not type(one).__module__.startswith("_pytest.")]
    sys.dont_write_bytecode = bool(environment.get("PYTHONDONTWRITEBYTECODE"))
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file is not None and not any(Path(file).resolve().is_relative_to(one) for one in _OTHERS):
            del sys.modules[name]
    sys.modules["__main__"] = ModuleType("__main__")
    gc.freeze()
