"""Where `workbuoy` begins and ends: one line, and never a traceback, for what has nothing to do with the command."""

import errno
import os
import signal
import sys

from project.interrupts import interruptible

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


def run() -> None:
    """The command, from its first import to the last byte on stdout. Ends with 130 on Ctrl-C and 4 on a full disk."""
    try:
        with interruptible(signal.SIGINT):
            from operations.main import main  # a Ctrl-C while it is imported is one, too

            try:
                main()
            finally:
                sys.stdout.flush()
    except KeyboardInterrupt:
        _end(130, "error: interrupted")
    except BrokenPipeError:  # whoever read our output has seen enough
        _end(0, "")
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        where = f" {error.filename}" if error.filename else " the output"
        _end(4, f"error: cannot write{where}: {error.strerror}")


def _end(code: int, line: str) -> None:
    if line:
        os.write(2, f"{line}\n".encode())
    os._exit(code)  # what is still buffered could only fail once more
