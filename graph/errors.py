"""How reading a file ends early; importing this costs nothing, so that `workbuoy --help` stays quick."""


class InputError(Exception):
    """A person's mistake: each problem is one line, and a command exits with 1."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def why_unreadable(error: Exception) -> str:
    """Why a file could not be read, in a person's words instead of Python's."""
    if isinstance(error, UnicodeDecodeError):
        return "it is no text"
    return (isinstance(error, OSError) and error.strerror) or str(error)
