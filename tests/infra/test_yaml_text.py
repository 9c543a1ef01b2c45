"""Files that are bounded, and mistakes that are said with their line."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from infra.problems import ProblemsError
from infra.yaml_text import MOST_BYTES, MOST_LEVELS, as_yaml, parse_yaml, read_yaml, read_yaml_value
from infra.yaml_values import plain_value


def refusal(tmp_path: Path, content: str | bytes) -> str:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ProblemsError) as error:
        read_yaml(file)
    assert not str(error.value).startswith("Traceback")
    return str(error.value)


def test_aliases_of_aliases_are_refused_before_they_fill_the_memory(tmp_path: Path) -> None:
    bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    bomb += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert "aliases of aliases" in refusal(tmp_path, "\n".join(bomb))


def test_an_alias_inside_what_it_names_is_a_clear_error(tmp_path: Path) -> None:
    assert refusal(tmp_path, "b: 1\na: &a\n  - *a\n") == ("Pulumi.dev.yaml:3: names *a inside itself; write it out")


def test_an_alias_of_nothing_is_named(tmp_path: Path) -> None:
    assert "names *x, which no &x before it makes" in refusal(tmp_path, "a: *x")


def test_deep_nesting_is_refused_and_what_people_write_is_not(tmp_path: Path) -> None:
    assert f"deeper than {MOST_LEVELS} levels" in refusal(tmp_path, "a: " + "[" * 100_000)
    assert f"deeper than {MOST_LEVELS} levels" in refusal(tmp_path, "a: " + "{b: " * 1000)
    fine = tmp_path / "fine.yaml"
    fine.write_text("a: " + "[" * (MOST_LEVELS - 1) + "]" * (MOST_LEVELS - 1))
    assert read_yaml(fine).content


def test_a_file_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    assert "has more than 1,000,000 bytes" in refusal(tmp_path, "# " + "x" * MOST_BYTES)


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        ("a: å".encode("utf-16"), "is UTF-16; save it as plain UTF-8"),
        ("a: 1".encode("utf-16-be"), "is UTF-16; save it as plain UTF-8"),
        ("a: å".encode("utf-16-le"), "is UTF-16; save it as plain UTF-8"),
        ("a: 1".encode("utf-8-sig"), "is UTF-8 with a byte order mark; save it as plain UTF-8"),
        (b"a: 1\nb: \xe5\n", ":2: is not UTF-8; save it as plain UTF-8"),
    ],
)
def test_another_encoding_is_named_with_the_way_out(tmp_path: Path, content: bytes, hint: str) -> None:
    assert hint in refusal(tmp_path, content)


def test_every_key_that_is_given_twice_is_reported_with_its_line_and_path(tmp_path: Path) -> None:
    found = refusal(tmp_path, "a:\n  b: 1\n  b: 2\nc: [{d: 1, d: 2}]\na: 3\n").splitlines()
    assert found == [
        "Pulumi.dev.yaml:3: a.b: is given twice; keep one",
        "Pulumi.dev.yaml:4: c[0].d: is given twice; keep one",
        "Pulumi.dev.yaml:5: a: is given twice; keep one",
    ]


def test_a_list_is_read_where_a_list_may_stand(tmp_path: Path) -> None:
    file = tmp_path / "list.yaml"
    file.write_text("- on: 1:40\n  day: 2026-11-26\n")
    assert read_yaml_value(file) == [{"on": "1:40", "day": "2026-11-26"}]
    file.write_text("- a: 1\n  a: 2\n")
    with pytest.raises(ProblemsError, match="is given twice"):
        read_yaml_value(file)


@given(st.text(max_size=200))
def test_no_text_at_all_is_a_traceback(text: str) -> None:
    try:
        content, tree = parse_yaml(text, "file")
    except ProblemsError:
        return
    assert (tree is None) <= (content is None)


@given(st.text(alphabet="+-._0123456789xobeEinfaNtrulys:~ ", min_size=1, max_size=12))
def test_a_plain_word_is_itself_or_a_value_that_json_has(text: str) -> None:
    value = plain_value(text)
    assert value is None or isinstance(value, (bool, int, float)) or value == text


WORDS = st.one_of(
    st.text(alphabet="+-._0123456789xobeEinfaNtrulys:~ ", max_size=12),
    st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufeff\u2028\u2029"), max_size=20),
)


@given(
    st.dictionaries(WORDS.filter(lambda key: key != "<<"), st.one_of(WORDS, st.lists(WORDS, max_size=3)), min_size=1)
)
@example({"legalName": "0E0", "0o17": ["1_000", "", "2026-01-01"]})
def test_what_is_written_reads_back_as_the_same(content: dict[str, object]) -> None:
    assert parse_yaml(as_yaml(content), "file")[0] == content
