"""One row a cause: what several stacks report alike is reported once, with the stacks that it is of.

A report is Markdown with one heading, `## STACK: ...`, and a list; an entry is a line that begins with a dash and what
is indented below it. A text of another form stays as it is.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_HEADING: Final = re.compile(r"## ([\w-]+): \S.*")
STACK: Final = "STACK"
DANGER: Final = "\n  - **"
"""How an entry says what a review would stop."""


@dataclass(frozen=True)
class _Report:
    stack: str
    entries: tuple[str, ...]
    rest: str

    def alike(self, text: str) -> str:
        """A text without the stack's own name: by it two stacks' entries are the same."""
        return re.sub(rf"(?<!\w){re.escape(self.stack)}(?![\w])", STACK, text)


def by_cause(parts: Sequence[str]) -> list[str]:
    """The same reports; where several have entries, one takes their place that tells each entry once."""
    read = [_read(part) for part in parts]
    reports = [one for one in read if one is not None]
    if len(reports) < 2:
        return list(parts)
    others = [part for part, one in zip(parts, read, strict=True) if one is None]
    return [*others, _merged(reports)]


def _read(part: str) -> _Report | None:
    head, *lines = part.strip().splitlines() or [""]
    heading = _HEADING.fullmatch(head)
    entries, rest = list[str](), list[str]()
    for line in lines:
        if line.startswith("- ") and not rest:
            entries.append(line)
        elif line.startswith("  ") and entries and not rest:
            entries[-1] += f"\n{line}"
        elif line.strip() or rest:
            rest.append(line)
    return _Report(heading[1], tuple(entries), "\n".join(rest).strip()) if heading and entries else None


def _merged(reports: Sequence[_Report]) -> str:
    stacks: dict[str, list[str]] = {}
    shown: dict[str, str] = {}
    for report in reports:
        for entry in report.entries:
            key = report.alike(entry)
            shown.setdefault(key, entry)
            stacks.setdefault(key, []).append(report.stack)
    # What is dangerous first, then the widest; equals keep the order of the reports, the most dangerous first.
    ordered = sorted(stacks, key=lambda key: (DANGER not in key, -len(dict.fromkeys(stacks[key]))))
    counted = f"## {len({one.stack for one in reports})} stacks, {len(stacks)} causes"
    entries = (_with_stacks(shown[key], list(dict.fromkeys(stacks[key]))) for key in ordered)
    return "\n".join([counted, "", *entries, *_rests(reports)])


def _with_stacks(entry: str, stacks: Sequence[str]) -> str:
    first, *more = entry.splitlines()
    return "\n".join([f"{first}, in {', '.join(stacks)}", *more])


def _rests(reports: Sequence[_Report]) -> Iterator[str]:
    for rest in dict.fromkeys(report.alike(report.rest) for report in reports if report.rest):
        yield f"\n{rest}"
