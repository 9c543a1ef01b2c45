"""The price table keeps amounts as they were read, and says where."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from operations.cost.prices import PriceTable, read_prices

SOURCES = {
    "page": {"url": "https://example.com/prices", "readOn": "2026-11-22", "note": "a page"},
    "older": {"url": "https://example.com/older", "readOn": "2026-10-01", "note": "a page"},
    "index": {"readOn": "2026-11-22", "note": "read without an address"},
}


def made(amounts: dict[str, Any], **price: Any) -> PriceTable:
    return PriceTable.model_validate(
        {
            "hoursPerMonth": 730,
            "sources": SOURCES,
            "prices": {"thing": {"label": "A thing", "per": "hour", "amounts": amounts, **price}},
        }
    )


def test_the_committed_table_can_be_read_and_every_source_is_in_use() -> None:
    prices = read_prices()
    used = {
        source for price in prices.prices.values() for amount in price.amounts.values() for source in amount.sources
    }
    assert used == set(prices.sources)


def test_every_committed_amount_names_where_and_when_it_was_read() -> None:
    prices = read_prices()
    assert [
        (name, region)
        for name, price in prices.prices.items()
        for region, amount in price.amounts.items()
        if not amount.sources
    ] == []
    assert all(one.read_on <= date.today() for one in prices.sources.values())
    assert all(one.note for one in prices.sources.values())


def test_a_region_has_its_own_amount_before_any_other() -> None:
    prices = made({"us-east-1": {"usd": "1", "sources": ["page"]}, "eu-west-1": {"usd": "2", "sources": ["page"]}})
    found = prices.find("thing", "eu-west-1")
    assert found is not None
    assert (found.usd, found.region, found.elsewhere, found.verified) == (Decimal(2), "eu-west-1", False, True)


def test_the_first_amount_stands_in_for_a_region_without_one_and_says_so() -> None:
    prices = made({"us-east-1": {"usd": "1", "sources": ["page"]}, "eu-west-1": {"usd": "2", "sources": ["page"]}})
    found = prices.find("thing", "eu-north-1")
    assert found is not None
    assert (found.usd, found.region, found.elsewhere) == (Decimal(1), "us-east-1", True)


def test_an_amount_that_holds_anywhere_stands_in_for_no_region() -> None:
    found = made({"any": {"usd": "1", "sources": ["page"]}}).find("thing", "eu-north-1")
    assert found is not None
    assert not found.elsewhere


@pytest.mark.parametrize(("sources", "verified"), [([], False), (["index"], False), (["index", "page"], True)])
def test_only_an_amount_with_an_address_counts_as_verified(sources: list[str], verified: bool) -> None:
    found = made({"any": {"usd": "1", "sources": sources}}).find("thing", "eu-west-1")
    assert found is not None
    assert found.verified is verified


def test_an_amount_is_as_old_as_its_oldest_source() -> None:
    found = made({"any": {"usd": "1", "sources": ["page", "older"]}}).find("thing", "eu-west-1")
    assert found is not None
    assert found.read_on == date(2026, 10, 1)


def test_what_was_never_read_has_no_amount() -> None:
    assert made({}).find("thing", "eu-west-1") is None
    assert made({}).find("another", "eu-west-1") is None


@pytest.mark.parametrize(
    ("amounts", "price", "said"),
    [
        ({"any": {"usd": 0.1, "sources": []}}, {}, "in quotes"),
        ({"any": {"usd": "-1", "sources": []}}, {}, "greater than or equal to 0"),
        ({"any": {"usd": "1", "sources": ["nowhere"]}}, {}, "no such source: thing: nowhere"),
        ({"any": {"usd": "1", "currency": "EUR"}}, {}, "Extra inputs"),
        ({}, {"label": "x" * 53}, "80 columns"),
    ],
)
def test_a_mistake_in_the_table_is_reported(amounts: dict[str, Any], price: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        made(amounts, **price)
