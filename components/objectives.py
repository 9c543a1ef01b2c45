"""What a service promises its users: the one table of objectives that rules, alerts and dashboards are made from."""

from typing import Annotated, Literal

from pydantic import Field

from components.settings import Settings


class ObjectivesSettings(Settings):
    """What share of requests is answered, and answered in time, over how many days.

    Below 95 % the fastest burn rate (14.4 times the budget) would be more than all requests: its alert could never
    fire. Times are bounds of the service's histogram, which counts nothing between them.
    """

    availability_percent: Annotated[
        float, Field(ge=95, le=99.99, description="Share of requests that do not end in a 5xx")
    ] = 99.9
    response_percent: Annotated[
        float, Field(ge=95, le=99.99, description="Share of requests that are answered within responseMilliseconds")
    ] = 99
    response_milliseconds: Annotated[
        Literal[100, 250, 500, 1000, 2500, 5000],
        Field(description="Transfers of attachments are left out: their time is the client's line"),
    ] = 500
    days: Annotated[int, Field(ge=7, le=90, description="The period over which both are promised")] = 28
