"""Regions and accounts that a resource is in or names; what a policy document names is reach, and no place."""

import json
from typing import Any

import pytest

from facts import tokens as t
from facts.places import Place, own_accounts, places, region_of
from graph import Graph, Resource

PROVIDER = "urn:pulumi:prod::p::pulumi:providers:aws::aws"


def resource(kind: str, /, **inputs: Any) -> Resource:
    return Resource(urn=f"urn:pulumi:prod::p::{kind}::it", type=kind, name="it", inputs=inputs, provider=PROVIDER)


def provider(**inputs: Any) -> Resource:
    return Resource(urn=PROVIDER, type="pulumi:providers:aws", name="aws", inputs=inputs)


def test_a_resource_is_where_it_says_else_where_its_zone_else_where_its_provider_is() -> None:
    graph = Graph([provider(region="eu-west-1")])
    assert region_of(graph, resource(t.TOPIC)) == "eu-west-1"
    assert region_of(graph, resource(t.SUBNET, availabilityZone="eu-north-1a")) == "eu-north-1"
    assert region_of(graph, resource(t.TOPIC, region="eu-central-1")) == "eu-central-1"


@pytest.mark.parametrize(
    ("inputs", "place"),
    [
        ({"replicas": [{"region": "us-east-1"}]}, Place(region="us-east-1")),
        ({"destinationRegion": "us-east-1"}, Place(region="us-east-1")),
        (
            {
                "rules": [
                    {"copyActions": [{"destinationVaultArn": "arn:aws:backup:us-east-1:999999999999:backup-vault:x"}]}
                ]
            },
            Place(region="us-east-1"),
        ),
        ({"kmsKeyId": "arn:aws:kms:us-east-1:999999999999:key/k"}, Place(account="999999999999")),
        ({"sharedAccounts": ["999999999999"]}, Place(account="999999999999")),
        ({"referencedSecurityGroupId": "999999999999/sg-0a"}, Place(account="999999999999")),
        ({"rules": [{"destination": {"account": "999999999999"}}]}, Place(account="999999999999")),
        ({"imageUri": "999999999999.dkr.ecr.us-east-1.amazonaws.com/x@sha256:0"}, Place(account="999999999999")),
        ({"logDestination": "arn:aws:s3:::elsewhere/logs"}, Place(bucket="elsewhere")),
        ({"accessLogs": {"bucket": "elsewhere"}}, Place(bucket="elsewhere")),
        ({"s3BucketName": "elsewhere"}, Place(bucket="elsewhere")),
        ({"url": "https://sqs.us-east-1.amazonaws.com/999999999999/q"}, Place(region="us-east-1")),
    ],
)
def test_a_place_is_seen_wherever_it_is_named(inputs: dict[str, Any], place: Place) -> None:
    assert place in places(Graph([]), resource("aws:backup/plan:Plan", **inputs))


def test_a_policy_document_names_no_place_and_iam_lies_in_none() -> None:
    document = {
        "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:sqs:us-east-1:999999999999:q"}]
    }
    assert places(Graph([]), resource(t.TOPIC, policy=json.dumps(document))) == set()
    assert places(Graph([]), resource(t.ROLE, region="us-east-1")) == set()


@pytest.mark.parametrize(
    "inputs",
    [{"bucket": "own"}, {"destination": "splunk"}, {"values": ["arn:aws:s3:::own"]}, {"logDestination": "arn:x"}],
)
def test_what_goes_nowhere_names_no_bucket(inputs: dict[str, Any]) -> None:
    assert places(Graph([]), resource(t.TOPIC, **inputs)) == set()


def test_a_number_of_twelve_digits_in_a_tag_is_no_account() -> None:
    assert places(Graph([]), resource(t.TOPIC, tags={"customer": "999999999999"})) == set()


@pytest.mark.parametrize("allowed", [["210000000003"], '["210000000003"]', "210000000003"])
def test_the_own_accounts_are_those_that_the_provider_is_held_to(allowed: Any) -> None:
    assert own_accounts(Graph([provider(allowedAccountIds=allowed)])) == {"210000000003"}


def test_without_them_they_are_those_of_the_stack_s_own_arns() -> None:
    one = Resource(urn="u", type=t.TOPIC, name="t", outputs={"arn": "arn:aws:sns:eu-west-1:210000000003:t"})
    assert own_accounts(Graph([one])) == {"210000000003"}
