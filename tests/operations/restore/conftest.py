"""A stack in moto, made once, whose database has been there for a month."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from operations.restore import copy as copies
from operations.restore import running
from operations.restore.moment import Window
from tests.conftest import PROJECT
from tests.operations.restore.world import NOW, World
from tests.quick_moto import quick_moto


@pytest.fixture(scope="package")
def stack() -> Iterator[World]:
    """Made once: that takes a second."""
    with quick_moto():
        yield World()


@pytest.fixture
def world(stack: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A database that has been there for a month, and nothing else."""
    monkeypatch.chdir(PROJECT)
    stack.begin_anew()
    window = Window(oldest=NOW - timedelta(days=30), newest=NOW - timedelta(minutes=5))
    monkeypatch.setattr(copies.Copy, "window", lambda _: window)  # moto's database is as old as the test
    monkeypatch.setattr(running, "_outputs", lambda _, stack_name: stack.outputs if stack_name == "prod" else {})
    monkeypatch.setattr(time, "sleep", stack.sleep)
    return stack
