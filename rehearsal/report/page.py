"""The page itself: head, banner, navigation, sections; one file that fetches nothing."""

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from project.terminal import count
from rehearsal.report.markup import Facts, Html, el, join
from rehearsal.report.present import Section
from rehearsal.report.sections.access import access
from rehearsal.report.sections.alarms import alarms
from rehearsal.report.sections.change import change
from rehearsal.report.sections.connections import connections_section
from rehearsal.report.sections.data import data
from rehearsal.report.sections.limits import limits
from rehearsal.report.sections.other_stacks import other_stacks
from rehearsal.report.sections.policies import policies
from rehearsal.report.sections.problems import problems
from rehearsal.report.sections.reach import reach
from rehearsal.report.sections.resources import resources
from rehearsal.report.sections.scraped import scraped
from rehearsal.report.sections.service import service
from rehearsal.report.sections.timings import timings
from rehearsal.report.sections.verdict import band, headline, verdict
from rehearsal.report.view import View
from rehearsal.result import Rehearsal

_HERE = Path(__file__).parent


def render(rehearsal: Rehearsal, *, made_at: datetime | None = None, about: Facts = ()) -> str:
    """The report as one HTML document. The same rehearsal and time give the same text; no clock is read here."""
    view = View(rehearsal)
    sections = [
        section
        for section in (
            change(view),
            verdict(view, made_at),
            problems(view),
            service(view),
            scraped(view),
            other_stacks(view),
            reach(view),
            policies(view),
            resources(view),
            data(view),
            access(view),
            alarms(view),
            connections_section(view),
            timings(view),
            limits(view),
        )
        if section is not None
    ]
    body = el(
        "body",
        el("a", "Skip to the report", href="#main", class_="skip"),
        band(view, about),
        el("div", _navigation(sections), el("main", [_section(one) for one in sections], id="main"), class_="frame"),
        _footer(rehearsal),
        script(),
    )
    return f"<!doctype html>\n{el('html', head(f'{headline(rehearsal)}: {rehearsal.project}'), body, lang='en')}\n"


REPORT_SCRIPT = _HERE / "report.js"


def head(title: str, its_script: Path = REPORT_SCRIPT) -> Html:
    """What stands before the body: style, policy, title. The policy knows one script alone."""
    style, _ = _asset(_HERE / "report.css")
    return el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=_policy(its_script)),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", title),
        el("link", rel="icon", href="data:,"),
        Html(f"<style>{style}</style>"),
    )


def _policy(its_script: Path) -> str:
    """Only this page's own style and script, known by their hashes, may take effect; nothing may be fetched."""
    _, style = _asset(_HERE / "report.css")
    _, script = _asset(its_script)
    return (
        f"default-src 'none'; img-src data:; style-src '{style}'; script-src '{script}'; "
        "base-uri 'none'; form-action 'none'"
    )


def script(file: Path = REPORT_SCRIPT) -> Html:
    """A page's script, which the policy of its head knows."""
    script, _ = _asset(file)
    return Html(f"<script>{script}</script>")


@cache
def _asset(file: Path) -> tuple[str, str]:
    """A file of ours and its hash as a Content Security Policy names it."""
    content = file.read_text(encoding="utf-8").strip()
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    return content, f"sha256-{digest}"


def _navigation(sections: Sequence[Section]) -> Html:
    links = [
        el(
            "li",
            el("a", el("span", one.title), _badge(one), href=f"#{one.anchor}"),
        )
        for one in sections
    ]
    return el("nav", el("ul", links), aria_label="Sections of this report")


def _badge(section: Section) -> Html | None:
    if not section.badge:
        return None
    warnings = f" {count(int(section.badge), 'warning')}" if section.tone == "warn" else ""
    return el(
        "span",
        el("span", section.badge, aria_hidden="true" if warnings else None),
        el("span", warnings, class_="hide") if warnings else None,
        class_=f"badge {section.tone}".rstrip(),
    )


def _section(section: Section) -> Html:
    heading = f"{section.anchor}-title"
    return el(
        "section",
        el("h2", section.title, id=heading),
        section.body,
        id=section.anchor,
        aria_labelledby=heading,
    )


def _footer(rehearsal: Rehearsal) -> Html:
    command = f"{rehearsal.command} --report FILE.html"
    return el("footer", el("p", join("Made by ", el("code", command), ". This file is complete: it fetches nothing.")))
