"""References are resolved in one way: by ARN, id, alias, name, attribute, dependency, or the only sibling there is."""

from typing import Any

from graph import Graph, Resource, Unknown

BUCKET, VERSIONING = "aws:s3/bucket:Bucket", "aws:s3/bucketVersioning:BucketVersioning"
KEY, ALIAS, ROLE = "aws:kms/key:Key", "aws:kms/alias:Alias", "aws:iam/role:Role"


def resource(kind: str, name: str, parent: str = "files", **more: Any) -> Resource:
    return Resource(urn=f"urn:pulumi:prod::p::{kind}::{name}", type=kind, name=name, parent=parent, **more)


BUCKET_ONE = resource(
    BUCKET,
    "one",
    inputs={"bucket": "files-1"},
    outputs={"arn": "arn:aws:s3:::files-1", "bucket": "files-1"},
    id="files-1",
)
BUCKET_TWO = resource(BUCKET, "two", inputs={"bucket": "files-2"}, id="files-2", parent="logs")


def test_a_resource_is_found_by_arn_id_and_name() -> None:
    graph = Graph([BUCKET_ONE, BUCKET_TWO])
    for reference in ("arn:aws:s3:::files-1", "files-1"):
        assert graph.find(reference, BUCKET) is BUCKET_ONE
    assert graph.find("files-9", BUCKET) is None
    assert graph.find(Unknown(), BUCKET) is None
    assert graph.find("files-1", ROLE) is None


def test_a_name_counts_only_where_a_type_is_asked_for() -> None:
    role = resource(ROLE, "role", inputs={"name": "same"}, id="AROA1")
    graph = Graph([role])
    assert graph.find("same") is None
    assert graph.find("same", ROLE) is role


def test_a_key_is_found_by_its_alias_too() -> None:
    key = resource(KEY, "key", outputs={"arn": "arn:aws:kms:eu-west-1:1:key/k1", "keyId": "k1"}, id="k1")
    alias = resource(ALIAS, "alias", inputs={"name": "alias/files", "targetKeyId": "k1"}, id="alias/files")
    graph = Graph([key, alias])
    for reference in ("k1", "alias/files", "arn:aws:kms:eu-west-1:1:key/k1"):
        assert graph.key(reference) is key
    assert graph.alias_of(key) == "alias/files"


def test_a_side_resource_is_found_from_both_ends() -> None:
    side = resource(VERSIONING, "side", inputs={"bucket": "files-1"}, id="files-1")
    graph = Graph([BUCKET_ONE, BUCKET_TWO, side])
    assert graph.referred(side, "bucket", BUCKET) == [BUCKET_ONE]
    assert graph.referring(BUCKET_ONE, VERSIONING, "bucket") == [side]
    assert graph.referring(BUCKET_TWO, VERSIONING, "bucket") == []


def test_a_dependency_stands_for_a_value_that_is_not_known() -> None:
    side = resource(
        VERSIONING, "side", inputs={"bucket": Unknown()}, property_dependencies={"bucket": (BUCKET_TWO.urn,)}
    )
    assert Graph([BUCKET_ONE, BUCKET_TWO, side]).referred(side, "bucket", BUCKET) == [BUCKET_TWO]


def test_a_dependency_stands_for_no_text_that_says_another_thing() -> None:
    def named(text: str) -> list[Resource]:
        side = resource(
            VERSIONING, "side", inputs={"bucket": text}, property_dependencies={"bucket": (BUCKET_ONE.urn,)}
        )
        return Graph([BUCKET_ONE, side]).referred(side, "bucket", BUCKET)

    assert named("arn:aws:s3:::files-1/*") == [BUCKET_ONE]
    assert named("https://files-1.s3.amazonaws.com") == [BUCKET_ONE]
    assert named("elsewhere") == []
    assert named("files-1-logs") == named("old-files-1") == []


def test_without_a_dependency_the_only_one_in_the_component_is_meant() -> None:
    side = resource(VERSIONING, "side", inputs={"bucket": Unknown()})
    assert Graph([BUCKET_ONE, BUCKET_TWO, side]).referred(side, "bucket", BUCKET) == [BUCKET_ONE]
    third = resource(BUCKET, "three", id="files-3")
    assert Graph([BUCKET_ONE, third, side]).referred(side, "bucket", BUCKET) == []


def test_what_aws_makes_along_is_found_by_its_arn() -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:1:secret:rds!db-1"
    database = resource("aws:rds/instance:Instance", "db", outputs={"masterUserSecrets": [{"secretArn": arn}]})
    assert Graph([database]).find_within(arn) == (database, "master password")
    assert Graph([BUCKET_ONE]).find_within("arn:aws:s3:::files-1/tenants/x") == (BUCKET_ONE, "/tenants/x")


def test_needs_follows_dependencies_and_parents() -> None:
    first = resource(KEY, "first")
    second = resource(BUCKET, "second", dependencies=(first.urn,))
    third = resource(VERSIONING, "third", parent=second.urn)
    graph = Graph([first, second, third])
    assert graph.needs(third, first)
    assert not graph.needs(first, third)
