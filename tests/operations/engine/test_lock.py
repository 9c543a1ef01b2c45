"""A bucket's lock files are read as a folder's are."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from operations.engine.errors import UnreachableError
from operations.engine.lock import DEAD, describe_lock, holders
from operations.engine.messages import locked

LOCK = json.dumps({"pid": 7, "username": "runner", "hostname": "ci", "timestamp": "2026-11-22T20:43:51Z"})
URL = "s3://workbuoy-state-210000000001-eu-west-1?region=eu-west-1"


@pytest.fixture
def put() -> Iterator[object]:
    with mock_aws():
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        s3 = boto3.client("s3", region_name="eu-west-1", **keys)
        bucket = "workbuoy-state-210000000001-eu-west-1"
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ACCESS_KEY_ID", "testing")
            patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
            yield lambda key, body: s3.put_object(Bucket=bucket, Key=key, Body=body)


def test_the_lock_of_this_stack_in_this_project_counts(put: object) -> None:
    assert callable(put)
    assert holders(URL, "workbuoy", "dev") == []
    put(".pulumi/locks/organization/workbuoy/dev/1.json", LOCK)
    put(".pulumi/locks/organization/workbuoy/dev-2/1.json", LOCK)
    put(".pulumi/locks/organization/other/dev/1.json", LOCK)
    assert holders(URL, "workbuoy", "dev") == ["runner@ci (process 7) since 2026-11-22T20:43:51Z"]


def test_a_lock_that_cannot_be_read_is_a_lock(put: object) -> None:
    assert callable(put)
    put(".pulumi/locks/organization/workbuoy/dev/1.json", "{")
    assert holders(URL, "workbuoy", "dev") == ["somebody, whose lock file cannot be read"]


def test_another_kind_of_backend_keeps_no_lock_files() -> None:
    assert holders("https://app.pulumi.com/ola", "workbuoy", "dev") == []


def test_a_bucket_that_does_not_tell_is_said_so(put: object) -> None:
    assert callable(put)
    with pytest.raises(UnreachableError, match="does not tell who holds the lock"):
        holders("s3://no-such-bucket?region=eu-west-1", "workbuoy", "dev")


def test_a_holder_of_this_machine_that_runs_no_more_is_said_to_be_dead() -> None:
    here = socket.gethostname()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert (
        describe_lock(f"ola@{here}", gone.pid, "noon") == f"ola@{here} (process {gone.pid}, which is dead) since noon"
    )
    assert describe_lock(f"ola@{here}", os.getpid(), "noon") == f"ola@{here} (process {os.getpid()}) since noon"
    assert describe_lock("ola@elsewhere", gone.pid, "noon") == f"ola@elsewhere (process {gone.pid}) since noon"


def test_a_lock_of_the_dead_alone_says_how_to_take_it_away() -> None:
    dead, alive = f"a@b (process 1{DEAD}) since noon", "a@c (process 2) since noon"
    assert str(locked("dev", [dead])).endswith("; `pulumi cancel dev --yes` takes the lock away")
    assert "a run that is dead left its lock" in str(locked("dev", [dead]))
    assert "another run holds the lock" in str(locked("dev", [dead, alive]))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc tells of a process that nobody waited for")
def test_a_holder_that_ended_and_that_nobody_waited_for_is_dead() -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.read()  # to its end; its exit code stays unfetched
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert DEAD in describe_lock(f"me@{socket.gethostname()}", process.pid, "now")
    process.stdout.close()
    process.wait()
