"""Our evaluator beside another one, iam-simulate, on the generated cases.

It is no dependency (its licence is the AGPL): whoever wants the comparison installs it in a folder of their own and
names that folder, `npm install --prefix FOLDER @cloud-copilot/iam-simulate`.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from facts.permissions.evaluate import decide
from tests.facts.permissions.generated import Case, case, expected

FOLDER = "WORKBUOY_IAM_SIMULATE"
SCRIPT = Path(__file__).with_name("beside.mjs")
LEAST_AGREEMENT = 0.99


def simulation(one: Case) -> dict[str, Any]:
    """A case as iam-simulate takes it."""
    who = one.principal
    made: dict[str, Any] = {
        "request": {
            "principal": who.arn or {"type": "Anonymous"},
            "action": one.action,
            "resource": {"resource": one.resource, "accountId": one.resource_account},
            "contextVariables": {key: values[0] for key, values in one.context.items()},
        },
        "identityPolicies": [{"name": "own", "policy": one.document(one.identity)}] if one.identity else [],
        "serviceControlPolicies": [],
        "resourceControlPolicies": [],
    }
    if one.resource_policy:
        made["resourcePolicy"] = one.document(one.resource_policy)
    if one.boundary is not None:
        made["permissionBoundaryPolicies"] = [{"name": "limit", "policy": one.document(one.boundary)}]
    if one.session is not None:
        made["sessionPolicy"] = one.document(one.session)
    return made


def is_comparable(one: Case) -> bool:
    """It judges roles and users alone, takes a `*` in a request's resource for many resources, and treats an unfilled
    variable of an old policy otherwise than AWS's text has it ("literal strings")."""
    known = bool(one.principal.account) and not one.resource_decides and expected(one) is not None
    return known and "*" not in one.resource and one.version == "2012-10-17"


def test_two_evaluators_agree() -> None:
    folder, node = os.environ.get(FOLDER), shutil.which("node")
    if not folder or not node:
        pytest.skip(
            f"{FOLDER} names no folder with @cloud-copilot/iam-simulate in it, or there is no node: not compared"
        )
    cases = [one for one in map(case, range(2000)) if is_comparable(one)]
    lines = "\n".join(json.dumps(simulation(one)) for one in cases)
    run = subprocess.run([node, SCRIPT, folder], input=lines, capture_output=True, text=True, check=True, timeout=300)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(answers) == len(cases)
    judged = [(one, answer) for one, answer in zip(cases, answers, strict=True) if answer["result"]]
    assert len(judged) > len(cases) / 2, answers[0]
    differ = [one for one, answer in judged if (answer["result"] == "Allowed") is not _ours(one)]
    assert len(differ) <= (1 - LEAST_AGREEMENT) * len(judged), f"{len(differ)} of {len(judged)}: {differ[:2]}"


def _ours(one: Case) -> bool:
    return decide(one.request(), one.policies()).allowed
