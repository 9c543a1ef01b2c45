"""Whether the image is for what is to run it, asked of a stand-in for ECR before anything is changed."""

import io
import json
import urllib.request
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from graph.plan import Plan, PlanStep
from operations.deploy.architecture import unfit_images
from project.placement import Placement
from tests.conftest import Declare

CONFIGURATION = "sha256:" + "c" * 64
ONE = {"config": {"digest": CONFIGURATION}}
UNKNOWN_PLATFORM = {"platform": {"architecture": "unknown", "os": "unknown"}}


class Ecr:
    """Holds one image, whose configuration names an architecture."""

    def __init__(self, built_for: str, manifest: Any = ONE, failure: str = "") -> None:
        self.configuration, self.manifest, self.failure = {"architecture": built_for, "os": "linux"}, manifest, failure

    def batch_get_image(self, **asked: Any) -> dict[str, Any]:
        assert asked["registryId"] == "210000000003"
        assert asked["repositoryName"] == "workbuoy"
        if self.failure == "AccessDenied":
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "BatchGetImage")
        if self.failure:
            return {"images": [], "failures": [{"failureCode": self.failure}]}
        return {"images": [{"imageManifest": json.dumps(self.manifest)}], "failures": []}

    def get_download_url_for_layer(self, **asked: Any) -> dict[str, str]:
        assert asked["layerDigest"] == CONFIGURATION
        return {"downloadUrl": "https://layers.example/configuration"}


@pytest.fixture
def unfit(declared: Declare, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[list[str], list[str]]]:
    """What is said of prod's image, which is declared for arm64, and what nobody knows."""

    def ask(ecr: Ecr, op: Any = "update", endpoint: str | None = None) -> tuple[list[str], list[str]]:
        monkeypatch.setattr(
            boto3, "client", lambda service, region_name: {("ecr", "eu-west-1"): ecr}[service, region_name]
        )
        body = json.dumps(ecr.configuration).encode()
        monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: io.BytesIO(body))
        told: list[str] = []
        resources = [one.declared for one in declared("prod").resources]
        steps = tuple(PlanStep(op=op, urn=one.urn, old=one, new=one) for one in resources)
        place = Placement(account="210000000003", region="eu-west-1", endpoint_url=endpoint)
        return unfit_images(Plan(stack="prod", steps=steps), place, told.append), told

    return ask


Unfit = Callable[..., tuple[list[str], list[str]]]


def test_an_image_for_another_architecture_is_refused_with_what_is_declared_for_it(unfit: Unfit) -> None:
    (problem,), told = unfit(Ecr("amd64"))
    assert "is built for amd64, and " in problem
    assert "service-task" in problem
    assert "rotation-function" in problem
    assert "workbuoy image build --architecture arm64" in problem
    assert not told


def test_an_image_for_what_runs_it_passes(unfit: Unfit) -> None:
    assert unfit(Ecr("arm64")) == ([], [])


@pytest.mark.parametrize(("built_for", "fits"), [("arm64", True), ("amd64", False)])
def test_an_index_says_it_by_its_platforms(unfit: Unfit, built_for: str, fits: bool) -> None:
    index = {"manifests": [{"platform": {"architecture": built_for, "os": "linux"}}, UNKNOWN_PLATFORM]}
    problems, told = unfit(Ecr("riscv64", index))
    assert (not problems, told) == (fits, [])


def test_an_image_that_is_not_there_is_refused(unfit: Unfit) -> None:
    (problem,), _ = unfit(Ecr("arm64", failure="ImageNotFound"))
    assert "is not there" in problem


@pytest.mark.parametrize(
    "ecr",
    [
        Ecr("arm64", failure="AccessDenied"),
        Ecr("arm64", failure="KmsError"),
        Ecr("arm64", {"layers": []}),
        Ecr("arm64", {"manifests": [UNKNOWN_PLATFORM]}),
        Ecr("arm64", []),
    ],
)
def test_what_cannot_be_known_is_named_and_stops_nothing(unfit: Unfit, ecr: Ecr) -> None:
    problems, (told,) = unfit(ecr)
    assert not problems
    assert "is built is not known" in told


def test_nobody_is_asked_where_neither_image_nor_task_changes(unfit: Unfit) -> None:
    assert unfit(Ecr("amd64"), "same") == ([], [])


def test_moto_is_asked_for_no_image(unfit: Unfit) -> None:
    assert unfit(Ecr("amd64"), endpoint="http://127.0.0.1:5000") == ([], [])
