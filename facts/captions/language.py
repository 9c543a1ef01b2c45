"""Rendering facts in a language: tables of words, and the few rules by which they are put together.

Nothing decides by what is rendered here: a caption may be renamed at any time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from facts.stores import Concern, Content, End, Form, Guard, Keeping, Key, KeyKind, Limit, Reason, Span, Store
from graph import Resource
from graph.resource import name_of, short_type

_YEAR_DAYS: Final = 365.0  # KMS's own period


def _logical_name(resource: Resource) -> str:
    return resource.name


@dataclass(frozen=True, kw_only=True)
class Language:
    """The words of one language; a `{place}` in them is filled with what the same sentence needs."""

    conjunction: str
    day: tuple[str, str]
    days_not_shown: str
    forms: Mapping[Form, str]
    bare_forms: Mapping[Form, str]  # without writers, subscribers by mail or a classification
    access_logs: str
    objects: tuple[str, str, str]  # classified, untagged, of a bucket that the stack does not hold
    parts: Mapping[Form, str]  # of a bucket's objects, after the words for them
    classifications: Mapping[str, str]
    kept_forms: Mapping[tuple[Form, Keeping], str]  # where a form has words of its own
    keepings: Mapping[Keeping, str]
    spans: Mapping[Form, str]
    spared: str
    limits: Mapping[Limit, str]
    storage_classes: Mapping[str, str]
    rotations: tuple[str, str, str]  # every year, every so many days, by a schedule
    keys: Mapping[KeyKind, str]
    ends: Mapping[End, str]
    reasons: Mapping[Reason, str]
    concerns: Mapping[Concern, str]
    guards: Mapping[Guard, str]
    region_not_shown: str
    standby: str

    def words(self, names: Sequence[str]) -> str:
        """`a`, `a and b`, `a, b and c`."""
        return f" {self.conjunction} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)

    def days(self, number: float | None) -> str:
        """`1 day`, `30 days`."""
        if number is None:
            return self.days_not_shown
        whole = int(number) if float(number).is_integer() else number
        return f"{whole} {self.day[whole != 1]}"

    def what(self, store: Store, called: Callable[[Resource], str] = _logical_name) -> str:
        """What a store is; `called` names the resources that a log tells of."""
        kind = self.classifications.get(store.classification, store.classification.replace("-", " "))
        writers = self.words([called(one) for one in store.writers])
        places = {"kind": kind, "Kind": kind.capitalize(), "writers": writers, "name": store.name}
        return self._form(store).format(**places, type=short_type(store.holder.type))

    def _form(self, store: Store) -> str:
        if store.form in self.parts:
            classified, untagged, elsewhere = self.objects
            named = elsewhere if store.name else classified if store.classification else untagged
            return (self.access_logs if store.content is Content.ACCESS_LOGS else named) + self.parts[store.form]
        full = store.writers or store.classification or store.content is Content.STAFF
        return self.forms[store.form] if full else self.bare_forms.get(store.form) or self.forms[store.form]

    def kept(self, store: Store) -> str:
        """How long it is kept while its holder stands."""
        kept = store.kept
        words = self.kept_forms.get((store.form, kept.how)) or self.keepings[kept.how]
        spans = self.words([self._span(store.form, one) for one in kept.spans])
        return words.format(days=self.days(kept.days), spans=spans, rotation=self._rotation(kept.rotation))

    def _rotation(self, rotation: float | str | None) -> str:
        every_year, every, scheduled = self.rotations
        if isinstance(rotation, str):
            return scheduled.format(rotation)
        return every_year if rotation == _YEAR_DAYS else every.format(self.days(rotation))

    def _span(self, form: Form, span: Span) -> str:
        limits = self.words([self.limits[limit].format(value) for limit, value in span.limits])
        spared = "" if span.spared == 0 else self.spared.format("?" if span.spared is None else int(span.spared))
        words = self.spans[form].format(
            when=span.date or self.days(span.days),
            storage_class=self.storage_classes.get(span.storage_class, span.storage_class),
            spared=spared,
        )
        return f"{words} ({limits})" if limits else words

    def key(self, key: Key) -> str:
        """What encrypts it: a key by what names it, or in words."""
        return key.reference or name_of(key.urn) or self.keys[key.kind]

    def after_deletion(self, store: Store) -> str:
        """Why it ends as it does."""
        after = store.after_deletion
        return self.reasons[after.reason].format(days=self.days(after.days), name=store.name)

    def warnings(self, store: Store) -> list[str]:
        """What a reader should look at."""
        return [self.concerns[one].format(key=name_of(store.key.urn)) for one in store.warnings]

    def place(self, store: Store) -> str:
        """The region, and whether a standby is in a second zone."""
        return f"{store.region or self.region_not_shown}{self.standby if store.standby else ''}"
