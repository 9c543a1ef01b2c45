"""Which alias keeps what was renamed or moved in the code, and that it does."""

from dataclasses import replace

import pytest

from facts.difference import difference
from facts.moves import Move, moves
from graph import Graph, Resource
from graph.plan import Plan

STACK = "urn:pulumi:prod::app::pulumi:pulumi:Stack::app-prod"
GROUP = "app:aws:Group"
TOPIC = "aws:sns/topic:Topic"


def component(name: str) -> Resource:
    return Resource(urn=f"urn:pulumi:prod::app::{GROUP}::{name}", type=GROUP, name=name, custom=False, parent=STACK)


def topic(name: str, shown: str, parent: Resource | None = None) -> Resource:
    chain = f"{GROUP}${TOPIC}" if parent else TOPIC
    return Resource(
        urn=f"urn:pulumi:prod::app::{chain}::{name}",
        type=TOPIC,
        name=name,
        inputs={"displayName": shown},
        parent=parent.urn if parent else STACK,
    )


def between(before: list[Resource], after: list[Resource]) -> tuple[Move, ...]:
    return moves(Plan(stack="prod", steps=difference(Graph(before), Graph(after))))


def changing(before: list[Resource], after: list[Resource]) -> list[str]:
    return [step.op for step in difference(Graph(before), Graph(after)) if step.changes]


def test_a_renamed_resource_is_kept_by_its_former_name() -> None:
    (found,) = between([topic("old", "a")], [topic("new", "a")])
    assert found.alias == 'aliases=[pulumi.Alias(name="old")]'
    assert str(found) == f"new stands as old: keep it with {found.alias}"
    assert changing([topic("old", "a")], [replace(topic("new", "a"), aliases=("name=old",))]) == []


def test_a_resource_moved_into_a_component_is_kept_by_its_former_parent() -> None:
    group = component("group")
    (found,) = between([topic("t", "a")], [group, topic("t", "a", group)])
    assert found.alias == "aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)]"
    kept = replace(topic("t", "a", group), aliases=("parent=none",))
    assert [step.op for step in difference(Graph([topic("t", "a")]), Graph([group, kept])) if step.type == TOPIC] == [
        "same"
    ]


def test_a_resource_moved_out_of_a_component_that_stays_names_its_urn_without_the_stack() -> None:
    group = component("group")
    (found,) = between([group, topic("t", "a", group)], [group, topic("t", "a")])
    assert found.alias == (f'aliases=[pulumi.Alias(parent=f"urn:pulumi:{{pulumi.get_stack()}}::app::{GROUP}::group")]')


def test_a_renamed_component_is_kept_with_all_that_is_in_it_by_one_alias() -> None:
    old, new = component("old"), component("new")
    before = [old, topic("old-a", "a", old), topic("old-b", "b", old)]
    after = [new, topic("new-a", "a", new), topic("new-b", "b", new)]
    (found,) = between(before, after)
    assert (found.old.urn, found.new.urn, found.count) == (old.urn, new.urn, 3)
    assert found.alias == 'aliases=[pulumi.Alias(name="old")]'
    assert changing(before, [replace(new, aliases=("name=old",)), *after[1:]]) == []


def test_of_several_alike_the_one_with_the_like_name_is_meant() -> None:
    before = [topic("old-a", "same"), topic("old-b", "same")]
    after = [topic("new-b", "same"), topic("new-a", "same")]
    assert {(one.old.name, one.new.name) for one in between(before, after)} == {("old-a", "new-a"), ("old-b", "new-b")}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([topic("old", "a")], [topic("new", "b")]),
        ([topic("old", "a")], []),
        ([], [topic("new", "a")]),
        ([topic("old", "a")], [topic("old", "b")]),
    ],
)
def test_what_is_not_the_same_thing_gets_no_suggestion(before: list[Resource], after: list[Resource]) -> None:
    assert between(before, after) == ()
