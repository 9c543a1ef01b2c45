"""Bootstrapping by command: which state it works on, and moving that state without ever losing one."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner
from moto import mock_aws

from bootstrap.home import SETTINGS_KEY
from bootstrap.names import state_bucket
from bootstrap.settings import AccountSettings
from operations.bootstrap import perform
from operations.bootstrap.backends import Backend, BootstrapStack, bucket_stands, local_backend
from operations.bootstrap.perform import Account, adopt_state, bootstrap_project, choose_state
from operations.engine.cli import find_cli
from operations.engine.errors import EngineMissingError, FailedError, MistakenError
from operations.main import main
from project.files import Project, find_project, read_config
from rehearsal.stand_ins import replace as with_stand_ins
from tests.bootstrap.conftest import BOOTSTRAP
from tests.conftest import PROJECT, ROOT

URN = "urn:pulumi:prod::workbuoy-bootstrap::pulumi:pulumi:Stack::workbuoy-bootstrap-prod"


def deployment(*resources: dict[str, Any]) -> dict[str, Any]:
    manifest = {"time": "2026-01-01T00:00:00Z", "magic": "", "version": ""}
    return {"version": 3, "deployment": {"manifest": manifest, "resources": list(resources)}}


ONE = deployment({"urn": URN, "type": "pulumi:pulumi:Stack", "custom": False})


@dataclass
class Kept:
    """A state in memory."""

    content: dict[str, Any] | None = None
    loses: bool = False
    url: str = "file:///here"
    name: str = "prod"
    secrets_provider: str = "passphrase"

    def backend(self) -> str:
        return self.url

    def exists(self) -> bool:
        return self.content is not None

    def create(self, secrets_provider: str) -> None:
        assert secrets_provider == self.secrets_provider
        assert self.content is None
        self.content = deployment()

    def export(self) -> dict[str, Any]:
        assert self.content is not None
        return self.content

    def take_over(self, exported: dict[str, Any]) -> None:
        self.content = deployment() if self.loses else exported


def adopt(local: Kept, lasting: Kept) -> list[str]:
    told: list[str] = []
    adopt_state(local, lasting, told.append)  # type: ignore[arg-type]
    return told


def test_the_state_is_moved_once_and_a_second_run_says_so() -> None:
    local, lasting = Kept(content=ONE), Kept()
    assert "1 resources are in" in adopt(local, lasting)[0]
    assert lasting.content == ONE
    assert local.content == ONE
    assert "nothing to do" in adopt(local, lasting)[0]
    assert "nothing to do" in adopt(Kept(), lasting)[0]


def test_a_move_that_broke_off_before_the_copy_is_finished() -> None:
    lasting = Kept(content=deployment())
    adopt(Kept(content=ONE), lasting)
    assert lasting.content == ONE


def test_another_state_in_the_bucket_is_never_overwritten() -> None:
    other = deployment({"urn": f"{URN}-2", "type": "pulumi:pulumi:Stack", "custom": False})
    lasting = Kept(content=other)
    with pytest.raises(MistakenError, match="holds another state"):
        adopt(Kept(content=ONE), lasting)
    assert lasting.content == other


def test_without_a_state_there_is_nothing_to_move() -> None:
    with pytest.raises(MistakenError, match="workbuoy bootstrap up prod"):
        adopt(Kept(), Kept())


def test_a_copy_that_is_not_the_same_is_reported() -> None:
    with pytest.raises(FailedError, match="not the same; the folder's is untouched"):
        adopt(Kept(content=ONE), Kept(loses=True))


@pytest.fixture
def settings() -> AccountSettings:
    configured, _ = with_stand_ins(read_config(find_project(BOOTSTRAP), "prod")[SETTINGS_KEY])
    return AccountSettings.model_validate_json(json.dumps(configured))


@pytest.fixture
def account(settings: AccountSettings, monkeypatch: pytest.MonkeyPatch) -> Account:
    """An account whose states are in memory, by the address that they would have."""
    kept: dict[str, Kept] = {}
    opened = Account(project=find_project(BOOTSTRAP), stack="prod", settings=settings, cli=None)  # type: ignore[arg-type]
    monkeypatch.setattr(Account, "state", lambda _, backend: kept.setdefault(backend.url, Kept(url=backend.url)))
    return opened


def chosen(account: Account, *, bucket: bool) -> tuple[str, list[str]]:
    told: list[str] = []
    state = choose_state(account, told.append, bucket_is_there=bucket)
    return state.backend().partition(":")[0], told


def test_a_first_run_begins_in_the_folder_and_the_next_goes_on_there(account: Account) -> None:
    assert chosen(account, bucket=False) == ("file", [])
    place, told = chosen(account, bucket=True)
    assert place == "file"
    assert "begun before" in told[0]


def test_after_adoption_a_run_applies_changes_from_the_bucket(account: Account) -> None:
    from operations.bootstrap.backends import bucket_backend

    account.state(local_backend(account.folder)).create("passphrase")
    account.state(bucket_backend(account.settings)).create("passphrase")
    place, told = chosen(account, bucket=True)
    assert place == "s3"
    assert "was bootstrapped before" in told[0]


def test_a_bucket_that_nobody_here_made_stops_everything(account: Account) -> None:
    with pytest.raises(MistakenError, match="exists already, but holds no state of bootstrap"):
        chosen(account, bucket=True)


@mock_aws
def test_the_bucket_is_looked_for_in_this_account(settings: AccountSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    assert bucket_stands(settings) is False
    boto3.client("s3", region_name=settings.region).create_bucket(
        Bucket=state_bucket(settings.account, settings.region),
        CreateBucketConfiguration={"LocationConstraint": settings.region},
    )
    assert bucket_stands(settings) is True


def test_a_bucket_of_another_account_is_one_clear_line(
    settings: AccountSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.exceptions import ClientError

    class S3:
        def head_bucket(self, **_: str) -> None:
            raise ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "HeadBucket")

    monkeypatch.setattr(boto3, "client", lambda *_, **__: S3())
    with pytest.raises(MistakenError, match="exists already, and not for these credentials"):
        bucket_stands(settings)


def test_the_project_is_found_from_anywhere_in_the_repository() -> None:
    assert {
        bootstrap_project(start).root for start in (PROJECT, BOOTSTRAP, BOOTSTRAP / "further", PROJECT / "tenants")
    } == {BOOTSTRAP}


@pytest.mark.parametrize("command", ["up", "adopt-state"])
def test_a_fresh_clones_placeholders_are_refused_before_anything_runs(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT)
    done = CliRunner().invoke(main, ["bootstrap", command, "prod"])
    assert done.exit_code == 1
    assert "Pulumi.prod.yaml:5: account: 000000000003 is a placeholder account" in done.output
    assert "Traceback" not in done.output


def test_another_account_is_one_line_and_nothing_runs(
    settings: AccountSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "bootstrap"
    shutil.copytree(ROOT / "bootstrap", folder, ignore=shutil.ignore_patterns(".pulumi", "__pycache__"))
    shutil.copy(BOOTSTRAP / "Pulumi.prod.yaml", folder)
    file = folder / "Pulumi.prod.yaml"
    filled, _ = with_stand_ins(file.read_text())
    file.write_text(filled)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(perform, "find_cli", lambda: None)
    monkeypatch.setattr(
        "operations.engine.account.who_am_i",
        lambda *_: {"Account": "999999999999", "Arn": "arn:aws:iam::999999999999:user/kari"},
    )
    done = CliRunner().invoke(main, ["bootstrap", "up", "prod"])
    assert done.exit_code == 1
    (line,) = done.output.splitlines()
    assert f"belongs to account {settings.account}, but these credentials are of 999999999999" in line
    assert not (folder / ".pulumi").exists()


def test_bootstraps_first_state_needs_no_passphrase_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE_FILE", raising=False)
    assert local_backend(tmp_path).variables == {"PULUMI_CONFIG_PASSPHRASE": ""}
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", "/secret")
    assert local_backend(tmp_path).variables == {}


@pytest.mark.engine
def test_the_real_engine_moves_a_state_between_two_backends(tmp_path: Path) -> None:
    """Folders stand in for S3, which the engine reaches by the same operations."""
    try:
        cli = find_cli()
    except EngineMissingError as missing:
        pytest.skip(str(missing))
    folder = tmp_path / "bootstrap"
    folder.mkdir()
    for name in ("Pulumi.yaml", "Pulumi.prod.yaml"):
        shutil.copy(BOOTSTRAP / name, folder)
    (tmp_path / "bucket").mkdir()
    (tmp_path / "bucket" / ".pulumi").mkdir()
    no_passphrase = {"PULUMI_CONFIG_PASSPHRASE": ""}
    bucket = Backend(url=f"file://{tmp_path / 'bucket'}", provider="passphrase", variables=no_passphrase)
    project = Project(find_project(BOOTSTRAP).name, folder, BOOTSTRAP)
    local, lasting = (BootstrapStack(project, "prod", cli, backend) for backend in (local_backend(folder), bucket))
    assert not local.exists()
    assert not (folder / ".pulumi").exists()
    local.create(local.secrets_provider)
    local.take_over(ONE)
    told: list[str] = []
    adopt_state(local, lasting, told.append)
    assert (tmp_path / "bucket/.pulumi/stacks/workbuoy-bootstrap/prod.json").is_file()
    adopt_state(local, lasting, told.append)
    shutil.rmtree(folder / ".pulumi")
    adopt_state(local, lasting, told.append)
    assert ["nothing to do" in line for line in told] == [False, True, True]
