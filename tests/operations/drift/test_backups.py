"""A copy out of reach that somebody changed by hand: judged as the same change would be if it were planned."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from operations.drift.found import Drifted, judged
from tests.operations.drift.world import plain, refreshed, resources

pytestmark = pytest.mark.lengthy

STACK = "prod-eu-north-1"
VAULT, LOCK = "aws:backup/vault:Vault", "aws:backup/vaultLockConfiguration:VaultLockConfiguration"


def declared(name: str) -> dict[str, Any]:
    (found,) = [one for one in resources(STACK) if one.name == name and one.custom]
    return dict(plain(found.inputs))


def rules(**changed: Any) -> dict[str, Any]:
    """The plan's one rule with something else in it."""
    (rule,) = declared("backup-plan")["rules"]
    return {"rules": [{**rule, **changed}]}


def kept(days: int) -> dict[str, Any]:
    """The plan whose copies are kept for other days."""
    ((copy,),) = [one["copyActions"] for one in declared("backup-plan")["rules"]]
    return rules(copyActions=[{**copy, "lifecycle": {"deleteAfter": days}}])


def open_policy() -> dict[str, Any]:
    policy = json.loads(declared("backup-vault-policy")["policy"])
    policy["Statement"] = [one for one in policy["Statement"] if one["Effect"] != "Deny"]
    return {"policy": json.dumps(policy)}


def drifted(changed: dict[str, dict[str, Any] | None]) -> list[Drifted]:
    return list(judged(STACK, refreshed(changed, STACK)["events"]))


# What is found is made of what the stack declares, so only as a test asks for it.
CHANGED: dict[str, tuple[str, Callable[[], dict[str, Any] | None], str]] = {
    "copies kept shorter": ("backup-plan", lambda: kept(7), "days that a copy elsewhere is kept"),
    "copied nowhere": ("backup-plan", lambda: rules(copyActions=[]), "days that a copy elsewhere is kept"),
    "kept shorter here": (
        "backup-plan",
        lambda: rules(lifecycle={"deleteAfter": 1}),
        "days that recovery points are kept",
    ),
    "a plan that is gone": ("backup-plan", lambda: None, ""),
    "a selection that takes nothing": ("backup-selection", lambda: {"resources": []}, "what a backup plan takes"),
    "a selection that is gone": ("backup-selection", lambda: None, ""),
    "a vault that lets anyone end a copy": (
        "backup-vault-policy",
        open_policy,
        "the Deny RefuseEarlyEnds is taken away",
    ),
    "a vault's policy that is gone": ("backup-vault-policy", lambda: None, ""),
    "a vault that is gone": ("backup-vault", lambda: None, ""),
    "failures told to nobody": ("backup-failures", lambda: {"state": "DISABLED"}, "a rule of events is on"),
}


@pytest.mark.parametrize("case", CHANGED)
def test_each_change_by_hand_is_dangerous_drift_with_what_a_review_would_say(case: str) -> None:
    name, make, said = CHANGED[case]
    found = make()
    (one,) = [one for one in drifted({name: found}) if one.name == name]
    assert one.dangers, one
    assert any(said in line for line in one.dangers), one.dangers
    assert one.gone is (found is None)


def test_another_hour_of_a_plan_is_drift_and_named_since_it_may_be_another_year() -> None:
    (one,) = drifted({"backup-plan": rules(schedule="cron(0 3 * * ? *)")})
    assert (one.name, one.dangers) == (
        "backup-plan",
        ("recovery points are taken, kept or scanned otherwise (rules)",),
    )
    assert [each.path for each in one.differences] == ["rules[0].schedule"]


def lock_event(name: str, token: str, old: dict[str, Any], new: dict[str, Any] | None) -> dict[str, Any]:
    urn = f"urn:pulumi:vault::workbuoy-bootstrap::{token}::{name}"

    def state(values: dict[str, Any]) -> dict[str, Any]:
        head = {"type": token, "urn": urn, "id": "v", "parent": "", "custom": True, "provider": ""}
        return {**head, "inputs": old, "outputs": values}

    op = "delete" if new is None else "same" if new == old else "update"
    states = {"old": state(old), "new": None if new is None else state(new)}
    return {
        "resOutputsEvent": {
            "metadata": {"op": op, "urn": urn, "type": token, "provider": "", "detailedDiff": None, **states}
        }
    }


LOCKED = {"backupVaultName": "v", "minRetentionDays": 7, "maxRetentionDays": 35, "changeableForDays": 3}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({**LOCKED, "minRetentionDays": 1}, "days that a vault's lock keeps a recovery point at least"),
        ({**LOCKED, "maxRetentionDays": 365}, "days after which nothing that was erased is in a locked vault"),
        (None, "days that a vault's lock keeps a recovery point at least"),
    ],
    ids=["kept shorter", "kept longer than erasure allows", "lifted"],
)
def test_a_weaker_lock_of_a_vault_is_dangerous_drift(found: dict[str, Any] | None, said: str) -> None:
    vault = {"name": "v"}
    events = [lock_event("vault", VAULT, vault, vault), lock_event("lock", LOCK, LOCKED, found)]
    told = judged("vault", events)
    assert any(said in line for one in told for line in one.dangers), told
