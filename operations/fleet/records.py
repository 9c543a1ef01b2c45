"""What a rollout's journal holds: the run, its plan, and one object a shard with what became of each customer."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal, Self

from operations.engine.errors import MistakenError

FORMAT: Final = 1
"""Of the journal's objects; another one is another release's of this command."""

RunState = Literal["running", "stopped", "rolling back", "rolled back", "done", "ended"]
EntryState = Literal["waiting", "running", "done", "failed", "interrupted", "left out"]
RUNNING: Final = ("running", "rolling back")
"""Runners take shards, and what they do counts."""
UNDER_WAY: Final = (*RUNNING, "stopped")


@dataclass(frozen=True, kw_only=True)
class Run:
    """Which release goes out and how far it is. `round` grows with each `resume`: what failed before is tried again."""

    run: str
    plan: str
    environment: str
    image: str
    release: str
    commit: str
    state: RunState
    wave: str
    round: int = 1
    because: tuple[str, ...] = ()
    accepted: Mapping[str, str] = field(default_factory=dict)
    began: str = ""
    writes: int = 0

    @property
    def called(self) -> str:
        """For messages."""
        return f"run {self.run} of {self.image[:19]}"


@dataclass(frozen=True, kw_only=True)
class ShardHead:
    """A shard as the plan names it: everything that a job must know to take it."""

    name: str
    wave: str
    base: str
    environment: str
    account: str
    region: str
    backend: str
    customers: int


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A run's plan, never written again: the waves in their order, the shards, the settings of that moment."""

    run: str
    waves: tuple[str, ...]
    shards: tuple[ShardHead, ...]
    settings: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One customer: what is to run, how often it was begun, and what came of it.

    `before` is the image that ran before; `went_back` says that it runs again, since the new one failed.
    """

    stack: str
    digest: str
    image: str
    state: EntryState = "waiting"
    round: int = 1
    begun: int = 0
    cause: str = ""
    before: str | None = None
    went_back: bool = False
    seconds: float = 0.0

    def is_left(self, round_: int) -> bool:
        """Whether somebody must still do it; what failed is done again in a later round."""
        if self.state == "failed":
            return self.round < round_
        return self.state not in ("done", "left out")


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What CloudWatch said of a shard's stacks after their deployment; `unknown` is what it could not be asked."""

    alarms: tuple[str, ...] = ()
    burn_rates: Mapping[str, float] = field(default_factory=dict)
    error_lines: Mapping[str, int] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Who has a shard, for how long since the object was last written."""

    owner: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class ShardRecord:
    """A shard in the journal. `writes` grows with each write, so that no two contents are ever the same."""

    run: str
    head: ShardHead
    customers: Mapping[str, Entry]
    watched: Watched | None = None
    claim: Claim | None = None
    claims: int = 0
    writes: int = 0

    def left(self, round_: int) -> tuple[str, ...]:
        """Customers who are still to be done."""
        return tuple(name for name, one in self.customers.items() if one.is_left(round_))

    def finished(self, round_: int) -> bool:
        """Whether nobody is left, and what was deployed has been watched."""
        return not self.left(round_) and self.watched is not None

    def with_entry(self, name: str, entry: Entry) -> Self:
        """The same with one customer's entry in the place of the other."""
        return replace(self, customers={**self.customers, name: entry})


def as_bytes(record: Run | Planned | ShardRecord) -> bytes:
    """As an object holds it."""
    return json.dumps({"format": FORMAT, **asdict(record)}, ensure_ascii=False, separators=(",", ":")).encode()


def run_of(body: bytes) -> Run:
    """Raises MistakenError for what this release cannot read."""
    content = _content(body, "the run")
    return Run(**{**content, "because": tuple(content["because"])})


def planned_of(body: bytes) -> Planned:
    """Raises MistakenError for what this release cannot read."""
    content = _content(body, "the plan")
    shards = tuple(ShardHead(**one) for one in content["shards"])
    return Planned(**{**content, "waves": tuple(content["waves"]), "shards": shards})


def shard_of(body: bytes) -> ShardRecord:
    """Raises MistakenError for what this release cannot read."""
    content = _content(body, "a shard")
    watched, claim = content["watched"], content["claim"]
    return ShardRecord(
        **{
            **content,
            "head": ShardHead(**content["head"]),
            "customers": {name: Entry(**one) for name, one in content["customers"].items()},
            "watched": watched and _watched(watched),
            "claim": claim and Claim(**claim),
        }
    )


def _watched(content: Mapping[str, Any]) -> Watched:
    return Watched(**{**content, "alarms": tuple(content["alarms"]), "unknown": tuple(content["unknown"])})


def _content(body: bytes, what: str) -> dict[str, Any]:
    try:
        content = dict(json.loads(body))
    except (ValueError, TypeError):
        content = {}
    found = content.pop("format", None)
    if found != FORMAT:
        raise MistakenError(
            f"the journal's object of {what} has format {found}, and this release of workbuoy reads {FORMAT}",
            "use the release that began the run; nothing was changed",
        )
    return content
