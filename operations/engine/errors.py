"""How an engine's run ends early: what is wrong, and the next step. Importing this costs nothing."""

from typing import ClassVar, Final

NO_REASON: Final = "the engine gave no reason"


class EngineError(Exception):
    """The engine could not do what it was asked; `code` is the command's exit code."""

    code: ClassVar[int] = 4

    def __init__(self, problem: str, next_step: str = "") -> None:
        self.problem = problem
        self.next_step = next_step
        super().__init__(f"{problem}; {next_step}" if next_step else problem)

    @property
    def lines(self) -> tuple[str, ...]:
        """What a command prints, one line a problem."""
        return (str(self),)


class EngineMissingError(EngineError):
    """There is no Pulumi CLI, or none that is new enough, or a provider plugin is missing."""


class LockedError(EngineError):
    """Another run holds the stack's lock."""


class UnreachableError(EngineError):
    """The backend, AWS or GitHub could not be reached or asked: no login, no credentials, no network."""


class LostEventsError(EngineError):
    """Not all that the engine reported arrived, so what it found or did is not known."""


class MistakenError(EngineError):
    """What was given is wrong: an unknown stack, another account, a region that is not allowed."""

    code: ClassVar[int] = 1


class PendingError(EngineError):
    """An interrupted run left operations whose outcome nobody knows."""

    code: ClassVar[int] = 3


class FailedError(EngineError):
    """The operation ran and failed; `reasons` holds what the engine said, one line each."""

    code: ClassVar[int] = 3

    def __init__(self, problem: str, next_step: str = "", reasons: tuple[str, ...] = ()) -> None:
        super().__init__(problem, next_step)
        self.reasons = reasons

    @property
    def reason(self) -> str:
        """The first one."""
        return next(iter(self.reasons), NO_REASON)

    @property
    def lines(self) -> tuple[str, ...]:
        """The problem, and every reason that it does not hold already."""
        return (str(self), *(reason for reason in self.reasons if reason not in self.problem))


class StrayedError(EngineError):
    """An update would have done what was not reviewed, or began it; it was stopped."""

    code: ClassVar[int] = 3


class KilledError(EngineError):
    """Something ended the engine by force; it stopped nothing in good order."""

    code: ClassVar[int] = 3


class InterruptedRunError(EngineError):
    """Ctrl-C: the engine was asked to stop, and has stopped."""

    code: ClassVar[int] = 130
