"""The page, put together from an answer, what is stated of the processing, and the words of a language."""

import datetime
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from facts import tokens as t
from facts.stores import AfterDeletion, Content, End, Form, KeyKind
from operations.locate.answer import Answer
from operations.locate.platform import IMAGES, STATE, TRAIL
from operations.locate.processing import Measure, Processing, Shown
from operations.locate.readers import Means, Reader
from operations.locate.record.language import Words, escaped
from operations.locate.sources import Source
from operations.locate.stores import Group, Holds, Located

# The 27 states of the EU, and Iceland, Liechtenstein and Norway: https://www.efta.int/eea
EEA: Final = frozenset(
    "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO".split()  # noqa: SIM905
)


def record(answer: Answer, stated: Processing, words: Words, today: datetime.date) -> str:
    """The page. It names nothing of other customers, no ARN and no internal name."""
    page = _Page(answer, stated, words)
    return "\n".join(
        (
            *page.head(today),
            *page.purpose(),
            *page.where(),
            *page.backups(),
            *page.readers(),
            *page.platform(),
            *page.companies(),
            *page.measures(),
            *page.limits(),
        )
    )


@dataclass(frozen=True)
class _Page:
    answer: Answer
    stated: Processing
    words: Words

    def head(self, today: datetime.date) -> Iterator[str]:
        tenant, text = self.answer.tenant, self.words.texts
        contacts = "; ".join(
            f"{escaped(one.name)}, {escaped(one.email)} ({self.words.roles[one.role]})" for one in tenant.contacts
        )
        processor = self.stated.processor
        name = f"{escaped(processor.legal_name)}, {escaped(processor.address)}" if processor else text["not_stated"]
        contact = f"{escaped(processor.contact_name)}, {escaped(processor.contact_email)}" if processor else ""
        yield f"# {text['title']}: {escaped(tenant.legal_name)}"
        yield ""
        yield text["made"].format(day=today.isoformat(), source=self.words.sources[self.answer.source])
        yield ""
        yield from ("| | |", "|---|---|")
        yield f"| {text['controller']} | {escaped(tenant.legal_name)} |"
        yield f"| {text['contacts']} | {contacts} |"
        yield f"| {text['processor']} | {name} |"
        yield f"| {text['processor_contact']} | {contact or text['not_stated']} |"
        yield f"| {text['signed']} | {tenant.dates.signed.isoformat()} |"
        if hold := tenant.dates.hold:
            yield f"| {text['hold']} | {escaped(text['held'].format(day=hold.since.isoformat(), reason=hold.reason))} |"
        yield f"| {text['where_allowed']} | {escaped(self._allowed())} |"
        yield f"| {text['apart']} | {text[f'apart_{tenant.isolation}']} |"
        yield ""

    def _allowed(self) -> str:
        places = ", ".join(map(self.words.place, self.answer.residency.rpartition(": ")[2].split(", ")))
        word = self.answer.tenant.residency
        return f"{word.upper() if len(word) < 4 else word}: {places}" if isinstance(word, str) else places

    def purpose(self) -> Iterator[str]:
        yield from self._heading("why")
        yield from (f"- {self.words.texts[one]}" for one in ("purposes", "persons", "users", "records", "one_person"))
        yield ""

    def where(self) -> Iterator[str]:
        yield from self._heading("where")
        rows: dict[tuple[str, ...], list[str]] = {}
        for one in self._customer_stores:
            shared = self.words.texts["yes" if one.shared else "no"]
            row = (self._what(one), self._place(one), self._key(one), self._end(one.after_deletion), shared)
            rows.setdefault(row, []).append(self._kept(one))
        kept = {row: escaped("; ".join(dict.fromkeys(texts))) for row, texts in rows.items()}
        cells = [(what, place, key, kept[row], end, shared) for row in rows for what, place, key, end, shared in [row]]
        yield from self._table("where_head", cells)

    @property
    def _customer_stores(self) -> list[Located]:
        return [
            one
            for one in self.answer.stores
            if one.holds in (Holds.CUSTOMER, Holds.TRACES) and one.group is not Group.PLATFORM
        ]

    def _what(self, store: Located) -> str:
        """What a store is to a customer."""
        if store.group is Group.PLATFORM:
            known = next((one for one in (STATE, TRAIL, IMAGES) if store.what.startswith(one)), "")
            return self.words.platform.get(known) or escaped(store.what)
        if store.form in self.words.files:
            if store.content is Content.ACCESS_LOGS:
                return self.words.access_log
            words = self.words.exports if store.group is Group.EXPORTS else self.words.files
            return words[store.form] if store.content is Content.CUSTOMER else self._in_general(store)
        if store.writer_types:
            return self.words.logs.get(store.writer_types[0], self.words.logs[t.TASK_DEFINITION])
        return self.words.forms.get(store.form) or self._in_general(store)

    def _in_general(self, store: Located) -> str:
        return escaped(self.words.facts.what(store.store) if store.store else store.what)

    def _place(self, store: Located) -> str:
        place, text = self.words.place(store.region), self.words.texts
        if store.decision:
            return f"{place} - {escaped(text['accepted'].format(reason=store.decision))}"
        return place if store.allowed else f"{place} - {text['outside']}"

    def _key(self, store: Located) -> str:
        text = self.words.texts
        if store.key_arn:
            pool = self.answer.tenant.isolation == "pool" or store.stack != self.answer.tenant.stack
            return text["key_shared" if pool else "key_own"]
        if store.key_kind is KeyKind.AS_DESTINATION:
            return text["key_there"]
        return text["key_none" if store.key_kind is KeyKind.NOT_ENCRYPTED else "key_aws"]

    def _end(self, after: AfterDeletion) -> str:
        if after.end is End.FOR_A_WHILE and after.days:
            return self.words.gone_later.format(days=self.words.facts.days(after.days))
        return self.words.ends[after.end]

    def _kept(self, store: Located) -> str:
        """How long, with a word before it where it is for a part of what the row tells of."""
        kept = self.words.facts.kept(store.store) if store.store else self.words.texts["kept_unknown"]
        return kept if store.content is Content.CUSTOMER else f"{self.words.parts.get(store.form, '')}{kept}"

    def backups(self) -> Iterator[str]:
        yield from self._heading("backups")
        for one in self.answer.stores:
            key = ""
            if one.form in (Form.AUTOMATED_BACKUPS, Form.REPLICATED_BACKUPS):
                key = "backup_records"
            elif one.form is Form.RECOVERY_POINT_COPIES:
                key = "backup_away"
            elif (one.group, one.form, one.content) == (Group.FILES, Form.NONCURRENT_VERSIONS, Content.CUSTOMER):
                key = "backup_files"
            if key:
                text = self.words.texts[key].format(kept=escaped(self._kept(one)), place=self._place(one))
                yield f"- {text}"
        yield from self._erased()
        yield from self._left()
        if self.answer.not_held:
            text = "; ".join(dict.fromkeys(f"{self._what(one)} ({self._kept(one)})" for one in self.answer.not_held))
            yield f"- {self.words.texts['not_held'].format(stores=escaped(text))}"
        yield ""

    def _left(self) -> Iterator[str]:
        """Where the customer was before a move: until when the last copy can be had, by region."""
        text = self.words.texts
        for region in dict.fromkeys(one.region for one in self.answer.left):
            copies = [one for one in self.answer.left if one.region == region]
            days = [one.ends.isoformat() for one in copies if one.ends]
            person = [text["left_person"]] if any(one.ends is None for one in copies) else []
            until = "; ".join([*([text["left_on"].format(day=max(days))] if days else []), *person])
            place = self.words.place(region)
            place = place if all(one.allowed for one in copies) else f"{place} - {text['outside']}"
            yield f"- {text['left'].format(place=place, until=until)}"

    def _erased(self) -> Iterator[str]:
        """How long something that was erased can still stand in a copy out of reach; earlier versions are in it too."""
        copies = [
            one.store.kept.days for one in self.answer.stores if one.form is Form.RECOVERY_POINT_COPIES and one.store
        ]
        if not copies:
            return
        versions = [
            one.store.kept.days
            for one in self.answer.stores
            if one.store and (one.group, one.form) == (Group.FILES, Form.NONCURRENT_VERSIONS)
        ]
        records, files = (_longest(days, self.words.facts.days) for days in (copies, [_sum(copies, versions)]))
        yield f"- {self.words.texts['erased_away'].format(records=records, files=files)}"

    # ---- who reads

    def readers(self) -> Iterator[str]:
        yield from self._heading("readers")
        by_who: dict[tuple[bool, str, Means], dict[str, None]] = {}
        for one in self.answer.stores:
            data = self._what(one) if one in self._customer_stores or one.group is Group.PLATFORM else ""
            data = self.words.texts["password"] if one.holds is Holds.CREDENTIALS else data
            for reader in one.readers if data else ():
                key = (reader.person, self._who(reader), reader.means)
                by_who.setdefault(key, {})[data] = None
        order = list(Means)
        for (_, who, means), what in sorted(by_who.items(), key=lambda one: (*one[0][:2], order.index(one[0][2]))):
            yield f"- {who}{self.words.means[means]}: {_small('; '.join(what))}."
        yield from (f"- **{escaped(gap)}**" for gap in self.answer.gaps)
        yield ""

    def _who(self, reader: Reader) -> str:
        return self.words.access.get(reader.name) or escaped(reader.purpose or reader.name)

    # ---- what it rests on

    def platform(self) -> Iterator[str]:
        yield from self._heading("platform")
        rows: dict[tuple[str, str], list[str]] = {}
        for one in self.answer.stores:
            if one.group is Group.PLATFORM:
                rows.setdefault((self._what(one), self._place(one)), []).append(self._kept(one) if one.store else "")
        cells = [(*row, escaped("; ".join(dict.fromkeys(filter(None, kept)))) or "-") for row, kept in rows.items()]
        yield from self._table("platform_head", cells)

    def companies(self) -> Iterator[str]:
        yield from self._heading("companies")
        text, cells = self.words.texts, []
        for part in self.stated.parts:
            company, does = self.stated.company(part), self.words.companies[part]
            does = escaped(does.format(issuer=self.stated.issuer))
            if company is None:
                cells.append((text["not_stated"], text["not_stated"], does, text["not_stated"]))
                continue
            where = text["in_eea" if company.country in EEA else "outside_eea"].format(country=company.country)
            cells.append((escaped(company.legal_name), where, does, escaped(company.basis)))
        yield from self._table("companies_head", cells)
        if self.stated.own_login:
            yield f"- {text['own_login'].format(issuer=escaped(self.stated.issuer))}"
        held = [one for one in self.answer.stores if one.holds is not Holds.NOTHING]
        yield f"- {text['stored_in'].format(places=', '.join(dict.fromkeys(self.words.place(o.region) for o in held)))}"
        outside = dict.fromkeys((self._what(one), self.words.place(one.region)) for one in self.answer.outside)
        for what, place in outside:
            yield f"- **{text['stored_outside'].format(what=what, place=place)}**"
        if not outside:
            yield f"- {text['nothing_outside']}"
        yield ""

    def measures(self) -> Iterator[str]:
        yield from self._heading("measures")
        yield from self._table(
            "measures_head", [(self.words.measures[one], self._verdict(self.stated.shown[one])) for one in Measure]
        )

    def _verdict(self, shown: Shown) -> str:
        text = self.words.texts
        if shown.failing:
            return text["not_shown"]
        return text["holds_but"].format(number=shown.exceptions) if shown.exceptions else text["holds"]

    def limits(self) -> Iterator[str]:
        yield from self._heading("limits")
        declared = () if self.answer.source is Source.LIVE else ("limit_declared",)
        for one in (*declared, "limit_readers", "limit_content", "limit_copies", "limit_companies"):
            yield f"- {self.words.texts[one]}"
        yield ""

    def _heading(self, name: str) -> Iterator[str]:
        yield from (f"## {self.words.texts[name]}", "")

    def _table(self, head: str, rows: Sequence[Sequence[str]]) -> Iterator[str]:
        names = self.words.texts[head]
        yield f"| {names} |"
        yield f"|{'---|' * (names.count('|') + 1)}"
        yield from (f"| {' | '.join(row)} |" for row in rows)
        yield ""


def _sum(copies: Sequence[float | None], versions: Sequence[float | None]) -> float | None:
    """A version is copied on its last day, too."""
    if None in copies or None in versions:
        return None
    return max(one for one in copies if one is not None) + max(
        (one for one in versions if one is not None), default=0.0
    )


def _longest(days: Sequence[float | None], worded: Callable[[float | None], str]) -> str:
    known = [one for one in days if one is not None]
    return worded(None if len(known) < len(days) or math.isinf(max(known)) else max(known))


def _small(text: str) -> str:
    return re.sub(r"(^|; )([A-ZÆØÅ])", lambda match: match[1] + match[2].lower(), text)
