"""Errors that a person can mend; commands print each problem on a line of its own and exit with 1."""

from collections.abc import Iterable


class PolicyError(Exception):
    """One or more problems with what the policies were given: settings, exemptions, a graph file."""

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class RuleError(Exception):
    """A rule raised instead of judging: the run fails and names the resource, for a silent rule protects nobody."""

    def __init__(self, message: str, urn: str) -> None:
        self.urn = urn
        super().__init__(message)
