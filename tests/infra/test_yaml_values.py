"""Our reader and the engine's agree: tests/infra/yaml_answers.json holds what yaml.v3 answers to each trap."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.problems import ProblemsError
from infra.yaml_text import parse_yaml
from infra.yaml_values import plain_value

ANSWERS = json.loads((Path(__file__).parent / "yaml_answers.json").read_text(encoding="utf-8"))["answers"]

# What yaml.v3 takes and we refuse, by reason: so whatever passes here means the same there.
STRICTER = {
    "no setting is one, and JSON, by which settings reach the program, has neither": (
        *(f"a: {text}" for text in (".inf", ".Inf", ".INF", "-.inf", "+.inf", ".nan", ".NaN", ".NAN")),
    ),
    "a setting's name is text, and these are slips of the pen": (
        *(f"{text}: a" for text in ("1", "true", "null", "~", "1.0", "2026-11-26")),
    ),
    "a merge is no part of YAML 1.2, and hides where a value stands": (
        "a: &x {k: 1}\nb:\n  <<: *x\n  l: 2",
        "a: &x {k: 1}\nb: {<<: [*x, *x], k: 2}",
    ),
    "yaml.v3 drops tags that it does not know, and no file here has one": (
        *(f"a: {text}" for text in ('!!int "3"', "!!float 1", "!!binary aGk=", "!!timestamp 2026-11-26", "!!set {b}")),
        *(f"a: {text}" for text in ("!!omap [b: 1]", "!foo b", "!!python/object:os.system x")),
    ),
    "yaml.v3 reads the first document and drops the rest without a word": (
        "a: 1\n---\nb: 2",
        "a: 1\n...\nb: 2",
        " a: 1\nb: 2",
        '"a":1',
    ),
    "yaml.v3 takes %YAML 1.1 and refuses %YAML 1.2": ("%YAML 1.1\n---\na: yes",),
}


def simple(value: Any, text: str) -> Any:
    """An answer as Python has it. A timestamp is what was written: settings say themselves what is a date."""
    if isinstance(value, list):
        return [simple(one, text) for one in value]
    if not isinstance(value, dict):
        return value
    key, inner = next(iter(value.items())) if len(value) == 1 else ("", "")
    if key == "!int":
        return int(inner)
    if key == "!float":
        return float(inner)
    if key == "!timestamp":
        return text.partition(": ")[2]
    return {name: simple(one, text) for name, one in value.items()}


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: ascii(answer["yaml"])[:60])
def test_what_passes_here_means_the_same_to_the_engine(answer: dict[str, Any]) -> None:
    text = answer["yaml"]
    if "error" in answer or any(text in texts for texts in STRICTER.values()):
        with pytest.raises(ProblemsError):
            parse_yaml(text, "file")
        return
    content, _ = parse_yaml(text, "file")
    wanted = simple(answer["value"], text)
    assert content == wanted
    assert type(content) is type(wanted)
    if isinstance(wanted, dict) and "a" in wanted:
        assert type(content["a"]) is type(wanted["a"])  # 1 and 1.0 and True are equal in Python


@pytest.mark.parametrize(("digits", "wanted"), [(20, int), (21, float), (5000, str)])
def test_a_number_is_one_however_long_until_no_float_holds_it(digits: int, wanted: type) -> None:
    assert type(plain_value("1" * digits)) is wanted


def test_there_are_at_least_100_traps_and_most_are_taken_on_both_sides() -> None:
    stricter = {text for texts in STRICTER.values() for text in texts}
    assert stricter <= {one["yaml"] for one in ANSWERS}
    taken = [one for one in ANSWERS if "error" not in one and one["yaml"] not in stricter]
    assert len(taken) >= 100
