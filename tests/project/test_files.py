"""Finding a project, and reading a stack's file."""

from pathlib import Path

import pytest

from infra.problems import ProblemsError
from project.files import Project, find_project, read_config
from tests.conftest import PROJECT


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with an empty program and a stack `test`."""
    (tmp_path / "Pulumi.yaml").write_text("name: small\nruntime: python\n")
    (tmp_path / "Pulumi.test.yaml").write_text("config:\n  small:settings:\n    region: eu-north-1\n")
    (tmp_path / "__main__.py").write_text("")
    return find_project(tmp_path)


def test_a_project_is_found_from_a_folder_below_it(project: Project) -> None:
    below = project.root / "a" / "b"
    below.mkdir(parents=True)
    assert find_project(below) == project


def test_without_a_project_the_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProblemsError, match=r"no Pulumi\.yaml in .* or any folder above it"):
        find_project(tmp_path)


def test_an_unknown_stack_is_reported_which_ones_exist(project: Project) -> None:
    with pytest.raises(ProblemsError, match="there is no stack 'nope'; the project has: test"):
        read_config(project, "nope")


def test_a_stack_name_cannot_lead_out_of_the_project(project: Project) -> None:
    with pytest.raises(ProblemsError, match="there is no stack"):
        read_config(project, "../../etc/passwd")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("# only a comment\n", "is empty"),
        ("config: [", "is not YAML"),
        ("config:\n\tkey: 1\n", "yaml:2: is not YAML: a tab indents this line; write spaces"),
        ("- a\n- b\n", "must hold settings by name"),
        ("config:\n", "config: is missing or empty"),
        ("secretsprovider: x\n", "config: is missing or empty"),
        ("\nconfigs:\n  a: 1\n", "yaml:2: configs: is not read; did you mean config?"),
        ("workbuoy:settings: {}\n", "yaml:1: workbuoy:settings: must stand under config"),
        ("\x00", "is not YAML"),
    ],
)
def test_a_stack_file_that_cannot_be_used_is_one_problem_with_its_name(
    project: Project, text: str, message: str
) -> None:
    project.stack_file("test").write_text(text)
    with pytest.raises(ProblemsError) as caught:
        read_config(project, "test")
    (problem,) = caught.value.problems
    assert problem.file == "Pulumi.test.yaml"
    assert message in str(problem)


def test_what_stands_in_the_place_of_a_stack_file_is_named_as_such(project: Project) -> None:
    project.stack_file("folder").mkdir()
    with pytest.raises(ProblemsError, match=r"Pulumi\.folder\.yaml: cannot be read: Is a directory"):
        read_config(project, "folder")
    project.stack_file("nowhere").symlink_to("nothing")
    with pytest.raises(ProblemsError, match=r"Pulumi\.nowhere\.yaml: cannot be read: No such file"):
        read_config(project, "nowhere")


def test_a_stack_file_that_is_no_text_is_one_problem(project: Project) -> None:
    project.stack_file("test").write_bytes(b"\xff\xfe\x00config")
    with pytest.raises(ProblemsError, match=r"Pulumi\.test\.yaml:1: is UTF-16; save it as plain UTF-8"):
        read_config(project, "test")


def test_a_main_folder_without_a_program_is_named(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: x\nmain: nowhere\n")
    with pytest.raises(ProblemsError, match=r"Pulumi\.yaml: main: nowhere has no __main__\.py"):
        find_project(tmp_path)


@pytest.mark.parametrize(("given", "meant"), [("stagign", "staging"), ("zzz", "")])
def test_a_stack_that_is_not_there_names_the_one_that_was_meant(given: str, meant: str) -> None:
    with pytest.raises(ProblemsError) as caught:
        read_config(find_project(PROJECT), given)
    assert str(caught.value).partition("did you mean ")[2].rstrip("?") == meant


def test_a_customer_who_is_taken_for_a_stack_is_reported_which_one_it_has() -> None:
    with pytest.raises(ProblemsError, match="acme is a customer, not a stack; its stack is prod-acme"):
        read_config(find_project(PROJECT), "acme")


def test_a_stack_of_a_customer_without_a_record_is_still_named(project: Project) -> None:
    (project.root / "Pulumi.prod-lost.yaml").write_text("config:\n  small:tenant: lost\n")
    with pytest.raises(ProblemsError, match=r"did you mean prod-lost\?"):
        read_config(project, "lost")
