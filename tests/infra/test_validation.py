"""Whatever stands in a stack file, the answer is a list of problems, and it agrees with the models."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from infra.load import read_configured
from infra.settings import StackSettings
from infra.validation import find_problems
from tests.conftest import PROJECT, STACKS

pytestmark = pytest.mark.lengthy

GOOD = {stack: read_configured(PROJECT, stack) for stack in STACKS}

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["10.0.0.0/8", "prod", "17", "0.0.0.0/0", "eu-west-1", "sha256:", "db.t4g.micro", "::/0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a structure that can be changed."""
    below: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        below = list(value.items())
    elif isinstance(value, list):
        below = list(enumerate(value))
    return [path] * bool(path) + [place for key, one in below for place in places(one, (*path, key))]


@st.composite
def broken_settings(draw: st.DrawFn) -> Any:
    raw = copy.deepcopy(GOOD[draw(st.sampled_from(STACKS))])
    for _ in range(draw(st.integers(1, 4))):
        found = places(raw)
        if not found:
            break
        *steps, last = draw(st.sampled_from(found))
        holder = raw
        for step in steps:
            holder = holder[step]
        what = draw(st.sampled_from(["put", "drop", "add"]))
        if what == "put":
            holder[last] = draw(anything)
        elif what == "drop":
            del holder[last]
        elif isinstance(holder, dict):
            holder[draw(st.text(min_size=1, max_size=10))] = draw(anything)
    return raw


def taken_by_the_models(raw: Any) -> bool:
    try:
        StackSettings.model_validate_json(json.dumps(raw))
    except ValidationError:
        return False
    return True


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(broken_settings())
def test_broken_settings_give_problems_and_never_an_exception(raw: Any) -> None:
    problems = find_problems(StackSettings, raw)
    assert (not problems) == taken_by_the_models(raw)
    assert all(problem.message and "\n" not in str(problem) for problem in problems)


@settings(max_examples=200, deadline=None)
@given(anything)
def test_anything_at_all_gives_problems(raw: Any) -> None:
    assert find_problems(StackSettings, raw)
