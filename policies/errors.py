"""How a run of the policies ends early beside a person's mistake."""


class RuleError(Exception):
    """A rule raised instead of judging: the run fails and names the resource, for a silent rule protects nobody."""

    def __init__(self, message: str, urn: str) -> None:
        self.urn = urn
        super().__init__(message)
