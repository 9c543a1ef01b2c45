"""The days of a customer's contract, and the legal hold that keeps what they would end."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field

from components.settings import BrokenRule, Rule, Settings


class Hold(Settings):
    """A legal hold: nothing of the customer is destroyed or removed until a reviewed change takes it out again."""

    since: Annotated[date, Field(description="The day on which it was ordered")]
    reason: Annotated[
        str,
        Field(
            min_length=10,
            max_length=300,
            examples=["Case 26-104522, Oslo tingrett: preserve everything"],
            description="Who ordered it and why; every command that refuses repeats it",
        ),
    ]


def _in_order(dates: "Dates") -> Iterator[BrokenRule]:
    if dates.live and dates.live < dates.signed:
        yield "live", f"lies before signed ({dates.signed})"
    if dates.retiring and dates.retiring < dates.signed:
        yield "retiring", f"lies before signed ({dates.signed})"


class Dates(Settings):
    """Days of the contract, as YYYY-MM-DD."""

    signed: date
    live: date | None = None
    retiring: Annotated[
        date | None,
        Field(description="Set in a reviewed change, it lifts the protections that refuse deleting the silo"),
    ] = None
    hold: Annotated[
        Hold | None,
        Field(description="A legal hold: destroy, remove and erase refuse, and a silo's files do not expire"),
    ] = None

    rules: ClassVar[tuple[Rule, ...]] = (_in_order,)

    @property
    def leaves_on(self) -> date | None:
        """The day from which the customer may be destroyed; none while a hold stands, whatever `retiring` says."""
        return None if self.hold else self.retiring
