"""Every fact has words in every language, and the words of two languages need the same places filled."""

import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any

import pytest

from facts.captions import ENGLISH, NORWEGIAN, Language
from facts.stores import Concern, End, Form, Guard, Keeping, KeyKind, Limit, Reason, stores
from rehearsal.as_graph import graph_of

LANGUAGES = [ENGLISH, NORWEGIAN]


def tables(language: Language) -> Iterator[tuple[str, Mapping[Any, str]]]:
    for one in fields(language):
        value = getattr(language, one.name)
        if isinstance(value, Mapping):
            yield one.name, value
        else:
            yield one.name, dict(enumerate([value] if isinstance(value, str) else value))


def places(words: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES, ids=["English", "Norwegian"])
def test_every_member_of_every_enum_has_words(language: Language) -> None:
    assert set(language.forms) | set(language.parts) == set(Form)
    assert set(language.keepings) == set(Keeping)
    assert set(language.keys) == set(KeyKind)
    assert set(language.ends) == set(End)
    assert set(language.reasons) == set(Reason)
    assert set(language.concerns) == set(Concern)
    assert set(language.guards) == set(Guard)
    assert set(language.limits) == set(Limit)
    assert set(language.spans) == set(language.parts)


def test_both_languages_say_the_same_of_the_same() -> None:
    norwegian = dict(tables(NORWEGIAN))
    for name, table in tables(ENGLISH):
        if name != "classifications":  # English says these as the tag has them
            assert set(norwegian[name]) == set(table), name
            assert {key: places(words) for key, words in table.items()} == {
                key: places(words) for key, words in norwegian[name].items()
            }, name


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_norwegian_has_words_of_its_own_for_all_that_a_stack_holds(declared: Callable[[str], Any], stack: str) -> None:
    for one in stores(graph_of(declared(stack).rehearsal)):
        assert NORWEGIAN.what(one) != ENGLISH.what(one)
        assert NORWEGIAN.after_deletion(one) != ENGLISH.after_deletion(one)
        assert not {"{", "}"} & set(NORWEGIAN.what(one) + NORWEGIAN.kept(one) + NORWEGIAN.after_deletion(one))


@pytest.mark.parametrize(("days", "words"), [(1.0, "1 dag"), (30.0, "30 dager"), (1.5, "1.5 dager")])
def test_days_are_counted(days: float, words: str) -> None:
    assert NORWEGIAN.days(days) == words
    assert NORWEGIAN.words(["a", "b", "c"]) == "a, b og c"
