"""A record of processing for one customer, in the spirit of GDPR article 30: one Markdown page to hand over."""

import datetime
import re
from collections.abc import Iterator, Mapping
from typing import Final

from facts import tokens as t
from facts.captions import ENGLISH
from facts.stores import AfterDeletion, Content, End, Form, KeyKind
from operations.locate.answer import Answer
from operations.locate.places import place_name
from operations.locate.readers import ADMINISTRATORS
from operations.locate.sources import Source
from operations.locate.stores import Holds, Located

_WORDS: Final[Mapping[Form, str]] = {
    Form.DATABASE_ROWS: "The records that your users keep in Workbuoy",
    Form.AUTOMATED_BACKUPS: "Backups of these records",
    Form.REPLICATED_BACKUPS: "Backups of these records, copied",
    Form.FINAL_SNAPSHOT: "A last copy of these records, made when the database is deleted",
    Form.SNAPSHOT: "A copy of these records",
    Form.SNAPSHOT_COPY: "A copy of these records",
    Form.PERFORMANCE_DATA: "Texts of database statements, to find slow ones",
    Form.OBJECT_COPY: "The files that your users attach, copied",
    Form.TASK_MEMORY: "What the service is working on at the moment",
}
_FILES: Final[Mapping[Form, str]] = {
    Form.ARCHIVED_OBJECTS: "The files that your users attach, older ones",
    Form.NONCURRENT_VERSIONS: "Earlier and deleted versions of files",
    Form.UNFINISHED_UPLOADS: "Uploads of files that were not finished",
    Form.OBJECTS: "The files that your users attach",
}
# By what writes a log.
_LOGS: Final[Mapping[str, str]] = {
    t.FLOW_LOG: "Which network addresses spoke with each other",
    t.DATABASE: "What happened in the database: connections, errors, slow statements",
    t.FUNCTION: "When the service's own password was changed",
    t.TASK_DEFINITION: "What the service did: time, kind of request, customer, outcome",
}
_PARTS: Final[Mapping[Form, str]] = {
    Form.NONCURRENT_VERSIONS: "earlier versions ",
    Form.UNFINISHED_UPLOADS: "unfinished ones ",
}
_ENDS = {
    End.NONE: "there is none",
    End.DELETED: "gone with it",
    End.FOR_A_WHILE: "gone some time later",
    End.STAYS: "stays until Workbuoy deletes it",
    End.BLOCKS: "cannot be deleted before Workbuoy has emptied it",
    End.UNKNOWN: "not known",
}
_ACCESS = {
    "service-task": "The service itself, a program, for whoever has logged in and may see it",
    "service-execution": "The service's start, a program, which brings the database up to date",
    "rotation": "A program that changes the service's own password for the database",
    "restore": "A program that brings data back out of backups, which Workbuoy's operators start",
    "export": "A program that hands the customer's data over, which Workbuoy's operators start",
    "observability-operators": "Workbuoy's operators, people, after a login with a second factor",
    ADMINISTRATORS: "Workbuoy's administrators of the AWS account, people, if they use their rights for it",
}
_SOURCES = {
    Source.DECLARED: "the reviewed description that the systems are built from",
    Source.REHEARSAL: "the reviewed description that the systems are built from, tried on a test stand",
    Source.STACK: "the record of what was last built",
    Source.LIVE: "the AWS account itself, looked through on this day",
}


def record(answer: Answer, today: datetime.date) -> str:
    """The page. It names nothing of other customers, no ARN and no internal name."""
    return "\n".join(
        (*_head(answer, today), *_purpose(), *_where(answer), *_backups(answer), *_access(answer), *_ends(answer))
    )


def _head(answer: Answer, today: datetime.date) -> Iterator[str]:
    tenant = answer.tenant
    contacts = "; ".join(f"{_md(one.name)}, {_md(one.email)} ({one.role})" for one in tenant.contacts)
    yield from (
        f"# Record of processing: {_md(tenant.legal_name)}",
        "",
        f"Made on {today.isoformat()} from {_SOURCES[answer.source]}.",
        "",
        "| | |",
        "|---|---|",
        f"| Controller | {_md(tenant.legal_name)} |",
        f"| Contacts of the controller | {contacts} |",
        "| Processor | Workbuoy |",
        "| Sub-processor | Amazon Web Services (AWS), which runs the machines and disks |",
        f"| Agreement signed | {tenant.dates.signed.isoformat()} |",
        f"| Where data may be | {_md(_allowed(answer))} |",
        f"| Kept apart from other customers | {_apart(answer)} |",
        "",
    )


def _allowed(answer: Answer) -> str:
    places = ", ".join(place_name(one) for one in answer.residency.rpartition(": ")[2].split(", "))
    words = answer.tenant.residency
    return f"{words.upper() if len(words) < 4 else words}: {places}" if isinstance(words, str) else places


def _apart(answer: Answer) -> str:
    if answer.tenant.isolation == "silo":
        return "A database, file store, encryption keys and service of its own"
    return "A database, file store and keys shared with other customers; each row and file carries its customer's mark"


def _purpose() -> Iterator[str]:
    yield from (
        "## Why, whose and which data",
        "",
        "- Purposes: to run Workbuoy for the controller; to back it up; to keep it secure and find faults.",
        "- Persons: the controller's users, and whoever is named in what they write or attach.",
        "- Data of users: who they are as their login service tells it, times and network addresses of use.",
        "- Data in records and files: whatever the controller's users put there.",
        "",
    )


def _where(answer: Answer) -> Iterator[str]:
    yield from (
        "## Where the data are",
        "",
        "| What | Place | Encrypted with | Kept | Once Workbuoy deletes the store | Shared with other customers |",
        "|---|---|---|---|---|---|",
    )
    rows: dict[tuple[str, ...], list[str]] = {}
    for one in _told(answer):
        row = (_words(one), _place(one), _key(answer, one), _end(one.after_deletion), "yes" if one.shared else "no")
        rows.setdefault(row, []).append(_kept(one))
    for (what, place, key, end, shared), kept in rows.items():
        yield f"| {what} | {place} | {key} | {_md('; '.join(dict.fromkeys(kept)))} | {end} | {shared} |"
    yield ""


def _kept(store: Located) -> str:
    """How long, with a word before it where it is for a part of what the row tells of."""
    whole = store.content is Content.CUSTOMER
    return store.kept if whole else f"{_PARTS.get(store.form, '')}{store.kept}"


def _end(after: AfterDeletion) -> str:
    if after.end is End.FOR_A_WHILE and after.days:
        return f"gone {ENGLISH.days(after.days)} later"
    return _ENDS[after.end]


def _told(answer: Answer) -> list[Located]:
    return [one for one in answer.stores if one.holds in (Holds.CUSTOMER, Holds.TRACES)]


def _place(store: Located) -> str:
    return f"{place_name(store.region)}{'' if store.allowed else ' - **outside what is agreed**'}"


def _words(store: Located) -> str:
    """What a store is to a customer."""
    if store.form in _FILES:
        if store.content is Content.ACCESS_LOGS:
            return "Who asked for what, and from which network address"
        return _FILES[store.form] if store.content is Content.CUSTOMER else _md(store.what)
    if store.writer_types:
        return _LOGS.get(store.writer_types[0], _LOGS[t.TASK_DEFINITION])
    return _WORDS.get(store.form) or _md(store.what)


def _key(answer: Answer, store: Located) -> str:
    if store.key_arn:
        pool = answer.tenant.isolation == "pool" or store.stack != answer.tenant.stack
        return "a key of Workbuoy's, shared by its customers" if pool else "a key for this customer alone"
    return "not encrypted" if store.key_kind is KeyKind.NOT_ENCRYPTED else "a key that AWS holds"


def _backups(answer: Answer) -> Iterator[str]:
    backups = [one for one in answer.stores if one.form in (Form.AUTOMATED_BACKUPS, Form.REPLICATED_BACKUPS)]
    noncurrent = [one for one in answer.stores if one.form is Form.NONCURRENT_VERSIONS]
    versions = [one for one in noncurrent if one.content is Content.CUSTOMER]
    yield from ("## Backups", "")
    yield from dict.fromkeys(f"- Records: {_md(one.kept)}, in {_place(one)}." for one in backups)
    yield from dict.fromkeys(f"- Files: an earlier version {_md(one.kept)}, in {_place(one)}." for one in versions)
    yield ""


def _access(answer: Answer) -> Iterator[str]:
    yield from ("## Who can read them", "")
    told = _told(answer)
    secrets = [one for one in answer.stores if one.holds is Holds.CREDENTIALS]
    readers = sorted(
        {one for store in (*told, *secrets) for one in store.readers}, key=lambda one: (one.person, one.name)
    )
    for reader in readers:
        what = dict.fromkeys(_words(one) for one in told if reader in one.readers)
        what |= {"A password of the service": None} if any(reader in one.readers for one in secrets) else {}
        yield f"- {_ACCESS.get(reader.name) or _md(reader.purpose or reader.name)}: {_small('; '.join(what))}."
    yield ""


def _small(text: str) -> str:
    return re.sub(r"(^|; )([A-Z])", lambda match: match[1] + match[2].lower(), text)


def _ends(answer: Answer) -> Iterator[str]:
    regions = dict.fromkeys(place_name(one.region) for one in answer.stores if one.holds is not Holds.NOTHING)
    yield from (
        "## Sub-processor and transfers",
        "",
        f"- Amazon Web Services, in {', '.join(regions)}.",
    )
    outside = dict.fromkeys(f"{_words(one)} in {place_name(one.region)}" for one in answer.outside)
    if outside:
        yield from (f"- **Outside what is agreed: {_md(one)}.**" for one in outside)
    else:
        yield "- Stored outside what is agreed: nothing."
    if any(one.content is Content.STAFF for one in answer.stores):
        yield "- Alarms go by e-mail to Workbuoy's people on call: figures and names of systems, no data of users."
    yield from ("", "## What this record does not prove", "")
    if answer.source is not Source.LIVE:
        yield "- It was made from a description of the systems, not by looking into them on this day."
    yield from (
        "- Who can read is judged from the permissions as described; AWS's own staff and its promises are not judged.",
        "- What the controller's users put into free text and files is not known.",
        "- Copies that users download, and what leaves by e-mail of the controller's own, are not covered.",
        "",
    )


def _md(text: str) -> str:
    """Text of others that can break no table and start no markup."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(text.split()))
