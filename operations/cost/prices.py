"""The price table: each amount with where and when it was read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, model_validator
from pydantic.alias_generators import to_camel

from infra.yaml_text import read_yaml_value

TABLE = Path(__file__).with_name("prices.yaml")
ANY_REGION = "any"
PER_HOUR, PER_MONTH = "hour", "month"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=False)


class PriceSource(_Part):
    """Where amounts were read. One without `url` was read through an index that gives no address."""

    url: HttpUrl | None = None
    read_on: date
    note: str


class Amount(_Part):
    """USD for one unit, as its sources write it."""

    usd: Annotated[Decimal, Field(ge=0)]
    sources: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _exact(cls, content: Any) -> Any:
        if isinstance(content, Mapping) and isinstance(content.get("usd"), float):
            raise ValueError("write the amount in quotes: a float does not keep it as it was read")
        return content


def _one_line(label: str) -> str:
    if "\n" in label or len(label) > 52:
        raise ValueError("a label is one line of at most 52 characters, so that a table fits into 80 columns")
    return label


class Price(_Part):
    """One thing that AWS charges for. `amounts` by region, or `any` where the sources name none."""

    label: Annotated[str, AfterValidator(_one_line)]
    per: str
    amounts: dict[str, Amount]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Found:
    """An amount for a region; `region` is where it was read, which may be another one."""

    usd: Decimal
    region: str
    verified: bool
    elsewhere: bool
    read_on: date | None


class PriceTable(_Part):
    """All prices, and where they were read."""

    hours_per_month: Annotated[int, Field(ge=672, le=744)]
    sources: dict[str, PriceSource]
    prices: dict[str, Price]

    @model_validator(mode="after")
    def _names_known_sources(self) -> "PriceTable":
        unknown = {
            f"{name}: {source}"
            for name, price in self.prices.items()
            for amount in price.amounts.values()
            for source in amount.sources
            if source not in self.sources
        }
        if unknown:
            raise ValueError(f"no such source: {', '.join(sorted(unknown))}")
        return self

    def find(self, name: str, region: str) -> Found | None:
        """The amount for a region, else the first that is known; none where nothing was read."""
        price = self.prices.get(name)
        if price is None or not price.amounts:
            return None
        known = next((one for one in (region, ANY_REGION) if one in price.amounts), None)
        place = known or next(iter(price.amounts))
        amount = price.amounts[place]
        sources = [self.sources[one] for one in amount.sources]
        return Found(
            usd=amount.usd,
            region=place,
            verified=any(one.url for one in sources),
            elsewhere=known is None,
            read_on=min((one.read_on for one in sources), default=None),
        )

    def months(self, name: str) -> Decimal:
        """How many of a price's units one thing at rest uses in a month."""
        return Decimal(self.hours_per_month if self.prices[name].per == PER_HOUR else 1)


@cache
def read_prices() -> PriceTable:
    """The committed table. A mistake in it is one of the program: a test reads it."""
    return PriceTable.model_validate(read_yaml_value(TABLE))
