"""Help that a person can work from: examples that parse, whole summaries, one grammar, and names that are put right."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from operations.examples import EXAMPLES
from operations.help import every_command
from operations.main import SECTIONS, main
from tests.conftest import PROJECT

WORKBUOY = Path(sys.executable).parent / "workbuoy"
COMMANDS = dict(every_command(main))
LINES = [line for examples in EXAMPLES.values() for line, _ in examples]


def shown(*words: str) -> str:
    return CliRunner().invoke(main, [*words, "--help"], env={"COLUMNS": "80"}).stdout


def groups(command: click.Command, *path: str) -> Iterator[tuple[str, ...]]:
    if isinstance(command, click.Group):
        yield path
        for name, one in command.commands.items():
            yield from groups(one, *path, name)


@pytest.mark.parametrize("path", COMMANDS)
def test_the_help_of_every_command_shows_its_examples_in_80_columns(path: str) -> None:
    text = shown(*path.split())
    assert all(line.splitlines()[0] in text for line, _ in EXAMPLES[path])
    assert max(map(len, text.splitlines())) <= 80
    assert all(line.startswith(f"workbuoy {path}") for line, _ in EXAMPLES[path])


def test_no_example_is_of_a_command_that_went() -> None:
    assert set(EXAMPLES) == set(COMMANDS)


@pytest.mark.parametrize("line", LINES)
def test_an_example_is_understood_by_the_command_itself(line: str) -> None:
    words = shlex.split(line.replace("\\\n", " "))[1:]
    command: click.Command = main
    while isinstance(command, click.Group):
        command = command.commands[words.pop(0)]
    command.make_context("example", words)


@pytest.mark.parametrize("path", list(groups(main)), ids=lambda path: " ".join(path) or "workbuoy")
def test_the_summaries_of_every_group_are_whole(path: tuple[str, ...]) -> None:
    text = shown(*path)
    assert "..." not in text.replace("[ARGS]...", "")
    assert max(map(len, text.splitlines())) <= 80


def test_every_command_stands_in_the_section_of_its_grammar() -> None:
    assert [one for commands in SECTIONS.values() for one in commands] == list(main.commands.values())
    verbs, nouns = SECTIONS["A stack: workbuoy VERB STACK"], SECTIONS["Anything else: workbuoy NOUN VERB"]
    assert all(isinstance(one, click.Group) for one in (*nouns, *SECTIONS["For workflows alone"]))
    for verb in verbs:
        assert any(one.name == "stack" for one in verb.params), verb.name


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rehears", "prod"], "error: No such command 'rehears'"),
        (["rehearse", "--repport", "x"], "error: No such option '--repport'"),
        (["tenant", "deploy"], "error: Name one customer, or say --all."),
        (["rollout", "prod", "--timeout-minutes", "0"], "error: Invalid value"),
        (["review", "prod", "--since", ""], "error: Invalid value for '--since': is empty"),
        (["rehearse", "prod", "--since="], "error: Invalid value for '--since': is empty"),
        (["rehearse", ""], "error: Invalid value for '[STACK]': is empty"),
        (["deploy", "prod", "--image", ""], "error: Invalid value for '--image': is empty"),
        (["evidence", "--stack", ""], "error: Invalid value for '--stack': is empty"),
    ],
)
def test_wrong_usage_begins_as_every_error_does_and_exits_with_2(words: list[str], said: str) -> None:
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Error:" not in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("path", list(groups(main)), ids=lambda path: " ".join(path) or "workbuoy")
def test_a_group_alone_shows_its_help_once_and_no_error(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, path)
    assert result.exit_code == 2
    assert result.stderr.count("Usage:") == 1
    assert "error:" not in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("rehearse acme", "error: acme is a customer, not a stack; its stack is prod-acme\n"),
        ("rehearse pord", "did you mean prod?"),
        ("cost prdo", "did you mean prod?"),
        ("tenant show acne", "did you mean acme?"),
        ("locate globx", "did you mean globex?"),
        ("changed --tenant acmee", "did you mean acme?"),
        ("rehearse prod --tenants acne", "did you mean acme?"),
    ],
)
def test_a_name_that_is_nearly_right_is_put_right(words: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    result = CliRunner().invoke(main, words.split())
    assert result.exit_code == 1
    assert said in result.stderr


@pytest.mark.lengthy
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_is_given_a_completion(shell: str) -> None:
    done = subprocess.run(
        [WORKBUOY],
        env={**os.environ, "_WORKBUOY_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "_WORKBUOY_COMPLETE" in done.stdout


@pytest.mark.lengthy
@pytest.mark.parametrize(
    ("typed", "completed"),
    [("workbuoy re", "rehearse"), ("workbuoy tenant p", "promote"), ("workbuoy rehearse --no", "--no-service")],
)
def test_bash_completes_commands_and_options(typed: str, completed: str) -> None:
    environment = {
        **os.environ,
        "_WORKBUOY_COMPLETE": "bash_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split()) - 1),
    }
    done = subprocess.run([WORKBUOY], env=environment, capture_output=True, text=True, check=False)
    assert f"plain,{completed}" in done.stdout.splitlines()
