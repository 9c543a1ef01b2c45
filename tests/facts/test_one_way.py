"""What AWS changes one way only: larger storage, newer versions."""

from typing import Any

import pytest

from facts import tokens as t
from facts.one_way import refused_updates
from graph.marks import Unknown


@pytest.mark.parametrize(
    ("name", "old", "new", "refused"),
    [
        ("allocatedStorage", 100, 50, True),
        ("allocatedStorage", 100, 200, False),
        ("allocatedStorage", 100, None, False),
        ("allocatedStorage", 100, Unknown(), False),
        ("engineVersion", "17", "16", True),
        ("engineVersion", "9.6", "17", False),
        ("engineVersion", "17.10", "17.9", True),
        ("engineVersion", "17.5", "17", False),
        ("engineVersion", "19.0.0.0.ru-2024-01", "19.0.0.0.ru-2025-01", False),
        ("maxAllocatedStorage", 1000, 500, False),
    ],
)
def test_storage_never_shrinks_and_a_version_never_goes_back(name: str, old: Any, new: Any, refused: bool) -> None:
    found = list(refused_updates(t.DATABASE, {name: old}, {name: new}))
    assert bool(found) is refused
    assert list(refused_updates(t.BUCKET, {name: old}, {name: new})) == []
