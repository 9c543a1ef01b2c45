"""Every resource, as the tree of components that declared it, with every field."""

from collections.abc import Iterator, Sequence

from graph.resource import short_type
from graph.wire import MASK
from project.terminal import count
from rehearsal.report.markup import Html, code, el, join, text
from rehearsal.report.present import (
    STATE_CLASS,
    STATE_MEANING,
    Column,
    Section,
    chip,
    field_counts,
    mark,
    marks,
    milliseconds,
    table,
    value,
)
from rehearsal.report.view import View
from rehearsal.result import Check, FieldResult, Rehearsed, State


def resources(view: View) -> Section:
    """The tree, with a filter where scripts run."""
    rehearsal = view.rehearsal
    children: dict[str, list[Rehearsed]] = {}
    for one in rehearsal.resources:
        children.setdefault(one.declared.parent, []).append(one)
    groups = [
        _component(view, index, name, members, children)
        for index, (name, members) in enumerate(rehearsal.components.items())
    ]
    total = sum(len(members) for members in rehearsal.components.values())
    return Section(
        "resources", "Resources", join(_controls(), el("div", groups, id="tree"), _providers(view)), badge=str(total)
    )


def _controls() -> Html:
    boxes = [
        el(
            "label",
            el("input", type="checkbox", name="state", value=STATE_CLASS[state], checked=True),
            mark(state),
            state.value,
        )
        for state in STATE_MEANING
    ]
    return el(
        "form",
        el(
            "label",
            "Find ",
            el("input", type="search", id="find", placeholder="name, type, id or field"),
            class_="find",
        ),
        el("fieldset", el("legend", "States"), boxes),
        el(
            "span",
            el("button", "Open all", type="button", id="open"),
            el("button", "Close all", type="button", id="close"),
        ),
        el("output", id="hits", role="status"),
        id="controls",
        hidden=True,
    )


def _component(
    view: View, index: int, name: str, members: Sequence[Rehearsed], children: dict[str, list[Rehearsed]]
) -> Html:
    bad = any(one.state in (State.DIFFERS, State.FAILED) for one in members)
    roots = [
        one
        for one in view.rehearsal.resources
        if one.state is State.COMPONENT and one.name == name and not view.rehearsal.component_of(one.urn)
    ]
    if roots:
        listed = [_entry(view, one, children, 4) for root in roots for one in children.get(root.urn, ())]
    else:
        listed = [_resource(view, one) for one in members]
    return el(
        "details",
        el(
            "summary",
            el("h3", name or "The stack itself"),
            el("span", count(len(members), "resource"), class_="quiet"),
            marks(members),
        ),
        el("ul", listed, id=f"c-{index}", class_="entries"),
        class_="component",
        open=bad,
    )


def _entry(view: View, one: Rehearsed, children: dict[str, list[Rehearsed]], level: int) -> Html | None:
    inner = [_entry(view, child, children, level + 1) for child in children.get(one.urn, ())]
    if one.state is not State.COMPONENT:
        return join(_resource(view, one), inner)
    if not inner:
        return None
    title = el(f"h{min(level, 6)}", code(one.name), el("span", short_type(one.type), class_="quiet"))
    return el("li", title, el("ul", inner, class_="entries"), class_="group")


def _resource(view: View, one: Rehearsed) -> Html:
    declared = one.declared
    flags = [chip("protected")] if declared.protect else []
    flags += [chip("stays on destroy")] if declared.retain_on_delete else []
    physical = view.physical_name(one) or one.id
    summary = el(
        "summary",
        mark(one.state),
        el("span", one.state.value, class_="hide"),
        code(one.name),
        el("span", short_type(one.type), class_="type"),
        flags,
        el("span", physical, class_="physical") if physical and physical != one.name else None,
        el("span", field_counts(one), class_="amount"),
    )
    inner = el("div", _facts(view, one), _fields(view, one), id=view.anchor(one.urn), class_="inside")
    return Html(f'<li><details class="resource" data-state="{STATE_CLASS[one.state]}">{summary}{inner}</details></li>')


def _facts(view: View, one: Rehearsed) -> Html:
    declared = one.declared
    physical = view.physical_name(one)
    facts: list[tuple[str, str | Html | None]] = [
        ("State", join(one.state.value, [": ", view.scrub(one.reason)] if one.reason else None)),
        ("Type", code(one.type)),
        ("Name in AWS", code(physical) if physical else None),
        ("Id", code(one.id) if one.id and one.id != physical else None),
        ("Declared at", code(declared.source) if declared.source else None),
        ("Region", code(one.region) if one.region and one.region != view.rehearsal.region else None),
        ("Took", f"{milliseconds(one.create_ms)} to create, {milliseconds(one.read_ms)} to read back and compare")
        if one.fields
        else ("Took", None),
        ("URN", code(one.urn)),
    ]
    rows = [el("div", el("dt", name), el("dd", what)) for name, what in facts if what is not None]
    return el("dl", rows, class_="facts")


_COLUMNS = (Column("Field"), Column("Declared"), Column("Read back"))
_EQUAL = Html("equal")
_TAG = "tags."


def _fields(view: View, one: Rehearsed) -> Html | None:
    if one.fields:
        rows = list(_field_rows(view, one))
    else:
        inputs = view.resource(one).inputs
        rows = [[name, value(inputs[name]), el("span", "not checked", class_="unchecked")] for name in sorted(inputs)]
    if not rows:
        return None
    return table(f"Fields of {one.name}", _COLUMNS, rows, class_="fields")


def _field_rows(view: View, one: Rehearsed) -> Iterator[list[str | Html]]:
    """One row a field; tags that are all equal share one."""
    tags = {
        field.path.removeprefix(_TAG): field.declared
        for field in one.fields
        if field.path.startswith(_TAG) and field.check is Check.CHECKED and not view.is_secret(one, field.path)
    }
    tags_shown = False
    for field in one.fields:
        if not field.path.startswith(_TAG) or field.path.removeprefix(_TAG) not in tags:
            yield _field(view, one, field)
        elif not tags_shown:
            tags_shown = True
            pairs = [[", " if index else None, code(f"{key}={tags[key]}")] for index, key in enumerate(sorted(tags))]
            yield [f"{len(tags)} tags", join(pairs), _EQUAL]


def _field(view: View, one: Rehearsed, field: FieldResult) -> list[str | Html]:
    secret = view.is_secret(one, field.path)
    declared = value(MASK if secret else field.declared)
    if field.check is Check.CHECKED:
        return [field.path, declared, _EQUAL]
    if field.check is Check.NOT_CHECKED:
        reason = view.scrub(field.reason)
        return [field.path, declared, el("span", "not checked", f": {reason}" if reason else None, class_="unchecked")]
    found = el("span", "found ", value(MASK if secret else field.found), class_="differs")
    return [field.path, declared, found]


def _providers(view: View) -> Html | None:
    found = [one for one in view.rehearsal.resources if one.declared.is_provider]
    if not found:
        return None
    title = el("summary", el("h3", "Providers"), el("span", text(str(len(found))), class_="quiet"))
    listed = el("ul", [_resource(view, one) for one in found], class_="entries")
    return el("details", title, listed, class_="component")
