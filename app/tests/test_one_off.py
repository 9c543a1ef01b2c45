"""One-off work runs the commands that are named, under the settings of its entry point alone."""

from __future__ import annotations

import json
import os
import signal

import pytest

from workbuoy_app.cli import main
from workbuoy_app.one_off import DRILL, NAMED, NotNamed, named

SETTINGS = {"DATABASE_URL": "postgresql://database.example/workbuoy", "NODE_ENV": "production"}


@pytest.mark.parametrize("words", sorted(NAMED))
def test_a_named_command_is_passed_on_as_it_came(words: tuple[str, ...]) -> None:
    given = [*words, "acme", "--to", "s3://bucket/imports/acme/"]
    assert named([json.dumps(SETTINGS), *given], {}) == given


@pytest.mark.parametrize(
    "words",
    [
        ["member", "add", "--tenant", "acme", "--issuer", "i", "--subject", "s"],
        ["member", "remove"],
        ["tenant", "add", "acme"],
        ["migrate"],
        ["serve"],
        ["--env-file", "/proc/self/environ", "tenant", "freeze", "acme"],
        ["tenant"],
        ["one-off", "{}", "member", "add"],
        [],
    ],
)
def test_every_other_one_is_refused_and_changes_nothing(words: list[str]) -> None:
    environment = {"DATABASE_URL": "postgresql://own.example/theirs"}
    with pytest.raises(NotNamed, match="removals, restore check"):
        named([json.dumps(SETTINGS), *words], environment)
    assert environment == {"DATABASE_URL": "postgresql://own.example/theirs"}


@pytest.mark.parametrize("words", sorted(NAMED))
def test_a_drill_lets_through_what_touches_a_copy_alone(words: tuple[str, ...]) -> None:
    given = [json.dumps(SETTINGS), *words, "acme"]
    if words in {("restore", "check"), ("restore", "prepare")}:
        assert words in DRILL
        assert named(given, {}, "drill") == given[1:]
    else:
        with pytest.raises(NotNamed, match="none of a drill's commands: restore check, restore prepare"):
            named(given, {}, "drill")


def test_what_was_overridden_when_the_task_was_started_is_dropped() -> None:
    environment = {
        "DATABASE_URL": "postgresql://own.example:443/theirs?sslmode=disable",
        "PGHOSTADDR": "192.0.2.1",
        "AWS_ENDPOINT_URL": "https://own.example",
        "DATABASE_OWNER_PASSWORD": "p",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/1",
    }
    named([json.dumps(SETTINGS), "removals"], environment)
    assert environment == SETTINGS | {
        "DATABASE_OWNER_PASSWORD": "p",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/1",
    }


@pytest.mark.parametrize(("entry", "whose"), [("one-off", "one-off work's"), ("drill", "a drill's")])
def test_a_refusal_is_usage_in_one_line(entry: str, whose: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([entry, "{}", "member", "add"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"workbuoy-app: member add is none of {whose} commands")


@pytest.mark.parametrize(("words", "ends"), [(["one-off", "{}", "serve"], False), (["rotate"], True)])
def test_one_off_work_is_let_end_after_sigterm_and_all_else_ends_at_once(
    monkeypatch: pytest.MonkeyPatch, words: list[str], ends: bool
) -> None:
    monkeypatch.delenv("AWS_LAMBDA_RUNTIME_API", raising=False)
    monkeypatch.setattr(os, "getpid", lambda: 1)
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert main(words) != 0
        assert (signal.getsignal(signal.SIGTERM) is not before) is ends
    finally:
        signal.signal(signal.SIGTERM, before)
