"""The graph that a rehearsal makes."""

import json
from pathlib import Path

import pytest

from graph.rehearsed import SCHEMA, read_graph
from operations.outputs.rehearsed import as_json
from rehearsal.as_graph import graph_of
from rehearsal.result import Rehearsal
from rehearsal.run import Options
from tests.rehearsal.conftest import RehearseText
from tests.written_graph import rehearsed_text


def test_it_holds_every_resource_with_inputs_outputs_and_options(every_kind: Rehearsal) -> None:
    graph = graph_of(every_kind).resources
    assert [one.urn for one in graph] == [one.urn for one in every_kind.resources]
    database = next(one for one in graph if one.type == "aws:rds/instance:Instance")
    assert database.inputs["engineVersion"] == "17"
    assert database.arn.endswith(":db:every")
    assert database.id.startswith("db-")
    assert database.protect
    assert database.provider in {one.urn for one in graph}


def test_what_rehearse_prints_is_read_as_the_same_graph(every_kind: Rehearsal, tmp_path: Path) -> None:
    file = tmp_path / "graph.json"
    file.write_text(json.dumps({"schema": SCHEMA, **as_json(every_kind)}))
    assert rehearsed_text(read_graph(file).resources) == rehearsed_text(graph_of(every_kind).resources)


def test_secret_values_are_not_in_it(rehearse_text: RehearseText) -> None:
    result = rehearse_text(
        'aws.sns.Topic("t", display_name=pulumi.Output.secret("hush-hush"), opts=top)', Options(declare_only=True)
    )
    assert "hush-hush" in str(result.resources)
    assert "hush-hush" not in str(graph_of(result).resources)


@pytest.mark.parametrize("declare_only", [True, False])
def test_a_resource_lies_in_its_providers_region(rehearse_text: RehearseText, declare_only: bool) -> None:
    result = rehearse_text(
        'north = aws.Provider("north", region="eu-west-1")\n'
        'aws.sns.Topic("t", opts=pulumi.ResourceOptions(provider=north))',
        Options(declare_only=declare_only),
    )
    (topic,) = graph_of(result).of("aws:sns/topic:Topic")
    assert topic.region == "eu-west-1"
