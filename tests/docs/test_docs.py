"""Whatever the documentation names is there: files, commands, settings, tests, alarms."""

import os
import re
import shlex
from collections.abc import Iterator
from typing import get_args

import click
import pytest
from pydantic import BaseModel

from components.alarms import Alarm, DatabaseThresholds, database_alarms, own_alarms, service_alarms, waf_alarms
from infra.settings import StackSettings
from operations.main import main
from tests.conftest import ROOT, DeclareWith

PAGES = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "app/README.md",
    "waivers/README.md",
    *sorted(f"docs/{one.name}" for one in ROOT.glob("docs/*.md")),
)
GUIDES = {"docs/guide.md": ("Proof:", "Comes later:"), "docs/guide.no.md": ("Bevis:", "Kommer senere:")}

# What looks like a path and is none of this repository's: made on the reader's machine, or the guide's own words.
NOT_PATHS = {
    ".env",
    "PUBLIC_URL/auth/callback",
    "../.env",
    ".venv/templates",
    "bootstrap/.pulumi",
    "packages/",
    "packages/backend/.env.example",
    "packages/ui/.env.example",
}
COMES_LATER: set[str] = set()
OTHER_FOLDERS = {"app/README.md": ("app/workbuoy_app",)}  # where a page's paths may begin, besides root and its own

SUFFIXES = ("css", "html", "js", "json", "jsonl", "lock", "md", "pem", "py", "toml", "txt", "yaml", "zip")
CODE = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
FENCE = re.compile(r"^[ ]*```([a-z]*)\n(.*?)^[ ]*```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
TEST = re.compile(r"`((?:app/)?tests/[\w/]+\.py)::(test_\w+)`")
ITEM = re.compile(r"^- \*\*(\d+)\.(\d+) ", re.MULTILINE)


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def fences(page: str) -> str:
    """The lines inside fenced blocks."""
    return "\n".join(match[2] for match in FENCE.finditer(read(page)))


def spans(page: str) -> list[str]:
    """What stands in backticks outside fenced blocks, on one line each."""
    return [" ".join(match[2].split()) for match in CODE.finditer(FENCE.sub("", read(page)))]


def code(page: str) -> list[str]:
    return [*spans(page), *fences(page).splitlines()]


def looks_like_a_path(span: str) -> bool:
    if span.endswith(".venv"):  # there only where somebody has run make
        return False
    if re.search(r"[\s<>*{}|=$@…:;(),\"']", span) or span.startswith("/") or "/" not in span.removeprefix("."):
        return bool(re.fullmatch(rf"\.?[\w.-]+\.({'|'.join(SUFFIXES)})|\.[a-z][\w.]+", span))
    return True


def named_paths(page: str) -> Iterator[str]:
    yield from (span for span in spans(page) if looks_like_a_path(span))
    # A tree of folders, as in the README: the first word of a line.
    yield from re.findall(r"^([a-z]+/)(?= |$)", fences(page), re.MULTILINE)


def file_names() -> set[str]:
    """Names of all files of the repository, for a path that is only a name."""
    found: set[str] = set()
    for _, folders, files in os.walk(ROOT):
        folders[:] = [one for one in folders if one not in {".git", ".venv", "build", "node_modules"}]
        found.update(files)
    return found


def exists(page: str, path: str, names: set[str]) -> bool:
    folders = [ROOT, (ROOT / page).parent, *(ROOT / one for one in OTHER_FOLDERS.get(page, ()))]
    return any((one / path).exists() for one in folders) or path in names


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_exists(page: str) -> None:
    names = file_names()
    missing = {path for path in named_paths(page) if not exists(page, path, names)}
    assert missing - NOT_PATHS - COMES_LATER == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_link_inside_the_repository_leads_somewhere(page: str) -> None:
    targets = [link.partition("#")[0] for link in LINK.findall(read(page)) if "://" not in link]
    assert [target for target in targets if target and not ((ROOT / page).parent / target).exists()] == []


def test_what_is_said_to_come_later_is_not_there_yet() -> None:
    """Once it is, the guide's items that say so want another word."""
    assert [path for path in sorted(COMES_LATER) if (ROOT / path).exists()] == []


def test_every_excuse_for_a_path_is_in_use() -> None:
    assert {path for page in PAGES for path in named_paths(page)} >= NOT_PATHS


@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_exists_in_its_makefile(page: str) -> None:
    makefile = (ROOT / page).parent / "Makefile"
    targets = set(re.findall(r"^([a-z-]+):", (makefile if makefile.exists() else ROOT / "Makefile").read_text(), re.M))
    named = {target for line in code(page) for target in re.findall(r"(?<![\w-])make ([a-z][a-z-]*)", line)}
    assert named - targets == set()


def commands(page: str, program: str) -> Iterator[list[str]]:
    """The words after a program's name where code calls it, up to what belongs to the shell or to a drawing."""
    for line in code(page):
        for match in re.finditer(rf"(?:^|[|&(])\s*(?:\.venv/bin/)?{program}((?: [^\s|;#\"]+)+)", line):
            yield shlex.split(match[1].replace("\\", " "))


def unknown_word(words: list[str]) -> str | None:
    """The first word that the command does not know; names and values of people are left alone."""
    command: click.Command = main
    for word in words:
        if isinstance(command, click.Group) and not word.startswith("-"):
            if word not in command.commands:
                return word
            command = command.commands[word]
        elif word.startswith("-") and word.partition("=")[0] not in {
            name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)
        } | {"-h", "--help"}:
            return word
    return None


@pytest.mark.parametrize("page", PAGES)
def test_every_workbuoy_command_and_option_exists(page: str) -> None:
    assert [words for words in commands(page, "workbuoy") if unknown_word(words)] == []


def test_a_command_or_option_that_does_not_exist_would_be_noticed() -> None:
    assert unknown_word(["rehearse", "prod", "--report", "report.html"]) is None
    assert unknown_word(["rehearse", "--repport", "report.html"]) == "--repport"
    assert unknown_word(["policies", "document", "--check"]) is None
    assert unknown_word(["policies", "draw"]) == "draw"
    assert unknown_word(["chart", "acme"]) == "chart"


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_the_service_exists(page: str) -> None:
    source = read("app/workbuoy_app/cli.py")
    words = {
        word for call in commands(page, "workbuoy-app") for word in call if re.fullmatch(r"(--)?[a-z][a-z-]+", word)
    }
    known = set(re.findall(r"(?:add_parser|add_argument)\(\s*\"([a-z-]+)\"", source))
    assert words - known == set()


def settings_of(page: str) -> Iterator[str]:
    sections = "|".join(("network", "database", "files", "secrets", "observability", "service"))
    for span in spans(page):
        if re.fullmatch(rf"(?:{sections})(?:\.[a-z][A-Za-z]*)+", span) and not span.endswith((".py", ".yaml", ".html")):
            yield span


def is_a_setting(path: str) -> bool:
    model: object = StackSettings
    for part in path.split("."):
        model = next((one for one in get_args(model) if one is not type(None)), model)  # a section that may be left out
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            return False
        fields = {one.alias: one.annotation for one in model.model_fields.values()}
        if part not in fields:
            return False
        model = fields[part]
    return True


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_that_a_page_names_exists(page: str) -> None:
    assert [path for path in settings_of(page) if not is_a_setting(path)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_stack_output_that_a_page_names_exists(page: str) -> None:
    named = {name for line in code(page) for name in re.findall(r"pulumi stack output ([A-Za-z]+)", line)}
    assert (
        named
        - set(
            re.findall(
                r"^        (?:\*\*\(\{)?\"([A-Za-z]+)\":",
                read("infra/stack.py") + read("infra/workload.py"),
                re.MULTILINE,
            )
        )
        == set()
    )


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_a_page_names_exists(page: str) -> None:
    named = TEST.findall(read(page))
    missing = [f"{file}::{test}" for file, test in named if not re.search(rf"^def {test}\(", read(file), re.MULTILINE)]
    assert missing == []
    assert len(named) == read(page).count(".py::")


def items(page: str) -> dict[str, str]:
    """A guide's requirements in their order: number to text."""
    text = read(page)
    marks = list(ITEM.finditer(text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    return {f"{mark[1]}.{mark[2]}": text[mark.end() : end] for mark, end in zip(marks, ends, strict=True)}


def test_both_languages_have_the_same_requirements_in_the_same_order() -> None:
    english, norwegian = (items(page) for page in GUIDES)
    assert list(english) == list(norwegian)
    assert len(english) > 50
    for number, text in english.items():
        assert TEST.findall(text) == TEST.findall(norwegian[number]), number
        assert ("Comes later:" in text) == ("Kommer senere:" in norwegian[number]), number


@pytest.mark.parametrize("page", GUIDES)
def test_requirements_are_numbered_without_gaps(page: str) -> None:
    sections = [int(number) for number in re.findall(r"^## (\d+)\. ", read(page), re.MULTILINE)]
    assert sections == list(range(1, len(sections) + 1))
    for section in sections:
        numbers = [int(number.partition(".")[2]) for number in items(page) if number.startswith(f"{section}.")]
        assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("page", GUIDES)
def test_every_requirement_is_proved_or_comes_later(page: str) -> None:
    proof, later = GUIDES[page]
    for number, text in items(page).items():
        assert TEST.search(text) or later in text, number
        assert (proof in text) == bool(TEST.search(text)), number


def alarms() -> list[Alarm]:
    thresholds = DatabaseThresholds(
        cpu_percent=1, operations_per_second=1, free_storage_gib=1, connections=1, transaction_log_gib=1
    )
    return [
        *database_alarms("database", thresholds),
        *service_alarms("lb", "tg", 1, 1, 1),
        *waf_alarms("acl", "region", 1),
        *own_alarms("stack", "function"),
    ]


def test_each_alarm_has_its_section_in_the_runbooks() -> None:
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", read("docs/runbooks.md"), re.DOTALL | re.MULTILINE))
    names = [alarm.name for alarm in alarms()]
    assert [name for name in names if name not in sections] == [], "write each one's section into docs/runbooks.md"
    told = [title for title in sections if title in names]
    assert told == names, "order the sections in docs/runbooks.md as the alarms stand in components/alarms.py"
    for name in names:
        for part in ("**Means:**", "**First look:**", "**Usual causes:**", "**Do:**", "**Over when**"):
            assert part in sections[name], (name, part)


def test_what_the_runbooks_name_in_cloudwatch_is_declared_in_prod(declared_with: DeclareWith) -> None:
    graph = declared_with("prod", lambda settings: settings["service"].update(waf={}))
    page = "docs/runbooks.md"
    searches = {one.declared.inputs["name"].partition("/")[2] for one in graph.of("QueryDefinition")}
    assert set(re.findall(r"saved\s+search\s+`([^`]+)`", read(page))) <= searches
    assert searches <= set(spans(page))
    groups = {one.declared.inputs["name"] for one in graph.of("LogGroup")}
    assert {span for span in spans(page) if span.startswith(("/aws/", "/workbuoy/", "aws-waf-logs-"))} <= groups
    (topic,) = graph.of("sns/topic:Topic")
    assert topic.declared.inputs["name"] in spans(page)
