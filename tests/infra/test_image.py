"""The image that a deployment names in the environment."""

from pathlib import Path
from typing import Any

import pytest

from infra.load import load_settings, read_configured
from infra.placeholders import IMAGE_VARIABLE, PLACEHOLDER_DIGEST
from infra.problems import ProblemsError
from infra.stack_files import stack_file
from infra.tenants.listing import tenant_file
from infra.tenants.silo import load_silo
from infra.yaml_text import read_yaml
from project.files import Project
from rehearsal import stand_ins
from tests.conftest import PROJECT

BUILT = "sha256:" + "ab" * 32
OTHER = "sha256:" + "cd" * 32


def configured(root: Path, stack: str) -> Any:
    """The settings as the engine hands them over: accounts are real, the image is as the file has it."""
    settings = read_configured(root, stack)
    stood_in, _ = stand_ins.replace(settings)
    stood_in["service"]["image"] = {
        **stood_in["service"]["image"],
        "digest": settings["service"]["image"].get("digest"),
    }
    return stood_in


def digest(root: Path, stack: str, settings: Any) -> str | None:
    return load_settings(root, stack, settings).service.image.digest


def test_the_variable_names_the_image_where_the_file_holds_the_placeholder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(IMAGE_VARIABLE, BUILT)
    assert configured(PROJECT, "dev")["service"]["image"]["digest"] == PLACEHOLDER_DIGEST
    assert digest(PROJECT, "dev", configured(PROJECT, "dev")) == BUILT


def test_the_variable_names_the_image_where_the_file_leaves_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(IMAGE_VARIABLE, BUILT)
    settings = configured(PROJECT, "dev")
    del settings["service"]["image"]["digest"]
    assert digest(PROJECT, "dev", settings) == BUILT


def test_a_customers_own_stack_gets_the_image_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(IMAGE_VARIABLE, BUILT)
    record, _ = stand_ins.replace(read_yaml(tenant_file(PROJECT, "acme")).content)
    silo = load_silo(PROJECT, "prod-acme", "acme", configured(PROJECT, "prod"), record)
    assert silo.settings.service.image.digest == BUILT


def test_without_the_variable_the_placeholder_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(IMAGE_VARIABLE, raising=False)
    with pytest.raises(
        ProblemsError, match=r"service\.image\.digest: names no image; name one by WORKBUOY_IMAGE_DIGEST"
    ):
        digest(PROJECT, "dev", configured(PROJECT, "dev"))


@pytest.mark.parametrize("given", ["latest", "sha256:abc", BUILT.upper(), PLACEHOLDER_DIGEST, BUILT + "0", "x" * 500])
def test_anything_but_a_digest_is_one_clear_problem(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(IMAGE_VARIABLE, given)
    with pytest.raises(ProblemsError) as raised:
        digest(PROJECT, "dev", configured(PROJECT, "dev"))
    told = [one for one in raised.value.problems if IMAGE_VARIABLE in one.message and "must be" in one.message]
    assert len(told) == 1
    assert len(str(told[0])) < 260


def test_a_file_that_pins_an_image_refuses_another(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    file = stack_file(project.root, "dev")
    file.write_text(file.read_text().replace(PLACEHOLDER_DIGEST, OTHER))
    settings = configured(project.root, "dev")
    monkeypatch.setenv(IMAGE_VARIABLE, BUILT)
    with pytest.raises(ProblemsError, match=f"pins {OTHER}, but {IMAGE_VARIABLE} names {BUILT}; leave one of them out"):
        digest(project.root, "dev", settings)
    monkeypatch.setenv(IMAGE_VARIABLE, OTHER)
    assert digest(project.root, "dev", settings) == OTHER


def test_a_rehearsal_keeps_its_stand_in_whatever_the_variable_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(IMAGE_VARIABLE, BUILT)
    settings, _ = stand_ins.replace(read_configured(PROJECT, "dev"))
    assert digest(PROJECT, "dev", settings) == stand_ins.DIGEST_STAND_IN
