"""How a rehearsal ends early. A person's mistake is `infra.problems.ProblemsError`."""


class RefusedError(Exception):
    """The program did something that the real engine or this project refuses. The message is one line."""


class ProgramError(Exception):
    """The program itself failed: a mistake in it, not in a person's settings. The cause is chained."""
