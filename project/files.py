"""Finding a Pulumi project, and reading the configuration of its stacks."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.problems import Problem, ProblemsError
from infra.stack_files import config_in, stack_file, stacks_in
from infra.suggestion import suggestion
from infra.tenants.files import read_tenant
from infra.yaml_text import read_yaml


@dataclass(frozen=True)
class Project:
    """A Pulumi project: its name, its root folder, and the folder of its program."""

    name: str
    root: Path
    main: Path

    def stacks(self) -> tuple[str, ...]:
        """Names of the stacks that have a file, sorted."""
        return tuple(stacks_in(self.root))

    def stack_file(self, stack: str) -> Path:
        return stack_file(self.root, stack)


def find_project(start: Path) -> Project:
    """The project found upward from a folder, as the Pulumi CLI finds it.

    Raises ProblemsError when there is none, or its file cannot be used.
    """
    for folder in (start, *start.parents):
        file = folder / "Pulumi.yaml"
        if file.is_file():
            return _project(file)
    raise ProblemsError([Problem(message=f"no Pulumi.yaml in {start} or any folder above it")])


def _project(file: Path) -> Project:
    content = read_yaml(file).content
    name, main = content.get("name"), content.get("main", ".")
    if not isinstance(name, str) or not name:
        raise ProblemsError([Problem(file=file.name, path="name", message="must be the project's name")])
    if not isinstance(main, str):
        raise ProblemsError([Problem(file=file.name, path="main", message="must be the program's folder")])
    folder = (file.parent / main).resolve()
    if not (folder / "__main__.py").is_file():
        raise ProblemsError([Problem(file=file.name, path="main", message=f"{main} has no __main__.py")])
    return Project(name, file.parent.resolve(), folder)


def _no_such_stack(project: Project, stack: str) -> str:
    """What is there instead, and which one was probably meant; a customer is no stack, but its data stand in one."""
    stacks = project.stacks()
    if where := _stack_of_customer(project, stack):
        return f"{stack} is a customer, not a stack; {where}"
    own = [one for one in stacks if one.endswith(f"-{stack}")]  # a customer's record may be gone, or wrong
    close = f"; did you mean {own[0]}?" if own else suggestion(stack, stacks)
    return f"there is no stack {stack!r}; the project has: {', '.join(stacks) or 'none yet'}{close}"


def _stack_of_customer(project: Project, name: str) -> str:
    """In words, where a customer of that name has its data; empty where there is none."""
    try:
        tenant = read_tenant(project.root, name)
    except ProblemsError:
        return ""
    shared = "" if tenant.isolation == "silo" else ", which it shares with others"
    return f"its stack is {tenant.stack}{shared}"


def read_config(project: Project, stack: str) -> dict[str, Any]:
    """The `config` of a stack's file, keys with their namespace, values as YAML gives them.

    Raises ProblemsError for an unknown stack or a file that is empty or not YAML.
    """
    if stack not in project.stacks():
        raise ProblemsError([Problem(message=_no_such_stack(project, stack))])
    config = config_in(read_yaml(project.stack_file(stack)))
    return {key if ":" in key else f"{project.name}:{key}": value for key, value in config.items()}
