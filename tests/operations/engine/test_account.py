"""Region and account are held against the stack before the engine starts."""

from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, TokenRetrievalError

from operations.engine import account
from operations.engine.account import check_account, check_region
from operations.engine.errors import MistakenError, UnreachableError
from operations.engine.stack import open_stack
from project.files import Project
from project.placement import Placement
from tests.operations.engine.fake_cli import FakeCli

PLACE = Placement(account="210000000001", region="eu-west-1")


class Sts:
    """Answers as STS does, or not."""

    def __init__(self, answer: Mapping[str, str] | Exception) -> None:
        self.answer = answer

    def client(self, service: str, **_: Any) -> "Sts":
        assert service == "sts"
        return self

    def get_caller_identity(self) -> Mapping[str, str]:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def signing(monkeypatch: pytest.MonkeyPatch, answer: Mapping[str, str] | Exception) -> list[Mapping[str, Any]]:
    asked: list[Mapping[str, Any]] = []

    def session(**options: Any) -> Sts:
        asked.append(options)
        return Sts(answer)

    monkeypatch.setattr(boto3, "Session", session)
    return asked


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetCallerIdentity")


def test_the_right_account_passes_with_the_credentials_given(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = signing(monkeypatch, {"Account": "210000000001", "Arn": "arn:aws:iam::210000000001:user/ola"})
    check_account("dev", PLACE, {"AWS_PROFILE": "workbuoy-dev"})
    assert asked[0]["profile_name"] == "workbuoy-dev"


def test_another_account_is_named_with_who_is_signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    signing(monkeypatch, {"Account": "999999999999", "Arn": "arn:aws:iam::999999999999:user/ola"})
    with pytest.raises(MistakenError) as raised:
        check_account("dev", PLACE, {})
    assert "belongs to account 210000000001, but these credentials are of 999999999999" in str(raised.value)
    assert "nothing was run" in str(raised.value)
    assert raised.value.code == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refused("ExpiredToken"), "have expired; sign in"),
        (refused("ExpiredTokenException"), "have expired; sign in"),
        (refused("InvalidClientTokenId"), "does not know these credentials"),
        (refused("AccessDenied"), r"does not say whose credentials these are \(AccessDenied\)"),
        (NoCredentialsError(), "there are no AWS credentials"),
        (EndpointConnectionError(endpoint_url="https://sts"), "AWS in eu-west-1 cannot be reached"),
        (TokenRetrievalError(provider="sso", error_msg="Token has expired"), "Token has expired; sign in"),
    ],
)
def test_whatever_stands_against_asking_is_one_line(
    monkeypatch: pytest.MonkeyPatch, answer: Exception, said: str
) -> None:
    signing(monkeypatch, answer)
    with pytest.raises(UnreachableError, match=said) as raised:
        check_account("dev", PLACE, {})
    assert "\n" not in str(raised.value)


def test_a_stack_in_moto_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "Session", None)
    check_account("local", Placement(account="1", region="eu-west-1", endpoint_url="http://127.0.0.1:5000"), {})


def test_a_region_outside_residency_is_refused() -> None:
    with pytest.raises(MistakenError, match="region us-east-1 is not allowed; residency allows eu-west-1"):
        check_region("dev", Placement(account="1", region="us-east-1", residency=("eu-west-1",)))
    check_region("dev", Placement(account="1", region="eu-west-1", residency=("eu-west-1",)))


def test_a_wrong_account_stops_before_the_cli_is_asked_about_the_stack(
    fake_cli: FakeCli, made_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {"Account": "999999999999", "Arn": "arn:aws:iam::999999999999:user/ola"}
    monkeypatch.setattr(account, "who_am_i", lambda *_: other)
    with pytest.raises(MistakenError, match="belongs to account 000000000001"):
        open_stack(made_project, "dev")
    assert not fake_cli.calls("stack")
