"""An estimate in words, within the terminal's columns."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from operations.cost.estimate import ByUse, Estimate, Line
from operations.cost.prices import Found
from project.terminal import columns, wrapped

_LABEL = 39
_FIGURES = 39
IS_NOT = (
    "List prices on demand: no usage, taxes, support, free allowances, discounts or commitments. "
    "It says what stands there costs; the bill says what was used too."
)


def table(estimate: Estimate) -> str:
    """The whole estimate, ending with what it is not."""
    return "\n".join(_paragraphs(estimate)) + "\n"


def _paragraphs(estimate: Estimate) -> Iterator[str]:
    at_least = "at least " if estimate.unpriced else ""
    yield f"{estimate.stack} ({estimate.region}) at rest: {at_least}{estimate.usd_per_month:.2f} USD a month"
    yield ""
    yield from _row("", f"{'number':>8}  {'unit price':>10} {'per':<7}{'USD/month':>10}")
    for line in estimate.lines:
        yield from _line(line)
    yield from _row("sum", f"{'':>8}  {'':>10} {'':<7}{estimate.usd_per_month:>10.2f}")
    if estimate.unpriced:
        yield ""
        yield f"NOT IN THE SUM, and it may cost ({len(estimate.unpriced)}):"
        for one in estimate.unpriced:
            yield from _wrapped(f"{_number(one.quantity)} x {one.what}: {one.mend}")
    yield ""
    yield "By use, not in the sum:"
    for use in estimate.by_use:
        yield from _by_use(use)
    yield ""
    yield from _remarks(estimate)


def _line(one: Line) -> Iterator[str]:
    figures = f"{_number(one.quantity):>8}  {one.found.usd:>10f} {one.price.per:<7}{one.usd_per_month:>10.2f}"
    return _row(one.price.label, figures + _mark(one.found))


def _row(label: str, figures: str) -> Iterator[str]:
    """One line; a narrow terminal gets the figures below what they are of."""
    if columns() >= _LABEL + _FIGURES:
        yield f"{label:<{_LABEL}}{figures}"
        return
    if label:
        yield label
    yield figures


def _by_use(one: ByUse) -> Iterator[str]:
    amount = f"{one.found.usd:f} / {one.price.per}{_mark(one.found)}" if one.found else "price not found"
    line = f"  {one.price.label:<52}{amount}"
    yield from [line] if len(line) <= columns() else [f"  {one.price.label}", f"    {amount}"]


def _mark(found: Found) -> str:
    marks = ("*" if found.elsewhere else "") + ("" if found.verified else "?")
    return f" {marks}" if marks else ""


def _remarks(estimate: Estimate) -> Iterator[str]:
    found = [*(one.found for one in estimate.lines), *(one.found for one in estimate.by_use if one.found)]
    elsewhere = sorted({one.region for one in found if one.elsewhere})
    if elsewhere:
        yield from _wrapped(
            f"*  the list price of {', '.join(elsewhere)}: that of {estimate.region} was not found. European regions "
            "usually ask as much to an eighth more than American ones, which is not verified."
        )
    if not all(one.verified for one in found):
        yield from _wrapped("?  not verified: it was read, but not at an address that can be opened again.")
    yield from _notes(estimate.lines)
    yield from _wrapped(f"Prices read on {estimate.read_on}; each with its source in operations/cost/prices.yaml.")
    yield from _wrapped(IS_NOT)


def _notes(lines: Iterable[Line]) -> Iterator[str]:
    for one in lines:
        if one.price.note:
            yield from _wrapped(f"{one.price.label}: {one.price.note}.")


def _number(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"


def _wrapped(text: str) -> list[str]:
    return wrapped(text, hanging="   ")
