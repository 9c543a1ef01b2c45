"""moto as a rehearsal starts it."""

import os

import pytest

from rehearsal import cloud


def test_what_a_person_has_set_for_aws_does_not_reach_a_rehearsal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/bin/ls")
    before = dict(os.environ)
    cloud._session.cache_clear()
    with cloud.running() as moto:
        clients = moto.client("s3", "eu-west-1"), moto.client("rds", "eu-west-1")
        assert (clients[0].list_buckets()["Buckets"], clients[1].describe_db_instances()["DBInstances"]) == ([], [])
    assert dict(os.environ) == before
