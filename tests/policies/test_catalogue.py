"""The catalogue is whole, true to the provider, and its page is not stale."""

from pathlib import Path

import pytest

from facts import tokens
from graph.errors import InputError
from graph.resource import canonical
from policies.catalogue import Control, catalogue
from policies.rule import RULES
from policies.runner import check
from tests.policies.provider import provider_inputs

ROOT = Path(__file__).parents[2]
# Implemented outside the pack: what proves each.
ELSEWHERE = {"plan-refuse-data-loss": ROOT / "operations/review/removals.py"}


def test_every_control_is_implemented_and_every_rule_has_its_control() -> None:
    judged = {rule.control for rule in RULES}
    assert judged == {c.name for c in catalogue().values() if c.by == "policy"}
    outside = {c.name for c in catalogue().values() if c.by != "policy"}
    assert outside == set(ELSEWHERE)
    for control, path in ELSEWHERE.items():
        assert all(public in path.read_text() for public in catalogue()[control].ids)


def test_the_catalogue_holds_every_number_of_this_projects_own_controls() -> None:
    own = sorted(int(i[3:]) for c in catalogue().values() for i in c.ids if i.startswith("WB."))
    assert own == list(range(1, 26))


@pytest.fixture(scope="module")
def inputs() -> dict[str, set[str]]:
    return provider_inputs()


@pytest.mark.lengthy
def test_the_types_that_rules_name_exist_in_the_provider(inputs: dict[str, set[str]]) -> None:
    named = {value for name, value in vars(tokens).items() if name.isupper() and value.startswith("aws:")}
    assert named <= set(inputs)


@pytest.mark.lengthy
def test_a_type_under_another_name_of_it_is_the_one_with_its_properties(inputs: dict[str, set[str]]) -> None:
    others = {token: canonical(token) for token in inputs if canonical(token) != token}
    assert {"aws:alb/listener:Listener", "aws:s3/bucketAclV2:BucketAclV2", "aws:s3/bucketV2:BucketV2"} <= set(others)
    older = "aws:s3/bucketV2:BucketV2"  # with what a bucket of provider 6 said inline
    assert [token for token, one in others.items() if token != older and inputs[one] != inputs[token]] == []


def test_the_properties_that_the_catalogue_names_exist_in_the_provider(inputs: dict[str, set[str]]) -> None:
    missing = [
        f"{control.name}: {kind}.{path}"
        for control in catalogue().values()
        for kind, paths in control.reads.items()
        for path in paths
        if path.split(".")[0] not in inputs[kind]
    ]
    assert missing == []


def test_mandatory_controls_stop_staging_and_prod_only() -> None:
    control = catalogue()["database-keep-backups"]
    levels = [control.level_in(environment) for environment in ("local", "dev", "staging", "prod")]
    assert levels == ["advisory", "advisory", "mandatory", "mandatory"]
    assert catalogue()["database-change-port"].level_in("prod") == "advisory"


def test_a_broken_catalogue_says_everything_that_is_wrong_at_once(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text(
        "- {name: one-thing, ids: [X.1], severity: dire, title: short, protects: long enough, fix: long enough}\n"
        "- {name: two-things, ids: [WB.1], severity: low, title: long enough, protects: long enough,"
        " fix: long enough, by: guard}\n"
        "- {name: two-things, ids: [WB.1], severity: low, title: long enough, protects: long enough,"
        " fix: long enough, by: guard}\n"
    )
    with pytest.raises(InputError) as error:
        catalogue(tmp_path)
    text = str(error.value)
    assert "one-thing: severity" in text
    assert "one-thing: ids.0" in text
    assert "two-things stands there twice" in text
    assert "WB.1 belongs to two-things" in text


def test_a_control_of_a_policy_names_what_it_reads() -> None:
    with pytest.raises(ValueError, match="names the properties it reads"):
        Control.model_validate(
            {
                "name": "a-b",
                "ids": ["WB.1"],
                "severity": "low",
                "title": "long enough",
                "protects": "long enough",
                "fix": "long enough",
            }
        )


def test_an_empty_graph_has_no_findings() -> None:
    assert check([], "prod").findings == ()
