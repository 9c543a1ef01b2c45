"""What is different between two rehearsals, though every id in them is made anew."""

from dataclasses import replace
from pathlib import Path

from graph import Graph, Resource, Secret
from operations.warm.outcome import Outcome, properties_of, read_outcome
from operations.warm.text import differences


def resource(type_: str, name: str, id_: str, **inputs: object) -> Resource:
    return Resource(
        urn=f"urn:pulumi:dev::p::{type_}::{name}",
        type=type_,
        name=name,
        inputs=inputs,
        outputs=inputs,
        id=id_,
        custom=True,
    )


def rehearsed(vpc_id: str, *, days: int = 7, usd: float = 10.0, subnets: int = 1) -> Outcome:
    graph = Graph(
        [
            resource("aws:ec2/vpc:Vpc", "network", vpc_id, cidrBlock="10.0.0.0/16"),
            *(
                resource("aws:ec2/subnet:Subnet", f"subnet-{number}", f"subnet-{vpc_id}-{number}", vpcId=vpc_id)
                for number in range(subnets)
            ),
            resource(
                "aws:s3/bucketPolicy:BucketPolicy", "policy", "policy-id", policy=f'{{"vpc": "arn:aws:x:::{vpc_id}/*"}}'
            ),
            resource("aws:rds/instance:Instance", "database", "db", backupRetentionPeriod=days, password=Secret()),
        ]
    )
    return Outcome(code=0, verdict="stands", properties=properties_of(graph), usd_per_month=usd)


def test_ids_that_are_made_anew_are_no_difference() -> None:
    assert differences(rehearsed("vpc-0123456789"), rehearsed("vpc-9876543210")) == []


def test_a_property_a_resource_and_the_cost_are_named() -> None:
    now = rehearsed("vpc-9876543210", days=1, usd=8.5, subnets=2)
    assert differences(rehearsed("vpc-0123456789"), now) == [
        "+ Subnet subnet-1",
        "~ Instance database: backupRetentionPeriod",
        "-1.50 USD a month: 10.00 to 8.50",
    ]


def test_what_is_gone_is_named() -> None:
    assert differences(rehearsed("vpc-1", subnets=2), rehearsed("vpc-1")) == ["- Subnet subnet-1"]


def test_many_differences_are_counted() -> None:
    lines = differences(rehearsed("vpc-1"), rehearsed("vpc-1", subnets=40))
    assert len(lines) == 13
    assert lines[-1] == "and 27 more"


def test_without_a_cost_none_is_compared() -> None:
    assert differences(replace(rehearsed("vpc-1"), usd_per_month=None), rehearsed("vpc-1")) == []


def test_no_value_stands_in_what_is_kept() -> None:
    assert "10.0.0.0/16" not in str(rehearsed("vpc-1").properties)


def test_an_outcome_survives_its_file_and_a_process_that_wrote_none_has_its_exit_code(tmp_path: Path) -> None:
    outcome = rehearsed("vpc-1")
    outcome.write(tmp_path / "1.json")
    assert read_outcome(tmp_path / "1.json") == outcome
    (tmp_path / "2.json").write_text('{"code": 0, "verd')
    assert read_outcome(tmp_path / "2.json") == Outcome(code=70)
    assert read_outcome(tmp_path / "3.json") == Outcome(code=70)
