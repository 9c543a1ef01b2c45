"""The warm process: `python -m operations.warm.serve`. It imports once and forks for each rehearsal.

It reads one JSON document a line: `{"warm": ASKED}` runs the program here, so that what is imported and cached stays;
`{"run": ASKED, "into": FILE}` forks. Each is answered by a line: `{"warm": true}`, `{"pid": 123}`. A fork forgets every
module of ours, so that it runs the code as it is on the disk now; what comes from elsewhere stays. The process ends
when its standard input does.
"""

import gc
import json
import os
import signal
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[2]
_ELSEWHERE = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))


def forget_our_modules(*roots: Path) -> None:
    """Take the project's own modules out of `sys.modules`, so that they are read anew."""
    for name, module in list(sys.modules.items()):
        file = str(getattr(module, "__file__", None) or _ELSEWHERE[0])
        is_ours = not file.startswith(_ELSEWHERE) and any(Path(file).is_relative_to(root) for root in roots)
        if is_ours and name != "__main__":
            del sys.modules[name]


def warm_up(request: Mapping[str, Any]) -> bool:
    """Rehearse the infrastructure in this process. What is wrong is reported by the run that comes after it."""
    forget_our_modules(ROOT, Path.cwd())
    os.chdir(request["folder"])
    try:
        from operations.warm.run import rehearse_infrastructure  # forgotten and read anew

        rehearse_infrastructure(request["stack"], importing_service=request["with_service"])
    except (Exception, SystemExit):  # the program's, whatever it be
        return False
    gc.collect()
    gc.freeze()  # so that a fork's collector does not copy what we share
    return True


def fork(request: Mapping[str, Any], into: Path) -> int:
    """The process that rehearses, in a session of its own: whoever ends it ends all that it started."""
    pid = os.fork()
    if pid == 0:
        _be_the_fork(request, into)
    return pid


def _be_the_fork(request: Mapping[str, Any], into: Path) -> NoReturn:
    code = os.EX_SOFTWARE
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        forget_our_modules(ROOT, Path.cwd())
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)  # the pipes of the warm process are not ours
        os.dup2(nothing, 1)
        if request["quiet"]:
            from operations.warm.outcome import errors_file  # forgotten and read anew

            os.dup2(os.open(errors_file(into), os.O_WRONLY | os.O_CREAT, 0o600), 2)
        os.chdir(request["folder"])
        from operations.warm.run import rehearse_and_write  # forgotten and read anew

        code = rehearse_and_write(request, into)
    except KeyboardInterrupt:
        code = 130
    finally:
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """Answer line by line."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a fork; its file tells
    sys.path[0:0] = [str(ROOT)]
    for line in sys.stdin:
        request = json.loads(line)
        answer = (
            {"warm": warm_up(request["warm"])}
            if "warm" in request
            else {"pid": fork(request["run"], Path(request["into"]))}
        )
        os.write(1, f"{json.dumps(answer)}\n".encode())


if __name__ == "__main__":
    main()
