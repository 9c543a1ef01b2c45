"""How a review ends early."""

from infra.problems import Problem, ProblemsError


class InputError(ProblemsError):
    """A person's mistake in what was given to a review: each problem is one line."""

    def __init__(self, *problems: str) -> None:
        super().__init__(Problem(message=problem) for problem in problems)
