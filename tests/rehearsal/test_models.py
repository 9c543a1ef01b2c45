"""Models are read once, and what moto writes into them stays with moto."""

import importlib
import sys
from pathlib import Path

import botocore
import pytest
from botocore.loaders import JSONFileLoader, Loader
from moto.core.loaders import create_loader

from rehearsal.models import read_once


def test_all_sessions_share_what_was_read() -> None:
    with read_once():
        first, second = (Loader().load_service_model("sqs", "service-2") for _ in range(2))
    assert first is second
    assert first == Loader().load_service_model("sqs", "service-2"), "and it is what botocore itself reads"


def test_the_services_are_looked_for_once() -> None:
    files = (Path(botocore.__file__).parent / "data").glob("*/*/service-2.json*")
    with read_once():
        first, second = (Loader().list_available_services("service-2") for _ in range(2))
        assert first is second
        assert Loader().list_available_services("waiters-2") != first
    assert first == sorted({file.parts[-3] for file in files})


def test_what_was_read_outlives_our_own_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    with read_once():
        before = Loader().load_service_model("sqs", "service-2")
    monkeypatch.delitem(sys.modules, "rehearsal.models")  # as a fork of the warm process forgets it
    with importlib.import_module("rehearsal.models").read_once():
        assert Loader().load_service_model("sqs", "service-2") is before


def test_moto_s_additions_are_in_its_own_copy_alone() -> None:
    with read_once():
        motos = create_loader().load_service_model("ec2", "service-2")
        ours = Loader().load_service_model("ec2", "service-2")
        assert motos != ours
    assert ours == Loader().load_service_model("ec2", "service-2")


def test_a_file_that_is_not_there_is_none_as_in_botocore() -> None:
    with read_once():
        assert Loader().file_loader.load_file("no/such/model") is None


def test_afterwards_botocore_reads_as_before() -> None:
    before = Loader.FILE_LOADER_CLASS, type(create_loader().file_loader), Loader.list_available_services
    with read_once():
        assert Loader.FILE_LOADER_CLASS is not before[0]
    assert before == (Loader.FILE_LOADER_CLASS, type(create_loader().file_loader), Loader.list_available_services)


def test_one_context_may_end_within_another() -> None:
    with read_once():
        with read_once():
            pass
        first, second = (Loader().load_service_model("sqs", "service-2") for _ in range(2))
        assert first is second
    assert isinstance(create_loader().file_loader, JSONFileLoader)
