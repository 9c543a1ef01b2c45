"""Small line charts as SVG: no script, nothing fetched, and every figure of them in words as well."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rehearsal.report.markup import Html, el, join

_WIDTH, _HEIGHT = 320, 120
_LEFT, _TOP, _BOTTOM = 34, 10, 102
_CLASSES: Final = ("one", "two", "three")

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line: seconds and values."""

    name: str
    points: Sequence[Point]

    @property
    def highest(self) -> float:
        return max((value for _, value in self.points), default=0.0)


def chart(
    title: str, lines: Sequence[Line], ends: float, marks: Sequence[tuple[float, str]] = (), *, unit: str = ""
) -> Html:
    """Up to three lines from the start to `ends` seconds, with upright lines where something began."""
    highest = max((line.highest for line in lines), default=0.0)
    top = _round_up(highest)
    peaks = ", ".join(f"{line.name} up to {_figure(line.highest)}{unit}" for line in lines)

    def x(at: float) -> str:
        return f"{_LEFT + (_WIDTH - _LEFT - 4) * at / ends:.1f}"

    def y(value: float) -> str:
        return f"{_BOTTOM - (_BOTTOM - _TOP) * value / top:.1f}"

    drawn = [
        *(_rule(y(value), _figure(value)) for value in (0.0, top / 2, top)),
        *(el("line", x1=x(at), x2=x(at), y1=_TOP, y2=_BOTTOM, class_="moment") for at, _ in marks if 0 <= at <= ends),
        *(
            el("polyline", points=" ".join(f"{x(at)},{y(value)}" for at, value in line.points), class_=class_)
            for class_, line in zip(_CLASSES, lines, strict=False)
        ),
        el("text", "0 s", x=_LEFT, y=_HEIGHT - 4),
        el("text", f"{ends:.1f} s", x=_WIDTH - 4, y=_HEIGHT - 4, class_="end"),
    ]
    picture = el("svg", drawn, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", aria_label=f"{title}: {peaks}")
    legend = [
        el("li", _key(class_), f"{line.name}, up to {_figure(line.highest)}{unit}")
        for class_, line in zip(_CLASSES, lines, strict=False)
    ]
    caption = el("figcaption", el("h3", title), el("ul", legend, class_="plain"))
    return el("figure", join(caption, picture), class_="chart")


def _rule(height: str, label: str) -> Html:
    line = el("line", x1=_LEFT, x2=_WIDTH - 4, y1=height, y2=height, class_="rule")
    return join(line, el("text", label, x=_LEFT - 4, y=f"{float(height) + 3:.1f}", class_="end"))


def _key(class_: str) -> Html:
    line = el("line", x1=0, x2=22, y1=5, y2=5, class_=class_)
    return el("svg", line, viewBox="0 0 22 10", class_="key", aria_hidden="true")


def _round_up(value: float) -> float:
    """The next of 1, 2 and 5 with zeros, so that the axis has figures that a person can halve."""
    step = 1.0
    while step < value:
        step *= 10
    while step / 10 >= value > 0:
        step /= 10
    return next((step * part for part in (0.2, 0.5) if step * part >= value), step)


def _figure(value: float) -> str:
    return f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"
