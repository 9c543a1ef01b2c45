"""Where `workbuoy` begins and ends: one line, and never a traceback, for what has nothing to do with the command."""

import errno
import os
import signal
import sys

from project.interrupts import interruptible

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


def run() -> None:
    """The command, from its first import to the last byte on stdout.

    Ends with 130 on Ctrl-C, with 141 where the reader of its output went away (as other programs do in a shell: it is
    no verdict), with 4 where the output or another file cannot be used, and with 1 in a folder that is gone.
    """
    if sys.stdout is None:
        _end(4, "error: cannot write the output: it is closed")
    try:
        os.getcwd()
    except FileNotFoundError:
        _end(1, "error: the current folder is gone; change to another one")
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
        _end(141, "")
    except OSError as error:
        if error.errno not in _NO_ROOM and not error.filename:
            raise
        verb = "write" if error.errno in _NO_ROOM else "use"
        _end(4, f"error: cannot {verb} {error.filename or 'the output'}: {error.strerror}")


def _end(code: int, line: str) -> None:
    if line:
        os.write(2, f"{line}\n".encode())
    os._exit(code)  # what is still buffered could only fail once more
