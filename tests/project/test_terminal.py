"""Text fits the reader's terminal, and nothing that is copied is broken."""

import os
import pty

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project import terminal
from project.terminal import columns, errors_in, fit, wrapped

WORDS = st.lists(st.text("abc", min_size=1, max_size=90), min_size=1, max_size=30)


@pytest.mark.parametrize(("told", "taken"), [("60", 60), ("132", 132), ("7", 40), ("0", 80), ("wide", 80), ("", 80)])
def test_lines_take_as_many_columns_as_the_variable_says(
    told: str, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "_of_the_terminal", lambda: 80)
    monkeypatch.setenv("COLUMNS", told)
    assert columns() == taken


@pytest.mark.parametrize(("wide", "taken"), [(200, 80), (80, 80), (60, 60), (20, 40)])
def test_a_narrow_terminal_is_followed_and_a_wide_one_is_not_filled(
    wide: int, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(terminal, "_of_the_terminal", lambda: wide)
    assert columns() == taken


def test_a_terminal_without_a_cursor_gets_no_line_that_is_written_over(monkeypatch: pytest.MonkeyPatch) -> None:
    leader, follower = pty.openpty()
    with os.fdopen(leader), os.fdopen(follower, "w") as shown:
        monkeypatch.setattr("sys.stderr", shown)
        monkeypatch.setenv("TERM", "xterm-256color")
        assert terminal.can_rewrite_lines()
        monkeypatch.setenv("TERM", "dumb")
        assert not terminal.can_rewrite_lines()


@given(words=WORDS, width=st.integers(40, 120), indent=st.integers(0, 6))
def test_a_paragraph_keeps_every_word_and_every_line_fits_but_for_one_word_that_is_longer(
    words: list[str], width: int, indent: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        lines = wrapped(" ".join(words), " " * indent)
        text = fit("first\n" + " " * indent + " ".join(words) + "\nlast")
    for shown in (lines, text.split("\n")[1:-1]):
        assert [word for line in shown for word in line.split()] == words
        assert all(len(line) <= width or len(line.split()) == 1 for line in shown)
        assert all(line.startswith(" " * indent) for line in shown)
    assert (text.split("\n")[0], text.split("\n")[-1]) == ("first", "last")


def test_what_a_command_reported_is_found_among_its_lines() -> None:
    assert errors_in(["Declaring ...", "error: a: is wrong", "error: b: is too", "error: a: is wrong", ""]) == [
        "a: is wrong",
        "b: is too",
    ]
    assert errors_in(["Traceback", "MemoryError", " "]) == ["MemoryError"]
    assert errors_in([""]) == []
