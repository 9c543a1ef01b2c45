"""`workbuoy engine install`, as far as it goes without the internet."""

import json
import subprocess
import urllib.error
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pulumi.automation import PulumiCommand

from operations.engine import plugins
from operations.engine.cli import install_root, sdk_version
from operations.main import main
from tests.operations.engine.fake_cli import FakeCli, failing


def install() -> Result:
    return CliRunner().invoke(main, ["engine", "install"])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def all_plugins() -> dict[str, Any]:
    here = [{"name": name, "kind": "resource", "version": version} for name, version in plugins.needed().items()]
    return {"out": json.dumps(here)}


def test_the_official_installer_is_asked_for_the_sdks_version_in_its_own_place(
    home: Path, no_cli: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def installer(*, root: str, version: object) -> None:
        assert (root, version) == (str(home / ".pulumi/versions" / str(sdk_version())), sdk_version())
        FakeCli(Path(root) / "bin").answer({"version": {"out": f"v{version}"}})

    assert no_cli is None
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr(PulumiCommand, "install", installer)
    result = install()
    assert result.exit_code == 0, result.stderr
    fetched = [one["args"][2:] for one in FakeCli.asked(install_root() / "bin", "plugin", "install")]
    assert fetched == [["resource", name, f"v{version}"] for name, version in plugins.needed().items()]
    assert "The engine is here" in result.stderr


@pytest.mark.usefixtures("home")
def test_what_is_here_and_fits_is_left_alone(fake_cli: FakeCli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PulumiCommand, "install", None)
    fake_cli.answer({"version": {"out": f"v{sdk_version()}"}, "plugin ls": all_plugins()})
    assert install().exit_code == 0
    assert not fake_cli.calls("plugin", "install")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (urllib.error.URLError("Name or service not known"), "installer cannot be fetched: Name or service not known"),
        (subprocess.CalledProcessError(1, "sh", b"curl: (6) no host\nerror: no such release\n"), "no such release"),
    ],
)
@pytest.mark.usefixtures("no_cli")
def test_without_the_internet_one_line_says_what_serves_instead(
    error: Exception, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(PulumiCommand, "install", fail)
    result = install()
    assert result.exit_code == 4
    assert said in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr


@pytest.mark.usefixtures("home")
def test_a_plugin_that_cannot_be_fetched_is_named(fake_cli: FakeCli) -> None:
    refused = failing("error: failed to download plugin: aws-7.51.1: dial tcp: lookup get.pulumi.com: no such host")
    fake_cli.answer({"version": {"out": f"v{sdk_version()}"}, "plugin install": refused})
    result = install()
    assert result.exit_code == 4
    assert f"the plugin aws {plugins.needed()['aws']} cannot be fetched: get.pulumi.com" in result.stderr
