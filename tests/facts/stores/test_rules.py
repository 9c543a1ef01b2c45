"""Lifecycle rules: when what is deleted, however the rules are written and whatever of them is not shown."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from facts.stores import FOREVER, Form
from facts.stores.rules import read_rules
from graph import Unknown

RULES = st.lists(
    st.tuples(st.booleans(), st.sampled_from(["", "tmp/", "logs/"]), st.integers(1, 4000), st.integers(1, 4000))
)


def deadlines(rules: list[Any]) -> dict[tuple[str, Form], float | None]:
    """Scope and form -> the soonest end."""
    found: dict[tuple[str, Form], float | None] = {}
    for form in (Form.OBJECTS, Form.NONCURRENT_VERSIONS):
        for span in read_rules(rules).spans[form]:
            before = found.get((span.scope, form), FOREVER)
            found[span.scope, form] = None if before is None or span.days is None else min(before, span.days)
    return found


def configured(rules: list[tuple[bool, str, int, int]]) -> list[dict[str, Any]]:
    """Rules as a lifecycle configuration has them; every other number is a text, as the provider takes both."""
    return [
        {
            "status": "Enabled" if on else "Disabled",
            "filter": {"prefix": prefix},
            "expiration": {"days": days if index % 2 else str(days)},
            "noncurrentVersionExpiration": {"noncurrentDays": old},
        }
        for index, (on, prefix, days, old) in enumerate(rules)
    ]


def inline(rules: list[tuple[bool, str, int, int]]) -> list[dict[str, Any]]:
    """The same rules inside a bucket."""
    return [
        {
            "enabled": on,
            "prefix": prefix,
            "expiration": {"days": days},
            "noncurrentVersionExpiration": {"days": old},
        }
        for on, prefix, days, old in rules
    ]


def test_a_rule_is_in_force_where_a_text_says_so() -> None:
    switched = [{"enabled": text, "expiration": {"days": 1}} for text in ("true", "false")]
    assert [deadlines([rule]) for rule in switched] == [{("", Form.OBJECTS): 1}, {}]


@given(RULES)
def test_the_soonest_rule_in_force_decides_for_each_scope(rules: list[tuple[bool, str, int, int]]) -> None:
    wanted: dict[tuple[str, Form], float] = {}
    for on, prefix, days, old in rules:
        for form, number in ((Form.OBJECTS, days), (Form.NONCURRENT_VERSIONS, old)):
            if on:
                wanted[prefix, form] = min(wanted.get((prefix, form), FOREVER), number)
    assert deadlines(configured(rules)) == wanted
    shortest = min((days for on, _, days, _ in rules if on), default=FOREVER)
    assert read_rules(configured(rules)).kept(Form.OBJECTS).days == shortest


@given(RULES)
def test_inline_rules_say_the_same_as_a_configuration(rules: list[tuple[bool, str, int, int]]) -> None:
    assert deadlines(inline(rules)) == deadlines(configured(rules))


@given(RULES)
def test_one_number_that_is_not_shown_leaves_the_soonest_unknown(rules: list[tuple[bool, str, int, int]]) -> None:
    hidden = {"status": "Enabled", "filter": {"prefix": "tmp/"}, "expiration": {"days": Unknown()}}
    known = configured(rules)
    assert deadlines([*known, hidden])["tmp/", Form.OBJECTS] is None
    assert read_rules([*known, hidden]).kept(Form.OBJECTS).days is None
    assert deadlines([*known, hidden]).get(("", Form.OBJECTS)) == deadlines(known).get(("", Form.OBJECTS))


def test_the_narrowest_scope_is_distinguished_by_all_that_narrows_it() -> None:
    tagged = {"and": {"prefix": "tmp/", "tags": {"kind": "scratch"}}}
    found = deadlines([{"status": "Enabled", "filter": tagged, "expiration": {"days": 1}}])
    ((scope, form),) = found
    assert form == "objects"
    assert "tmp/" in scope
    assert "scratch" in scope


def test_versions_that_a_rule_spares_are_known_with_it() -> None:
    rules = configured([(True, "", 9, 9), (True, "tmp/", 9, 9)])
    rules[1]["noncurrentVersionExpiration"]["newerNoncurrentVersions"] = 3
    found = {span.scope: span.spared for span in read_rules(rules).spans[Form.NONCURRENT_VERSIONS]}
    assert found == {"": 0, "tmp/": 3}


def test_a_rule_for_delete_markers_alone_ends_nothing_and_one_of_no_days_ends_all() -> None:
    marker = {"status": "Enabled", "expiration": {"days": 0, "expiredObjectDeleteMarker": True}}
    assert read_rules([marker]).spans[Form.OBJECTS] == ()
    (at_once,) = read_rules([{"status": "Enabled", "expiration": {"days": 0}}]).spans[Form.OBJECTS]
    assert at_once.days == 0
