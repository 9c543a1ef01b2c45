"""`workbuoy locate`."""

import datetime
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from infra.problems import Problem, ProblemsError
from operations.ending import (
    CHECK_FAILED,
    INTERRUPTED,
    JSON,
    MISTAKE,
    fail,
    notify,
    print_json_list,
    print_result,
    print_text,
    report,
    report_errors,
)

if TYPE_CHECKING:
    from infra.tenants.record import Tenant
    from operations.locate.answer import Answer
    from operations.locate.differences import Difference
    from operations.locate.sources import Declarations, Estate, Source
    from project.files import Project

SOURCES = ("declared", "rehearsal", "stack", "live")


@click.command()
@click.argument("tenant", required=False)
@click.option(
    "--from",
    "source_name",
    type=click.Choice(SOURCES),
    help="Ask the program (default), a rehearsal of it, the engine's state, or the account.",
)
@click.option("--live", is_flag=True, help="The same as --from live.")
@click.option(
    "--state",
    "state_files",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file of `pulumi stack export` for --from stack, instead of the engine; for a silo also its base's.",
)
@JSON
@click.option(
    "--record",
    "record_file",
    metavar="FILE.md",
    type=click.Path(path_type=Path),
    help="Also write a record of processing into this file, to hand to the customer.",
)
@click.option("--language", type=click.Choice(("en", "no")), help="Of the record: English (default) or Norwegian.")
@report_errors
def locate(
    *,
    tenant: str | None,
    source_name: str | None,
    live: bool,
    state_files: tuple[Path, ...],
    json_wanted: bool,
    record_file: Path | None,
    language: str | None,
) -> None:
    """Report where TENANT's data are: every store, its region, key, retention, backups and who can read it.

    Copies that remain where a customer was before a move are listed, too. Without TENANT: one line for each customer,
    as they are found. Ends with 3 where a store or such a copy lies outside residency, or what was deployed,
    or the account, is not as declared, or a record lacks something.
    """
    source_name = _source(source_name, live=live, states=bool(state_files))
    if record_file is not None and tenant is None:
        raise click.UsageError("--record needs a TENANT: a record is handed to one customer.")
    if language is not None and record_file is None:
        raise click.UsageError("--language is of a record: add --record FILE.md.")
    if record_file is not None and not record_file.absolute().parent.is_dir():
        fail(MISTAKE, f"{record_file}: there is no folder {record_file.parent}; make it first")
    try:
        wanted = None if record_file is None else (record_file, language or "en")
        passed = _locate(tenant, source_name, state_files, json_wanted=json_wanted, record_wanted=wanted)
    except KeyboardInterrupt:
        fail(INTERRUPTED, "interrupted; nothing was changed")
    except BrokenPipeError:  # whoever read our output has seen enough
        sys.stdout = None
        sys.exit(0)
    sys.exit(0 if passed else CHECK_FAILED)


def _source(name: str | None, *, live: bool, states: bool) -> str:
    wanted = {one for one in (name, "live" if live else None, "stack" if states else None) if one}
    if len(wanted) > 1:
        raise click.UsageError(f"Name one source: {' and '.join(sorted(wanted))} exclude each other.")
    return next(iter(wanted), "declared")


def _locate(
    tenant: str | None,
    source_name: str,
    state_files: tuple[Path, ...],
    *,
    json_wanted: bool,
    record_wanted: tuple[Path, str] | None,
) -> bool:
    from infra.tenants.files import read_tenant, read_tenants
    from operations.locate.sources import Source, declarations
    from project.files import find_project

    project = find_project(Path.cwd())
    source = Source(source_name)
    states = _states(state_files)
    # A rehearsal is asked for its own graph; the engine's and the account's answers are held to what is declared.
    with declarations(project, source if source is Source.REHEARSAL else Source.DECLARED) as declared:
        if tenant is not None:
            customer = read_tenant(project.root, tenant)
            answer, estates = _answer_and_estates(project, declared, customer, source, states)
            _print_one(answer, json_wanted)
            if record_wanted is None:
                return answer.passed
            return _write_record(project, estates, answer, *record_wanted) and answer.passed
        found = read_tenants(project.root)
        if found.problems:
            raise ProblemsError(found.problems)
        if not found.tenants:
            notify("There are no tenants; `workbuoy tenant create` makes one.")
        answers = (answer_of(project, declared, one, source, states) for one in found.tenants)
        return _print_all(answers, json_wanted)


def _states(files: tuple[Path, ...]) -> dict[str, Any]:
    from operations.locate.sources import read_state

    return dict(read_state(file) for file in files)


def answer_of(
    project: "Project", declared: "Declarations", tenant: "Tenant", source: "Source", states: dict[str, Any]
) -> "Answer":
    """Of every place that the record names: two for as long as the customer moves, or is promoted."""
    return _answer_and_estates(project, declared, tenant, source, states)[0]


def _answer_and_estates(
    project: "Project", declared: "Declarations", tenant: "Tenant", source: "Source", states: dict[str, Any]
) -> "tuple[Answer, list[Estate]]":
    from operations.locate.answer import together
    from operations.locate.left import left_of
    from operations.locate.platform import platform_gaps, platform_stores

    started = time.perf_counter()
    places = [_of_place(project, declared, place, source, states) for place in tenant.everywhere]
    answer, estates = together([one for one, _ in places]), [estate for _, estate in places]
    platform = dict.fromkeys(store for estate in estates for store in platform_stores(estate))
    left, unread = left_of(project.root, tenant, datetime.datetime.now(datetime.UTC).date())
    gaps = dict.fromkeys((*(gap for estate in estates for gap in platform_gaps(estate)), *unread))
    whole = replace(answer, stores=(*answer.stores, *platform), gaps=tuple(gaps), left=left)
    return replace(whole, seconds=time.perf_counter() - started), estates


def _of_place(
    project: "Project", declared: "Declarations", tenant: "Tenant", source: "Source", states: dict[str, Any]
) -> "tuple[Answer, Estate]":
    from operations.locate.answer import Answer
    from operations.locate.sources import Source
    from operations.locate.stores import stores_of

    if states and tenant.stack not in states:
        message = f"no --state is of {tenant.stack}, which holds {tenant.name}'s data; given: {', '.join(states)}"
        raise ProblemsError([Problem(message=message)])
    estate = declared.estate(tenant)
    if source is Source.LIVE:
        from operations.locate.live import locate_live
        from operations.locate.live.account import Account

        account = Account.of_signed_in(estate, notify)
        return locate_live(project, estate, account), estate
    found = _deployed(project, estate, states) if source is Source.STACK else estate
    differences = _differences(estate, found) if source is Source.STACK else ()
    stores = tuple(stores_of(found))
    return Answer(tenant=tenant, source=source, stores=stores, differences=tuple(differences)), estate


def _deployed(project: "Project", estate: "Estate", states: dict[str, Any]) -> "Estate":
    """The estate by the engine's state: of the files that were given, else of the engine itself."""
    from operations.locate.sources import with_states

    if states:
        for stack in (one.stack for one in estate.stacks if one.stack not in states):
            notify(f"{stack}: no --state was given; what it shares is told as declared")
        return with_states(estate, states)
    from operations.engine.stack import open_stack

    return with_states(estate, {one.stack: open_stack(project, one.stack).export() for one in estate.stacks})


def _differences(declared: "Estate", deployed: "Estate") -> "Iterator[Difference]":
    from operations.locate.differences import differences
    from operations.locate.stores import serves_silos

    for before, after in zip(declared.stacks, deployed.stacks, strict=True):
        for resource, difference in differences(before, after):
            if before is declared.own or serves_silos(before, resource):  # the rest of the base is not theirs
                yield difference


def _print_one(answer: "Answer", json_wanted: bool) -> None:
    from operations.locate.answer import as_json
    from operations.locate.text import text

    print_result("locate", as_json(answer), text(answer), json_wanted=json_wanted)


def _write_record(project: "Project", estates: "list[Estate]", answer: "Answer", file: Path, language: str) -> bool:
    """Write it, and say what it lacks; whether it lacks nothing."""
    from operations.locate.processing import processing
    from operations.locate.record.english import IN_ENGLISH
    from operations.locate.record.norwegian import IN_NORWEGIAN
    from operations.locate.record.page import record
    from project.whole_file import write_whole

    stated = processing(project.root, *estates)
    words = IN_NORWEGIAN if language == "no" else IN_ENGLISH
    write_whole(file, record(answer, stated, words, datetime.datetime.now(datetime.UTC).date()))
    notify(f"The record of processing is in {file}")
    report(*(f"the record is not whole: {one}" for one in stated.lacks))
    return not stated.lacks


def _print_all(answers: "Iterator[Answer]", json_wanted: bool) -> bool:
    """Each answer as soon as it is found; nothing of it is kept."""
    from operations.locate.answer import as_json
    from operations.locate.text import line_of

    passed: list[bool] = []

    def noting_passed() -> "Iterator[Answer]":
        for answer in answers:
            passed.append(answer.passed)
            yield answer

    if json_wanted:
        print_json_list("locate-all", "tenants", map(as_json, noting_passed()))
        return all(passed)
    for answer in noting_passed():
        print_text(line_of(answer))
    if passed:
        print_text("Next: workbuoy locate TENANT (every store of one customer)")
    return all(passed)
