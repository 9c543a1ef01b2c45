"""Connections as a picture: who can open one to whom, from the internet on the left to what opens none on the right.

Two drawings of the same: columns where there is room, one column of boxes with lines beside it on a phone. The style
sheet shows one of them. What they say the table beside them says too, so neither has a link or a script.
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from statistics import fmean

from facts import tokens as t
from facts.exposure import Connection
from facts.ranges import is_world
from graph import Graph, Resource
from rehearsal.report.markup import Html, el, join

OUT = "out:"  # the internet as somebody who is reached, apart from the one who comes in
BOX, HEIGHT, GAP, ROW = 168, 64, 104, 18
STRAIGHT = 60  # of a curve before it arrives, where its ports stand
LETTERS, LINES, BELOW = 20, 2, 23  # of a box's title, and how many letters stand below it
NARROW_BOX, LANE, SLOT, LETTER = 196, 12, 17, 6.4


@dataclass(frozen=True, slots=True)
class Box:
    """Somebody at an end of connections; `kind` is `world`, `group` or `range`."""

    title: str
    about: str
    kind: str


@dataclass(frozen=True, slots=True)
class Line:
    """All connections from one box to another; `open` as long as one of them is."""

    source: str
    target: str
    label: str
    open: bool


def picture(graph: Graph, found: Sequence[Connection]) -> Html:
    """Both drawings of a stack's connections."""
    boxes, lines = _merged(graph, found)
    layers = _layers(boxes, lines)
    description = f"A picture of {len(lines)} ways between {len(boxes)} places; the table below lists each."
    return el(
        "div", _columns(boxes, lines, layers, description), _list(boxes, lines, layers, description), class_="picture"
    )


# ---- what is drawn


def _merged(graph: Graph, found: Sequence[Connection]) -> tuple[dict[str, Box], list[Line]]:
    """Boxes by key, ranges with the same connections as one; and a line for each pair."""
    ways = [(one.source, _target(one), one) for one in found]
    alike: dict[frozenset[object], list[str]] = {}
    for key in dict.fromkeys(key for source, target, _ in ways for key in (source, target)):
        mine = frozenset(
            (key == source, target if key == source else source, one.protocol, one.low, one.high, one.open)
            for source, target, one in ways
            if key in (source, target)
        )
        alike.setdefault(mine if _is_range(key) else frozenset([key]), []).append(key)
    boxes = {keys[0]: _box(graph, keys) for keys in alike.values()}
    of = {key: keys[0] for keys in alike.values() for key in keys}
    pairs: dict[tuple[str, str], list[Connection]] = {}
    for source, target, one in ways:
        pairs.setdefault((of[source], of[target]), []).append(one)
    lines = [Line(*pair, _ports(members), any(one.open for one in members)) for pair, members in pairs.items()]
    return boxes, lines


def _target(one: Connection) -> str:
    return f"{OUT}{one.target}" if is_world(one.target) else one.target


def _is_range(key: str) -> bool:
    try:
        ip_network(key)
    except ValueError:
        return False
    return not is_world(key)


def _box(graph: Graph, keys: Sequence[str]) -> Box:
    key = keys[0].removeprefix(OUT)
    if is_world(key):
        return Box("The internet", "any address", "world")
    group = graph.by_urn.get(key)
    if group is not None:
        return Box(str(group.inputs.get("description") or group.name), group.name, "group")
    if _is_range(key):
        subnets = {one.inputs.get("cidrBlock") for one in graph.of(t.SUBNET)}
        noun = "subnet" if set(keys) <= subnets else "range"
        more = f", {len(keys) - 1} more" if len(keys) > 1 else ""
        return Box(f"{len(keys)} {noun}{'s' if more else ''}", f"{key}{more}", "range")
    endpoint = gateway_endpoint(graph, key)
    if endpoint is not None:
        return Box("Gateway endpoint", endpoint.name, "range")
    return Box("Of another stack", key, "range")


def gateway_endpoint(graph: Graph, prefix_list: str) -> Resource | None:
    """The endpoint whose addresses a prefix list holds."""
    return next((one for one in graph.of(t.ENDPOINT) if one.outputs.get("prefixListId") == prefix_list), None)


def _ports(members: Sequence[Connection]) -> str:
    """`tcp 80, 443`; every port is said in words."""
    by_protocol: dict[str, list[str]] = {}
    for one in sorted(members, key=lambda one: (one.low, one.high)):
        ports = "all" if (one.low, one.high) == (0, 65535) or one.low < 0 else f"{one.low}"
        ports += f"-{one.high}" if ports != "all" and one.high != one.low else ""
        by_protocol.setdefault("any" if one.protocol == "-1" else one.protocol, []).append(ports)
    return "; ".join(f"{name} {', '.join(dict.fromkeys(ports))}" for name, ports in by_protocol.items())


# ---- where it stands


def _layers(boxes: Mapping[str, Box], lines: Sequence[Line]) -> list[list[str]]:
    """Boxes from left to right, each right of whoever reaches it; in a circle the first one met stands left."""
    ahead: dict[str, list[str]] = {key: [] for key in boxes}
    for line in lines:
        ahead[line.source].append(line.target)
    at: dict[str, int] = {}
    on_the_way: list[str] = []

    def steps_from(key: str) -> int:
        """How many boxes follow at most."""
        if key not in at:
            on_the_way.append(key)
            at[key] = max((1 + steps_from(one) for one in ahead[key] if one not in on_the_way), default=0)
            on_the_way.pop()
        return at[key]

    longest = max((steps_from(key) for key in boxes), default=0)
    layers: list[list[str]] = [[] for _ in range(longest + 1)]
    for key in boxes:
        layers[longest - at[key]].append(key)
    return [_by_neighbours(layer, layers[:index], lines) for index, layer in enumerate(layers)]


def _by_neighbours(layer: list[str], before: Sequence[list[str]], lines: Sequence[Line]) -> list[str]:
    """A layer in the order of whoever reaches it, so that few lines cross."""
    place = {key: index for one in before for index, key in enumerate(one)}

    def middle(key: str) -> float:
        reached_by = [place[line.source] for line in lines if line.target == key and line.source in place]
        return fmean(reached_by) if reached_by else float(len(place))

    return sorted(layer, key=middle)


# ---- columns


def _columns(boxes: Mapping[str, Box], lines: Sequence[Line], layers: Sequence[list[str]], description: str) -> Html:
    """Layers side by side, lines as curves from right side to left side."""
    tallest = max(len(layer) for layer in layers)
    height = tallest * (HEIGHT + ROW) - ROW
    spots: dict[str, tuple[float, float]] = {}
    for column, layer in enumerate(layers):
        top = (height - len(layer) * (HEIGHT + ROW) + ROW) / 2
        for row, key in enumerate(layer):
            spots[key] = (column * (BOX + GAP), top + row * (HEIGHT + ROW))
    leaves = _slots({line: line.source for line in lines}, {line: line.target for line in lines}, spots)
    arrives = _slots({line: line.target for line in lines}, {line: line.source for line in lines}, spots)
    curves = []
    for line in lines:
        x1, y1 = spots[line.source][0] + BOX, leaves[line]
        x2, y2 = spots[line.target][0] - 6, arrives[line]
        bent = x2 - STRAIGHT
        path = f"M{x1} {y1:.1f}C{bent} {y1:.1f} {x1} {y2:.1f} {bent} {y2:.1f}H{x2}"
        head = f"M{x2 + 6} {y2:.1f}l-7 -4v8z"
        curves.append((line, path, head, (x2 - 6, y2 - 5, "end"), _from(boxes[line.source])))
    width = len(layers) * (BOX + GAP) - GAP
    drawn = [_drawn_box(boxes[key], x, y, BOX, HEIGHT) for key, (x, y) in spots.items()]
    return _svg("wide", width, height, join([_drawn_line(*one) for one in curves], drawn), description)


def _slots(
    here: Mapping[Line, str], there: Mapping[Line, str], spots: Mapping[str, tuple[float, float]]
) -> dict[Line, float]:
    """Where each line meets the side of its box here: spread over the side, in the order of the boxes there."""
    met: dict[str, list[Line]] = {}
    for line, key in here.items():
        met.setdefault(key, []).append(line)
    found = {}
    for key, members in met.items():
        for index, line in enumerate(sorted(members, key=lambda line: spots[there[line]][1]), start=1):
            found[line] = spots[key][1] + HEIGHT * index / (len(members) + 1)
    return found


# ---- one column


def _list(boxes: Mapping[str, Box], lines: Sequence[Line], layers: Sequence[list[str]], description: str) -> Html:
    """Boxes one below the other; what a box reaches leaves it as one line with a lane of its own, and branches."""
    order = [key for layer in layers for key in layer]
    sources = [key for key in order if any(line.source == key for line in lines)]
    tops, slots, y = {}, {}, 0.0
    for key in order:
        arriving = [line for line in lines if line.target == key]
        count = len(arriving) + (key in sources)
        tall = max(HEIGHT, SLOT * count + 12)
        tops[key] = (y, tall)
        for index, one in enumerate([*arriving, key] if key in sources else arriving):
            slots[one] = y + tall * (index + 1) / (count + 1)
        y += tall + ROW
    first = NARROW_BOX + 22 + LETTER * max(len(_words(line)) for line in lines)
    parts = []
    for lane, key in enumerate(sources):
        x = first + lane * LANE
        mine = [line for line in lines if line.source == key]
        ends = [slots[key], *(slots[line] for line in mine)]
        state = "" if any(line.open for line in mine) else " shut"
        trunk = f"M{NARROW_BOX} {slots[key]:.1f}H{x}M{x} {min(ends):.1f}V{max(ends):.1f}"
        parts.append(el("path", d=trunk, class_=f"line{_from(boxes[key])}{state}"))
        for line in mine:
            at = slots[line]
            path, head = f"M{x} {at:.1f}H{NARROW_BOX + 6}", f"M{NARROW_BOX} {at:.1f}l7 -4v8z"
            parts.append(_drawn_line(line, path, head, (NARROW_BOX + 12, at - 4, "start"), _from(boxes[key])))
    drawn = [_drawn_box(boxes[key], 0, top, NARROW_BOX, tall) for key, (top, tall) in tops.items()]
    return _svg("narrow", first + len(sources) * LANE, y - ROW, join(parts, drawn), description)


# ---- drawing


def _from(box: Box) -> str:
    return " world" if box.kind == "world" else ""


def _words(line: Line) -> str:
    return line.label + ("" if line.open else ", shut")


def _drawn_line(line: Line, path: str, head: str, at: tuple[float, float, str], of: str) -> Html:
    x, y, anchor = at
    state = of + ("" if line.open else " shut")
    return join(
        el("path", d=path, class_=f"line{state}"),
        el("path", d=head, class_=f"tip{state}"),
        el("text", _words(line), x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor, class_="port"),
    )


def _drawn_box(box: Box, x: float, y: float, width: float, height: float) -> Html:
    titles = textwrap.wrap(box.title, LETTERS, max_lines=LINES, placeholder=" …") or [""]
    about = textwrap.shorten(box.about, BELOW, placeholder=" …") or box.about[: BELOW - 1] + "…"
    top = y + (height - 16 * len(titles) - 14) / 2 + 12
    rows = [
        el("text", title, x=f"{x + 10:.1f}", y=f"{top + 16 * index:.1f}", class_="name")
        for index, title in enumerate(titles)
    ]
    below = el("text", about, x=f"{x + 10:.1f}", y=f"{top + 16 * len(titles):.1f}", class_="about")
    outline = el(
        "rect", x=f"{x:.1f}", y=f"{y:.1f}", width=width, height=f"{height:.1f}", rx=6, class_=f"box {box.kind}"
    )
    return join(outline, rows, below)


def _svg(class_: str, width: float, height: float, drawn: Iterator[Html] | Html, description: str) -> Html:
    return el(
        "svg",
        drawn,
        class_=class_,
        viewBox=f"-2 -8 {width + 4:.0f} {height + 16:.0f}",
        width=f"{width + 4:.0f}",
        height=f"{height + 16:.0f}",
        role="img",
        aria_label=description,
    )
