"""A new customer: two files or none, nothing overwritten, every problem at once."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.problems import ProblemsError
from infra.tenants.files import read_tenant, read_tenants
from operations.tenant import create
from operations.tenant.create import NewTenant, create_files
from project.files import Project
from tests.operations.tenant.conftest import ACCOUNT, Run

CERTIFICATE = f"arn:aws:acm:eu-west-1:{ACCOUNT}:certificate/c0ffee00-0000-4000-8000-0123456789ab"
PERSON = "privacy: Ola Nordmann <ola@umbrella.example>"
SILO = ("--isolation", "silo", "--base", "prod", "--residency", "eea", "--certificate-arn", CERTIFICATE)
NAMED = ("--legal-name", "Umbrella: AS", "--contact", PERSON)


def test_a_silo_gets_its_record_and_its_stacks_file_and_then_waits_for_review(project: Project, run: Run) -> None:
    result = run("create", "umbrella", *SILO, *NAMED, "--signed", "2026-11-20")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.split() == ["tenants/umbrella.yaml", "Pulumi.prod-umbrella.yaml"]
    assert "workbuoy rehearse prod-umbrella" in result.stderr
    text = (project.root / "tenants/umbrella.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=../infra/tenants/tenant.schema.json\nname: umbrella\n")
    made = read_tenant(project.root, "umbrella")
    assert (made.legal_name, made.region, made.tier) == ("Umbrella: AS", "eu-west-1", "standard")
    assert made.host_name == "umbrella.workbuoy.example"
    assert made.dates.signed.isoformat() == "2026-11-20"
    assert not read_tenants(project.root).problems
    stack = yaml.safe_load((project.root / "Pulumi.prod-umbrella.yaml").read_text())
    assert stack == {"config": {"workbuoy:tenant": "umbrella"}}


def test_a_record_goes_into_the_folder_of_its_cell_and_names_the_schema_from_there(project: Project, run: Run) -> None:
    (project.root / "tenants/prod").mkdir()
    result = run("create", "umbrella", *SILO, *NAMED)
    assert result.stdout.split() == ["tenants/prod/umbrella.yaml", "Pulumi.prod-umbrella.yaml"], result.stderr
    text = (project.root / "tenants/prod/umbrella.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=../../infra/tenants/tenant.schema.json\n")
    (project.root / "tenants/prod/umbrella.yaml").rename(project.root / "tenants/umbrella.yaml")
    again = run("create", "umbrella", *SILO, *NAMED)
    assert again.exit_code == 1
    assert "tenants/umbrella.yaml is there already, and nothing is overwritten" in " ".join(again.stderr.split())


@pytest.mark.lengthy
def test_each_silo_of_a_base_gets_the_lowest_free_listener_priority(project: Project, run: Run) -> None:
    covered = (*SILO[:-1], "base")
    for name in ("one", "two", "three"):
        assert run("create", name, *covered, *NAMED).exit_code == 0
    (project.root / "tenants/two.yaml").unlink()
    (project.root / "Pulumi.prod-two.yaml").unlink()
    assert run("create", "four", *covered, *NAMED).exit_code == 0
    found = {one.name: one.listener_priority for one in read_tenants(project.root).tenants if one.base == "prod"}
    assert found == {"acme": 100, "initech": None, "one": 1, "three": 3, "four": 2}


def test_a_pool_tenant_gets_a_record_alone(project: Project, run: Run) -> None:
    result = run("create", "hooli", "--isolation", "pool", "--base", "prod", "--residency", "eu-west-1", *NAMED)
    assert result.stdout.split() == ["tenants/hooli.yaml"], result.stderr
    assert read_tenant(project.root, "hooli").residency == ("eu-west-1",)
    assert not (project.root / "Pulumi.prod-hooli.yaml").exists()


def test_a_name_that_is_a_stacks_is_refused_since_commands_take_either(run: Run, unchanged: Callable[[], bool]) -> None:
    result = run("create", "prod-acme", "--isolation", "pool", "--base", "prod", "--residency", "eea", *NAMED)
    assert (result.exit_code, "NAME: is a stack's name" in result.stderr) == (1, True)
    assert unchanged()


def test_every_problem_is_reported_at_once_by_its_option_and_nothing_is_written(run: Run, unchanged: object) -> None:
    result = run(
        *("create", "Admin", "--legal-name", " ", "--isolation", "silo", "--base", "nope"),
        *("--residency", "no", "--contact", "x", "--signed", "tomorrow", "--tier", "huge"),
    )
    assert result.exit_code == 1
    for option in ("NAME", "--legal-name", "--base", "--residency", "--contact", "--signed", "--tier"):
        assert f"error: {option}: " in result.stderr, option
    assert callable(unchanged)
    assert unchanged()


@pytest.mark.parametrize(
    ("name", "changed", "said"),
    [
        ("umbrella", ("--certificate-arn", "arn"), "--certificate-arn: is not of the right form"),
        ("umbrella", ("--host-name", "NO"), "--host-name: is not of the right form"),
        ("umbrella", ("--tier", "huge"), "--tier: must be one of"),
        ("umbrella", ("--signed", "yesterday"), "--signed: must be a day, written like 2027-06-30"),
        ("umbrella", ("--base", "prdo"), "--base: there is no base stack prdo"),
        ("umbrella", ("--residency", "mars"), "--residency: is no jurisdiction"),
        ("umbrella", ("--contact", "Kari"), "--contact: 'Kari' must read like"),
        ("umbrella", ("--legal-name", " "), "--legal-name: "),
        ("Umbrella_", (), "NAME: must be small letters"),
    ],
)
def test_one_mistake_is_one_message(run: Run, name: str, changed: tuple[str, ...], said: str) -> None:
    result = run("create", name, *SILO, *NAMED, *changed)
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"error: {said}")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../escape", "small letters"),
        ("a" * 80, "at most 20"),
        ("Acme2", "small letters"),
        ("prod", "reserved"),
        ("eu-west-1", "region"),
        ("acme", "there already"),
    ],
)
def test_a_name_that_cannot_be_is_refused(run: Run, unchanged: object, name: str, why: str) -> None:
    result = run("create", name, *SILO, *NAMED)
    assert result.exit_code == 1
    assert why in result.stderr
    assert callable(unchanged)
    assert unchanged()


def test_a_stack_file_that_stands_alone_is_not_overwritten_either(project: Project, run: Run) -> None:
    file = project.root / "Pulumi.prod-umbrella.yaml"
    file.write_text("config: {a: b}\n")
    result = run("create", "umbrella", *SILO, *NAMED)
    assert result.exit_code == 1
    assert "Pulumi.prod-umbrella.yaml is there already" in result.stderr
    assert file.read_text() == "config: {a: b}\n"
    assert not (project.root / "tenants/umbrella.yaml").exists()


def test_the_name_of_a_customer_who_left_is_taken(project: Project, run: Run) -> None:
    (project.root / "tenants/offboarded").mkdir()
    (project.root / "tenants/offboarded/umbrella.yaml").write_text("name: umbrella\n")
    result = run("create", "umbrella", *SILO, *NAMED)
    assert result.exit_code == 1
    assert "umbrella has left" in result.stderr


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("--host-name", "acme.workbuoy.example", "--host-name: acme.workbuoy.example is also acme's"),
        ("--host-name", "app.workbuoy.example", "base stack prod's own"),
        ("--residency", "nordic", "lies outside residency"),
        (
            "--certificate-arn",
            CERTIFICATE.replace("eu-west-1", "eu-north-1"),
            "must be an ACM certificate in eu-west-1",
        ),
    ],
)
def test_what_does_not_fit_the_others_or_the_base_is_refused(
    run: Run, unchanged: object, option: str, value: str, why: str
) -> None:
    result = run("create", "umbrella", *SILO, *NAMED, option, value)
    assert result.exit_code == 1
    assert why in result.stderr
    assert callable(unchanged)
    assert unchanged()


def test_when_the_second_file_cannot_be_written_the_first_one_goes(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []

    def full(path: Path, text: str) -> None:
        written.append(path)
        if len(written) == 2:
            raise OSError(28, "No space left on device", str(path))
        path.write_text(text)

    from project import whole_file

    monkeypatch.setattr(whole_file, "write_whole", full)
    new_tenant = NewTenant(
        name="umbrella",
        legal_name="Umbrella",
        isolation="silo",
        base="prod",
        residency="eea",
        certificate_arn=CERTIFICATE,
        contacts=(PERSON,),
    )
    with pytest.raises(ProblemsError, match="No space left on device; nothing was written"):
        create_files(project.root, new_tenant)
    assert len(written) == 2
    assert not any(os.path.lexists(path) for path in written)


def test_a_file_that_appears_at_the_last_moment_is_left_alone(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = project.root / "tenants/umbrella.yaml"

    def race(*_: object) -> list[object]:
        other.write_text("somebody else's\n")
        return []

    monkeypatch.setattr(create, "_standing", race)
    new_tenant = NewTenant(
        name="umbrella", legal_name="U", isolation="pool", base="prod", residency="eu", contacts=(PERSON,)
    )
    with pytest.raises(ProblemsError, match="File exists; nothing was written"):
        create_files(project.root, new_tenant)
    assert other.read_text() == "somebody else's\n"


PRINTABLE = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1, max_size=60)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(legal_name=PRINTABLE, person=PRINTABLE.filter(lambda text: text.strip() and not set(text) & set("<>")))
def test_what_is_written_reads_back_as_it_was_asked_for(project: Project, legal_name: str, person: str) -> None:
    new_tenant = NewTenant(
        name="umbrella",
        legal_name=legal_name,
        isolation="pool",
        base="prod",
        residency="eu",
        contacts=(f"technical: {person} <a@b.example>",),
    )
    (project.root / "tenants/umbrella.yaml").unlink(missing_ok=True)
    create_files(project.root, new_tenant)
    made = read_tenant(project.root, "umbrella")
    assert (made.legal_name, made.contacts[0].name) == (legal_name, person.strip())


def test_the_record_of_created_customers_lists_as_json(run: Run) -> None:
    run("create", "umbrella", *SILO, *NAMED)
    listed = {one["name"]: one for one in json.loads(run("list", "--json").stdout)["tenants"]}
    assert listed["umbrella"]["stack"] == "prod-umbrella"


@pytest.mark.usefixtures("project")
def test_what_comes_next_for_a_pool_tenant_is_the_step_that_makes_it_exist(run: Run) -> None:
    result = run("create", "hooli", "--isolation", "pool", "--base", "prod", "--residency", "eu-west-1", *NAMED)
    assert "workbuoy-app tenant add hooli" in result.stderr
    assert "tenant deploy" not in result.stderr
