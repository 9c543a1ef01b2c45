"""What the service's rehearsal found."""

from dataclasses import dataclass, field

from rehearsal.service.watching import Watched
from rehearsal.stand_ins import StandIn


@dataclass(frozen=True, kw_only=True)
class ServiceStep:
    """One thing tried: how long it took, and what came of it or why it failed."""

    name: str
    seconds: float
    passed: bool
    detail: str = ""


@dataclass(frozen=True)
class Picture:
    """What a browser showed at the end of a step."""

    name: str
    png: bytes


@dataclass(frozen=True, kw_only=True)
class ServiceRehearsal:
    """All steps, what was refused on the way, and permissions that nothing needed.

    `program` names another service that was tried in the place of the bundled one, by its contract; it is empty
    otherwise. `notes` are for whoever reviews a migration. `incomplete` says in one line why the service could not be
    tried at all. Permissions were judged by `rehearsal.permissions`, not by AWS.
    """

    program: str = ""
    steps: tuple[ServiceStep, ...] = ()
    denials: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    stand_ins: tuple[StandIn, ...] = ()
    judged: int = 0
    last_lines: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    incomplete: str = ""
    watched: Watched = field(default_factory=Watched)

    @property
    def passed(self) -> bool:
        """Whether every step was reached and went well, and nothing was refused that should not be."""
        return not self.incomplete and not self.denials and all(step.passed for step in self.steps)

    @property
    def seconds(self) -> float:
        """How long all steps took together."""
        return sum(step.seconds for step in self.steps)
