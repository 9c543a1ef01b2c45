"""HTML that is escaped unless it was made here: text goes in, only `Html` comes out unchanged."""

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

_TEXT: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
_VOID: Final = frozenset({"br", "hr", "img", "input", "link", "meta"})

Facts: TypeAlias = Sequence[tuple[str, str]]
"""What the page's head says of a rehearsal beside what is in it: a name and a value, such as the commit."""


class Html(str):
    """Markup that is safe to stand in a page as it is."""

    __slots__ = ()


Child: TypeAlias = "str | int | float | Iterable[Child] | None"
Attribute: TypeAlias = "str | int | float | bool | None"


def text(value: object) -> Html:
    """Any value as text, escaped for content and for quoted attributes."""
    return value if isinstance(value, Html) else Html(str(value).translate(_TEXT))


def join(*children: Child) -> Html:
    """Children one after the other; None vanishes and what is iterable is laid flat."""
    parts: list[str] = []
    _gather(children, parts)
    return Html("".join(parts))


def _gather(children: Iterable[Child], parts: list[str]) -> None:
    for child in children:
        if isinstance(child, Html):
            parts.append(child)
        elif isinstance(child, str):
            parts.append(child.translate(_TEXT))
        elif child is None:
            continue
        elif isinstance(child, int | float):
            parts.append(str(child))
        else:
            _gather(child, parts)


def el(tag: str, *children: Child, **attributes: Attribute) -> Html:
    """One element. `class_` is written class, `aria_label` aria-label; None and False leave an attribute out."""
    parts = [f"<{tag}"]
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        parts.append(f" {name.rstrip('_').replace('_', '-')}")
        if value is not True:
            parts.append(f'="{text(value)}"')
    parts.append(">")
    if tag not in _VOID:
        _gather(children, parts)
        parts.append(f"</{tag}>")
    return Html("".join(parts))


def code(value: object) -> Html:
    """An identifier, in the machine's own letters."""
    return Html(f"<code>{text(value)}</code>")


def link(anchor: str, *children: Child) -> Html:
    """A link to a place on this page."""
    return el("a", *children, href=f"#{anchor}")
