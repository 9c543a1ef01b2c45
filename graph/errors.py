"""How reading a file ends early; importing this costs nothing, so that `workbuoy --help` stays quick."""


class InputError(Exception):
    """A person's mistake: each problem is one line, and a command exits with 1."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))
