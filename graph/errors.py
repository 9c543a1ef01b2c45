"""How reading a file ends early; importing this costs nothing, so that `workbuoy --help` stays quick."""


class InputError(Exception):
    """A person's mistake: each problem is one line, and a command exits with 1."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def reason_of(error: object) -> str:
    """What went wrong in a person's words, without the number and the file's name that an OSError adds."""
    return "it is no text" if isinstance(error, UnicodeDecodeError) else getattr(error, "strerror", None) or str(error)
