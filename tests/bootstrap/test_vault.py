"""The account of the copies: a locked vault for each account and region, and nobody who deploys to it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from bootstrap.home import SETTINGS_KEY
from bootstrap.load import load_settings
from components.backup import copies_vault
from infra.problems import ProblemsError
from project.files import Project, find_project
from tests.bootstrap.conftest import BOOTSTRAP
from tests.conftest import Change, Graph
from tests.declared import DECLARE, declared_once

SOURCE, OWN = "210000000003", "210000000004"


@pytest.fixture(scope="module")
def graph() -> Graph:
    return Graph(declared_once(find_project(BOOTSTRAP), "vault", DECLARE))


def properties(graph: Graph, kind: str) -> dict[str, Any]:
    (found,) = graph.of(kind)
    return dict(found.declared.inputs)


def test_a_vault_takes_copies_of_exactly_one_account_and_lets_nobody_end_one(graph: Graph) -> None:
    assert properties(graph, "Vault")["name"] == copies_vault(SOURCE)
    statements = json.loads(properties(graph, "VaultPolicy")["policy"])["Statement"]
    (allowed,) = [one for one in statements if one["Effect"] == "Allow"]
    assert (allowed["Principal"], allowed["Action"]) == (
        {"AWS": f"arn:aws:iam::{SOURCE}:root"},
        ["backup:CopyIntoBackupVault"],
    )
    denied = {action for one in statements if one["Effect"] == "Deny" for action in one["Action"]}
    assert {"backup:DeleteRecoveryPoint", "backup:DeleteBackupVaultLockConfiguration"} <= denied
    assert all(one["Principal"] == "*" and "Condition" not in one for one in statements if one["Effect"] == "Deny")


def test_its_lock_bounds_how_long_a_copy_is_kept_and_can_be_lifted_until_somebody_asks_for_compliance(
    graph: Graph, declare_with: Callable[[str, Change], Graph]
) -> None:
    lock = properties(graph, "VaultLockConfiguration")
    assert (lock["minRetentionDays"], lock["maxRetentionDays"], "changeableForDays" in lock) == (7, 35, False)
    final = declare_with("vault", lambda settings: settings["copies"][0].update(lock="compliance", graceDays=5))
    assert properties(final, "VaultLockConfiguration")["changeableForDays"] == 5


def test_nothing_of_it_is_opened_to_a_workflow_or_to_another_account(graph: Graph) -> None:
    assert graph.of("OpenIdConnectProvider") == []
    names = {one.declared.inputs["name"] for one in graph.of("Role")}
    assert names == {"workbuoy-watch-delivery"}
    key = next(one for one in graph.of("Key") if one.name.startswith("copies-"))
    assert SOURCE not in key.declared.inputs["policy"]


def test_whoever_weakens_what_keeps_the_copies_is_reported(graph: Graph) -> None:
    alarms = {one.declared.inputs["name"] for one in graph.of("MetricAlarm")}
    assert alarms == {"workbuoy-account-trust-changed", "workbuoy-account-copies-weakened"}


def test_a_vault_stands_in_the_region_that_was_asked_for(graph: Graph) -> None:
    (vault,) = graph.of("Vault")
    provider = graph.rehearsal.by_urn[vault.declared.provider]
    assert provider.declared.inputs["region"] == "eu-north-1"


Break = Callable[[dict[str, Any]], object]
BROKEN: dict[str, tuple[Break, str, str]] = {
    "a copy for too long": (lambda s: s["copies"][0].update(mostDays=36), "copies[0].mostDays", "at most 35"),
    "bounds that cross": (lambda s: s["copies"][0].update(leastDays=9, mostDays=8), "copies[0].leastDays", "no copy"),
    "a vault outside residency": (lambda s: s["copies"][0].update(region="us-east-1"), "copies[0].region", "outside"),
    "its own copies": (lambda s: s["copies"][0].update(account=s["account"]), "copies[0].account", "this account"),
    "a vault twice": (lambda s: s["copies"].append(dict(s["copies"][0])), "copies[1]", "second vault"),
    "no vault": (lambda s: s.update(copies=[]), "copies", "it has 0"),
    "a role for GitHub": (lambda s: s.update(github={}), "github", "is not a setting"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_mistake_is_named_with_its_place(what: str, account_files: Project) -> None:
    change, path, words = BROKEN[what]
    file = account_files.stack_file("vault")
    content = yaml.safe_load(file.read_text())
    settings = content["config"][SETTINGS_KEY]
    settings["account"], settings["copies"][0]["account"] = "111122223333", "444455556666"
    change(settings)
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    with pytest.raises(ProblemsError) as refused:
        load_settings(account_files.root, "vault", settings)
    (problem,) = refused.value.problems
    assert (problem.path.removeprefix(f"config.{SETTINGS_KEY}."), words in problem.message) == (path, True), problem


def test_placeholders_are_refused_at_their_places() -> None:
    configured = yaml.safe_load((BOOTSTRAP / "Pulumi.vault.yaml").read_text())["config"][SETTINGS_KEY]
    with pytest.raises(ProblemsError) as refused:
        load_settings(BOOTSTRAP, "vault", configured)
    assert [one.path for one in refused.value.problems] == ["account", "copies[0].account"]
