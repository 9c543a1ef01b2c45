"""The one list of resource types: whatever the project knows or declares is in it, with each of its properties."""

import pytest

from facts import tokens
from facts.replacements import replaces
from facts.types import TYPES, Harmless, Loss, Removal, loss_of, noun_of
from operations.cost.by_use import BY_USE, FREE
from operations.cost.meters import AT_REST
from rehearsal.kinds import DECLARED_ONLY, KINDS
from rehearsal.kinds.local import LOCAL


@pytest.mark.parametrize("token", sorted({*KINDS, *DECLARED_ONLY, *LOCAL}))
def test_a_type_that_a_rehearsal_makes_is_in_the_list(token: str) -> None:
    assert token in TYPES, f"{token}: add a line to facts/types/ that says what it holds and who judges its properties"


@pytest.mark.parametrize("token", sorted(KINDS))
def test_each_property_that_a_rehearsal_knows_is_judged_shown_or_harmless(token: str) -> None:
    unknown = [name for name in KINDS[token].fields if not TYPES[token].knows(name)]
    assert unknown == [], f"{token}: say in facts/types/ who judges {', '.join(unknown)}, or why they are harmless"


@pytest.mark.parametrize("token", sorted(set(AT_REST) | set(BY_USE) | set(FREE)))
def test_a_type_that_has_a_price_is_in_the_list(token: str) -> None:
    assert token in TYPES


def test_a_token_that_policies_name_is_one_of_a_listed_type_or_of_one_that_only_they_name() -> None:
    named = {value for name, value in vars(tokens).items() if name.isupper() and str(value).startswith("aws:")}
    only_policies = {token for token in named if token not in TYPES}
    assert {loss_of(token) for token in only_policies} <= {Loss.DATA}, "an unlisted type is the worst"


def test_a_type_outside_the_list_may_hold_anything() -> None:
    assert loss_of("aws:fsx/lustreFileSystem:LustreFileSystem") is Loss.DATA
    assert noun_of("aws:fsx/lustreFileSystem:LustreFileSystem") == "resource"


@pytest.mark.parametrize("token", sorted(TYPES))
def test_a_row_of_the_list_does_not_contradict_itself(token: str) -> None:
    listed = TYPES[token]
    noted, harmless = set(listed.noted), set(listed.harmless)
    assert not listed.judged & harmless
    assert not noted & harmless
    assert all(isinstance(why, Harmless) for why in listed.harmless.values())
    assert not listed.loss or listed.removal is Removal.STOPS
    assert listed.noun
    assert listed.noun == listed.noun.strip()


@pytest.mark.parametrize("token", sorted(TYPES))
def test_what_changes_in_place_is_never_called_harmless_for_its_replacement(token: str) -> None:
    by_replacement = (name for name, why in TYPES[token].harmless.items() if why in (Harmless.NAME, Harmless.IDENTITY))
    assert [name for name in by_replacement if replaces(token, name) is False] == []


@pytest.mark.parametrize("token", sorted(token for token, listed in TYPES.items() if listed.loss is Loss.DATA))
def test_what_replaces_a_store_is_never_called_harmless_for_its_size(token: str) -> None:
    """A new, empty one in its place is no matter of size: such a property may only be harmless by its replacement."""
    replacing = {name for name, why in TYPES[token].harmless.items() if replaces(token, name)}
    assert {TYPES[token].harmless[name] for name in replacing} <= {Harmless.NAME, Harmless.IDENTITY}
