"""`workbuoy smoke` takes the address that the files give, so that it needs no engine."""

import pytest
from click.testing import CliRunner

from operations.deploy import smoke as trying
from operations.main import main
from project.files import find_project
from tests.conftest import PROJECT


@pytest.mark.usefixtures("no_cli")
@pytest.mark.parametrize(
    ("stack", "address"), [("prod", "https://app.workbuoy.example"), ("prod-acme", "https://acme.workbuoy.example")]
)
def test_a_stack_with_a_host_name_is_tried_without_the_engine(
    stack: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT)
    asked: list[str] = []

    def answers(_stack: str, url: str, **_: object) -> tuple[trying.Probe, ...]:
        asked.append(url)
        return (trying.Probe("/healthz", 200, 12), trying.Probe("/readyz", 200, 13))

    monkeypatch.setattr(trying, "smoke", answers)
    result = CliRunner().invoke(main, ["smoke", stack, "--json"])
    assert result.exit_code == 0, result.stderr
    assert asked == [trying.configured_url(find_project(PROJECT), stack)] == [address]


@pytest.mark.usefixtures("no_cli")
def test_an_address_that_aws_made_is_the_engine_s_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    assert trying.configured_url(find_project(PROJECT), "local") is None
    result = CliRunner().invoke(main, ["smoke", "local"])
    assert result.exit_code == 4
    assert "the Pulumi CLI" in result.stderr
