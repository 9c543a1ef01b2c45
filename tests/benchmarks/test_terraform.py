"""A graph is written as Terraform's JSON in the names of the provider's own schemas."""

from typing import Any

import pytest

from benchmarks.terraform import as_terraform, type_of
from rehearsal.result import Rehearsal
from tests.conftest import Declare


def block(*attributes: str, **blocks: Any) -> dict[str, Any]:
    return {
        "attributes": {name: {"type": "string"} for name in attributes},
        "block_types": {name: {"block": inner} for name, inner in blocks.items()},
    }


SCHEMAS = {
    "aws_sns_topic": {"block": block("name", "kms_master_key_id")},
    "aws_sns_topic_subscription": {"block": block("topic_arn", "protocol", "endpoint")},
    "aws_s3_bucket_versioning": {"block": block("bucket", versioning_configuration=block("status"))},
    "aws_db_instance": {"block": block("identifier")},
    "aws_instance": {"block": block("ami")},
}


@pytest.fixture(scope="module")
def graph(declared: Declare) -> Rehearsal:
    return declared("prod").rehearsal


def test_a_type_has_the_provider_s_name_or_none() -> None:
    assert type_of("aws:sns/topic:Topic", SCHEMAS) == "aws_sns_topic"
    assert type_of("aws:rds/instance:Instance", SCHEMAS) == "aws_db_instance"
    assert type_of("aws:lex/bot:Bot", SCHEMAS) is None
    assert type_of("random:index/randomId:RandomId", SCHEMAS) is None


def test_values_blocks_and_dependencies_are_written(graph: Rehearsal) -> None:
    resources = as_terraform(graph, SCHEMAS).document["resource"]
    assert {one["versioning_configuration"][0]["status"] for one in resources["aws_s3_bucket_versioning"].values()} == {
        "Enabled"
    }
    subscription = next(iter(resources["aws_sns_topic_subscription"].values()))
    assert subscription["topic_arn"].startswith("arn:aws:sns:")
    assert [one.split(".")[0] for one in subscription["depends_on"]] == ["aws_sns_topic"]


def test_what_the_provider_does_not_know_is_named(graph: Rehearsal) -> None:
    unknown = as_terraform(graph, {"aws_sns_topic": {"block": block("name")}}).unknown
    assert "aws:s3/bucket:Bucket" in unknown
    assert any(one.endswith(".kmsMasterKeyId") for one in unknown)
