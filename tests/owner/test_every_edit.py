"""An owner may put another valid value into any place of any file: all stays green, or each problem names its place."""

import dataclasses
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal, NoReturn, get_origin

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bootstrap.home import SETTINGS_KEY as ACCOUNT_KEY
from bootstrap.load import model_of
from infra.settings import StackSettings
from infra.stack_files import SETTINGS_KEY
from infra.tenants.record import Tenant
from infra.yaml_text import read_yaml
from project.files import Project
from rehearsal.errors import RefusedError
from tests.conftest import PROJECT, ROOT, declared_graph
from tests.owner.judging import judge
from tests.owner.values import Place, leaves, others

NAMES_ITS_FILE = re.compile(r"(?:[\w-]+/)*[\w.-]+\.yaml(?::\d+)?: |[a-z0-9-]+: ")


@cache
def content_of(file: Path) -> Any:
    return read_yaml(PROJECT / file).content


@dataclasses.dataclass(frozen=True)
class Edit:
    """One place of one file, what it holds, and which stacks have to be looked at after a change."""

    file: Path
    place: Place
    field: FieldInfo = dataclasses.field(compare=False)
    stacks: tuple[str, ...]
    of_account: bool = False
    unchanged_bases: tuple[str, ...] = ()  # what a customer's own stack stands on, which its record does not change

    def __str__(self) -> str:
        return f"{self.file}:{'.'.join(map(str, self.place))}"

    @property
    def value(self) -> Any:
        found = content_of(self.file)
        for step in self.place:
            found = found[step]
        return found


def edits() -> Iterator[Edit]:
    for file in sorted(PROJECT.glob("Pulumi.*.yaml")):
        stack = file.name.split(".")[1]
        yield from _of(file, StackSettings, ("config", SETTINGS_KEY), (stack,))
    for file in sorted(PROJECT.glob("tenants/*.yaml")):
        record = read_yaml(file).content
        silo = record["isolation"] == "silo"
        stacks, bases = ((f"{record['base']}-{file.stem}",), (record["base"],)) if silo else ((), ())
        yield from _of(file, Tenant, (), stacks, bases=bases)
    for file in sorted(PROJECT.glob("bootstrap/Pulumi.*.yaml")):
        name = file.name.split(".")[1]
        yield from _of(file, model_of(name), ("config", ACCOUNT_KEY), (name,), of_account=True)


def _of(
    file: Path,
    model: type[BaseModel],
    below: Place,
    stacks: tuple[str, ...],
    *,
    of_account: bool = False,
    bases: tuple[str, ...] = (),
) -> Iterator[Edit]:
    content: Any = read_yaml(file).content
    for step in below:
        if step not in content:
            return  # a customer's own stack's file holds the customer's name alone
        content = content[step]
    for place, field in leaves(model, content):
        yield Edit(file.relative_to(PROJECT), (*below, *place), field, stacks, of_account, bases)


EDITS = tuple(edits())
Judged = Callable[[Edit, Mapping[Place, Any]], list[str]]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """Every problem of a file in a copy of the examples, with these values at these places."""
    root = tmp_path_factory.mktemp("project")
    for folder in (".", "tenants", "bootstrap"):
        (root / folder).mkdir(exist_ok=True)
        for one in (PROJECT / folder).glob("*.yaml"):
            shutil.copy(one, root / folder)

    def judge_changed(edit: Edit) -> list[str]:
        if edit.of_account:
            return judge(Project("workbuoy-bootstrap", root / "bootstrap", ROOT / "bootstrap"), edit.stacks)
        bases = {base: declared_graph(base).rehearsal.exports for base in edit.unchanged_bases}
        return judge(Project("workbuoy", root, ROOT / "infra"), edit.stacks, bases)

    def apply(edit: Edit, values: Mapping[Place, Any]) -> list[str]:
        content: Any = read_yaml(root / edit.file).content
        for place, value in values.items():
            holder = content
            for step in place[:-1]:
                holder = holder[step]
            holder[place[-1]] = value
        (root / edit.file).write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
        try:
            return judge_changed(edit)
        finally:
            shutil.copy(PROJECT / edit.file, root / edit.file)

    return apply


@cache
def drawn(edit: Edit) -> Any:
    """The other value that is tried there, the same in each run."""
    found: list[Any] = []

    @settings(
        max_examples=1, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )  # fmt: skip
    @given(st.data())
    def draw(data: st.DataObject) -> None:
        found.append(data.draw(others(edit.field, edit.value)))

    draw()
    return found[0]


def is_switch(edit: Edit) -> bool:
    """Whether it may turn something off, and so hide what is wrong with another edit."""
    return isinstance(edit.value, bool) or get_origin(edit.field.annotation) is Literal


LOADED = "all files are loaded"
PROGRAMS = (
    *("infra.stack.declare_stack", "infra.silo.declare_silo"),
    *("bootstrap.account.declare_account", "bootstrap.vault.declare_vault_account"),
)


def refuse_to_declare(*_: object) -> NoReturn:
    raise RefusedError(LOADED)


class Verdicts:
    """Every problem of an edit.

    Declaring takes most of the time. So edits of a file that are loaded without a problem, each by itself, are declared
    together, one of each section and no switch. Where such a pack is not in order, each of it is judged alone.
    """

    def __init__(self, judged: Judged) -> None:
        self._judged = judged
        self._loading: dict[Edit, list[str]] = {}
        self._in_order: dict[tuple[Edit, ...], bool] = {}

    def of(self, edit: Edit) -> list[str]:
        loading = self._load(edit)
        if not any(line.endswith(LOADED) for line in loading):
            return loading
        if any(edit in pack and self._are_in_order(pack) for pack in self._packs(edit.file)):
            return []
        return self._judged(edit, {edit.place: drawn(edit)})

    def _load(self, edit: Edit) -> list[str]:
        """What is said of an edit by whoever loads the files; at the end that they are all loaded, where they are."""
        if edit not in self._loading:
            for base in edit.unchanged_bases:
                declared_graph(base)  # before nothing can be declared
            with pytest.MonkeyPatch.context() as patched:
                for program in PROGRAMS:
                    patched.setattr(program, refuse_to_declare)
                self._loading[edit] = self._judged(edit, {edit.place: drawn(edit)})
        return self._loading[edit]

    def _packs(self, file: Path) -> Iterator[tuple[Edit, ...]]:
        sections: dict[Place, list[Edit]] = {}
        for edit in EDITS:
            without_problem = [f"{stack}: {LOADED}" for stack in edit.stacks]
            if edit.file == file and not is_switch(edit) and self._load(edit) == without_problem:
                sections.setdefault(edit.place[:-1], []).append(edit)
        for row in zip_longest(*sections.values()):
            yield tuple(one for one in row if one)

    def _are_in_order(self, pack: tuple[Edit, ...]) -> bool:
        if pack not in self._in_order:
            try:
                found = self._judged(pack[0], {edit.place: drawn(edit) for edit in pack})
            except Exception:  # whose it is shows when each is judged alone
                found = ["it cannot be judged"]
            self._in_order[pack] = not found
        return self._in_order[pack]


@pytest.fixture(scope="module")
def verdicts(judged: Judged) -> Verdicts:
    return Verdicts(judged)


@pytest.mark.slow
@pytest.mark.parametrize("edit", EDITS, ids=str)
def test_another_valid_value_is_taken_or_named_with_its_file(edit: Edit, verdicts: Verdicts) -> None:
    problems = verdicts.of(edit)
    assert all(NAMES_ITS_FILE.match(line) and "\n" not in line for line in problems), problems


# What an owner changes first, with what they would put there; what belongs together in one.
FIRST: tuple[tuple[str, Mapping[str, Any]], ...] = (
    (
        "Pulumi.dev.yaml",
        {
            "account": "471112951431",
            "permissionsBoundaryArn": "arn:aws:iam::471112951431:policy/workbuoy-boundary",
            "service.image.repository": "471112951431.dkr.ecr.eu-west-1.amazonaws.com/workbuoy",
        },
    ),
    ("Pulumi.dev.yaml", {"owner": "infra-team"}),
    ("Pulumi.dev.yaml", {"service.allowedCidrBlocks": ["81.2.69.0/24", "89.160.20.112/28"]}),
    ("Pulumi.dev.yaml", {"observability.alarmEmails": ["vakt@hooli.test"]}),
    ("Pulumi.prod.yaml", {"database.instanceClass": "db.m7g.2xlarge"}),
    ("Pulumi.prod.yaml", {"database.backupRetentionDays": 35}),
    ("Pulumi.prod.yaml", {"database.allocatedStorageGib": 200}),
    ("Pulumi.prod.yaml", {"observability.databaseConnections": 1200}),
    ("Pulumi.prod.yaml", {"service.minTasks": 6}),
    ("Pulumi.prod.yaml", {"service.maxTasks": 24}),
    ("Pulumi.prod.yaml", {"service.memoryMib": 2048}),
)


@pytest.mark.slow
@pytest.mark.parametrize(("file", "values"), FIRST, ids=[f"{file}-{'-'.join(values)}" for file, values in FIRST])
def test_what_an_owner_changes_first_stays_green(file: str, values: Mapping[str, Any], judged: Judged) -> None:
    settings_place = ("config", SETTINGS_KEY)
    edit = Edit(Path(file), settings_place, FieldInfo(annotation=None), (file.split(".")[1],))
    assert judged(edit, {(*settings_place, *path.split(".")): value for path, value in values.items()}) == []


def test_an_account_without_what_lies_in_it_is_named_with_its_place(judged: Judged) -> None:
    place = ("config", SETTINGS_KEY, "account")
    edit = Edit(Path("Pulumi.dev.yaml"), place, FieldInfo(annotation=None), ("dev",))
    (problem,) = judged(edit, {place: "471112951431"})
    assert problem.startswith("Pulumi.dev.yaml:")
    assert "service.image.repository" in problem
