"""An update is left out only where the engine's own account proves that it has nothing to write."""

from copy import deepcopy
from typing import Any

import pytest

from operations.engine.idle import left_to_write, read_account
from operations.engine.state import State

STACK = "urn:pulumi:local::workbuoy::pulumi:pulumi:Stack::workbuoy-local"
BUCKET = "urn:pulumi:local::workbuoy::aws:s3/bucket:Bucket::files-bucket"
SALT = "encryptionsalt: v1:made:for:tests"
WHOLE: dict[str, Any] = {
    "urn": BUCKET,
    "custom": True,
    "id": "files",
    "type": "aws:s3/bucket:Bucket",
    "inputs": {"bucket": "files", "tags": {"a": "b"}},
    "outputs": {"bucket": "files", "arn": "arn"},
    "parent": STACK,
    "protect": True,
    "retainOnDelete": False,
    "provider": "urn:provider::id",
    "dependencies": ["one", "two"],
    "propertyDependencies": {"bucket": ["one", "two"]},
    "aliases": ["urn:older"],
    "additionalSecretOutputs": ["arn"],
    "customTimeouts": {"create": "5m"},
    "deletedWith": "urn:other",
    "sourcePosition": "project:///files.py#3",
}
OUTPUTS = {"url": "https://dev.example"}


class Said:
    """What the engine said of a stack with a bucket in which nothing changed; a test changes it."""

    def __init__(self) -> None:
        stack: dict[str, Any] = {"urn": STACK, "custom": False, "outputs": OUTPUTS}
        self.steps: list[dict[str, Any]] = [step(stack), step(WHOLE)]
        self.ended: dict[str, dict[str, Any]] = {
            STACK: {"urn": STACK, "old": {"outputs": OUTPUTS}, "new": {"outputs": dict(OUTPUTS)}}
        }
        self.goals: dict[str, Any] = {}
        self.resources: list[dict[str, Any]] = [stack, deepcopy(WHOLE)]
        self.provider = [SALT]

    def left(self) -> tuple[str, ...]:
        events = [{"resOutputsEvent": {"metadata": one}} for one in self.ended.values()]
        salt = {"state": {"salt": SALT.removeprefix("encryptionsalt: ")}}
        state = State({"resources": self.resources, "secrets_providers": salt})
        plan = {"resourcePlans": {urn: {"goal": goal} for urn, goal in self.goals.items()}}
        return left_to_write({"steps": self.steps}, events, plan, state, self.provider)


def step(stood: dict[str, Any]) -> dict[str, Any]:
    """A `same` step as it begins: without the id and the outputs that it keeps."""
    comes = {name: deepcopy(value) for name, value in stood.items() if name not in ("id", "outputs")}
    return {"op": "same", "urn": stood["urn"], "oldState": deepcopy(stood), "newState": comes}


@pytest.fixture
def said() -> Said:
    return Said()


def test_nothing_is_left_where_every_field_of_every_resource_stays(said: Said) -> None:
    said.steps[1]["newState"] |= {
        "sourcePosition": "project:///files.py#9",
        "dependencies": ["two", "one"],
        "propertyDependencies": {"bucket": ["two", "one"]},
    }
    assert said.left() == ()


@pytest.mark.parametrize("field", sorted({*WHOLE} - {"urn", "id", "outputs", "sourcePosition"}))
def test_each_field_that_comes_otherwise_is_named(said: Said, field: str) -> None:
    said.steps[1]["newState"][field] = {"bucket": ["three"]} if "ependencies" in field else "another"
    assert said.left() == (f"files-bucket: {field} differs",)


def test_a_field_of_a_later_engine_is_named_too(said: Said) -> None:
    said.steps[1]["newState"]["snapshotBefore"] = True
    assert said.left() == ("files-bucket: snapshotBefore differs",)


@pytest.mark.parametrize("op", ["create", "update", "replace", "delete", "import", "refresh", "vanish"])
def test_every_step_but_an_unchanged_one_is_named(said: Said, op: str) -> None:
    said.steps[1]["op"] = op
    assert said.left() == (f"{op} files-bucket",)


def test_outputs_of_the_stack_are_judged_by_how_its_step_ended(said: Said) -> None:
    said.ended[STACK]["new"]["outputs"] = {"url": "https://other.example"}
    assert said.left() == ("workbuoy-local: outputs differ",)
    del said.ended[STACK]
    assert said.left() == ("workbuoy-local: its outputs are not told",)


def test_what_is_only_read_is_judged_by_what_was_found(said: Said) -> None:
    said.steps[1]["op"], found = "read", {"outputs": {"arn": "arn"}}
    said.steps[1]["newState"]["id"] = "files"
    said.ended[BUCKET] = {"urn": BUCKET, "old": found, "new": found}
    assert said.left() == ()
    said.ended[BUCKET] = {"urn": BUCKET, "old": found, "new": {"outputs": {"arn": "another"}}}
    assert said.left() == ("files-bucket: outputs differ",)


def test_a_secret_counts_as_the_same_only_by_the_engine_s_plan(said: Said) -> None:
    for side in ("oldState", "newState"):
        said.steps[1][side]["inputs"] = {"bucket": ["[secret]"]}
    for side in ("old", "new"):
        said.ended[STACK][side] = {"outputs": {"url": {"in": "[secret]"}}}
    hidden = ("workbuoy-local: a secret output, which nobody sees", "files-bucket: a secret input, which nobody sees")
    assert said.left() == hidden
    said.goals = {STACK: {"outputDiff": {"updates": {"url": "x"}}}, BUCKET: {"inputDiff": {"adds": {"bucket": "x"}}}}
    assert said.left() == hidden
    said.goals = {STACK: {"outputDiff": {}}, BUCKET: {"inputDiff": {}}}
    assert said.left() == ()


def test_a_value_that_becomes_a_secret_is_named(said: Said) -> None:
    said.ended[STACK]["new"]["outputs"] = {"url": "[secret]"}
    assert said.left() == ("workbuoy-local: outputs differ",)


def test_what_only_the_state_or_only_the_preview_holds_is_named(said: Said) -> None:
    said.resources.append({"urn": BUCKET + "-old"})
    assert said.left() == ("files-bucket-old stands in the state alone",)
    said.resources[1:] = [{"urn": BUCKET, "delete": True}]
    assert said.left() == ("files-bucket waits for its deletion",)
    said.resources.pop()
    assert said.left() == ("files-bucket stands in the preview alone",)


def test_another_way_of_encrypting_secrets_is_named(said: Said) -> None:
    said.provider = ["secretsprovider: awskms://alias/workbuoy-state"]
    assert said.left() == ("how secrets are encrypted differs",)


@pytest.mark.parametrize("printed", ["", "done", "[]", "{}", '{"steps": [{}]}', '{"steps": 1}'])
def test_an_engine_that_gave_no_account_proves_nothing(printed: str) -> None:
    assert left_to_write(read_account(printed), [], {}, State({}), []) == ("the engine gave no account of its preview",)
