"""Every kind in the table, created in moto, read back and compared."""

import re

from rehearsal.kinds import DECLARED_ONLY, KINDS
from rehearsal.kinds.local import LOCAL
from rehearsal.result import Check, Rehearsal, State


def test_every_resource_reads_back_as_declared(every_kind: Rehearsal) -> None:
    assert [(one.name, one.reason) for one in every_kind.failures] == []
    assert every_kind.refusals == ()
    assert every_kind.passed


def test_every_kind_of_the_table_is_declared_at_least_once(every_kind: Rehearsal) -> None:
    declared = {one.type for one in every_kind.resources}
    assert {*KINDS, *DECLARED_ONLY, *LOCAL} <= declared


def test_what_moto_lacks_is_declared_only_with_its_reason(every_kind: Rehearsal) -> None:
    only = [one for one in every_kind.resources if one.state is State.DECLARED_ONLY]
    assert {(one.type, one.reason) for one in only} == {(token, entry.reason) for token, entry in DECLARED_ONLY.items()}


def test_every_declared_property_is_either_checked_or_listed_with_a_reason(every_kind: Rehearsal) -> None:
    for one in every_kind.resources:
        if one.state is not State.COMPARED or one.declared.is_provider or one.type in LOCAL:
            continue
        roots = {field.path.split(".")[0].split("[")[0] for field in one.fields}
        assert set(one.declared.inputs) <= roots, one.name
    unchecked = [f for one in every_kind.resources for f in one.fields if f.check is Check.NOT_CHECKED]
    assert unchecked
    assert all(field.reason for field in unchecked)


def test_every_created_resource_has_at_least_one_field_that_was_checked(every_kind: Rehearsal) -> None:
    unproved = [
        one.name
        for one in every_kind.resources
        if one.state is State.COMPARED
        and not (one.declared.is_provider or one.type in LOCAL)
        and not one.count(Check.CHECKED)
    ]
    assert unproved == []


def test_default_tags_of_the_provider_are_sent_and_read_back(every_kind: Rehearsal) -> None:
    vpc = next(one for one in every_kind.resources if one.type == "aws:ec2/vpc:Vpc")
    checked = {field.path: field.found for field in vpc.fields if field.check is Check.CHECKED}
    assert checked["tags.Owner"] == "team"
    assert checked["tags.Name"] == "vpc"
    assert vpc.outputs["tagsAll"] == {"Owner": "team", "Stack": "test", "Name": "vpc"}


def test_the_account_in_moto_is_the_stand_in_of_the_stack_file(every_kind: Rehearsal) -> None:
    key = next(one for one in every_kind.resources if one.type == "aws:kms/key:Key")
    assert every_kind.account == "210000000321"
    assert key.outputs["arn"].startswith("arn:aws:kms:eu-north-1:210000000321:key/")


def test_declaring_only_gives_the_same_urns_and_arns_that_look_like_arns(
    every_kind: Rehearsal, every_kind_declared: Rehearsal
) -> None:
    assert {one.urn for one in every_kind_declared.resources} == {one.urn for one in every_kind.resources}
    for one in every_kind_declared.resources:
        arn = one.outputs.get("arn", "arn:aws:")
        assert arn.startswith("arn:aws:"), one.name
        assert not re.search(r"\{\w+\}", str(one.outputs)), one.name


def test_two_databases_have_two_resource_ids(every_kind: Rehearsal) -> None:
    database = next(one for one in every_kind.resources if one.type == "aws:rds/instance:Instance")
    assert database.outputs["resourceId"].startswith("db-")
    assert database.outputs["resourceId"] != "db-M5ENSHXFPU6XHZ4G4ZEI5QIO2U"  # what moto gives to all
