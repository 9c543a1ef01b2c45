"""What a run is in words: what is different from the run before it."""

from collections.abc import Iterator

from operations.warm.outcome import Outcome

_SHOWN = 12  # more lines than this push the verdict off the screen


def differences(before: Outcome, now: Outcome) -> list[str]:
    """What changed between two rehearsals, one line each; empty where nothing that is declared did."""
    lines = list(_resources(before, now))
    left_out = len(lines) - _SHOWN
    if left_out > 0:
        lines = [*lines[:_SHOWN], f"and {left_out} more"]
    cost = _cost(before, now)
    return [*lines, cost] if cost else lines


def _resources(before: Outcome, now: Outcome) -> Iterator[str]:
    for title, properties in now.properties.items():
        former = before.properties.get(title)
        if former is None:
            yield f"+ {title}"
        elif former != properties:
            names = sorted({name for name, _ in former.items() ^ properties.items()})
            yield f"~ {title}: {', '.join(names)}"
    yield from (f"- {title}" for title in before.properties if title not in now.properties)


def _cost(before: Outcome, now: Outcome) -> str:
    if before.usd_per_month is None or now.usd_per_month is None:
        return ""
    more = now.usd_per_month - before.usd_per_month
    if abs(more) < 0.005:  # less than a cent
        return ""
    return f"{more:+,.2f} USD a month: {before.usd_per_month:,.2f} to {now.usd_per_month:,.2f}"
