"""The answer as a person reads it in a terminal: within its columns, one block a resource."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from facts.captions import ENGLISH
from operations.locate.answer import Answer, reader_name, source_words
from operations.locate.left import LeftCopy
from operations.locate.places import place_name
from operations.locate.stores import Group, Holds, Located
from project.terminal import count, wrapped


def text(answer: Answer) -> str:
    """Every store, grouped; then what is wrong; then the next command."""
    return "\n".join(line.rstrip() for line in (*_head(answer), *_groups(answer), *_wrong(answer), *_foot(answer)))


def line_of(answer: Answer) -> str:
    """One customer on one line, for a list of all."""
    regions = ", ".join(dict.fromkeys(one.region for one in answer.stores if one.holds is not Holds.NOTHING))
    outside = [*_store_lines(answer.outside), *_remaining(answer.left_outside)]
    verdict = "inside" if not outside else f"OUTSIDE: {', '.join(outside)}"
    return f"{answer.tenant.name:<20} {answer.tenant.isolation:<4} {len(answer.stores):>3} stores  {regions}  {verdict}"


def _head(answer: Answer) -> Iterator[str]:
    tenant = answer.tenant
    where = f"a stack of its own, {tenant.stack}" if tenant.isolation == "silo" else f"in the pool of {tenant.base}"
    yield f"{tenant.name} ({tenant.legal_name}): {where}"
    if tenant.move is not None and tenant.other is not None:
        goes = "moves to" if tenant.move.direction == "to" else "moved from"
        sentence = (
            f"It {goes} {tenant.other.stack} in {tenant.move.region}: its data stand in both places, and both follow."
        )
        yield from wrapped(sentence, "  ")
    if tenant.promotion is not None:
        sentence = f"It is promoted: its data stand in the pool of {tenant.base} too, until they are removed there."
        yield from wrapped(sentence, "  ")
    if hold := tenant.dates.hold:
        yield from wrapped(
            f"Legal hold since {hold.since}: {hold.reason}. Nothing of it is destroyed or removed.", "  "
        )
    yield from wrapped(f"Residency {answer.residency}", "  ")
    yield from wrapped(f"Source: {source_words(answer.source)}", "  ")
    if tenant.isolation == "pool":
        yield from wrapped("Every store below is shared with the other customers of the pool.", "  ")


def _groups(answer: Answer) -> Iterator[str]:
    for group, of_group in groupby(answer.stores, lambda one: one.group):
        yield ""
        yield group.value
        resources = [list(one) for _, one in groupby(of_group, lambda one: (one.stack, one.name, one.region))]
        # What is alike of several resources is said once, below all their names.
        for body, alike in groupby(resources, lambda stores: tuple(_body(stores))):
            for stores in alike:
                mark = "  outside residency, accepted" if stores[0].decision else ""
                mark = mark if stores[0].allowed else "  OUTSIDE RESIDENCY"
                yield from wrapped(f"{stores[0].name}  {stores[0].region}{mark}", "  ")
            yield from body


def _body(stores: Sequence[Located]) -> Iterator[str]:
    """What is alike of all stores of a resource stands once, below them; what differs, below the store it is of."""
    facts = (_encrypted, _read, _ended)
    alike = [fact for fact in facts if len({fact(store) for store in stores}) == 1]
    for store in stores:
        yield from wrapped(f"{store.what}: {store.kept}", "    ")
        for warning in store.warnings:
            yield from wrapped(f"! {warning}", "      ")
        for fact in facts:
            if fact not in alike and (sentence := fact(store)):
                yield from wrapped(sentence, "      ")
    for fact in alike:
        if sentence := fact(stores[0]):
            yield from wrapped(sentence, "    ")
    if stores[0].note:
        yield from wrapped(stores[0].note, "    ")


def _encrypted(store: Located) -> str:
    return "" if store.group is Group.KEYS else f"encrypted with {store.key}"


def _read(store: Located) -> str:
    readers = ", ".join(dict.fromkeys(reader_name(one) for one in store.readers))
    return f"read by {readers or 'nobody'}" if readers or store.holds is Holds.CREDENTIALS else ""


def _ended(store: Located) -> str:
    return f"at the end {ENGLISH.ends[store.after_deletion.end]}: {store.end}"


def _wrong(answer: Answer) -> Iterator[str]:
    tenant, accepted = answer.tenant, [one for one in answer.stores if one.decision]
    hint = f"The account's own can be accepted there, with a reason: platformOutside in tenants/{tenant.name}.yaml"
    account = any(one.group is Group.PLATFORM for one in answer.outside)
    yield from _listed("Outside residency", _store_lines(answer.outside), hint if account else "")
    reason = f"Reason: {accepted[0].decision}" if accepted else ""
    yield from _listed("Outside residency, accepted in the customer's file", _store_lines(accepted), reason)
    yield from _listed("Remains where the customer was before", _remaining([o for o in answer.left if o.allowed]))
    yield from _listed("Remains OUTSIDE residency, where the customer was before", _remaining(answer.left_outside))
    ending = [f"{one.name}: {one.what}: {one.kept}" for one in answer.not_held]
    yield from _listed("Ends by a rule of its own, which the legal hold does not stop", ending)
    yield from _listed("Not known", answer.gaps)
    yield from _listed("Not as declared", [str(one) for one in answer.differences])
    yield from _listed("Not looked through", answer.unsearched)


def _listed(head: str, lines: Sequence[str], then: str = "") -> Iterator[str]:
    if lines:
        yield from ("", f"{head} ({len(lines)}):")
        for line in (*lines, *([then] if then else [])):
            yield from wrapped(line, "  ")


def _store_lines(stores: Sequence[Located]) -> list[str]:
    return [f"{one.name}: {one.what} in {place_name(one.region)}" for one in stores]


def _remaining(copies: Sequence[LeftCopy]) -> list[str]:
    return [f"{one.what} ({one.where}) in {place_name(one.region)}, {one.until}" for one in copies]


def _foot(answer: Answer) -> Iterator[str]:
    accepted = sum(1 for one in answer.stores if one.decision)
    inside = f"all inside residency but {accepted} accepted" if accepted else "all inside residency"
    outside = len(answer.outside) + len(answer.left_outside)
    inside = inside if not outside else f"{outside} OUTSIDE residency"
    yield ""
    yield f"{count(len(answer.stores), 'store')}, {inside}; {answer.seconds:.1f} s"
    if answer.searched:
        yield from wrapped(f"Looked through {count(len(answer.searched), 'region')} of the account.", "")
    if answer.left:
        hint = f"Whether what should have ended did: workbuoy tenant remains {answer.tenant.name} --live"
        yield from wrapped(hint, "")
    yield from wrapped(f"Next: workbuoy locate {answer.tenant.name} --record FILE.md (a record for the customer)", "")
