"""One mistake in a file is one problem, at its place, with the form that is wanted."""

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel

from bootstrap.home import SETTINGS_KEY as ACCOUNT_KEY
from bootstrap.load import model_of
from bootstrap.settings import AccountSettings
from bootstrap.vault_settings import VaultAccountSettings
from components.settings import Settings
from infra.load import read_configured
from infra.settings import StackSettings
from infra.tenants.record import Tenant
from infra.validation import find_problems
from infra.yaml_text import read_yaml
from tests.conftest import PROJECT, STACKS

pytestmark = pytest.mark.lengthy

Place = tuple[str | int, ...]
FILES: dict[str, tuple[type[Settings], Any]] = {
    **{f"Pulumi.{stack}.yaml": (StackSettings, read_configured(PROJECT, stack)) for stack in STACKS},
    **{
        f"tenants/{one.name}": (Tenant, _)
        for one in sorted(PROJECT.glob("tenants/*.yaml"))
        for _ in [dict(read_yaml(one).content)]
    },
    **{
        f"bootstrap/{one.name}": (model_of(one.name.split(".")[1]), read_yaml(one).content["config"][ACCOUNT_KEY])
        for one in sorted(PROJECT.glob("bootstrap/Pulumi.*.yaml"))
    },
}
MODELS: tuple[type[BaseModel], ...] = (StackSettings, Tenant, AccountSettings, VaultAccountSettings)
WRONG = (None, "~ nothing like this ~", -1, 10**9, 1.5, "", {"a": 1})


@dataclass(frozen=True)
class Mistake:
    """One place of one file, and what was done to it."""

    file: str
    what: str
    place: Place
    value: Any = None

    def __str__(self) -> str:
        return f"{self.what}: {'.'.join(map(str, self.place))}{f' = {self.value!r}' if self.what == 'put' else ''}"

    def made(self) -> Any:
        """The file's content with the mistake in it."""
        content = copy.deepcopy(FILES[self.file][1])
        holder = content
        for step in self.place[:-1]:
            holder = holder[step]
        last = self.place[-1]
        if self.what == "put":
            holder[last] = self.value
        elif self.what == "dropped":
            del holder[last]
        else:
            holder[f"{last}x"] = holder.pop(last)
        return content


def places(value: Any, path: Place = ()) -> Iterator[Place]:
    below = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, one in below:
        yield (*path, key)
        yield from places(one, (*path, key))


def mistakes(file: str) -> Iterator[Mistake]:
    for place in places(FILES[file][1]):
        yield Mistake(file, "dropped", place)
        if isinstance(place[-1], str):
            yield Mistake(file, "misspelt", place)
        # Another mapping in the place of a whole section is as many mistakes as it lacks settings.
        for value in WRONG[: -1 if isinstance(_at(FILES[file][1], place), Mapping) else None]:
            yield Mistake(file, "put", place, value)


def _at(content: Any, place: Place) -> Any:
    for step in place:
        content = content[step]
    return content


@pytest.mark.parametrize("file", FILES)
def test_each_single_mistake_is_one_problem_at_its_place(file: str) -> None:
    model, good = FILES[file]
    assert find_problems(model, good) == []
    wrong: list[str] = []
    for mistake in mistakes(file):
        found = find_problems(model, mistake.made())
        if len(found) > 1:
            wrong.append(f"{mistake}\n    " + "\n    ".join(map(str, found)))
    assert wrong == []


@pytest.mark.parametrize("file", FILES)
def test_a_wrong_value_is_reported_where_it_stands(file: str) -> None:
    model, _ = FILES[file]
    for mistake in mistakes(file):
        found = find_problems(model, mistake.made())
        if found and mistake.what == "put" and isinstance(mistake.value, dict):
            shown = ".".join(str(step) for step in mistake.place if isinstance(step, str))
            told = re.sub(r"\[\d+\]", "", found[0].path)
            assert told.startswith(shown) or shown.startswith(told), (str(mistake), str(found[0]))


def patterns(schema: Any, place: str = "", examples: list[str] | None = None) -> Iterator[tuple[str, str, list[str]]]:
    if isinstance(schema, Mapping):
        examples = schema.get("examples", examples)
        if "pattern" in schema:
            yield place, schema["pattern"], examples or []
        for key, one in schema.items():
            yield from patterns(one, f"{place}/{key}", examples if key in ("anyOf", "items") else None)
    elif isinstance(schema, list):
        for number, one in enumerate(schema):
            yield from patterns(one, f"{place}/{number}", examples)


@pytest.mark.parametrize("model", MODELS)
def test_every_form_has_an_example_that_fits_it(model: type[BaseModel]) -> None:
    found = list(patterns(model.model_json_schema()))
    assert found
    for place, pattern, examples in found:
        assert examples, f"{place}: a person who gets it wrong is shown no example"
        assert all(re.search(pattern, one) for one in examples), place


@pytest.mark.parametrize(
    ("file", "place", "value", "said"),
    [
        ("Pulumi.prod.yaml", ("service", "certificateArn"), "arn", "write it like arn:aws:acm:"),
        ("Pulumi.prod.yaml", ("observability", "alarmEmails", 0), "nobody", "write it like oncall@example.org"),
        ("tenants/acme.yaml", ("certificateArn",), "arn", "write it like arn:aws:acm:"),
    ],
)
def test_the_wanted_form_is_shown(file: str, place: Place, value: str, said: str) -> None:
    model, _ = FILES[file]
    (problem,) = find_problems(model, Mistake(file, "put", place, value).made())
    assert problem.message.startswith('is not of the right form: "')
    assert said in problem.message


def test_a_misspelt_setting_is_not_reported_to_be_missing_too() -> None:
    (problem,) = find_problems(StackSettings, Mistake("Pulumi.prod.yaml", "misspelt", ("database", "multiAz")).made())
    assert str(problem) == "database.multiAzx: is not a setting; did you mean multiAz?"


def test_two_mistakes_are_two_problems() -> None:
    content = Mistake("Pulumi.prod.yaml", "dropped", ("database", "multiAz")).made()
    content["service"]["certificateArn"] = "arn"
    assert {one.path for one in find_problems(StackSettings, content)} == {
        "database.multiAz",
        "service.certificateArn",
    }
