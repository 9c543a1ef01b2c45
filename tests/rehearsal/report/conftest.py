"""A page as a reader meets it: parsed, with its sections, tables and links; and rehearsals made by hand."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any

import pytest

from rehearsal.report import render
from rehearsal.result import Declared, Rehearsal, Rehearsed, State

_VOID = frozenset({"br", "hr", "input", "link", "meta", "wbr"})


@dataclass
class Node:
    """One element."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Node | str"] = field(default_factory=list)

    def walk(self) -> Iterator["Node"]:
        """This element and all inside it, in the order of the page."""
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.walk()

    def all(self, tag: str, class_: str = "") -> list["Node"]:
        """Every element of a tag inside, of one class if any is given."""
        return [
            one
            for one in self.walk()
            if one.tag == tag and (not class_ or class_ in one.attributes.get("class", "").split())
        ]

    @property
    def text(self) -> str:
        """What it says, with single spaces."""
        return " ".join(" ".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, Node):
                yield from child._texts()
            else:
                yield child

    def section(self, anchor: str) -> "Node":
        """The section of a page."""
        (found,) = [one for one in self.all("section") if one.attributes.get("id") == anchor]
        return found

    def rows(self) -> list[list[str]]:
        """The cells of every row of every table inside, as text."""
        return [
            [cell.text for cell in row.children if isinstance(cell, Node)]
            for body in self.all("tbody")
            for row in body.all("tr")
        ]


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("root")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in _VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


Read = Callable[[Rehearsal], Node]
Part = Callable[..., Rehearsed]
Whole = Callable[..., Rehearsal]
Mutate = Callable[..., Rehearsal]


@pytest.fixture(scope="session")
def read() -> Read:
    """Render a rehearsal and parse the page; every element must be closed where it was opened."""

    def parsed(rehearsal: Rehearsal) -> Node:
        builder = _Builder()
        builder.feed(render(rehearsal))
        builder.close()
        assert builder.open == [builder.root]
        return builder.root

    return parsed


@pytest.fixture(scope="session")
def part() -> Part:
    """A resource as a rehearsal leaves it; its ARN is `arn:<name>`, its id its name."""

    def make(type_: str, name: str = "it", *, state: State = State.COMPARED, **more: Any) -> Rehearsed:
        token = type_ if type_.startswith(("workbuoy:", "pulumi:")) else f"aws:{type_}"
        result = {key: more.pop(key) for key in ("fields", "reason", "id", "outputs") if key in more}
        declared = Declared(
            urn=f"urn:pulumi:test::small::{token}::{name}",
            type=token,
            name=name,
            custom=state is not State.COMPONENT,
            inputs=more.pop("properties", {}),
            **more,
        )
        return Rehearsed(declared, state, **{"id": name, "outputs": {"arn": f"arn:{name}"}, **result})

    return make


@pytest.fixture(scope="session")
def whole() -> Whole:
    """A rehearsal of some resources."""

    def make(*resources: Rehearsed, **changes: Any) -> Rehearsal:
        made = Rehearsal(
            project="small",
            stack="test",
            account="210000000001",
            region="eu-north-1",
            declare_only=False,
            resources=resources,
            exports={},
            secret_exports=(),
            stand_ins=(),
            refusals=(),
            seconds={"running the program": 1.5},
        )
        return replace(made, **changes)

    return make


@pytest.fixture(scope="session")
def mutate() -> Mutate:
    """The same rehearsal with some properties or options of one resource changed; None takes a property away."""

    def change(
        rehearsal: Rehearsal, name: str, properties: Mapping[str, Any] | None = None, **options: Any
    ) -> Rehearsal:
        def changed(one: Rehearsed) -> Rehearsed:
            if one.name != name or not one.declared.custom:
                return one
            merged = {**one.declared.inputs, **(properties or {})}
            kept = {key: value for key, value in merged.items() if value is not None}
            return replace(one, declared=replace(one.declared, inputs=kept, **options))

        made = replace(rehearsal, resources=tuple(changed(one) for one in rehearsal.resources))
        assert made.resources != rehearsal.resources, f"no resource is named {name}"
        return made

    return change
