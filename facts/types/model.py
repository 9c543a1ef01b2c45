"""The words in which a resource type is listed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from facts.places import LABELS


class Loss(IntEnum):
    """What it costs to lose what a type holds; the dearest is the highest."""

    NOTHING = 0
    REMADE = 1  # it can be made again from somewhere else: an image from its commit
    LOGS = 2
    SECRET = 3
    KEY = 4
    COPY = 5  # a backup or a snapshot: what the data would come back from
    DATA = 6


class Removal(StrEnum):
    """What it means that a resource of a type goes."""

    STOPS = "stops"  # data, or what guards them, go with it
    NOTED = "noted"  # a reviewer must read it: something is no longer served, watched or reachable
    JUDGED = "judged"  # it says something of another resource, and what that loses is judged there
    HARMLESS = "harmless"


class Harmless(StrEnum):
    """Why a change of a property is harmless: nothing is lost, opened, granted or unwatched by it."""

    SIZE = "it changes how much is provided, and what that costs"
    TEXT = "it is a text for people"
    NAME = "it names the resource; another name replaces it, which is judged as a replacement"
    IDENTITY = "it says what the resource belongs to; another value replaces it, which is judged as a replacement"
    TIMING = "it changes when or how quickly something is done, not whether"
    RELEASE = "it is how a release changes what runs; the task and its permissions are judged by themselves"
    TUNING = "it changes how something is measured or spread, not whether"
    ENGINE = "it tells Pulumi's provider how to work, not AWS what to keep"


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceType:
    """One type: what a person calls it, what it holds, what its going means, and who judges each of its properties.

    `judged` are properties that facts or policies read; `noted` are shown with these words when they change, which one
    may be too that is judged in a part; `harmless` have a reason. A property in none of them is not judged.
    """

    token: str
    noun: str
    loss: Loss = Loss.NOTHING
    removal: Removal = Removal.NOTED
    judged: frozenset[str] = frozenset()
    noted: Mapping[str, str] = ()  # type: ignore[assignment]
    harmless: Mapping[str, Harmless] = ()  # type: ignore[assignment]
    runs_code: bool = False

    def knows(self, property_: str) -> bool:
        """Whether somebody judges a property, shows it, or says why it is harmless."""
        return property_ in self.judged or property_ in self.noted or property_ in self.harmless


def listed(
    token: str,
    noun: str,
    *,
    loss: Loss = Loss.NOTHING,
    removal: Removal | None = None,
    judged: str = "",
    noted: Mapping[str, str] | None = None,
    harmless: Mapping[Harmless, str] | None = None,
    runs_code: bool = False,
) -> ResourceType:
    """A row of the list; properties are separated by spaces. What holds data stops when it goes."""
    return ResourceType(
        token=token,
        noun=noun,
        loss=loss,
        removal=removal or (Removal.STOPS if loss else Removal.NOTED),
        judged=frozenset(judged.split()) | _EVERYWHERE,
        noted={name: words for names, words in (noted or {}).items() for name in names.split()},
        harmless={name: why for why, names in (harmless or {}).items() for name in names.split()} | _LABELS,
        runs_code=runs_code,
    )


_EVERYWHERE = frozenset({"region"})  # facts.places reads it of every type
_LABELS = dict.fromkeys(LABELS, Harmless.TEXT)  # the owner tags are a policy's
