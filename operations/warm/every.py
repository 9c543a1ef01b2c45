"""`workbuoy rehearse --all`: every base stack, customer's stack and account, two at once, and one verdict."""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from bootstrap.home import accounts_in
from operations.changed.estate import LOCAL, read_estate
from operations.changed.files import Files, changed_files
from operations.changed.touched import place_of, touched
from operations.ending import INTERRUPTED, fail, notify, print_json, print_text, report
from operations.warm.outcome import Outcome
from operations.warm.process import Running, WarmProcess
from project.files import Project, find_project
from project.whole_file import write_whole
from rehearsal.report.estate import render_estate
from rehearsal.scratch import scratch

ACCOUNTS = "bootstrap"
AT_ONCE = 2
_WAIT_SECONDS = 0.02


@dataclass(frozen=True)
class Place:
    """Something to rehearse: a stack of the project in a folder. Accounts are stacks of bootstrap's project."""

    name: str
    stack: str
    folder: Path


@dataclass(frozen=True)
class Rehearsed:
    """What came of a place; `page` is its report, empty where none was asked for or none was made."""

    place: Place
    outcome: Outcome
    page: str = ""


def rehearse_every(since: str | None, report_file: Path | None, *, with_service: bool, json_wanted: bool) -> NoReturn:
    """Rehearse all, print the summary, and end with the worst of the exit codes; 0 where nothing is touched.

    Raises ProblemsError for a revision that git does not know, and for files that say too little.
    """
    project = find_project(Path.cwd())
    places = _places(project, changed_files(project.root, since) if since is not None else None)
    if not places:
        notify("No stack and no account is touched.")
    try:
        done = _rehearse(places, with_service=with_service, with_pages=report_file is not None)
    except KeyboardInterrupt:
        fail(INTERRUPTED, "interrupted; nothing is left behind")
    _print(done, json_wanted=json_wanted)
    if report_file is not None:
        write_whole(report_file, render_estate(_rows(done), [one.page for one in done], made_at=datetime.now(UTC)))
        notify(f"The report is in {report_file}")
    sys.exit(max((one.outcome.code for one in done), default=0))


def _places(project: Project, files: Files | None) -> list[Place]:
    """All, or what these files touch, the slowest first: what begins last should not end last."""
    accounts, stacks = accounts_in(project.root), list(project.stacks())
    if files is not None:
        estate = read_estate(project.root)
        found = touched(files, estate)
        names = {
            *(one.stack for one in found.bases),
            *(one.stack for one in found.silos),
            *([LOCAL] if found.shared else []),
        }
        stacks = [stack for stack in stacks if stack in names]
        accounts = found.accounts
    silos_first = sorted(stacks, key=lambda stack: -stack.count("-"))
    return [
        *(Place(stack, stack, project.root) for stack in silos_first),
        *(Place(place_of(account), account, project.root / ACCOUNTS) for account in accounts),
    ]


def _rehearse(places: Sequence[Place], *, with_service: bool, with_pages: bool) -> list[Rehearsed]:
    """Each in a fork of one warm process, in the order of the places."""
    if not places:
        return []
    done: dict[Place, Rehearsed] = {}
    with scratch() as files, WarmProcess(places[0].folder, files) as warm:
        notify("importing what all need ...")
        warm.warm_up(_request(places[0], files, with_service=with_service, with_pages=False))
        while not warm.is_ready():
            time.sleep(_WAIT_SECONDS)
        waiting, running = list(places), dict[Place, Running]()
        try:
            while waiting or running:
                while waiting and len(running) < AT_ONCE:
                    place = waiting.pop(0)
                    request = _request(place, files, with_service=with_service, with_pages=with_pages)
                    running[place] = warm.run(request)
                for place in list(running):
                    if (outcome := running[place].outcome()) is not None:
                        del running[place]
                        page = _page(place, files)
                        done[place] = Rehearsed(place, outcome, page.read_text("utf-8") if page.exists() else "")
                        notify(f"{len(done)} of {len(places)}  {place.name}: {_verdict(outcome)}")
                time.sleep(_WAIT_SECONDS)
        finally:
            for one in running.values():
                one.stop()
    return [done[place] for place in sorted(places, key=lambda one: (one.folder.name == ACCOUNTS, one.name))]


def _request(place: Place, files: Path, *, with_service: bool, with_pages: bool) -> Mapping[str, Any]:
    return {
        "stack": place.stack,
        "folder": str(place.folder),
        "with_service": with_service,
        "report": str(_page(place, files)) if with_pages else "",
        "quiet": True,
    }


def _page(place: Place, files: Path) -> Path:
    return files / f"{place.name.replace('/', '-')}.html"


def _verdict(outcome: Outcome) -> str:
    if outcome.verdict:
        return "passed" if outcome.code == 0 else "FAILED"
    return "no verdict"


def _rows(done: Sequence[Rehearsed]) -> list[tuple[str, str, int, float | None, float]]:
    return [
        (one.place.name, _verdict(one.outcome), one.outcome.resources, one.outcome.usd_per_month, one.outcome.seconds)
        for one in done
    ]


def _print(done: Sequence[Rehearsed], *, json_wanted: bool) -> None:
    for one in done:
        for line in one.outcome.errors.splitlines() if one.outcome.code else ():
            report(f"{one.place.name}: {line.removeprefix('error: ')}")
    if json_wanted:
        names = ("name", "verdict", "resources", "usdPerMonth", "seconds")
        rows = [
            {**dict(zip(names, row, strict=True)), "exitCode": one.outcome.code, "summary": one.outcome.summary}
            for row, one in zip(_rows(done), done, strict=True)
        ]
        print_json("rehearse-all", {"passed": all(one.outcome.code == 0 for one in done), "rehearsals": rows})
    elif done:
        print_text("\n".join(_summary(done)))


def _summary(done: Sequence[Rehearsed]) -> Iterator[str]:
    bad = [one for one in done if one.outcome.code]
    yield f"{len(bad)} of {len(done)} do not stand" if bad else f"All {len(done)} stand"
    yield ""
    width = max(len(one.place.name) for one in done)
    yield f"{'':{width}}  {'verdict':<10}  resources  USD a month  seconds"
    for name, verdict, resources, usd, seconds in _rows(done):
        yield f"{name:{width}}  {verdict:<10}  {resources:9}  {usd or 0:11,.2f}  {seconds:7.1f}"
    for one in bad:
        if one.outcome.summary:
            yield ""
            yield one.outcome.summary
