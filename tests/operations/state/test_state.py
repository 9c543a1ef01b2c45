"""No stack's state holds a secret value in clear, and every kind of leak is found without being repeated."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from graph.wire import SECRET_SIGNATURE, SIGNATURE
from operations.main import main
from operations.state.patterns import names_a_secret
from operations.state.scan import scan
from project.files import Project
from tests.conftest import STACKS, Declare
from tests.operations.engine.fake_cli import FakeCli
from tests.operations.state.exported import CIPHERTEXT, deployment

PASSWORD = "tr0ub4dor-and-3"
JWT = "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
GITHUB = "ghp_" + "a1B2" * 9
KEY = "-----BEGIN " + "PRIVATE KEY-----\nMIIE"
ACCESS_KEY = "AKIA" + "Z" * 16
URL = f"postgresql://workbuoy:{PASSWORD}@db.example:5432/workbuoy"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
INSTANCE = "aws:rds/instance:Instance"


@pytest.mark.lengthy
@pytest.mark.parametrize("stack", STACKS)
def test_no_committed_stack_keeps_a_secret_value_in_clear(stack: str, declared: Declare) -> None:
    state = deployment(declared(stack).rehearsal.resources)
    assert len(state["resources"]) > 100
    assert scan(state) == []


def one(type_: str, **inputs: Any) -> dict[str, Any]:
    urn = f"urn:pulumi:dev::workbuoy::{type_}::seeded"
    return {"resources": [{"urn": urn, "type": type_, "inputs": inputs, "outputs": {}}]}


def container(**environment: str) -> str:
    return json.dumps([{"name": "app", "environment": [{"name": k, "value": v} for k, v in environment.items()]}])


@pytest.mark.parametrize(
    ("state", "path", "kind"),
    [
        (one(INSTANCE, password="x"), "inputs.password", "value of a secret"),
        (
            one("aws:secretsmanager/secretVersion:SecretVersion", secretString=json.dumps({"password": PASSWORD})),
            "inputs.secretString.password",
            "value of a secret",
        ),
        (one("random:index/randomPassword:RandomPassword", result="abcdefgh"), "inputs.result", "value of a secret"),
        (one("aws:iam/accessKey:AccessKey", secret="wJalr"), "inputs.secret", "value of a secret"),
        (one("pulumi:providers:aws", secretKey="wJalrXUtnFEMI"), "inputs.secretKey", "value of a secret"),
        (
            one(TASK, containerDefinitions=container(DATABASE_URL=URL)),
            "containerDefinitions[0].environment[0].value",
            "connection string with a password",
        ),
        (
            one(TASK, containerDefinitions=container(SESSION_SECRET=PASSWORD)),
            "environment[0].value",
            "value under the name SESSION_SECRET",
        ),
        (
            one("aws:lambda/function:Function", environment={"variables": {"API_TOKEN": "9f86d081884c7d65"}}),
            "environment.variables.API_TOKEN",
            "value under the name API_TOKEN",
        ),
        (one("aws:s3/bucketObject:BucketObject", content=KEY), "inputs.content", "private key"),
        (one("aws:ec2/instance:Instance", userData=f"export KEY={ACCESS_KEY}"), "inputs.userData", "AWS access key"),
        (one("workbuoy:aws:Any", note=JWT), "inputs.note", "JSON web token"),
        (one("workbuoy:aws:Any", tags={"by": f"deploy {GITHUB}"}), "inputs.tags.by", "GitHub token"),
        (
            one("workbuoy:aws:Any", list=[["a", {"clientSecret": PASSWORD}]]),
            "inputs.list[0][1].clientSecret",
            "value under the name clientSecret",
        ),
        (
            one(INSTANCE, password={SIGNATURE: SECRET_SIGNATURE, "plaintext": f'"{PASSWORD}"'}),
            "inputs.password",
            "secret in clear beside its mark",
        ),
        (
            one(INSTANCE, password={SIGNATURE: SECRET_SIGNATURE, "ciphertext": PASSWORD}),
            "inputs.password",
            "marked as secret, but not encrypted",
        ),
        ({"secrets_providers": {"type": "b64"}, "resources": []}, "secrets_providers.type", "encoded, not encrypted"),
        (
            {"pending_operations": [{"type": "creating", "resource": one(INSTANCE, password="x")["resources"][0]}]},
            "inputs.password",
            "value of a secret",
        ),
    ],
)
def test_every_kind_of_leak_is_found_with_its_place_and_never_its_value(
    state: dict[str, Any], path: str, kind: str
) -> None:
    (leak,) = scan(state)
    assert leak.path.endswith(path)
    assert kind in leak.kind
    assert leak.fix
    for secret in (PASSWORD, JWT, GITHUB, ACCESS_KEY, "MIIE"):
        assert secret not in repr(leak)


@pytest.mark.parametrize(
    "inputs",
    [
        {"password": {SIGNATURE: SECRET_SIGNATURE, "ciphertext": CIPHERTEXT}},
        {"password": None, "manageMasterUserPassword": True},
        {
            "masterUserSecret": {
                "secretArn": "arn:aws:secretsmanager:eu-west-1:1:secret:rds!db",
                "secretStatus": "active",
            }
        },
        {"secretArn": "arn:aws:secretsmanager:eu-west-1:1:secret:x", "secretId": "workbuoy-dev-database-login"},
        {"secret": "arn:aws:secretsmanager:eu-west-1:210000000001:secret:workbuoy-dev-login-AbCdEf"},
        {"policy": json.dumps({"Statement": [{"Action": "secretsmanager:GetSecretValue", "Resource": "*"}]})},
        {"containerDefinitions": container(DATABASE_SECRET_ID="arn:aws:secretsmanager:eu-west-1:1:secret:x-AbCdEf12")},
        {"containerDefinitions": container(DATABASE_URL="postgresql://db.example:5432/workbuoy?sslmode=verify-full")},
        {"url": "https://login.example/authorize", "tokenUrl": "https://login.example/token"},
        {"token": "", "secret": "enabled", "passwordLength": 32, "passwordPolicy": "Minimum-length-14-with-symbols"},
        {"comment": "postgresql://USER:${PASSWORD}@host/db"},
    ],
)
def test_what_only_names_or_encrypts_a_secret_is_fine(inputs: dict[str, Any]) -> None:
    assert scan(one(INSTANCE, **inputs)) == []


def test_motos_made_up_credentials_are_no_secret_and_others_are() -> None:
    assert scan(one("pulumi:providers:aws", accessKey="testing", secretKey="testing")) == []
    assert scan(one("pulumi:providers:aws", accessKey="testing", secretKey="tested"))


@given(st.sampled_from(["password", "MASTER_PASSWORD", "api_key", "apiToken", "clientSecret", "dbPasswd"]))
def test_names_that_promise_a_value_are_known_and_their_references_are_not(name: str) -> None:
    assert names_a_secret(name)
    for ending in ("Arn", "Name", "Id", "_ID", "Version", "RotationDays", "Status"):
        assert not names_a_secret(name + ending)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    )
)
def test_any_value_can_be_scanned_and_a_leak_beside_it_is_found(value: Any) -> None:
    leaks = scan(one("workbuoy:aws:Any", anything=value, leak=JWT))
    assert "inputs.leak" in [leak.path for leak in leaks]


def check(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["state", "check", *map(str, arguments)])


@pytest.fixture
def written(tmp_path: Path) -> Callable[[Any], Path]:
    def write(content: Any) -> Path:
        file = tmp_path / "state.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        return file

    return write


def test_a_file_with_a_leak_exits_with_3_and_one_without_with_0(written: Callable[[Any], Path]) -> None:
    bad = check("--file", written({"version": 3, "deployment": one(INSTANCE, password=PASSWORD)}))
    assert bad.exit_code == 3
    assert "seeded: inputs.password: value of a secret" in bad.stdout
    assert PASSWORD not in bad.output
    good = check("--file", written({"version": 3, "checkpoint": {"latest": one(INSTANCE, username="ola")}}))
    assert good.exit_code == 0
    assert "no secret value stands in clear in 1 resources" in good.stdout


def test_json_names_the_place_and_not_the_value(written: Callable[[Any], Path]) -> None:
    result = check("--json", "--file", written({"version": 3, "deployment": one(INSTANCE, password=PASSWORD)}))
    (row,) = json.loads(result.stdout)["leaks"]
    assert row["path"] == "inputs.password"
    assert PASSWORD not in result.output


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is no state"),
        ("{", "is no JSON"),
        ("[]", "is no state"),
        ({"version": 9, "deployment": {}}, "is a state of version 9; this command knows 3 and 4"),
        ({"steps": []}, "is no state; write it with `pulumi stack export"),
    ],
)
def test_a_file_that_is_no_state_is_a_mistake_in_one_line(
    written: Callable[[Any], Path], content: Any, said: str
) -> None:
    result = check("--file", written(content))
    assert result.exit_code == 1
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    assert check("--file", tmp_path / "none.json").exit_code == 1
    assert check().exit_code == 2


def test_a_stacks_own_state_is_checked(
    fake_cli: FakeCli, made_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made_project.root)
    exported = {"version": 3, "deployment": copy.deepcopy(one(INSTANCE, password=PASSWORD))}
    fake_cli.answer({"stack export": {"out": json.dumps(exported)}})
    result = check("local")
    assert result.exit_code == 3
    assert "a secret value stands in clear in the state of local" in result.stderr
