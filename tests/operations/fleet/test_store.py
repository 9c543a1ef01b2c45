"""Objects that only whoever saw the last version may replace: in S3, as moto answers it, and in a folder."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from operations.engine.errors import MistakenError, UnreachableError
from operations.fleet.store import FolderStore, S3Store, Store, open_store

BUCKET = "workbuoy-state-210000000003-eu-west-1"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    answer, one_at_a_time = BotocoreStubber.__call__, threading.Lock()

    def answer_alone(*arguments: Any, **named: Any) -> Any:
        with one_at_a_time:  # S3 lets one of two writers through, moto now and then both
            return answer(*arguments, **named)

    monkeypatch.setattr(BotocoreStubber, "__call__", answer_alone)
    with mock_aws():
        s3 = boto3.client("s3", region_name="eu-west-1")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield s3


@pytest.fixture(params=["s3", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return FolderStore(tmp_path / "store")
    return S3Store(request.getfixturevalue("client"), BUCKET)


def test_what_was_written_is_read_with_its_version_and_age(store: Store) -> None:
    assert store.read("a/b.json") is None
    version = store.create("a/b.json", b"1")
    found = store.read("a/b.json")
    assert found is not None
    assert (found.body, found.version) == (b"1", version)
    assert 0 <= found.age_seconds < 60


def test_of_two_who_make_it_one_is_refused(store: Store) -> None:
    assert store.create("k", b"one")
    assert store.create("k", b"two") is None


def test_only_the_version_that_was_seen_is_replaced(store: Store) -> None:
    first = store.create("k", b"1")
    assert first is not None
    second = store.replace("k", b"2", first)
    assert second is not None
    assert store.replace("k", b"3", first) is None
    assert store.replace("k", b"3", second)
    assert store.replace("not-there", b"1", second) is None


@pytest.mark.lengthy
def test_of_many_at_once_one_wins_each_time(store: Store) -> None:
    version = store.create("k", b"0")
    assert version is not None
    for number in range(5):
        with ThreadPoolExecutor(8) as pool:
            bodies = [f"{number} {writer}".encode() for writer in range(8)]
            writes = [pool.submit(store.replace, "k", body, version) for body in bodies]
            won = [one for write in writes if (one := write.result())]
        assert len(won) == 1
        version = won[0]


def answering(client: Any, monkeypatch: pytest.MonkeyPatch, answer: Callable[[Callable[[], Any]], Any]) -> None:
    put = client.put_object
    monkeypatch.setattr(client, "put_object", lambda **request: answer(lambda: put(**request)))


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "PutObject")


def test_a_write_that_was_sent_twice_since_its_answer_was_lost_counts_as_written(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = S3Store(client, BUCKET)
    version = store.create("k", b"1")

    def lost(write: Callable[[], Any]) -> Any:
        write()
        return write()  # the client's own retry: S3 refuses it, since the first one went through

    answering(client, monkeypatch, lost)
    assert store.replace("k", b"2", str(version))
    assert store.create("other", b"1")


def test_a_conflict_of_two_writes_under_way_is_tried_again(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store, answers = S3Store(client, BUCKET), [refusal("ConditionalRequestConflict")] * 2
    monkeypatch.setattr(time, "sleep", lambda _: None)

    def conflict(write: Callable[[], Any]) -> Any:
        if answers:
            raise answers.pop()
        return write()

    answering(client, monkeypatch, conflict)
    assert store.create("k", b"1")
    assert answers == []


@pytest.mark.parametrize(
    "error", [refusal("AccessDenied"), refusal("SlowDown"), ConnectTimeoutError(endpoint_url="s3")]
)
def test_a_bucket_that_refuses_or_is_silent_ends_in_one_line(
    client: Any, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(_: object) -> None:
        raise error

    answering(client, monkeypatch, refuse)
    with pytest.raises(UnreachableError, match="the journal cannot be used"):
        S3Store(client, BUCKET).create("k", b"1")
    with pytest.raises(UnreachableError):
        S3Store(client, "not-there").read("k")


def test_the_store_is_chosen_by_the_backends_address(tmp_path: Path) -> None:
    assert isinstance(open_store(f"file://{tmp_path}", "eu-west-1"), FolderStore)
    assert isinstance(open_store(f"s3://{BUCKET}?region=eu-north-1", "eu-west-1"), S3Store)
    with pytest.raises(MistakenError, match="takes no conditional writes"):
        open_store("https://api.pulumi.com", "eu-west-1")
